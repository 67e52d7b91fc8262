import { quoteText } from './column-types.ts'
import type { FencedTable } from './fence.ts'
import type { ExistingTable } from './migration.ts'
import type { Warehouse } from './warehouse.ts'

/** What the engine says is there, for migrations and for the fence. */
type Asker = Pick<Warehouse, 'query' | 'database'>

/**
 * Tables and their columns. Of a cluster: what is there on every server that answers; one that is new has nothing yet,
 * and the others keep what they have when it is made for all.
 */
export async function existingTables(
  warehouse: Asker,
  cluster?: string,
): Promise<ReadonlyMap<string, ExistingTable>> {
  const database = { database: warehouse.database }
  const of = (table: string): string =>
    cluster === undefined ? table : `clusterAllReplicas(${quoteText(cluster)}, ${table})`
  const everywhere = `HAVING count() = (SELECT count() FROM ${of('system.one')}) SETTINGS skip_unavailable_shards = 1`
  // Of definitions that differ, the shortest lacks the most.
  const tables = await warehouse.query<{ name: string; definition: string }>(
    `SELECT name, argMin(create_table_query, length(create_table_query)) AS definition FROM ${of('system.tables')}
     WHERE database = {database:String} GROUP BY name ${everywhere}`,
    database,
  )
  const columns = await warehouse.query<{ table: string; name: string }>(
    `SELECT table, name FROM ${of('system.columns')}
     WHERE database = {database:String} GROUP BY table, name ${everywhere}`,
    database,
  )
  const names = Map.groupBy(columns, column => column.table)
  return new Map(
    tables.map(({ name, definition }) => {
      const found = names.get(name) ?? []
      return [name, { definition, columns: new Set(found.map(column => column.name)) }]
    }),
  )
}

/** Read from the engine and not from the declarations: what exists is what must be fenced. */
export async function fencedTables(warehouse: Asker): Promise<readonly FencedTable[]> {
  const rows = await warehouse.query<{ name: string; engine: string; hasTenant: number; hasAccount: number }>(
    `SELECT name, engine, ${hasColumn('Tenant')} AS hasTenant, ${hasColumn('Account')} AS hasAccount
     FROM system.tables WHERE database = {database:String}`,
    { database: warehouse.database },
  )
  return rows.map(({ name, engine, hasTenant, hasAccount }) => ({
    name,
    engine,
    hasTenant: hasTenant === 1,
    hasAccount: hasAccount === 1,
  }))
}

const hasColumn = (name: string): string =>
  `name IN (SELECT table FROM system.columns WHERE database = {database:String} AND name = ${quoteText(name)})`
