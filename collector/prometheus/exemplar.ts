import { FIELD } from '../../core/protobuf/otlp/fields.ts'
import { writeAttribute } from '../../core/protobuf/otlp/write.ts'
import { type ProtobufWriter, WIRE } from '../../core/protobuf/writer.ts'
import { type NanoParts, nanoParts } from './nano-parts.ts'

/** A Prometheus exemplar; trace and span id are among its labels. */
export interface Exemplar {
  readonly value: number
  /** An exemplar without its own time has that of its sample. */
  readonly timeMs: number
  readonly labels: readonly (readonly [name: string, value: string])[]
}

const EXEMPLAR = FIELD.Exemplar
/** Labels with ids: field number, number of hex digits. A label with other content stays an attribute. */
const IDS: ReadonlyMap<string, { readonly field: number; readonly pattern: RegExp }> = new Map([
  ['trace_id', { field: EXEMPLAR.traceId, pattern: /^[0-9a-f]{32}$/i }],
  ['span_id', { field: EXEMPLAR.spanId, pattern: /^[0-9a-f]{16}$/i }],
])

/** Writes an OTLP Exemplar; labels `trace_id` and `span_id` become its ids, the others its filtered attributes. */
export function writeExemplar(out: ProtobufWriter, field: number, { value, timeMs, labels }: Exemplar): void {
  const parts: NanoParts = { low: 0, high: 0 }
  nanoParts(timeMs, parts)
  out.tag(field, WIRE.bytes)
  const start = out.begin()
  out.tag(EXEMPLAR.timeUnixNano, WIRE.fixed64)
  out.fixed64Parts(parts.low, parts.high)
  out.tag(EXEMPLAR.asDouble, WIRE.fixed64)
  out.double(value)
  for (const [name, text] of labels) {
    const id = IDS.get(name)
    if (id?.pattern.test(text)) {
      out.tag(id.field, WIRE.bytes)
      out.blob(Buffer.from(text, 'hex'))
    } else writeAttribute(out, EXEMPLAR.filteredAttributes, name, text)
  }
  out.end(start)
}
