import type { Column, StreamDeclaration } from '../model/streams/stream.ts'
import { isRawId, quoteName, quoteText, readType } from './tables/column-types.ts'
import { type Dialect, LOCAL_DIALECT, qualified, storedName } from './tables/ddl.ts'

/**
 * Settings of every insert, in addition to its token and the setting that makes an INSERT with a SELECT use it. One
 * thread: the blocks of a record always come in the same order, so a retried insert numbers them as the first one did.
 * - Skip indexes are built by merges: building them here too cost a quarter of an insert.
 * - Views take part in deduplication, so that a replay fills in what a crash kept from them, and nothing twice.
 */
export const INSERT_SETTINGS = {
  deduplicate_blocks_in_dependent_materialized_views: '1',
  materialize_skip_indexes_on_insert: '0',
  // A record with missing columns is handled explicitly (see narrowedTo) and not filled with empty values.
  input_format_arrow_allow_missing_columns: '0',
  // A record of old readings may touch more days than the engine's default of 100. Refusing it would stop its partition
  // of the log for good, since a retry cannot help.
  max_partitions_per_insert_block: '0',
  max_insert_threads: '1',
  max_threads: '1',
} as const

/** The columns of a record with their types on the wire. */
const recordStructure = (stream: StreamDeclaration): string =>
  stream.columns.map(column => `${quoteName(column.name)} ${readType(column)}`).join(', ')

/** The stored value as an expression over a column of the record: ids become hex, missing ones ''. */
export function storedExpression(column: Column): string {
  const name = quoteName(column.name)
  if (!isRawId(column.kind)) return name
  const hex = (value: string): string => `ifNull(lower(hex(${value})), '')`
  return column.list === true ? `arrayMap(id -> ${hex('id')}, ${name})` : hex(name)
}

/** Columns of a record in a file, one row each with its `name`. */
export const describeFile = (file: string): string =>
  `DESCRIBE TABLE file(${quoteText(file)}, 'ArrowStream', 'auto', 'zstd')`

/**
 * The declaration without the columns that an older record lacks; null when the record has columns that the stream
 * never had, so that it belongs to another stream.
 */
export function narrowedTo(
  stream: StreamDeclaration,
  present: ReadonlySet<string>,
): StreamDeclaration | null {
  const columns = stream.columns.filter(column => present.has(column.name))
  return columns.length > 0 && columns.length === present.size ? { ...stream, columns } : null
}

/**
 * INSERT of one record in a file on the engine's machine (Arrow IPC stream in zstd), under its token. Columns are
 * named, so that a table with more columns, or fewer, still accepts the record.
 */
export function insertFromFile(
  stream: StreamDeclaration,
  file: string,
  token: string,
  dialect: Dialect = LOCAL_DIALECT,
): string {
  const table = stream.table
  if (table === undefined) throw new TypeError(`stream ${stream.name} has no table`)
  const settings = Object.entries(INSERT_SETTINGS).map(([name, value]) => `${name} = ${value}`)
  const source = ['ArrowStream', recordStructure(stream), 'zstd'].map(quoteText).join(', ')
  return [
    insertInto(stream, qualified(dialect, table.name)),
    // The engine refuses a SELECT whose blocks it cannot number reliably, instead of storing the rows without checking
    // the token.
    `SETTINGS insert_deduplication_token = ${quoteText(token)}, deduplicate_insert_select = 'force_enable', ${settings.join(', ')}`,
    selectStored(stream),
    `FROM file(${quoteText(file)}, ${source})`,
  ].join('\n')
}

/**
 * INSERT of one record in the request body. In a cluster only a server of this shard accepts it: a load balancer in
 * between, or a changed cluster, must never bring one token to two shards.
 */
export function insertFromBody(stream: StreamDeclaration, dialect: Dialect, shard: string | null): string {
  const table = stream.table
  if (table === undefined) throw new TypeError(`stream ${stream.name} has no table`)
  return [
    insertInto(stream, storedName(dialect, table.name)),
    selectStored(stream),
    `FROM input(${quoteText(recordStructure(stream))})`,
    ...(shard === null ? [] : [shardGuard(shard)]),
    'FORMAT ArrowStream',
  ].join('\n')
}

/** Makes a server of another shard refuse the statement. */
export const shardGuard = (shard: string): string =>
  `WHERE NOT throwIf(getMacro('shard') != ${quoteText(shard)}, 'this server now belongs to another shard')`

const insertInto = (stream: StreamDeclaration, table: string): string =>
  `INSERT INTO ${table} (${stream.columns.map(column => quoteName(column.name)).join(', ')})`

const selectStored = (stream: StreamDeclaration): string =>
  `SELECT ${stream.columns.map(storedExpression).join(', ')}`
