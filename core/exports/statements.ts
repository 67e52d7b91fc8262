/** What an export asks the engine, as SQL. */
import type { ExportableStream } from '../model/streams/exportable.ts'
import { timeColumnOf } from '../model/streams/time.ts'
import {
  type ExportedFiles,
  exportedTable,
  oneFile,
  rowDigest,
  type TableSlot,
  writtenColumns,
} from '../warehouse/exported/tables.ts'
import { quoteName, quoteText } from '../warehouse/tables/column-types.ts'
import type { QueryParam } from '../warehouse/warehouse.ts'
import { fileName, PERIOD_SECONDS, type Period, type PeriodUnit, periodFolder } from './layout.ts'
import type { PlannedFile } from './plan.ts'

interface ExportStatement {
  readonly text: string
  readonly params: Readonly<Record<string, QueryParam>>
}

/** Rows with several versions count once. */
const sourceOf = ({ table }: ExportableStream, database: string): string =>
  `${quoteName(database)}.${quoteName(table.name)}${table.engine === 'ReplacingMergeTree' ? ' FINAL' : ''}`

const BUCKETS: Readonly<Record<PeriodUnit, string>> = { hour: 'toStartOfHour', day: 'toStartOfDay' }

/** Rows of each tenant and period of a table. */
export const countStatement = (stream: ExportableStream, unit: PeriodUnit, database: string): string =>
  `SELECT Tenant AS tenant, toUnixTimestamp(${BUCKETS[unit]}(${stream.table.ttlFrom})) AS start, toFloat64(count()) AS rows ` +
  `FROM ${sourceOf(stream, database)} GROUP BY tenant, start HAVING start > 0`

/** The rows of a file. Those of a later revision are what the table has and the files before do not, however often. */
export function rowsStatement(
  stream: ExportableStream,
  file: PlannedFile,
  database: string,
  slot: TableSlot,
): ExportStatement {
  const where = periodCondition(stream)
  const params = { from: file.from, to: file.from + PERIOD_SECONDS[file.unit], tenant: file.tenant }
  const source = sourceOf(stream, database)
  if (file.before.length === 0) {
    return { text: `SELECT ${writtenColumns(stream)} FROM ${source} WHERE ${where}`, params }
  }
  const digest = rowDigest(stream)
  const stored =
    `SELECT *, row_number() OVER (PARTITION BY wl_digest) AS wl_place FROM ` +
    `(SELECT *, ${digest} AS wl_digest FROM ${source} WHERE ${where})`
  const written =
    `SELECT wl_digest, count() AS wl_count FROM (SELECT ${digest} AS wl_digest FROM ${exportedTable(stream.table.name, slot)} ` +
    `WHERE ${where} AND ${fileCondition(file, file.before)}) GROUP BY wl_digest`
  return {
    text:
      `SELECT ${writtenColumns(stream)} FROM (${stored}) AS wl_stored LEFT JOIN (${written}) AS wl_written USING (wl_digest) ` +
      'WHERE wl_place > wl_count',
    params,
  }
}

/** How many rows a file has that was just written. */
export const rowsOfFile = (files: ExportedFiles, name: string): string =>
  `SELECT toFloat64(count()) AS rows FROM ${oneFile(files, name)}`

function periodCondition(stream: ExportableStream): string {
  const time = quoteName(timeColumnOf(stream)!.name)
  return `Tenant = {tenant:String} AND ${time} >= toDateTime({from:UInt32}, 'UTC') AND ${time} < toDateTime({to:UInt32}, 'UTC')`
}

/** Files by the end of their path: names are ours, and tenants have no character that the engine would read otherwise. */
function fileCondition(period: Period, revisions: readonly number[]): string {
  const names = revisions.map(revision => quoteText(fileName(revision))).join(', ')
  const folder = `/${periodFolder(period)}`
  return `_file IN (${names}) AND position(replaceAll(_path, '//', '/'), ${quoteText(folder)}) > 0`
}
