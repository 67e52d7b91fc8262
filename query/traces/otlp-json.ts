/** Spans as OTLP in JSON. */
import { SPAN_KINDS, SPAN_STATUS_CODES } from '../../core/model/streams/traces.ts'
import { type Attribute, doubleOf, structureOf } from './attributes.ts'
import type { Span } from './span.ts'
import { groupedSpans } from './span-groups.ts'

/** How ids and enums are written: `otlp` as OTLP/JSON says; `tempo` as Tempo does, by the rules of protobuf. */
export type JsonStyle = 'otlp' | 'tempo'

/** ResourceSpans, one text each. */
export const resourceSpansJson = (spans: readonly Span[], style: JsonStyle): readonly string[] =>
  groupedSpans(spans).map(({ resource, scopes }) =>
    JSON.stringify({
      resource: { attributes: attributesJson(resource) },
      scopeSpans: scopes.map(({ name, version, members }) => ({
        scope: { ...(name === '' ? {} : { name }), ...(version === '' ? {} : { version }) },
        spans: members.map(span => spanJson(span, style)),
      })),
    }),
  )

function spanJson(span: Span, style: JsonStyle): object {
  const id = (hex: string): string => (style === 'otlp' ? hex : Buffer.from(hex, 'hex').toString('base64'))
  const kinds = SPAN_KINDS.map(name => `SPAN_KIND_${name.toUpperCase()}`)
  const codes = SPAN_STATUS_CODES.map(name => `STATUS_CODE_${name.toUpperCase()}`)
  return {
    traceId: id(span.traceId),
    spanId: id(span.spanId),
    ...given('traceState', span.traceState),
    ...given('parentSpanId', id(span.parentSpanId)),
    name: span.name,
    kind: style === 'otlp' ? span.kind : kinds[span.kind],
    startTimeUnixNano: span.startNano.toString(),
    endTimeUnixNano: (span.startNano + span.durationNano).toString(),
    attributes: attributesJson(span.attributes),
    ...(span.droppedAttributes === 0 ? {} : { droppedAttributesCount: span.droppedAttributes }),
    ...(span.events.length === 0
      ? {}
      : {
          events: span.events.map(({ timeNano, name, attributes }) => ({
            timeUnixNano: timeNano.toString(),
            name,
            attributes: attributesJson(attributes),
          })),
        }),
    ...(span.links.length === 0
      ? {}
      : {
          links: span.links.map(({ traceId, spanId, traceState, attributes }) => ({
            traceId: id(traceId),
            spanId: id(spanId),
            ...given('traceState', traceState),
            attributes: attributesJson(attributes),
          })),
        }),
    status: {
      ...given('message', span.statusMessage),
      ...(span.status === 0 ? {} : { code: style === 'otlp' ? span.status : codes[span.status] }),
    },
  }
}

const given = (name: string, text: string): object => (text === '' ? {} : { [name]: text })

/** KeyValues. */
export const attributesJson = (attributes: readonly Attribute[]): readonly object[] =>
  attributes.map(attribute => ({ key: attribute.key, value: valueJson(attribute) }))

/** An AnyValue. */
export function valueJson({ type, text }: Attribute): object {
  switch (type) {
    case 'empty':
      return {}
    case 'int':
      return { intValue: text }
    case 'bool':
      return { boolValue: text === 'true' }
    case 'double':
      return { doubleValue: doubleJson(doubleOf(text)) }
    case 'bytes':
      return { bytesValue: text }
    case 'array':
    case 'kvlist':
      return anyJson(structureOf(text) ?? text)
    default:
      return { stringValue: text }
  }
}

/** JSON has no word for these: protobuf writes them as text. */
const doubleJson = (value: number): number | string =>
  Number.isFinite(value) ? value : Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity'

function anyJson(value: unknown): object {
  if (value === null || value === undefined) return {}
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'bigint') return { intValue: value.toString() }
  if (typeof value === 'number') return { doubleValue: value }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyJson) } }
  return {
    kvlistValue: { values: Object.entries(value).map(([key, item]) => ({ key, value: anyJson(item) })) },
  }
}
