import { type ProtobufWriter, WIRE } from '../../core/protobuf/writer.ts'
import { type NanoWords, nanoWords } from './nano-words.ts'
import { writeAttribute } from './otlp-fields.ts'

export interface Exemplar {
  readonly value: number
  /** An exemplar without a time of its own has that of its sample. */
  readonly timeMs: number
  readonly labels: readonly (readonly [name: string, value: string])[]
}

const TIME = 2
const AS_DOUBLE = 3
const FILTERED_ATTRIBUTES = 7
/** Labels that hold ids: field number, hex digits. One that holds something else stays an attribute. */
const IDS: ReadonlyMap<string, { readonly field: number; readonly pattern: RegExp }> = new Map([
  ['trace_id', { field: 5, pattern: /^[0-9a-f]{32}$/i }],
  ['span_id', { field: 4, pattern: /^[0-9a-f]{16}$/i }],
])

/** Writes an OTLP Exemplar; labels `trace_id` and `span_id` become its ids, the others its filtered attributes. */
export function writeExemplar(out: ProtobufWriter, field: number, { value, timeMs, labels }: Exemplar): void {
  const words: NanoWords = { low: 0, high: 0 }
  nanoWords(timeMs, words)
  out.tag(field, WIRE.bytes)
  const start = out.begin()
  out.tag(TIME, WIRE.fixed64)
  out.fixed64Words(words.low, words.high)
  out.tag(AS_DOUBLE, WIRE.fixed64)
  out.double(value)
  for (const [name, text] of labels) {
    const id = IDS.get(name)
    if (id?.pattern.test(text)) {
      out.tag(id.field, WIRE.bytes)
      out.blob(Buffer.from(text, 'hex'))
    } else writeAttribute(out, FILTERED_ATTRIBUTES, name, text)
  }
  out.end(start)
}
