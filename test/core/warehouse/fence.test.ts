// Guarantees: who asks and the limits are settings of the session; what the policies do not cover is refused by name in parsed
// text, default deny; projections answer only text that cannot make them compute for rows of others.
import { describe, expect, it } from 'vitest'
import { fenceSettings, isVirtualColumn, mayUseProjections, refusal } from '../../../core/warehouse/fence.ts'

it('sets who asks, and limits', () => {
  const settings = fenceSettings({
    sees: 'key["a"]',
    limits: { maxSeconds: 3, maxMemoryBytes: 4, maxResultRows: 5 },
    projections: false,
    threads: 1,
  })
  expect(settings).toMatchObject({
    log_comment: 'key["a"]',
    max_execution_time: 3,
    max_memory_usage: 4,
    max_result_rows: 5,
    max_threads: 1,
    optimize_use_projections: 0,
    output_format_write_statistics: 0,
  })
})

describe('mayUseProjections', () => {
  const asks = (sql: string, origin?: 'own' | 'admitted', params = {}) =>
    mayUseProjections({ sql, params, ...(origin === undefined ? {} : { origin }) })

  it('allows them to text of our own', () => {
    expect(asks('SELECT sum(EnergyUj) FROM wattline.ledger', 'own')).toBe(true)
  })
  it.each([
    'SELECT * FROM (SELECT sum(EnergyUj) FROM ledger)',
    'SELECT * FROM (SELECT sum(EnergyUj) FROM wattline.`ledger`)',
  ])('does not to a stranger who names the table: %s', sql => {
    expect(asks(sql, 'admitted')).toBe(false)
  })
  it('does not where a value may name the table, or nobody has judged the text', () => {
    expect(asks('SELECT * FROM (SELECT 1 FROM {t:Identifier})', 'admitted', { t: 'ledger' })).toBe(false)
    expect(asks('SELECT * FROM usage_daily')).toBe(false)
  })
  it('allows them to the views over it', () => {
    expect(asks('SELECT * FROM (SELECT sum(EnergyUj) FROM usage_daily)', 'admitted')).toBe(true)
  })
})

it.each([
  '_part',
  '_part_offset',
  '_PART_INDEX',
  't._block_number',
  '_partition_id',
  '_sample_factor',
  '_row_exists',
])('knows %s as a column of the engine', name => expect(isVirtualColumn(name)).toBe(true))
it.each(['SpanName', 'part', '_mine', 'Tenant', 'Events.Name', '_'])('does not take %s for one', name =>
  expect(isVirtualColumn(name)).toBe(false),
)

describe('refusal', () => {
  const ast = (...lines: string[]): string => lines.join('\n')
  it.each([
    ['a table', ast('TableExpression (children 1)', ' TableIdentifier wattline.ledger'), null],
    [
      'a table function',
      ast('TableExpression (children 1)', ' Function merge (children 1)'),
      'table function merge',
    ],
    ['one that is harmless', ast('TableExpression (children 1)', ' Function numbers (children 1)'), null],
    [
      'a function after the table, at the same depth',
      ast(
        '  TableExpression (children 1)',
        '   TableIdentifier a',
        '  TableJoin',
        '   Function equals (children 1)',
      ),
      null,
    ],
    ['a system table', ast(' TableIdentifier system.processes'), 'table system.processes'],
    ['one right of IN, where it looks like a column', ast(' Identifier system.parts'), 'table system.parts'],
    [
      'the schema in SQL standard clothes',
      ast(' TableIdentifier INFORMATION_SCHEMA.tables'),
      'table INFORMATION_SCHEMA.tables',
    ],
    ['a column of a table', ast(' Identifier t.parts'), null],
    ['a dictionary', ast(' Function dictGetOrDefault (children 1)'), 'function dictGetOrDefault'],
    ['settings, which hold inside a subquery', ast('Subquery (children 1)', ' Set'), 'SETTINGS'],
    ['where rows lie', ast(' Identifier l._part_offset'), 'column l._part_offset'],
    ['a file as a value', ast(' Function file (children 1)'), 'function file'],
  ])('%s', (_what, text, expected) => {
    expect(refusal(text)).toBe(expected)
  })
})
