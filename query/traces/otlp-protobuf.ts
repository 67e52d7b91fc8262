/** Spans as OTLP in protobuf: what Jaeger's storage and Tempo's answers consist of. */
import { FIELD } from '../../core/protobuf/otlp/fields.ts'
import { OtlpMessageWriter } from '../../core/protobuf/otlp/message-writer.ts'
import { WIRE } from '../../core/protobuf/writer.ts'
import { type Attribute, doubleOf, structureOf } from './attributes.ts'
import type { Span } from './span.ts'
import { groupedSpans } from './span-groups.ts'

const { AnyValue: ANY, ArrayValue: LIST, KeyValue: PAIR, Span: SPAN, Event: EVENT, Link: LINK } = FIELD

/** Writes fields of a span. */
class OtlpWriter extends OtlpMessageWriter {
  /** Bytes in hexadecimal; '' is left out. */
  hex(field: number, value: string): void {
    if (value === '') return
    this.tag(field, WIRE.bytes)
    this.blob(Buffer.from(value, 'hex'))
  }

  attributes(field: number, attributes: readonly Attribute[]): void {
    for (const attribute of attributes) {
      this.message(field, () => {
        this.text(PAIR.key, attribute.key)
        this.message(PAIR.value, () => writeTyped(this, attribute))
      })
    }
  }
}

/** TracesData, or any message that has ResourceSpans as its first field. */
export function tracesProtobuf(spans: readonly Span[]): Uint8Array {
  const to = new OtlpWriter(16 * 1024)
  for (const { resource, scopes } of groupedSpans(spans)) {
    to.message(FIELD.ExportTraceServiceRequest.resourceSpans, () => {
      to.message(FIELD.ResourceSpans.resource, () => to.attributes(FIELD.Resource.attributes, resource))
      for (const { name, version, members } of scopes) {
        to.message(FIELD.ResourceSpans.scopeSpans, () => {
          to.message(FIELD.ScopeSpans.scope, () => {
            to.text(FIELD.InstrumentationScope.name, name)
            to.text(FIELD.InstrumentationScope.version, version)
          })
          for (const span of members) to.message(FIELD.ScopeSpans.spans, () => writeSpan(to, span))
        })
      }
    })
  }
  return to.bytes()
}

function writeSpan(to: OtlpWriter, span: Span): void {
  to.hex(SPAN.traceId, span.traceId)
  to.hex(SPAN.spanId, span.spanId)
  to.text(SPAN.traceState, span.traceState)
  to.hex(SPAN.parentSpanId, span.parentSpanId)
  to.text(SPAN.name, span.name)
  to.number(SPAN.kind, span.kind)
  to.wide(SPAN.startTimeUnixNano, span.startNano)
  to.wide(SPAN.endTimeUnixNano, span.startNano + span.durationNano)
  to.attributes(SPAN.attributes, span.attributes)
  to.number(SPAN.droppedAttributesCount, span.droppedAttributes)
  for (const { timeNano, name, attributes } of span.events) {
    to.message(SPAN.events, () => {
      to.wide(EVENT.timeUnixNano, timeNano)
      to.text(EVENT.name, name)
      to.attributes(EVENT.attributes, attributes)
    })
  }
  for (const { traceId, spanId, traceState, attributes } of span.links) {
    to.message(SPAN.links, () => {
      to.hex(LINK.traceId, traceId)
      to.hex(LINK.spanId, spanId)
      to.text(LINK.traceState, traceState)
      to.attributes(LINK.attributes, attributes)
    })
  }
  if (span.status === 0 && span.statusMessage === '') return
  to.message(SPAN.status, () => {
    to.text(FIELD.Status.message, span.statusMessage)
    to.number(FIELD.Status.code, span.status)
  })
}

function writeTyped(to: OtlpWriter, { type, text }: Attribute): void {
  if (type === 'empty') return
  if (type === 'int') writeInt(to, text)
  else if (type === 'bool') writeBool(to, text === 'true')
  else if (type === 'double') to.real(ANY.doubleValue, doubleOf(text))
  else if (type === 'bytes') {
    to.tag(ANY.bytesValue, WIRE.bytes)
    to.blob(Buffer.from(text, 'base64'))
  } else if (type === 'array' || type === 'kvlist') writeAny(to, structureOf(text) ?? text)
  else writeString(to, text)
}

/** A value of parsed JSON. */
function writeAny(to: OtlpWriter, value: unknown): void {
  if (value === null || value === undefined) return
  if (typeof value === 'string') writeString(to, value)
  else if (typeof value === 'boolean') writeBool(to, value)
  else if (typeof value === 'bigint') writeInt(to, value.toString())
  else if (typeof value === 'number') to.real(ANY.doubleValue, value)
  else if (Array.isArray(value)) {
    to.message(ANY.arrayValue, () => {
      for (const item of value as readonly unknown[]) to.message(LIST.values, () => writeAny(to, item))
    })
  } else {
    to.message(ANY.kvlistValue, () => {
      for (const [key, item] of Object.entries(value as object)) {
        to.message(LIST.values, () => {
          to.text(PAIR.key, key)
          to.message(PAIR.value, () => writeAny(to, item))
        })
      }
    })
  }
}

/** Written even where it is the value of an absent field: a value of no type is another thing. */
function writeString(to: OtlpWriter, text: string): void {
  to.tag(ANY.stringValue, WIRE.bytes)
  to.string(text)
}

function writeBool(to: OtlpWriter, value: boolean): void {
  to.tag(ANY.boolValue, WIRE.varint)
  to.uint(value ? 1 : 0)
}

function writeInt(to: OtlpWriter, text: string): void {
  to.tag(ANY.intValue, WIRE.varint)
  to.varint64(BigInt(text))
}
