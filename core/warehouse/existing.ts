import { quoteText } from './column-types.ts'
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
