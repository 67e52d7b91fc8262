import { STREAMS } from '../../model/streams/index.ts'
import { type Column, tablesOf } from '../../model/streams/stream.ts'
import { quoteName, quoteText, storedType } from './column-types.ts'
import { DATABASE, type Dialect, LOCAL_DIALECT, qualified } from './ddl.ts'

/**
 * Tokens that a server remembers. A record is sent again when its insert was not answered, or when its reader died
 * before its offset was committed; at most this many inserts into the table (per shard) may happen in between. Replicas
 * also forget after some time, by default within an hour: here a week, as long as a log may hold waiting records.
 */
const TOKEN_SETTINGS = {
  non_replicated_deduplication_window: 10_000,
  replicated_deduplication_window: 10_000,
  replicated_deduplication_window_seconds: 604_800,
} as const

/** A single server, whose tables many processes fill. */
export const SERVER_DIALECT: Dialect = { ...LOCAL_DIALECT, tableSettings: TOKEN_SETTINGS }

/** Former names of tables, by their names. */
const FORMER: ReadonlyMap<string, string> = new Map(
  STREAMS.flatMap(tablesOf).flatMap(({ table }) =>
    table?.formerly === undefined ? [] : [[table.name, table.formerly] as const],
  ),
)

/**
 * A cluster: every declared table is a Distributed one, which reads `<name>_local` of all shards; these hold the rows,
 * replicated within the shard. The path in Keeper consists of names and not of the table's UUID, so that a server that
 * is added later joins the existing replicas. So a table that got another name keeps the tables that hold its rows.
 */
export const clusterDialect = (cluster: string): Dialect => ({
  database: DATABASE,
  engine: base => `Replicated${base}('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')`,
  onCluster: ` ON CLUSTER ${quoteText(cluster)}`,
  tableSettings: TOKEN_SETTINGS,
  distributed: { cluster, stored: table => `${FORMER.get(table) ?? table}_local` },
})

/** It has no sharding key: rows go directly to the servers that hold them. */
export function createDistributed(table: string, columns: readonly string[], dialect: Dialect): string {
  const { distributed } = dialect
  if (distributed === undefined) throw new TypeError('not a cluster')
  const source = [distributed.cluster, dialect.database, distributed.stored(table)].map(quoteText)
  return [
    `CREATE TABLE IF NOT EXISTS ${qualified(dialect, table)}${dialect.onCluster}`,
    `(\n  ${columns.join(',\n  ')}\n)`,
    `ENGINE = Distributed(${source.join(', ')})`,
  ].join('\n')
}

/** `name type`, for a table that stores nothing. */
export const plainColumn = (column: Column): string => `${quoteName(column.name)} ${storedType(column)}`
