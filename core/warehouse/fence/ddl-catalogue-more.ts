/**
 * Further look-ups of clients, as views like those of ddl-catalogue.ts: lists of what the engine knows, constraints, and
 * tables that exist only so that a client that reads them finds nothing.
 */

/** The SQL of each view; `{tables}` becomes the allowed names, `{database}` our database. */
export interface CatalogueSource {
  readonly schema: 'system' | 'information_schema'
  readonly table: string
  readonly select: string
}

/** In lower and in upper case, as in the engine. */
export function bothCases(columns: Readonly<Record<string, string>>): string {
  const names = Object.entries(columns)
  return names
    .flatMap(([name, value]) => [`${value} AS ${name}`, `${value} AS ${name.toUpperCase()}`])
    .join(', ')
}

/** NULL of type String. */
export const NO_TEXT = "CAST(NULL, 'Nullable(String)')"

const system = (table: string, select: string): CatalogueSource => ({ schema: 'system', table, select })
const schema = (table: string, select: string): CatalogueSource => ({
  schema: 'information_schema',
  table,
  select,
})

/** A table without rows, with columns of text. */
const empty = (...columns: readonly string[]): string =>
  `SELECT ${columns.map(column => `'' AS \`${column}\``).join(', ')} WHERE 0`

const KEY_COLUMNS = `SELECT ${bothCases({
  constraint_catalog: "'def'",
  constraint_schema: 'database',
  constraint_name: "'PRIMARY'",
  table_catalog: "'def'",
  table_schema: 'database',
  table_name: '`table`',
  column_name: 'name',
  ordinal_position: 'position',
  position_in_unique_constraint: "CAST(NULL, 'Nullable(UInt32)')",
  referenced_table_schema: NO_TEXT,
  referenced_table_name: NO_TEXT,
  referenced_column_name: NO_TEXT,
})} FROM system.columns WHERE is_in_primary_key = 1 AND database = {database} AND \`table\` IN ({tables})`

const VIEWS = `SELECT ${bothCases({
  table_catalog: 'database',
  table_schema: 'database',
  table_name: 'name',
  view_definition: 'as_select',
  check_option: "'NONE'",
  is_updatable: "'NO'",
  is_insertable_into: "'NO'",
})} FROM system.tables WHERE engine = 'View' AND database = {database} AND name IN ({tables})`

const INDEXES = `SELECT database, \`table\`, name, type, expr, granularity, toUInt64(0) AS data_compressed_bytes,
  toUInt64(0) AS data_uncompressed_bytes, toUInt64(0) AS marks_bytes
FROM system.data_skipping_indices WHERE database = {database} AND \`table\` IN ({tables})`

/** In addition to those of ddl-catalogue.ts. */
export const MORE_SOURCES: readonly CatalogueSource[] = [
  system('formats', 'SELECT name, is_input, is_output FROM system.formats'),
  system('time_zones', 'SELECT time_zone FROM system.time_zones'),
  system('table_engines', 'SELECT name FROM system.table_engines'),
  system(
    'aggregate_function_combinators',
    'SELECT name, is_internal FROM system.aggregate_function_combinators',
  ),
  system('build_options', "SELECT 'VERSION_FULL' AS name, version() AS value"),
  system('data_skipping_indices', INDEXES),
  system('current_roles', empty('role_name')),
  system('enabled_roles', empty('role_name')),
  system('clusters', empty('cluster', 'host_name')),
  system('macros', empty('macro', 'substitution')),
  system('dictionaries', empty('database', 'name', 'status', 'origin', 'type', 'comment')),
  schema('key_column_usage', KEY_COLUMNS),
  schema('views', VIEWS),
  schema(
    'referential_constraints',
    empty('constraint_schema', 'constraint_name', 'table_name', 'referenced_table_name'),
  ),
  schema('statistics', empty('table_schema', 'table_name', 'index_name', 'column_name')),
]
