import { EXPORTABLE_STREAMS } from '../../model/streams/exportable.ts'
import { ROLLUP_KEYS } from '../../model/streams/ledger.ts'
import { type StreamDeclaration, tablesOf } from '../../model/streams/stream.ts'
import { exportedView } from '../exported/tables.ts'
import { quoteText } from '../tables/column-types.ts'
import { type Dialect, LOCAL_DIALECT } from '../tables/ddl.ts'
import { ROLLUP_VIEWS, TRACE_INDEX } from '../tables/ddl-derived.ts'
import { METRIC_VIEWS } from '../tables/ddl-metrics.ts'
import { MADE_FROM, viewStatement } from '../tables/view.ts'
import { CLIENT_SETTINGS } from './client-settings.ts'
import { bothCases, type CatalogueSource, MORE_SOURCES, NO_TEXT } from './ddl-catalogue-more.ts'
import { PUBLIC_TABLES } from './policies.ts'

/**
 * The part of the schema that clients may see, as views over the engine's own catalogue. Clients read `system.tables`,
 * `system.columns`, `information_schema` and the like to fill their menus, and the engine would show them everything it
 * holds. `query/sql` replaces those names with these views.
 *
 * Columns about rows, bytes and servers exist but are empty. `data_paths` only says whether there are any: drivers call a
 * table without one remote.
 */
interface CatalogueView {
  /** The table that it replaces: `system` or `information_schema`, and the table name. */
  readonly schema: 'system' | 'information_schema'
  readonly table: string
  /** Name in our database. */
  readonly name: string
  /** Name of the view for callers limited to accounts; the same view if it contains nothing about tables. */
  readonly limitedName: string
}

/** Tables and views that clients may read, each behind the fence. */
export function readableTables(streams: readonly StreamDeclaration[]): readonly string[] {
  const declared = declaredTables(streams).map(({ name }) => name)
  return [
    ...declared,
    ...(declared.includes('otel_traces') ? [TRACE_INDEX] : []),
    ...(declared.includes('ledger') ? ROLLUP_VIEWS.map(view => view.name) : []),
    ...METRIC_VIEWS.filter(({ points }) => declared.includes(points.table!.name)).map(({ name }) => name),
  ].toSorted()
}

/** The tables for callers limited to accounts: tables with accounts, and tables that are the same for everyone. */
export function accountTables(streams: readonly StreamDeclaration[]): readonly string[] {
  const declared = declaredTables(streams).filter(
    ({ name, columns }) => PUBLIC_TABLES.has(name) || columns.some(column => column.name === 'Account'),
  )
  const rollups = ROLLUP_KEYS.includes('Account') ? ROLLUP_VIEWS.map(view => view.name) : []
  const names = new Set([...declared.map(({ name }) => name), ...rollups])
  return readableTables(streams).filter(name => names.has(name))
}

/** Views of exported files, of tables that are declared: those of exported tables exist. */
function exportedViews(streams: readonly StreamDeclaration[], limited: boolean): readonly string[] {
  const names = new Set(limited ? accountTables(streams) : readableTables(streams))
  return EXPORTABLE_STREAMS.filter(({ table }) => names.has(table.name)).map(({ table }) =>
    exportedView(table.name),
  )
}

const declaredTables = (
  streams: readonly StreamDeclaration[],
): readonly { name: string; columns: StreamDeclaration['columns'] }[] =>
  streams
    .flatMap(tablesOf)
    .flatMap(({ table, columns }) => (table === undefined ? [] : [{ name: table.name, columns }]))

/**
 * For tables of a cluster, the engine's text contains paths of servers and the name of the cluster: these must not be
 * shown.
 */
const withoutPlaces = (column: string): string =>
  `replaceRegexpOne(${column}, '(Distributed|Replicated[A-Za-z]*)\\\\((?:[^()]|\\\\([^()]*\\\\))*\\\\)', '\\\\1')`

const SYSTEM_TABLES = `SELECT database, name, name AS \`table\`, uuid, engine, is_temporary,
  if(engine = 'View', CAST([], 'Array(String)'), ['store']) AS data_paths, '' AS metadata_path, metadata_modification_time, metadata_version,
  CAST([], 'Array(String)') AS dependencies_database, CAST([], 'Array(String)') AS dependencies_table,
  ${withoutPlaces('create_table_query')} AS create_table_query, ${withoutPlaces('engine_full')} AS engine_full, as_select,
  partition_key, sorting_key, primary_key, sampling_key, '' AS storage_policy,
  CAST(NULL, 'Nullable(UInt64)') AS total_rows, CAST(NULL, 'Nullable(UInt64)') AS total_bytes,
  CAST(NULL, 'Nullable(UInt64)') AS parts, CAST(NULL, 'Nullable(UInt64)') AS active_parts,
  if(startsWith(comment, '${MADE_FROM}'), '', comment) AS comment, has_own_data
FROM system.tables WHERE database = {database} AND name IN ({tables})`

const SYSTEM_COLUMNS = `SELECT database, \`table\`, name, type, position, default_kind, default_expression,
  toUInt64(0) AS data_compressed_bytes, toUInt64(0) AS data_uncompressed_bytes, toUInt64(0) AS marks_bytes, comment,
  is_in_partition_key, is_in_sorting_key, is_in_primary_key, is_in_sampling_key, compression_codec,
  character_octet_length, numeric_precision, numeric_precision_radix, numeric_scale, datetime_precision
FROM system.columns WHERE database = {database} AND \`table\` IN ({tables})`

const NO_NUMBER = "CAST(NULL, 'Nullable(UInt64)')"

const SCHEMATA = `SELECT ${bothCases({
  catalog_name: 'name',
  schema_name: 'name',
  schema_owner: "'default'",
  default_character_set_catalog: NO_TEXT,
  default_character_set_schema: NO_TEXT,
  default_character_set_name: NO_TEXT,
  sql_path: NO_TEXT,
})} FROM system.databases WHERE name = {database}`

const INFORMATION_TABLES = `SELECT ${bothCases({
  table_catalog: 'database',
  table_schema: 'database',
  table_name: 'name',
  table_type: "if(engine = 'View', 'VIEW', 'BASE TABLE')",
  table_rows: NO_NUMBER,
  data_length: NO_NUMBER,
  index_length: NO_NUMBER,
  table_collation: "CAST('utf8mb4_0900_ai_ci', 'Nullable(String)')",
  table_comment: "CAST('', 'Nullable(String)')",
})} FROM system.tables WHERE database = {database} AND name IN ({tables})`

const INFORMATION_COLUMNS = `SELECT ${bothCases({
  table_catalog: 'database',
  table_schema: 'database',
  table_name: '`table`',
  column_name: 'name',
  ordinal_position: 'position',
  column_default: 'default_expression',
  is_nullable: "if(type LIKE 'Nullable(%', 'YES', 'NO')",
  data_type: 'type',
  character_maximum_length: 'character_octet_length',
  character_octet_length: 'character_octet_length',
  numeric_precision: 'numeric_precision',
  numeric_precision_radix: 'numeric_precision_radix',
  numeric_scale: 'numeric_scale',
  datetime_precision: 'datetime_precision',
  character_set_name: NO_TEXT,
  collation_name: NO_TEXT,
  extra: "CAST('', 'Nullable(String)')",
  column_comment: 'comment',
  column_type: 'type',
})} FROM system.columns WHERE database = {database} AND \`table\` IN ({tables})`

/** Settings that clients read, and those that they may change. */
const SHOWN_SETTINGS = [...CLIENT_SETTINGS, 'max_execution_time', 'max_memory_usage', 'readonly']
const CHANGEABLE = `toUInt8(name NOT IN (${CLIENT_SETTINGS.map(quoteText).join(', ')}))`

const SOURCES: readonly CatalogueSource[] = [
  {
    schema: 'system',
    table: 'databases',
    select: `SELECT name, engine, '' AS data_path, '' AS metadata_path, uuid, engine AS engine_full, comment,
  toUInt8(0) AS is_external, name AS database FROM system.databases WHERE name = {database}`,
  },
  { schema: 'system', table: 'tables', select: SYSTEM_TABLES },
  { schema: 'system', table: 'columns', select: SYSTEM_COLUMNS },
  {
    schema: 'system',
    table: 'settings',
    select: `SELECT name, value, changed, description, min, max, ${CHANGEABLE} AS readonly, type, \`default\`
FROM system.settings WHERE name IN (${SHOWN_SETTINGS.map(quoteText).join(', ')})`,
  },
  {
    schema: 'system',
    table: 'functions',
    select: `SELECT name, is_aggregate, case_insensitive, alias_to, '' AS create_query, origin, description, syntax,
  arguments, returned_value, examples, categories FROM system.functions WHERE origin = 'System'`,
  },
  {
    schema: 'system',
    table: 'data_type_families',
    select: 'SELECT name, case_insensitive, alias_to FROM system.data_type_families',
  },
  { schema: 'information_schema', table: 'schemata', select: SCHEMATA },
  { schema: 'information_schema', table: 'tables', select: INFORMATION_TABLES },
  { schema: 'information_schema', table: 'columns', select: INFORMATION_COLUMNS },
  ...MORE_SOURCES,
]

const tellsTables = ({ select }: CatalogueSource): boolean => select.includes('{tables}')
const viewName = ({ schema, table }: CatalogueSource): string => `${schema}_${table}`
const limitedName = (source: CatalogueSource): string =>
  tellsTables(source) ? `${viewName(source)}_limited` : viewName(source)

/** The views that replace the engine's `system` and `information_schema` tables. */
export const CATALOGUE_VIEWS: readonly CatalogueView[] = SOURCES.map(source => ({
  schema: source.schema,
  table: source.table,
  name: viewName(source),
  limitedName: limitedName(source),
}))

/** Statements that create the views, by name. */
export function createCatalogue(
  streams: readonly StreamDeclaration[],
  dialect: Dialect = LOCAL_DIALECT,
): readonly { readonly name: string; readonly text: string }[] {
  const view = (name: string, { select }: CatalogueSource, tables: readonly string[]) => {
    const filled = select
      .replace('{database}', quoteText(dialect.database))
      .replace('{tables}', () => (tables.length === 0 ? 'NULL' : tables.map(quoteText).join(', ')))
    return { name, text: viewStatement(name, filled, dialect) }
  }
  return SOURCES.flatMap(source => [
    view(viewName(source), source, [...readableTables(streams), ...exportedViews(streams, false)]),
    ...(tellsTables(source)
      ? [view(limitedName(source), source, [...accountTables(streams), ...exportedViews(streams, true)])]
      : []),
  ])
}
