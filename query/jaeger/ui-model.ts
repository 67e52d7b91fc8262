/** Spans in the JSON of Jaeger's query API, translated as Jaeger translates OTLP. */
import { SPAN_STATUS_CODES } from '../../core/model/streams/traces.ts'
import { type Attribute, attributeText, doubleOf } from '../traces/attributes.ts'
import type { Span } from '../traces/span.ts'
import { kindText } from './responses.ts'

interface Tag {
  readonly key: string
  readonly type: 'string' | 'bool' | 'int64' | 'float64' | 'binary'
  readonly value: string | number | boolean
}

/** A span of the API. */
interface UiSpan {
  readonly traceID: string
  readonly spanID: string
  readonly operationName: string
  readonly references: readonly {
    readonly refType: 'CHILD_OF' | 'FOLLOWS_FROM'
    readonly traceID: string
    readonly spanID: string
  }[]
  /** Microseconds. */
  readonly startTime: number
  readonly duration: number
  readonly tags: readonly Tag[]
  readonly logs: readonly { readonly timestamp: number; readonly fields: readonly Tag[] }[]
  readonly processID: string
  readonly warnings: readonly string[] | null
}

interface UiProcess {
  readonly serviceName: string
  readonly tags: readonly Tag[]
}

const SERVICE = 'service.name'
/** As the OpenTelemetry Collector calls a resource without a service. */
const NO_SERVICE = 'OTLPResourceNoServiceName'

/** Processes of one trace, numbered in the order in which they appear. */
export class Processes {
  readonly all: Record<string, UiProcess> = {}
  readonly #ids = new Map<string, string>()

  idOf(span: Span): string {
    const known = this.#ids.get(span.resourceKey)
    if (known !== undefined) return known
    const id = `p${this.#ids.size + 1}`
    this.#ids.set(span.resourceKey, id)
    this.all[id] = {
      serviceName: span.service === '' ? NO_SERVICE : span.service,
      tags: tagsOf(span.resource.filter(({ key }) => key !== SERVICE)),
    }
    return id
  }
}

/** @param warnings null: none */
export function uiSpan(span: Span, processID: string, warnings: readonly string[] | null): UiSpan {
  return {
    traceID: uiTraceId(span.traceId),
    spanID: uiSpanId(span.spanId),
    operationName: span.name,
    references: referencesOf(span),
    startTime: micros(span.startNano),
    duration: micros(span.durationNano),
    tags: sorted([...shownTags(span), ...tagsOf(span.attributes)]),
    logs: span.events.map(({ timeNano, name, attributes }) => ({
      timestamp: micros(timeNano),
      fields: [
        ...(name === '' || attributeText(attributes, 'event') !== undefined ? [] : [textTag('event', name)]),
        ...tagsOf(attributes),
      ],
    })),
    processID,
    warnings,
  }
}

const micros = (nano: bigint): number => Number(nano / 1_000n)
const textTag = (key: string, value: string): Tag => ({ key, type: 'string', value })
const sorted = (tags: readonly Tag[]): readonly Tag[] =>
  tags.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))

/** What Jaeger has no field for. */
function shownTags(span: Span): readonly Tag[] {
  const kind = kindText(span.kind)
  const isError = SPAN_STATUS_CODES[span.status] === 'Error'
  return [
    ...optional('otel.scope.name', span.scopeName),
    ...optional('otel.scope.version', span.scopeVersion),
    ...optional('span.kind', kind),
    ...(span.status === 0 ? [] : [textTag('otel.status_code', isError ? 'ERROR' : 'OK')]),
    ...(isError ? [{ key: 'error', type: 'bool', value: true } as const] : []),
    ...optional('otel.status_description', span.statusMessage),
    ...optional('w3c.tracestate', span.traceState),
  ]
}

const optional = (key: string, value: string): readonly Tag[] => (value === '' ? [] : [textTag(key, value)])

/** The parent first; a link to it changes its type. */
function referencesOf({ traceId, parentSpanId, links }: Span): UiSpan['references'] {
  const refTypeOf = (attributes: readonly Attribute[]): 'CHILD_OF' | 'FOLLOWS_FROM' =>
    attributeText(attributes, 'opentracing.ref_type') === 'child_of' ? 'CHILD_OF' : 'FOLLOWS_FROM'
  const isParent = (link: Span['links'][number]): boolean =>
    parentSpanId !== '' && link.traceId === traceId && link.spanId === parentSpanId
  const toParent = links.findLast(isParent)
  const parent =
    parentSpanId === ''
      ? []
      : [
          {
            refType: toParent === undefined ? ('CHILD_OF' as const) : refTypeOf(toParent.attributes),
            traceID: uiTraceId(traceId),
            spanID: uiSpanId(parentSpanId),
          },
        ]
  const others = links
    .filter(link => !isParent(link))
    .map(link => ({
      refType: refTypeOf(link.attributes),
      traceID: uiTraceId(link.traceId),
      spanID: uiSpanId(link.spanId),
    }))
  return [...parent, ...others]
}

/** Ids of 64 bits are as short as they were sent. */
export const uiTraceId = (id: string): string =>
  id.startsWith('0'.repeat(16)) ? id.slice(16) : id.padStart(32, '0')
const uiSpanId = (id: string): string => id.padStart(16, '0')

const tagsOf = (attributes: readonly Attribute[]): readonly Tag[] => attributes.map(tagOf)

function tagOf({ key, type, text }: Attribute): Tag {
  switch (type) {
    case 'bool':
      return { key, type: 'bool', value: text === 'true' }
    case 'int':
      // JavaScript would round it.
      return { key, type: 'int64', value: Number.isSafeInteger(Number(text)) ? Number(text) : text }
    case 'double': {
      const value = doubleOf(text)
      return { key, type: 'float64', value: Number.isFinite(value) ? value : text }
    }
    case 'bytes':
      return { key, type: 'binary', value: text }
    default:
      return textTag(key, text)
  }
}
