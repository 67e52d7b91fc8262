/**
 * Records that were set aside hold rows of several tenants: those of one are taken out, and the rest stays to be replayed.
 * One that cannot be read cannot be searched: it is counted, or dropped where that was asked for.
 */

import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { copyRows } from '../../core/columns/copy-rows.ts'
import { createRecordBuilder } from '../../core/columns/record-builder.ts'
import { type RecordView, readRecord } from '../../core/columns/record-reader.ts'
import { encodeRows } from '../../core/columns/rows.ts'
import { ADMIT_HEADERS } from '../../core/model/forwarding.ts'
import { forwarded, quarantine, STREAMS } from '../../core/model/streams/index.ts'
import type { StreamDeclaration } from '../../core/model/streams/stream.ts'
import { qualified, storedName } from '../../core/warehouse/tables/ddl.ts'
import type { Statements, Warehouse } from '../../core/warehouse/warehouse.ts'

interface ErasureScope {
  readonly tenant: string
  readonly beforeMs: number | null
}

interface QuarantineRow {
  /** Not named like their columns, or the condition would see these. */
  readonly time_ns: string
  readonly place_offset: string
  readonly Processor: string
  readonly Stream: string
  readonly Partition: number
  readonly Code: string
  readonly Error: string
  readonly Headers: Readonly<Record<string, string>>
  readonly Record: string
  readonly Key: string
}

type SearchResult = 'nothing' | 'unreadable' | { readonly record: Uint8Array | null; readonly rows: number }

/** Erases; resolves with the rows that were taken out of records, and how many records could not be read. */
export async function eraseQuarantined(
  warehouse: Pick<Warehouse, 'insert'>,
  statements: Statements,
  scope: ErasureScope,
  options: { readonly id: string; readonly dropUnreadable: boolean },
): Promise<{ readonly rows: number; readonly unreadable: number }> {
  let [erased, unreadable] = [0, 0]
  const replaced: string[] = []
  // One by one: each may be megabytes.
  for (const at of await placesIn(statements)) {
    const [row] = await statements.query<QuarantineRow>(
      `SELECT toString(toUnixTimestamp64Nano(Time)) AS time_ns, toString(Offset) AS place_offset, Processor, Stream, Partition,
         Code, Error, Headers, Record, Key FROM ${qualified(statements.dialect, quarantine.name)}
       WHERE ${PLACE} = {at:UInt64} LIMIT 1`,
      { at },
    )
    const result = row === undefined ? 'nothing' : search(row, scope)
    if (row === undefined || result === 'nothing') continue
    if (result === 'unreadable' && !options.dropUnreadable) {
      unreadable += 1
      continue
    }
    const found = result === 'unreadable' ? { record: null, rows: 1 } : result
    if (found.record !== null) await insertAgain(warehouse, row, found.record, `${options.id}/${at}`)
    erased += found.rows
    replaced.push(at)
  }
  if (replaced.length > 0) await remove(statements, replaced)
  return { rows: erased, unreadable }
}

const placesIn = async ({ dialect, query }: Statements): Promise<readonly string[]> => {
  const rows = await query<{ at: string }>(
    `SELECT DISTINCT toString(${PLACE}) AS at FROM ${qualified(dialect, quarantine.name)} WHERE Record != ''`,
  )
  return rows.map(({ at }) => at)
}

/** What tells a row from every other. A row that was written again has another error. */
const PLACE = 'cityHash64(Stream, Partition, Offset, Processor, Time, Code, Error, Record)'

function search(
  { Stream, Record, Headers }: QuarantineRow,
  { tenant, beforeMs }: ErasureScope,
): SearchResult {
  const bytes = Buffer.from(Record, 'base64')
  try {
    // All rows of a forwarded record are of one tenant, which is in its headers.
    const isForwarded = Stream === forwarded.name
    if (isForwarded && Headers[ADMIT_HEADERS.tenant] !== tenant) return 'nothing'
    const name = isForwarded ? Headers[ADMIT_HEADERS.stream] : Stream
    const stream = STREAMS.find(one => one.name === name)
    if (stream === undefined) return 'unreadable'
    if (!stream.columns.some(column => column.name === 'Tenant')) return 'nothing'
    const view = readRecord(stream, bytes)
    const columns = view.columns as unknown as RowColumns
    return without(
      stream,
      view,
      row => (isForwarded || columns.Tenant?.get(row) === tenant) && isOlder(columns, row, beforeMs),
    )
  } catch (error) {
    if (error instanceof WattlineError && error.code === 'record_corrupt') return 'unreadable'
    throw error
  }
}

/** Columns that every one of these streams has, or one of its kind. */
interface RowColumns {
  readonly Tenant?: { get(row: number): string }
  readonly WindowStart?: { get(row: number): number }
  readonly Timestamp?: { get(row: number): bigint }
  readonly TimeUnix?: { get(row: number): bigint }
}

function isOlder(
  { WindowStart, Timestamp, TimeUnix }: RowColumns,
  row: number,
  beforeMs: number | null,
): boolean {
  if (beforeMs === null) return true
  const seconds = WindowStart?.get(row)
  if (seconds !== undefined) return seconds * 1000 < beforeMs
  const nano = (TimeUnix ?? Timestamp)?.get(row)
  return nano !== undefined && nano < BigInt(beforeMs) * 1_000_000n
}

/** The record without the rows that are to go. */
function without(
  stream: StreamDeclaration,
  view: RecordView<StreamDeclaration>,
  isToGo: (row: number) => boolean,
): SearchResult {
  const kept = Array.from({ length: view.rows }, (_, row) => row).filter(row => !isToGo(row))
  if (kept.length === view.rows) return 'nothing'
  if (kept.length === 0) return { record: null, rows: view.rows }
  const builder = createRecordBuilder(stream)
  copyRows(view, kept, builder, {})
  return { record: builder.finish(), rows: view.rows - kept.length }
}

async function insertAgain(
  warehouse: Pick<Warehouse, 'insert'>,
  row: QuarantineRow,
  record: Uint8Array,
  token: string,
): Promise<void> {
  const { time_ns, place_offset, ...same } = row
  const written = {
    ...same,
    Time: BigInt(time_ns),
    Offset: BigInt(place_offset),
    // The text of the error may quote a value of the erased rows.
    Error: 'Rows were erased from this record.',
    Record: Buffer.from(record).toString('base64'),
  }
  await warehouse.insert(quarantine, encodeRows(quarantine, [written]), `erase/${token}`)
}

async function remove({ dialect, run }: Statements, places: readonly string[]): Promise<void> {
  await run(
    `ALTER TABLE ${storedName(dialect, quarantine.name)}${dialect.onCluster} DELETE WHERE ${PLACE} IN (${places.join(', ')}) SETTINGS mutations_sync = 2`,
  )
}
