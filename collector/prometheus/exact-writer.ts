import { EXACT_FIELD } from '../../core/protobuf/otlp/exact-counts.ts'
import { type ProtobufWriter, WIRE } from '../../core/protobuf/writer.ts'
import type { ExactBuckets } from './metric.ts'

/**
 * Writes what OTLP has no field for into the current histogram point: the hint about resets (0: none), and counts that are not
 * whole; `exact` null: they are whole.
 */
export function writeExact(out: ProtobufWriter, resetHint: number, exact: ExactBuckets | null): void {
  if (resetHint !== 0) {
    out.tag(EXACT_FIELD.resetHint, WIRE.varint)
    out.uint(resetHint)
  }
  if (exact === null) return
  out.tag(EXACT_FIELD.count, WIRE.fixed64)
  out.double(exact.count)
  out.tag(EXACT_FIELD.zeroCount, WIRE.fixed64)
  out.double(exact.zeroCount)
  writeDoubles(out, EXACT_FIELD.positive, exact.positive)
  writeDoubles(out, EXACT_FIELD.negative, exact.negative)
}

function writeDoubles(out: ProtobufWriter, field: number, values: readonly number[]): void {
  if (values.length === 0) return
  out.tag(field, WIRE.bytes)
  const start = out.begin()
  for (const value of values) out.double(value)
  out.end(start)
}
