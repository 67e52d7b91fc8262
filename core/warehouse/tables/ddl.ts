import type { Column, StreamDeclaration, Table } from '../../model/streams/stream.ts'
import { quoteName, storedType } from './column-types.ts'

/**
 * SQL of tables made from stream declarations. Pure: the same declaration gives the same text.
 *
 * The engine is a parameter, so replicated tables on a cluster are another value of it and not another builder.
 */
export interface Dialect {
  readonly database: string
  /** Table engine by base name (`MergeTree`, `AggregatingMergeTree`, ...). */
  readonly engine: (base: string) => string
  /** Inserted after the name of what is created or altered: empty, or ` ON CLUSTER ...`. */
  readonly onCluster: string
  /** Override the settings that every table has. */
  readonly tableSettings?: Readonly<Record<string, number>>
  /** If tables are sharded: the cluster, and the table that holds a declared table's rows on each server. */
  readonly distributed?: { readonly cluster: string; readonly stored: (table: string) => string }
}

/** Database of all tables. */
export const DATABASE = 'wattline'

/** One machine: plain engines, nothing to coordinate. */
export const LOCAL_DIALECT: Dialect = { database: DATABASE, engine: base => base, onCluster: '' }

/**
 * Settings that pay off, measured on the embedded engine (figures in the README):
 * - compact parts below 256 MiB: a wide part is about a hundred files, and creating them cost more than the data;
 * - 1,000 tokens: only records whose offset is not committed are ever repeated, which are few;
 * - old parts stay for a minute after a merge, so that the merged one is on disk when they are removed.
 */
const TABLE_SETTINGS = {
  index_granularity: 8192,
  ttl_only_drop_parts: 1,
  min_bytes_for_wide_part: 268_435_456,
  non_replicated_deduplication_window: 1000,
  old_parts_lifetime: 60,
} as const

/** For money: the insert waits until the part and its directory are on disk. */
const FSYNC_SETTINGS = { fsync_after_insert: 1, fsync_part_directory: 1 } as const

/** `name = value, ...` for a SETTINGS clause. */
export function settingsText(settings: Readonly<Record<string, number>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ')
}

/** `database.table`, quoted. */
export const qualified = (dialect: Dialect, name: string): string =>
  `${quoteName(dialect.database)}.${quoteName(name)}`

/** The table that holds the rows of a declared one. */
export const storedTable = (dialect: Dialect, name: string): string =>
  dialect.distributed?.stored(name) ?? name

/** The same, as `database.table`, quoted. */
export const storedName = (dialect: Dialect, name: string): string =>
  qualified(dialect, storedTable(dialect, name))

/** Settings of every table. */
export const tableSettings = (dialect: Dialect): Readonly<Record<string, number>> => ({
  ...TABLE_SETTINGS,
  ...dialect.tableSettings,
})

/** Statement that creates the database if it is missing. */
export const createDatabase = (dialect: Dialect): string =>
  `CREATE DATABASE IF NOT EXISTS ${quoteName(dialect.database)}${dialect.onCluster}`

/** `name type CODEC(...)` for CREATE and ADD COLUMN. */
export const columnText = (column: Column): string =>
  `${quoteName(column.name)} ${storedType(column)} CODEC(${column.codec ?? 'ZSTD(1)'})`

/** Days that tables keep rows, by class: signals (telemetry), ledger (books), and what of the books single requests get. */
export interface Retention {
  readonly signalsDays: number
  readonly ledgerDays: number
  /** As signals when absent. */
  readonly requestsDays?: number
}

/** Days that a table keeps its rows; infinite for tables that keep them forever. */
export function retentionDays(table: Table, retention: Retention): number {
  if (table.retention === 'forever') return Number.POSITIVE_INFINITY
  if (table.retention === 'requests') return retention.requestsDays ?? retention.signalsDays
  return table.retention === 'ledger' ? retention.ledgerDays : retention.signalsDays
}

/**
 * Longest retention that is written as a TTL. Its times are 32-bit seconds, which end in 2106: a later one would wrap
 * around and delete the rows at once. With a longer retention, rows are kept forever.
 */
export const LONGEST_TTL_DAYS = 10_000

/** Expiry of rows as a TTL expression; null: never. */
export const ttlText = (expression: string, days: number): string | null =>
  days > LONGEST_TTL_DAYS ? null : `${expression} + toIntervalDay(${days})`

/** The line of CREATE TABLE; empty when rows are kept forever. */
export function ttlLines(expression: string, days: number): readonly string[] {
  const ttl = ttlText(expression, days)
  return ttl === null ? [] : [`TTL ${ttl}`]
}

/** CREATE TABLE of a stream; null for streams that exist only in the log. */
export function createTable(
  stream: StreamDeclaration,
  retention: Retention,
  dialect: Dialect = LOCAL_DIALECT,
): string | null {
  const table = stream.table
  if (table === undefined) return null
  const lines = [
    ...stream.columns.map(columnText),
    ...(table.indexes ?? []).map(index => `INDEX ${index}`),
    ...(table.projections ?? []).map(projection => `PROJECTION ${projection}`),
  ]
  const settings = { ...tableSettings(dialect), ...(table.fsync === true ? FSYNC_SETTINGS : {}) }
  return [
    `CREATE TABLE IF NOT EXISTS ${storedName(dialect, table.name)}${dialect.onCluster}`,
    `(\n  ${lines.join(',\n  ')}\n)`,
    `ENGINE = ${dialect.engine(table.engine ?? 'MergeTree')}`,
    `PARTITION BY ${table.partitionBy}`,
    ...(table.primaryKey === undefined ? [] : [`PRIMARY KEY (${table.primaryKey.join(', ')})`]),
    `ORDER BY (${table.orderBy.join(', ')})`,
    ...ttlLines(table.ttlFrom, retentionDays(table, retention)),
    `SETTINGS ${settingsText(settings)}`,
  ].join('\n')
}
