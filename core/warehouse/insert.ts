import type { Column, StreamDeclaration } from '../model/streams/stream.ts'
import { isRawId, quoteName, quoteText, readType } from './tables/column-types.ts'
import { type Dialect, LOCAL_DIALECT, qualified, storedName } from './tables/ddl.ts'

/**
 * Settings of every insert, besides its token and what makes an INSERT with a SELECT count it. One thread: the blocks of
 * a record always come in the same order, so that a repeated insert numbers them as the first one did.
 * - Skip indexes are built by merges: building them here too cost a quarter of an insert.
 * - Views take part in deduplication, so that a replay fills in what a crash kept from them, and nothing twice.
 */
export const INSERT_SETTINGS = {
  deduplicate_blocks_in_dependent_materialized_views: '1',
  materialize_skip_indexes_on_insert: '0',
  // A record that lacks columns is looked at (see narrowedTo) and not filled up with empty values.
  input_format_arrow_allow_missing_columns: '0',
  // A record of old readings may touch more days than the engine's default of 100; refusing it would stop its partition
  // of the log for good, since trying again cannot help.
  max_partitions_per_insert_block: '0',
  max_insert_threads: '1',
  max_threads: '1',
} as const

/** Reads the columns of a record in the types they have on the wire. */
const recordStructure = (stream: StreamDeclaration): string =>
  stream.columns.map(column => `${quoteName(column.name)} ${readType(column)}`).join(', ')

/** The value that is stored, over a column read from the record: ids become hex, absent ones ''. */
export function storedExpression(column: Column): string {
  const name = quoteName(column.name)
  if (!isRawId(column.kind)) return name
  const hex = (value: string): string => `ifNull(lower(hex(${value})), '')`
  return column.list === true ? `arrayMap(id -> ${hex('id')}, ${name})` : hex(name)
}

/** Columns of a record that lies in a file, one row each with its `name`. */
export const describeFile = (file: string): string =>
  `DESCRIBE TABLE file(${quoteText(file)}, 'ArrowStream', 'auto', 'zstd')`

/**
 * The declaration as a record knew it that was written before columns were added; null when the record holds columns
 * that the stream never had: it is another stream's.
 */
export function narrowedTo(
  stream: StreamDeclaration,
  present: ReadonlySet<string>,
): StreamDeclaration | null {
  const columns = stream.columns.filter(column => present.has(column.name))
  return columns.length > 0 && columns.length === present.size ? { ...stream, columns } : null
}

/**
 * INSERT of one record that lies in a file on the engine's machine (Arrow IPC stream in zstd), under its token.
 * Columns are named, so that a table that has grown since, or not yet, takes the record all the same.
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
    // The engine refuses a SELECT whose blocks it cannot number reliably, instead of storing the rows without a look at
    // the token.
    `SETTINGS insert_deduplication_token = ${quoteText(token)}, deduplicate_insert_select = 'force_enable', ${settings.join(', ')}`,
    selectStored(stream),
    `FROM file(${quoteText(file)}, ${source})`,
  ].join('\n')
}

/**
 * INSERT of one record that is the body of the request. Of a cluster only a server of this shard takes it: a balancer
 * in between, or a changed cluster, must never bring one token to two shards.
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
