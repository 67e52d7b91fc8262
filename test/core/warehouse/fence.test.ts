// Guarantees: what is not known is denied. Filters name every table that has rows of tenants; parsed text that reads past
// the filters is refused by name.
import { describe, expect, it } from 'vitest'
import { fenceStatements, refusal, tableFilter } from '../../../core/warehouse/fence.ts'

describe('tableFilter', () => {
  it.each([
    [
      'a table of tenants',
      { name: 'ledger', engine: 'MergeTree', hasTenant: true, hasAccount: true },
      "Tenant = 'x'",
    ],
    [
      'a materialized view',
      { name: 'v', engine: 'MaterializedView', hasTenant: true, hasAccount: false },
      "Tenant = 'x'",
    ],
    [
      'a view over fenced tables',
      { name: 'usage_daily', engine: 'View', hasTenant: true, hasAccount: false },
      null,
    ],
    [
      'a table without tenant',
      { name: 'quarantine', engine: 'MergeTree', hasTenant: false, hasAccount: false },
      '0',
    ],
    [
      'one that is new to us',
      { name: 'secrets', engine: 'Memory', hasTenant: false, hasAccount: false },
      '0',
    ],
    [
      'public data',
      { name: 'grid_intensity', engine: 'MergeTree', hasTenant: false, hasAccount: false },
      null,
    ],
    [
      'shared rows',
      { name: 'tariffs', engine: 'MergeTree', hasTenant: true, hasAccount: false },
      "Tenant IN ('', 'x')",
    ],
  ])('%s', (_what, table, expected) => {
    expect(tableFilter(table, { tenant: 'x', accounts: null })).toBe(expected)
  })

  it('lets only the operator see what was set aside', () => {
    const quarantine = { name: 'quarantine', engine: 'MergeTree', hasTenant: false, hasAccount: false }
    expect(tableFilter(quarantine, { tenant: 'default', accounts: null })).toBeNull()
    expect(tableFilter(quarantine, { tenant: 'acme', accounts: null })).toBe('0')
  })

  it.each([
    [
      'a table of accounts',
      { name: 'ledger', engine: 'MergeTree', hasTenant: true, hasAccount: true },
      "Tenant = 'x' AND Account IN ('web', 'o\\'b')",
    ],
    ['a view over it', { name: 'usage_daily', engine: 'View', hasTenant: true, hasAccount: true }, null],
    [
      'a table without',
      { name: 'otel_traces', engine: 'MergeTree', hasTenant: true, hasAccount: false },
      '0',
    ],
    [
      'accounts without a tenant',
      { name: 'odd', engine: 'MergeTree', hasTenant: false, hasAccount: true },
      '0',
    ],
    ['shared rows', { name: 'tariffs', engine: 'MergeTree', hasTenant: true, hasAccount: false }, '0'],
    ['the quarantine', { name: 'quarantine', engine: 'MergeTree', hasTenant: false, hasAccount: false }, '0'],
    [
      'public data',
      { name: 'grid_intensity', engine: 'MergeTree', hasTenant: false, hasAccount: false },
      null,
    ],
  ])('limited to accounts: %s', (_what, table, expected) => {
    expect(tableFilter(table, { tenant: 'x', accounts: ['web', "o'b"] })).toBe(expected)
    expect(tableFilter(table, { tenant: 'x', accounts: [] })).toBe(expected === null ? null : '0')
  })

  it('escapes the tenant', () => {
    const table = { name: 'ledger', engine: 'MergeTree', hasTenant: true, hasAccount: true }
    expect(tableFilter(table, { tenant: "a' OR 1 \\", accounts: null })).toBe("Tenant = 'a\\' OR 1 \\\\'")
  })
})

it('sets filters and limits first, and makes the session read-only last', () => {
  const statements = fenceStatements({
    database: 'wattline',
    tables: [{ name: 'ledger', engine: 'MergeTree', hasTenant: true, hasAccount: true }],
    tenant: "a'b",
    accounts: null,
    limits: { maxSeconds: 3, maxMemoryBytes: 4, maxResultRows: 5 },
    maxResultBytes: 6,
    threads: 1,
  })
  expect(statements[1]).toBe("SET additional_table_filters = {'wattline.ledger': 'Tenant = \\'a\\\\\\'b\\''}")
  expect(statements[2]).toContain('max_execution_time = 3')
  expect(statements[2]).toContain('max_memory_usage = 4')
  expect(statements[2]).toContain('max_result_rows = 5')
  expect(statements[2]).toContain('max_result_bytes = 6')
  expect(statements.at(-1)).toBe('SET readonly = 1')
})

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
    ['a file as a value', ast(' Function file (children 1)'), 'function file'],
  ])('%s', (_what, text, expected) => {
    expect(refusal(text)).toBe(expected)
  })
})
