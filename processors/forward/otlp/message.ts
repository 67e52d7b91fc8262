/** Parts that all OTLP messages share (opentelemetry-proto 1.11), written from the columns of a record. */

import type { IdView, MapView } from '../../../core/columns/column-views.ts'
import { ENVELOPE } from '../../../core/protobuf/otlp/fields.ts'
import { OtlpMessageWriter } from '../../../core/protobuf/otlp/message-writer.ts'
import { writeAttribute } from '../../../core/protobuf/otlp/write.ts'
import { WIRE } from '../../../core/protobuf/writer.ts'

/** Bytes of ids. */
export const TRACE_ID = 16
/** Bytes of a span id. */
export const SPAN_ID = 8

/** Writes fields from the columns of a record. */
export class MessageWriter extends OtlpMessageWriter {
  /** An id's bytes; absent ids are left out. */
  id(field: number, width: number, { bytes, isPresent }: IdView, row: number): void {
    if (!isPresent(row)) return
    this.tag(field, WIRE.bytes)
    this.blob(bytes.subarray(row * width, (row + 1) * width))
  }

  /** Attributes of a row, all as text: that is what the tables keep of them. */
  attributes(field: number, { offsets, keys, values }: MapView, row: number): void {
    for (let at = offsets[row]!; at < offsets[row + 1]!; at += 1) {
      this.attribute(field, keys.get(at), values.get(at))
    }
  }

  attribute(field: number, key: string, value: string): void {
    writeAttribute(this, field, key, value)
  }
}

/** What surrounds the items of a row: rows that follow each other with the same key share it. */
export interface Envelope {
  readonly resourceKey: (row: number) => string
  readonly resource: (to: MessageWriter, row: number) => void
  readonly resourceUrl: (row: number) => string
  readonly scopeKey: (row: number) => string
  readonly scope: (to: MessageWriter, row: number) => void
  readonly scopeUrl: (row: number) => string
  /** Writes the items of rows from `from` to below `to`, each as a member of its scope. */
  readonly items: (to: MessageWriter, from: number, to_: number) => void
}

/** An Export*ServiceRequest of the rows from `from` to below `to`. */
export function writeRequest(envelope: Envelope, from: number, to: number): Uint8Array {
  const writer = new MessageWriter(64 * 1024)
  eachRun(from, to, envelope.resourceKey, (first, end) => {
    writer.message(ENVELOPE.resources, () => {
      writer.message(ENVELOPE.description, () => envelope.resource(writer, first))
      eachRun(first, end, envelope.scopeKey, (start, stop) => {
        writer.message(ENVELOPE.members, () => {
          writer.message(ENVELOPE.description, () => envelope.scope(writer, start))
          envelope.items(writer, start, stop)
          writer.text(ENVELOPE.schemaUrl, envelope.scopeUrl(start))
        })
      })
      writer.text(ENVELOPE.schemaUrl, envelope.resourceUrl(first))
    })
  })
  return writer.bytes()
}

/** Runs of rows with equal keys. */
export function eachRun(
  from: number,
  to: number,
  keyOf: (row: number) => string,
  run: (from: number, to: number) => void,
): void {
  let start = from
  let key = from < to ? keyOf(from) : ''
  for (let row = from + 1; row < to; row += 1) {
    const next = keyOf(row)
    if (next === key) continue
    run(start, row)
    start = row
    key = next
  }
  if (start < to) run(start, to)
}

/** Equal for maps with the same entries in the same order; of one record only. */
export function mapKey({ offsets, keys, values }: MapView, row: number): string {
  const from = offsets[row]!
  const to = offsets[row + 1]!
  return `${keys.ids.subarray(from, to).join()}=${values.ids.subarray(from, to).join()}`
}
