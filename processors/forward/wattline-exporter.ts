/**
 * To another Wattline: many small records become one, as columns, with a manifest that says of which records of this log the
 * rows are. What was sent twice is known by that there, so that every record takes effect once.
 */
import { crc32 } from 'node:zlib'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import { copyRows } from '../../core/columns/copy-rows.ts'
import { createRecordBuilder } from '../../core/columns/record-builder.ts'
import { FORWARD_HEADERS, manifestText, RECORDS_ROUTE, schemaId } from '../../core/model/forwarding.ts'
import { FORWARDED_STREAMS } from '../../core/model/streams/forwarded.ts'
import type { StreamDeclaration } from '../../core/model/streams/stream.ts'
import { checkAnswer } from './answer.ts'
import type { Exporter, PendingRecord } from './exporter.ts'
import type { HttpClient } from './http-client.ts'

/** Rows and compressed bytes beyond which a batch is not made of several records. */
const MAX_ROWS = 32_768
const MAX_BYTES = 1_572_864

const STREAMS: ReadonlySet<string> = new Set(FORWARDED_STREAMS.map(({ name }) => name))

/** An exporter for another Wattline, which recognises repeated records: each takes effect once. */
export function createWattlineExporter(options: {
  readonly http: HttpClient
  readonly events: Events
  readonly now: () => number
}): Exporter {
  const { http, events, now } = options
  return {
    takes: ({ name }) => STREAMS.has(name),
    fits: (rows, bytes) => rows <= MAX_ROWS && bytes <= MAX_BYTES,
    async send({ stream, partition, log, records }, signal) {
      const path = `${RECORDS_ROUTE}${stream.name}`
      const body = merged(stream, records)
      const reply = await http.post(path, headersOf(stream, partition, log, records), body, signal)
      checkAnswer(path, reply, now())
      checkReceipt(path, reply.body, records.length)
      events.emit('bytesForwarded', { stream: stream.name, amount: body.length })
    },
    close: () => http.close(),
  }
}

const headersOf = (
  stream: StreamDeclaration,
  partition: number,
  log: string,
  records: readonly PendingRecord[],
): Readonly<Record<string, string>> => ({
  'content-type': 'application/vnd.apache.arrow.stream',
  'content-encoding': 'zstd',
  [FORWARD_HEADERS.origin]: log,
  [FORWARD_HEADERS.partition]: String(partition),
  [FORWARD_HEADERS.schema]: schemaId(stream),
  [FORWARD_HEADERS.records]: manifestText(
    records.map(({ offset, value, view }) => ({ offset, rows: view.rows, checksum: crc32(value) })),
  ),
})

/** A single record goes as it is. */
function merged(stream: StreamDeclaration, records: readonly PendingRecord[]): Uint8Array {
  const [only, ...more] = records
  if (only !== undefined && more.length === 0) return only.value
  const builder = createRecordBuilder(stream)
  for (const { view } of records) {
    copyRows(
      view,
      Array.from({ length: view.rows }, (_, row) => row),
      builder,
    )
  }
  return builder.finish()
}

/** A login page of some network on the way also answers 200. */
function checkReceipt(path: string, body: Buffer, records: number): void {
  try {
    const receipt = JSON.parse(body.toString()) as { records?: unknown }
    if (receipt.records === records) return
  } catch {
    // No JSON: no receipt.
  }
  throw new WattlineError('uplink_unavailable', `${path} answered, but not with a receipt of Wattline.`)
}
