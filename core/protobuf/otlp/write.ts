import { type ProtobufWriter, WIRE } from '../writer.ts'
import { FIELD } from './fields.ts'

const { key: KEY, value: VALUE } = FIELD.KeyValue
const { stringValue: STRING_VALUE } = FIELD.AnyValue

/** Writes a string as field `field`; nothing when it is empty, as in protobuf. */
export function writeText(out: ProtobufWriter, field: number, text: string): void {
  if (text === '') return
  out.tag(field, WIRE.bytes)
  out.string(text)
}

/**
 * Writes a KeyValue with a string value as field `field` of the current message. An empty value is written, because it
 * differs from no value.
 */
export function writeAttribute(out: ProtobufWriter, field: number, key: string, value: string): void {
  out.tag(field, WIRE.bytes)
  const start = out.begin()
  out.tag(KEY, WIRE.bytes)
  out.string(key)
  out.tag(VALUE, WIRE.bytes)
  const any = out.begin()
  out.tag(STRING_VALUE, WIRE.bytes)
  out.string(value)
  out.end(any)
  out.end(start)
}

/** The same with key and value as ranges of UTF-8 bytes, without creating strings. */
export function writeAttributeBytes(
  out: ProtobufWriter,
  field: number,
  source: Uint8Array,
  keyFrom: number,
  keyTo: number,
  valueFrom: number,
  valueTo: number,
): void {
  out.tag(field, WIRE.bytes)
  const start = out.begin()
  out.tag(KEY, WIRE.bytes)
  out.range(source, keyFrom, keyTo)
  out.tag(VALUE, WIRE.bytes)
  const any = out.begin()
  out.tag(STRING_VALUE, WIRE.bytes)
  out.range(source, valueFrom, valueTo)
  out.end(any)
  out.end(start)
}
