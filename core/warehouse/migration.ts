import { REFERENCE_TABLES } from '../model/streams/factors.ts'
import type { StreamDeclaration, Table } from '../model/streams/stream.ts'
import {
  columnText,
  createDatabase,
  createTable,
  type Dialect,
  qualified,
  retentionDays,
  ttlText,
} from './ddl.ts'
import { createRollupView, createTraceIndex, ROLLUP_VIEWS, TRACE_INDEX } from './ddl-derived.ts'
import type { Retention } from './warehouse.ts'

/** What is there already: a table's columns, its definition as the engine prints it. */
export interface ExistingTable {
  readonly columns: ReadonlySet<string>
  /** `create_table_query` of system.tables. */
  readonly definition: string
}

/**
 * The statements that bring the database to what the declarations say, in order. Changes are additive: columns, indexes
 * and projections that a table lacks are added, retention follows the configuration; nothing is dropped or retyped,
 * because old rows stay readable only while the table still holds what they were written with.
 */
export function planMigration(
  streams: readonly StreamDeclaration[],
  retention: Retention,
  existing: ReadonlyMap<string, ExistingTable>,
  dialect: Dialect,
): readonly string[] {
  const names = new Set(streams.flatMap(stream => (stream.table === undefined ? [] : [stream.table.name])))
  const traceIndex = existing.get(TRACE_INDEX)
  return [
    createDatabase(dialect),
    ...[...streams, ...REFERENCE_TABLES].flatMap(stream => planStream(stream, retention, existing, dialect)),
    ...(names.has('otel_traces') ? createTraceIndex(retention, dialect) : []),
    ...(traceIndex === undefined
      ? []
      : planTtl(TRACE_INDEX, 'Start', retention.signalsDays, traceIndex, dialect)),
    ...(names.has('ledger') ? ROLLUP_VIEWS.map(view => createRollupView(view, dialect)) : []),
  ]
}

function planStream(
  stream: StreamDeclaration,
  retention: Retention,
  existing: ReadonlyMap<string, ExistingTable>,
  dialect: Dialect,
): readonly string[] {
  const table = stream.table
  if (table === undefined) return []
  const found = existing.get(table.name)
  if (found === undefined) {
    const text = createTable(stream, retention, dialect)
    return text === null ? [] : [text]
  }
  return [
    ...planColumns(stream, table, found, dialect),
    ...planParts(table, found, dialect),
    ...planTtl(table.name, table.ttlFrom, retentionDays(table, retention), found, dialect),
  ]
}

const alter = (dialect: Dialect, table: string): string =>
  `ALTER TABLE ${qualified(dialect, table)}${dialect.onCluster}`

const planColumns = (
  stream: StreamDeclaration,
  table: Table,
  found: ExistingTable,
  dialect: Dialect,
): readonly string[] =>
  stream.columns
    .filter(column => !found.columns.has(column.name))
    .map(column => `${alter(dialect, table.name)} ADD COLUMN IF NOT EXISTS ${columnText(column)}`)

/** Indexes and projections by name; older parts are served without them, and get them when they are merged. */
function planParts(table: Table, found: ExistingTable, dialect: Dialect): readonly string[] {
  const missing = (word: string, texts: readonly string[] | undefined): readonly string[] =>
    (texts ?? [])
      .filter(text => !found.definition.includes(`${word} ${nameOf(text)} `))
      .map(text => `${alter(dialect, table.name)} ADD ${word} IF NOT EXISTS ${text}`)
  return [...missing('INDEX', table.indexes), ...missing('PROJECTION', table.projections)]
}

const nameOf = (text: string): string => text.slice(0, text.indexOf(' '))

function planTtl(
  name: string,
  expression: string,
  days: number,
  found: ExistingTable,
  dialect: Dialect,
): readonly string[] {
  const current = /\bTTL\b.*?toIntervalDay\((\d+)\)/.exec(found.definition.replaceAll('\n', ' '))?.[1]
  const ttl = ttlText(expression, days)
  if (ttl === null) return current === undefined ? [] : [`${alter(dialect, name)} REMOVE TTL`]
  return current === String(days) ? [] : [`${alter(dialect, name)} MODIFY TTL ${ttl} ${NO_WAIT}`]
}

/** The engine looks at every part of the table anew: by itself, and not while the process waits to start. */
const NO_WAIT = 'SETTINGS alter_sync = 0'
