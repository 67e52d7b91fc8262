/**
 * What strangers may know of the schema: the tables they may read and their columns. Reads of `system.databases`,
 * `system.tables`, `system.columns` and `system.settings` are replaced by literal rows made from it, so that Grafana's
 * builder and other clients see an ordinary database and nothing else.
 */
import { PUBLIC_TABLES } from '../../core/warehouse/fence.ts'
import type { Warehouse } from '../../core/warehouse/warehouse.ts'
import { quoteName, quoteString, type Token, tokenize } from './tokens.ts'

export interface CatalogueColumn {
  readonly table: string
  readonly name: string
  readonly type: string
  readonly position: number
  readonly inSortingKey: boolean
}

export interface CatalogueTable {
  readonly name: string
  readonly engine: string
  readonly sortingKey: string
}

export interface Catalogue {
  readonly database: string
  readonly tables: readonly CatalogueTable[]
  readonly columns: readonly CatalogueColumn[]
}

/** Asks the engine for the readable ones among its tables. */
export async function loadCatalogue(
  warehouse: Pick<Warehouse, 'query' | 'database'>,
  readable: readonly string[],
): Promise<Catalogue> {
  const params = { database: warehouse.database, tables: readable }
  const tables = await warehouse.query<{ name: string; engine: string; sorting_key: string }>(
    'SELECT name, engine, sorting_key FROM system.tables ' +
      'WHERE database = {database:String} AND has({tables:Array(String)}, name) ORDER BY name',
    params,
  )
  const columns = await warehouse.query<{
    table: string
    name: string
    type: string
    position: string
    sorted: number
  }>(
    'SELECT table, name, type, toString(position) AS position, is_in_sorting_key AS sorted FROM system.columns ' +
      'WHERE database = {database:String} AND has({tables:Array(String)}, table) ORDER BY table, columns.position',
    params,
  )
  return {
    database: warehouse.database,
    tables: tables.map(table => ({ name: table.name, engine: table.engine, sortingKey: table.sorting_key })),
    columns: columns.map(column => ({
      table: column.table,
      name: column.name,
      type: column.type,
      position: Number(column.position),
      inSortingKey: Number(column.sorted) === 1,
    })),
  }
}

/**
 * What is left for those who see some accounts only: tables that know accounts, whose rows the engine filters, and tables
 * that are the same for everybody. All others are as if they were not there.
 */
export function ofAccounts(catalogue: Catalogue): Catalogue {
  const known = new Set(
    catalogue.columns.filter(column => column.name === 'Account').map(column => column.table),
  )
  const isLeft = (table: string): boolean => known.has(table) || PUBLIC_TABLES.has(table)
  return {
    database: catalogue.database,
    tables: catalogue.tables.filter(table => isLeft(table.name)),
    columns: catalogue.columns.filter(column => isLeft(column.table)),
  }
}

type Cell = string | number | null
interface SystemTable {
  readonly structure: string
  readonly rows: (catalogue: Catalogue) => readonly (readonly Cell[])[]
}

/** The system tables that clients look into, in their usual columns. */

const SYSTEM_TABLES: Readonly<Record<string, SystemTable>> = {
  databases: {
    structure: 'name String, engine String, comment String',
    rows: catalogue => [[catalogue.database, 'Atomic', '']],
  },
  tables: {
    structure:
      'database String, name String, table String, engine String, comment String, is_temporary UInt8, ' +
      'sorting_key String, primary_key String, total_rows Nullable(UInt64), total_bytes Nullable(UInt64)',
    rows: catalogue =>
      catalogue.tables.map(table => [
        catalogue.database,
        table.name,
        table.name,
        table.engine,
        '',
        0,
        table.sortingKey,
        table.sortingKey,
        null,
        null,
      ]),
  },
  columns: {
    structure:
      'database String, table String, name String, type String, position UInt64, default_kind String, ' +
      'default_expression String, comment String, is_in_primary_key UInt8, is_in_sorting_key UInt8, ' +
      'is_in_partition_key UInt8',
    rows: catalogue =>
      catalogue.columns.map(column => [
        catalogue.database,
        column.table,
        column.name,
        column.type,
        column.position,
        '',
        '',
        '',
        Number(column.inSortingKey),
        Number(column.inSortingKey),
        0,
      ]),
  },
  settings: {
    structure: 'name String, value String, changed UInt8, description String, readonly UInt8, type String',
    // Clients look whether some setting exists; to strangers none can be set.
    rows: () => [],
  },
}

/** Replaces reads of the known system tables in canonical text (formatQuerySingleLine) by literal rows. */
export function replaceSystemTables(canonical: string, catalogue: Catalogue): string {
  const tokens = tokenize(canonical)
  let text = ''
  for (let at = 0; at < tokens.length; at++) {
    const name = isTablePlace(tokens, at) ? systemTableAt(tokens, at) : undefined
    if (name === undefined) {
      text += tokens[at]!.text
      continue
    }
    at += 2
    const hasAlias = tokens[at + 2]?.name.toUpperCase() === 'AS'
    text += `${literalRows(SYSTEM_TABLES[name]!, catalogue)}${hasAlias ? '' : ` AS ${quoteName(name)}`}`
  }
  return text
}

function systemTableAt(tokens: readonly Token[], at: number): string | undefined {
  if (tokens[at]?.name !== 'system' || tokens[at + 1]?.text !== '.') return undefined
  const name = tokens[at + 2]?.name ?? ''
  return Object.hasOwn(SYSTEM_TABLES, name) ? name : undefined
}

/** After FROM, JOIN or a comma; a comma between columns does no harm, since the result is checked again. */
function isTablePlace(tokens: readonly Token[], at: number): boolean {
  const before = tokens.slice(Math.max(0, at - 2), at).findLast(token => token.kind !== 'space')
  return before !== undefined && (/^(FROM|JOIN)$/i.test(before.name) || before.text === ',')
}

function literalRows(table: SystemTable, catalogue: Catalogue): string {
  const rows = table.rows(catalogue)
  const cell = (value: Cell): string =>
    typeof value === 'string' ? quoteString(value) : String(value ?? 'NULL')
  const tuples = rows.map(row => `(${row.map(cell).join(', ')})`)
  // values() needs a row: an empty table is one that a false condition removes.
  if (tuples.length === 0) {
    const width = table.structure.split(', ').length
    return `(SELECT * FROM values(${quoteString(table.structure)}, (${Array(width).fill("'0'").join(', ')})) WHERE 0)`
  }
  return `(SELECT * FROM values(${[quoteString(table.structure), ...tuples].join(', ')}))`
}
