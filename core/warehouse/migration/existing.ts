import { quoteText } from '../tables/column-types.ts'
import type { Warehouse } from '../warehouse.ts'
import type { ExistingTable } from './migration.ts'

/** Operations needed to read the engine's system tables. */
export type SystemTables = Pick<Warehouse, 'query' | 'database'>

/**
 * Tables and their columns. For a cluster: what every answering server has. A new server has nothing yet, and the
 * others keep what they have when it is created everywhere.
 */
export async function existingTables(
  warehouse: SystemTables,
  cluster?: string,
): Promise<ReadonlyMap<string, ExistingTable>> {
  const database = { database: warehouse.database }
  const of = (table: string): string =>
    cluster === undefined ? table : `clusterAllReplicas(${quoteText(cluster)}, ${table})`
  const everywhere = `HAVING count() = (SELECT count() FROM ${of('system.one')}) SETTINGS skip_unavailable_shards = 1`
  // Among different definitions, the shortest lacks the most.
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
