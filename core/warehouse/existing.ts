import type { FencedTable } from './fence.ts'
import type { ExistingTable } from './migration.ts'
import type { Warehouse } from './warehouse.ts'

/** What the engine says is there, for migrations and for the fence. */
type Asker = Pick<Warehouse, 'query' | 'database'>

export async function existingTables(warehouse: Asker): Promise<ReadonlyMap<string, ExistingTable>> {
  const database = { database: warehouse.database }
  const tables = await warehouse.query<{ name: string; definition: string }>(
    'SELECT name, create_table_query AS definition FROM system.tables WHERE database = {database:String}',
    database,
  )
  const columns = await warehouse.query<{ table: string; names: string[] }>(
    `SELECT table, groupArray(name) AS names FROM system.columns WHERE database = {database:String}
     GROUP BY table`,
    database,
  )
  const names = new Map(columns.map(row => [row.table, new Set(row.names)] as const))
  return new Map(
    tables.map(({ name, definition }) => [name, { definition, columns: names.get(name) ?? new Set() }]),
  )
}

/** Read from the engine and not from the declarations: what exists is what must be fenced. */
export async function fencedTables(warehouse: Asker): Promise<readonly FencedTable[]> {
  const rows = await warehouse.query<{ name: string; engine: string; hasTenant: number }>(
    `SELECT name, engine, name IN (
       SELECT table FROM system.columns WHERE database = {database:String} AND name = 'Tenant'
     ) AS hasTenant FROM system.tables WHERE database = {database:String}`,
    { database: warehouse.database },
  )
  return rows.map(({ name, engine, hasTenant }) => ({ name, engine, hasTenant: hasTenant === 1 }))
}
