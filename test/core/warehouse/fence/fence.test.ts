// Guarantees: the reader and the limits are settings of the session; anything the policies do not cover is refused by
// name in parsed text (default deny); text that can fail reads plain columns, and no projection computes over rows of
// others.
import { describe, expect, it } from 'vitest'
import {
  fencedText,
  fenceSettings,
  isVirtualColumn,
  refusal,
} from '../../../../core/warehouse/fence/fence.ts'

it('sets the reader, and limits', () => {
  const settings = fenceSettings({
    sees: 'key["a"]',
    limits: { maxSeconds: 3, maxMemoryBytes: 4, maxResultRows: 5 },
    text: { projections: false, isTotal: true },
    threads: 1,
  })
  expect(settings).toMatchObject({
    log_comment: 'key["a"]',
    max_execution_time: 3,
    max_memory_usage: 4,
    max_result_rows: 5,
    max_threads: 1,
    optimize_use_projections: 0,
    decimal_check_overflow: 0,
    output_format_write_statistics: 0,
  })
})

describe('fencedText', () => {
  const run = (sql: string, params = {}) => fencedText(sql, params, 'wattline')

  it.each([
    'SELECT * FROM (SELECT Account, sum(EnergyUj) FROM ledger GROUP BY Account)',
    "SELECT count() FROM otel_traces WHERE (ServiceName = 'a') AND (Timestamp > (toDateTime64('2026-01-01 00:00:00', 9) - toIntervalHour(1)))",
    "SELECT toStartOfInterval(Timestamp, toIntervalSecond(60)) AS t, SpanAttributes['a'] FROM otel_traces WHERE SpanName LIKE '%a%'",
    "SELECT 1 FROM otel_traces WHERE SpanName IN ('a', 'b') AND (TraceId IN (SELECT TraceId FROM otel_logs))",
  ])('leaves text alone in which nothing can fail: %s', sql => {
    expect(run(sql)).toEqual({ sql, projections: true, isTotal: true })
  })

  it('reads plain columns where something can, and no projection of a named table', () => {
    const { sql, projections } = run('SELECT toFixedString(Account, 1) AS k FROM wattline.ledger GROUP BY k')
    expect(sql).toContain("CAST(`Account`, 'String') AS `Account`")
    expect(sql).toContain('FROM `wattline`.`ledger`) AS `ledger` GROUP BY k')
    expect(projections).toBe(false)
    expect(run('SELECT toFixedString(Account, 1) FROM usage_daily').projections).toBe(true)
  })

  it('does so for a table in any place and under any name', () => {
    const { sql } = run(
      'WITH x AS (SELECT toInt8(a) FROM otel_logs AS l FINAL) SELECT otel_traces.SpanName, wattline.otel_traces.TraceId ' +
        'FROM otel_traces, {t:Identifier} AS d INNER JOIN readings ON 1 PREWHERE 1',
      { t: 'usage_daily' },
    )
    const read = [...sql.matchAll(/FROM `wattline`\.`(\w+)`( FINAL)?\) AS ([`\w]+)/g)]
    expect(read.map(([, table, final, name]) => [table, final, name])).toEqual([
      ['otel_logs', ' FINAL', 'l'],
      ['otel_traces', undefined, '`otel_traces`'],
      ['usage_daily', undefined, 'd'],
      ['readings', undefined, '`readings`'],
    ])
    expect(sql).toContain('`otel_traces`.SpanName, `otel_traces`.TraceId')
    expect(sql.endsWith(' ON 1 WHERE 1')).toBe(true)
  })

  it.each([
    ['a name of a table elsewhere', 'WITH ledger AS (SELECT toInt8(a)) SELECT * FROM ledger', {}],
    ['a table right of IN', 'SELECT toInt8(a) IN (otel_traces)', {}],
    ['a value that is no name', 'SELECT toInt8(a) FROM {t:Identifier}', { t: 'wattline.ledger' }],
  ])('refuses %s', (_what, sql, params) => {
    expect(() => run(sql, params)).toThrow(expect.objectContaining({ code: 'sql_refused' }))
  })

  it.each([
    'a % 2',
    'a LIKE b',
    'a + b',
    'a + 9999999999999',
    'a + toIntervalDay(b)',
    'toUInt8(a)',
    '`toUInt8`(a)',
    '`and`(toUInt8(a), 1)',
    'toString(a, b)',
    'a IN (b)',
    "CAST(a, 'UInt8')",
    'arrayMap(x -> toUInt8(x), [a])',
  ])('takes %s for something that can fail', expression => {
    expect(run(`SELECT ${expression} FROM otel_traces`).sql).toContain('REPLACE')
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
])('recognises %s as a column of the engine', name => expect(isVirtualColumn(name)).toBe(true))
it.each(['SpanName', 'part', '_mine', 'Tenant', 'Events.Name', '_'])('does not recognise %s as one', name =>
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
