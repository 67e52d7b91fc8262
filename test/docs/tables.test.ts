// Guarantees: the page of streams and tables describes exactly the tables and views that SQL may read, with exactly the
// engine's columns.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { streamsPage } from '../../docs/reference/streams-page.ts'
import { READABLE_TABLES } from '../../query/sql/readable-tables.ts'
import { openTestWarehouse, type TestWarehouse } from '../query/support/warehouse.ts'

let store: TestWarehouse

beforeAll(async () => {
  store = await openTestWarehouse()
})
afterAll(async () => {
  await store.close()
})

/** Columns by table, as on the page; for a view without their types. */
function described(): ReadonlyMap<string, readonly string[]> {
  const sections = streamsPage().split(/^## /m).slice(1)
  const withTable = sections.filter(section => !section.includes('it lives in the log only'))
  return new Map(
    withTable.map(section => {
      const name = /Table `wattline\.(\w+)`/.exec(section)?.[1] ?? section.slice(0, section.indexOf('\n'))
      const isView = section.includes('\n\nView.')
      const rows = [...section.matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)]
      return [
        name,
        rows.map(([, column, type]) => (isView ? column! : `${column} ${type!.replaceAll('`', '')}`)),
      ]
    }),
  )
}

it('describes exactly the readable tables', () => {
  expect([...described().keys()].toSorted()).toEqual([...READABLE_TABLES])
})

it("names the engine's columns, with their types", async () => {
  const stored = await store.warehouse.query<{ table: string; name: string; type: string }>(
    `SELECT table, name, type FROM system.columns WHERE database = 'wattline' ORDER BY table, position`,
  )
  for (const [table, columns] of described()) {
    const found = stored.filter(row => row.table === table)
    const isView = table.startsWith('usage_')
    expect([table, ...columns]).toEqual([
      table,
      ...found.map(({ name, type }) => (isView ? name : `${name} ${type}`)),
    ])
  }
})
