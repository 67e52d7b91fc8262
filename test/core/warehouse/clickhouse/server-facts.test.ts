// Guarantees: servers that would leave a token aside, or are too old, are told apart before anything is stored.
import { expect, it } from 'vitest'
import { serverProblem } from '../../../../core/warehouse/clickhouse/server-facts.ts'

it.each([
  ['24.7.1.1', [], 'too old'],
  ['', [], 'too old'],
  ['9.1', [], 'too old'],
  ['24.8.4.13', [], null],
  ['25.8.1.1', [], null],
  ['25.12.1.1', ['insert_select_deduplicate'], 'does not deduplicate'],
  ['26.2.1.1', ['deduplicate_insert', 'deduplicate_insert_select'], null],
  ['26.7.2.1', ['deduplicate_insert', 'deduplicate_insert_select', 'insert_select_deduplicate'], null],
])('ClickHouse %s with %j', (version, settings, words) => {
  const problem = serverProblem({ version, settings: new Set(settings) })
  if (words === null) expect(problem).toBeNull()
  else expect(problem).toContain(words)
})
