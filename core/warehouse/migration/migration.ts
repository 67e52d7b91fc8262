import { WattlineError } from '../../catalogue/errors/errors.ts'
import { type Column, type StreamDeclaration, type Table, tablesOf } from '../../model/streams/stream.ts'
import { createCatalogue } from '../fence/ddl-catalogue.ts'
import type { Retention } from '../tables/ddl.ts'
import {
  columnText,
  createDatabase,
  createTable,
  type Dialect,
  qualified,
  retentionDays,
  storedTable,
  ttlText,
} from '../tables/ddl.ts'
import { createDistributed, plainColumn } from '../tables/ddl-cluster.ts'
import {
  createRollupView,
  createTraceIndex,
  ROLLUP_VIEWS,
  TRACE_INDEX,
  TRACE_INDEX_COLUMNS,
  TRACE_INDEX_VIEW,
} from '../tables/ddl-derived.ts'
import { createMetricView, METRIC_VIEWS } from '../tables/ddl-metrics.ts'
import { isMadeFrom } from '../tables/view.ts'

/** An existing table: its columns, and its definition as the engine prints it. */
export interface ExistingTable {
  readonly columns: ReadonlySet<string>
  /** `create_table_query` of system.tables. */
  readonly definition: string
}

type Existing = ReadonlyMap<string, ExistingTable>

/**
 * The statements that bring the database to what the declarations say, in order; empty when nothing is to do. A table may
 * have had another name. Changes are additive: missing columns, indexes and projections are added, and retention follows the configuration. No column
 * is dropped or retyped, because old rows stay readable only while the table has the columns with which they were
 * written. Each statement may run again, even concurrently with the same statements of another process.
 */
export function planMigration(
  streams: readonly StreamDeclaration[],
  retention: Retention,
  existing: Existing,
  dialect: Dialect,
): readonly string[] {
  const names = new Set(streams.flatMap(stream => (stream.table === undefined ? [] : [stream.table.name])))
  const { statements, existing: moved } = planRenames(streams, existing, dialect)
  return [
    ...(existing.size > 0 ? [] : [createDatabase(dialect)]),
    ...statements,
    ...streams.flatMap(tablesOf).flatMap(stream => planStream(stream, retention, moved, dialect)),
    ...(names.has('otel_traces') ? planTraceIndex(retention, moved, dialect) : []),
    ...(names.has('ledger') ? planViews(moved, dialect) : []),
    ...planMetricViews(names, moved, dialect),
    ...planCatalogue(streams, moved, dialect),
  ]
}

/**
 * Tables under their former names get their names, and `existing` is what there is afterwards. In a cluster the tables that
 * hold rows keep their names, which their paths in Keeper contain; only the table over all shards is made again.
 */
function planRenames(
  streams: readonly StreamDeclaration[],
  existing: Existing,
  dialect: Dialect,
): { readonly statements: readonly string[]; readonly existing: Existing } {
  const moved = new Map(existing)
  const statements = streams.flatMap(tablesOf).flatMap(({ table }) => {
    const former = table?.formerly
    const found = former === undefined ? undefined : existing.get(former)
    if (table === undefined || former === undefined || found === undefined || isView(found)) return []
    moved.delete(former)
    if (dialect.distributed !== undefined) {
      if (!/\bENGINE = Distributed\b/.test(found.definition)) throw strangeTable(former, table.name)
      return [`DROP TABLE IF EXISTS ${qualified(dialect, former)}${dialect.onCluster} SYNC`]
    }
    if (existing.has(table.name)) throw strangeTable(former, table.name)
    moved.set(table.name, found)
    return [
      `RENAME TABLE ${qualified(dialect, former)} TO ${qualified(dialect, table.name)}${dialect.onCluster}`,
    ]
  })
  return { statements, existing: moved }
}

const isView = ({ definition }: ExistingTable): boolean => /^CREATE (OR REPLACE )?VIEW\b/.test(definition)

const strangeTable = (former: string, name: string): WattlineError =>
  new WattlineError(
    'data_unusable',
    `The table ${former} should be a view over ${name}, but it is a table that another release has created meanwhile. ` +
      `Stop every process of other releases, move its rows to ${name}, drop it, and start again.`,
  )

/** The exporter's names, over the tables of points and those of earlier releases. */
const planMetricViews = (
  names: ReadonlySet<string>,
  existing: Existing,
  dialect: Dialect,
): readonly string[] =>
  METRIC_VIEWS.flatMap(view => {
    if (!names.has(view.points.table!.name) || !names.has(view.before.table!.name)) return []
    const text = createMetricView(view, dialect)
    const found = existing.get(view.name)
    if (found === undefined) return [text.replace('CREATE OR REPLACE VIEW', 'CREATE VIEW IF NOT EXISTS')]
    return isMadeFrom(text, found.definition) ? [] : [text]
  })

function planStream(
  stream: StreamDeclaration,
  retention: Retention,
  existing: Existing,
  dialect: Dialect,
): readonly string[] {
  const { table } = stream
  const created = createTable(stream, retention, dialect)
  if (table === undefined || created === null) return []
  const name = storedTable(dialect, table.name)
  const found = existing.get(name)
  return [
    ...(found === undefined
      ? [created]
      : [
          ...planColumns(name, stream.columns, columnText, found, dialect),
          ...planParts(name, table, found, dialect),
          ...planTtl(name, table.ttlFrom, retentionDays(table, retention), found, dialect),
        ]),
    ...planDistributed(table.name, stream.columns, existing, dialect),
  ]
}

/** The table over all shards, and the tables behind it that hold the rows. */
function planDistributed(
  table: string,
  columns: readonly Column[],
  existing: Existing,
  dialect: Dialect,
): readonly string[] {
  if (dialect.distributed === undefined) return []
  const found = existing.get(table)
  return found === undefined
    ? [createDistributed(table, columns.map(plainColumn), dialect)]
    : planColumns(table, columns, plainColumn, found, dialect)
}

function planTraceIndex(retention: Retention, existing: Existing, dialect: Dialect): readonly string[] {
  const name = storedTable(dialect, TRACE_INDEX)
  const found = existing.get(name)
  const columns = TRACE_INDEX_COLUMNS.map(([column, type]) => `\`${column}\` ${type}`)
  return [
    ...(found !== undefined && existing.has(TRACE_INDEX_VIEW) ? [] : createTraceIndex(retention, dialect)),
    ...(found === undefined ? [] : planTtl(name, 'Start', retention.signalsDays, found, dialect)),
    ...(dialect.distributed === undefined || existing.has(TRACE_INDEX)
      ? []
      : [createDistributed(TRACE_INDEX, columns, dialect)]),
  ]
}

const planViews = (existing: Existing, dialect: Dialect): readonly string[] =>
  ROLLUP_VIEWS.flatMap(view => {
    const text = createRollupView(view, dialect)
    return isMadeFrom(text, existing.get(view.name)?.definition ?? '') ? [] : [text]
  })

const planCatalogue = (
  streams: readonly StreamDeclaration[],
  existing: Existing,
  dialect: Dialect,
): readonly string[] =>
  createCatalogue(streams, dialect).flatMap(({ name, text }) =>
    isMadeFrom(text, existing.get(name)?.definition ?? '') ? [] : [text],
  )

const alter = (dialect: Dialect, table: string): string =>
  `ALTER TABLE ${qualified(dialect, table)}${dialect.onCluster}`

const planColumns = (
  table: string,
  columns: readonly Column[],
  textOf: (column: Column) => string,
  found: ExistingTable,
  dialect: Dialect,
): readonly string[] =>
  columns
    .filter(column => !found.columns.has(column.name))
    .map(column => `${alter(dialect, table)} ADD COLUMN IF NOT EXISTS ${textOf(column)}`)

/**
 * Indexes and projections by name. Older parts work without them, and get them when they are merged. A projection that
 * replaces another one is built for them at once, in the background; until then queries read their rows, with the same
 * result.
 */
function planParts(name: string, table: Table, found: ExistingTable, dialect: Dialect): readonly string[] {
  const missing = (word: string, texts: readonly string[] | undefined): readonly string[] =>
    (texts ?? [])
      .filter(text => !has(found, word, nameOf(text)))
      .map(text => `${alter(dialect, name)} ADD ${word} IF NOT EXISTS ${text}`)
  const replaced = replacedProjections(table, found)
  return [
    ...missing('INDEX', table.indexes),
    ...missing('PROJECTION', table.projections),
    // Before the old ones are dropped: a process that ends in between finds them at its next start, and repeats
    // everything.
    ...(replaced.length === 0 ? [] : (table.projections ?? [])).map(
      text => `${alter(dialect, name)} MATERIALIZE PROJECTION IF EXISTS ${nameOf(text)} ${NO_WAIT}`,
    ),
    ...replaced.map(old => `${alter(dialect, name)} DROP PROJECTION IF EXISTS ${old} ${NO_WAIT}`),
  ]
}

/** Projections that the declaration replaces, and earlier versions of its own: name_DIGEST. */
function replacedProjections(table: Table, found: ExistingTable): readonly string[] {
  const names = (table.projections ?? []).map(nameOf)
  const stems = new Set(names.flatMap(name => DIGEST_ENDING.exec(name)?.[1] ?? []))
  const there = [...found.definition.matchAll(/\bPROJECTION (\w+) \(/g)].map(match => match[1]!)
  return [...new Set(there)].filter(name => {
    if (names.includes(name)) return false
    return table.replacedProjections?.includes(name) || stems.has(DIGEST_ENDING.exec(name)?.[1] ?? '')
  })
}

const DIGEST_ENDING = /^(\w+)_[0-9a-f]{8}$/

const has = (found: ExistingTable, word: string, name: string): boolean =>
  found.definition.includes(`${word} ${name} `)

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

/** The engine processes every part of the table by itself; the start does not wait for it. */
const NO_WAIT = 'SETTINGS alter_sync = 0'
