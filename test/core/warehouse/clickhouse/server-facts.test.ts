// Guarantees: servers that would ignore a token, or are too old, are detected before anything is stored; no server is
// sent an unknown setting.
import { expect, it } from 'vitest'
import { insertSettings } from '../../../../core/warehouse/clickhouse/insert-record.ts'
import { serverProblem } from '../../../../core/warehouse/clickhouse/server-facts.ts'

it.each([
  ['24.7.1.1', [], 'too old'],
  ['', [], 'too old'],
  ['9.1', [], 'too old'],
  ['24.8.4.13', [], null],
  ['25.8.1.1', [], null],
  ['25.12.1.1', ['insert_select_deduplicate'], 'has a fault in the deduplication'],
  ['26.2.1.1', ['deduplicate_insert', 'deduplicate_insert_select'], null],
  ['26.7.2.1', ['deduplicate_insert', 'deduplicate_insert_select', 'insert_select_deduplicate'], null],
])('ClickHouse %s with %j', (version, settings, words) => {
  const problem = serverProblem({ version, settings: new Set(settings) })
  if (words === null) expect(problem).toBeNull()
  else expect(problem).toContain(words)
})

it('sends a server the settings it knows, and always its token', () => {
  const old = insertSettings({ settings: new Set(['max_threads']) }, 't/0/1', 20_000)
  expect(old).toMatchObject({ insert_deduplication_token: 't/0/1', insert_deduplicate: 1, max_threads: '1' })
  expect(Object.keys(old)).not.toContain('deduplicate_insert_select')
  expect(Object.keys(old)).not.toContain('materialize_skip_indexes_on_insert')
  const known = ['deduplicate_insert_select', 'deduplicate_insert', 'materialize_skip_indexes_on_insert']
  expect(insertSettings({ settings: new Set(known) }, 't/0/1', 20_000)).toMatchObject({
    deduplicate_insert: 'enable',
    deduplicate_insert_select: 'enable_even_for_bad_queries',
    materialize_skip_indexes_on_insert: '0',
  })
})
