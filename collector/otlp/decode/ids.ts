import type { IdColumn } from '../../../core/columns/id-column.ts'
import type { ProtobufReader } from '../../../core/protobuf/reader.ts'

/** There is no id: the field is empty, or all zeros, which W3C Trace Context calls invalid and senders use for none. */
export const NO_ID = -1
/** The field does not have the length of an id. */
export const WRONG_LENGTH = -2

/** Length of a trace id (W3C Trace Context). */
export const TRACE_ID_BYTES = 16
/** Length of a span id (W3C Trace Context). */
export const SPAN_ID_BYTES = 8

/** Skips the id whose length comes next; returns its position in the body, or NO_ID or WRONG_LENGTH. */
export function readId(reader: ProtobufReader, end: number, width: number): number {
  const stop = reader.length(end)
  const start = reader.position
  reader.position = stop
  if (stop - start !== width) return stop === start ? NO_ID : WRONG_LENGTH
  for (let at = start; at < stop; at += 1) if (reader.bytes[at] !== 0) return start
  return NO_ID
}

/** Appends the id at `place` of the body; null if there is none. */
export function appendId(column: IdColumn, reader: ProtobufReader, place: number): void {
  if (place < 0) column.appendNull()
  else column.appendBytes(reader.bytes, place)
}
