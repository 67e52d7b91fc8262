/** What Jaeger's query API must say about what was sent, and answers in one order. */
import type { SentAttribute, SentResource, SentSpan, SentValue } from './sent.ts'

export interface Tag {
  readonly key: string
  readonly type: string
  readonly value: unknown
}

/** A span with its process in place of the process's id. */
export interface PlainSpan {
  readonly traceID: string
  readonly spanID: string
  readonly operationName: string
  readonly references: readonly unknown[]
  readonly startTime: number
  readonly duration: number
  readonly tags: readonly Tag[]
  readonly logs: readonly { readonly timestamp: number; readonly fields: readonly Tag[] }[]
  readonly process: { readonly serviceName: string; readonly tags: readonly Tag[] }
}

export interface UiTrace {
  readonly traceID: string
  readonly spans: readonly (Omit<PlainSpan, 'process'> & {
    readonly processID: string
    readonly warnings: readonly string[] | null
  })[]
  readonly processes: Readonly<Record<string, PlainSpan['process']>>
}

const KINDS = ['', 'internal', 'server', 'client', 'producer', 'consumer']
const micros = (nano: string): number => Number(BigInt(nano) / 1_000n)
const sorted = (tags: readonly Tag[]): readonly Tag[] =>
  tags.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
const shortest = (traceId: string): string =>
  traceId.startsWith('0'.repeat(16)) ? traceId.slice(16) : traceId

/** By trace id and span id. */
export const expectedSpans = (sent: readonly SentResource[]): readonly PlainSpan[] =>
  inOrder(
    sent.flatMap(({ resource, scopeSpans }) =>
      scopeSpans.flatMap(({ scope, spans }) => spans.map(span => spanOf(span, scope, resource.attributes))),
    ),
  )

function spanOf(
  span: SentSpan,
  scope: { readonly name?: string; readonly version?: string },
  resource: readonly SentAttribute[],
): PlainSpan {
  const text = (key: string, value: string | undefined): readonly Tag[] =>
    value === undefined || value === '' ? [] : [{ key, type: 'string', value }]
  const { code = 0, message } = span.status ?? {}
  const start = micros(span.startTimeUnixNano)
  return {
    traceID: shortest(span.traceId),
    spanID: span.spanId,
    operationName: span.name,
    references: referencesOf(span),
    startTime: start,
    duration: Number((BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1_000n),
    tags: sorted([
      ...span.attributes.map(tagOf),
      ...text('otel.scope.name', scope.name),
      ...text('otel.scope.version', scope.version),
      ...text('span.kind', KINDS[span.kind]),
      ...text('otel.status_code', ['', 'OK', 'ERROR'][code]),
      ...(code === 2 ? [{ key: 'error', type: 'bool', value: true }] : []),
      ...text('otel.status_description', message),
      ...text('w3c.tracestate', span.traceState),
    ]),
    logs: (span.events ?? []).map(({ timeUnixNano, name, attributes }) => ({
      timestamp: micros(timeUnixNano),
      fields: sorted([...text('event', name), ...attributes.map(tagOf)]),
    })),
    process: {
      serviceName: resource.find(({ key }) => key === 'service.name')?.value.stringValue ?? '',
      tags: sorted(resource.filter(({ key }) => key !== 'service.name').map(tagOf)),
    },
  }
}

function referencesOf(span: SentSpan): readonly unknown[] {
  const parent =
    span.parentSpanId === undefined
      ? []
      : [{ refType: 'CHILD_OF', traceID: shortest(span.traceId), spanID: span.parentSpanId }]
  const links = (span.links ?? []).map(({ traceId, spanId, attributes }) => ({
    refType: attributes.some(({ value }) => value.stringValue === 'child_of') ? 'CHILD_OF' : 'FOLLOWS_FROM',
    traceID: shortest(traceId),
    spanID: spanId,
  }))
  return [...parent, ...links]
}

function tagOf({ key, value }: SentAttribute): Tag {
  if (value.intValue !== undefined) {
    const number = Number(value.intValue)
    return { key, type: 'int64', value: Number.isSafeInteger(number) ? number : value.intValue }
  }
  if (value.boolValue !== undefined) return { key, type: 'bool', value: value.boolValue }
  if (value.doubleValue !== undefined) return { key, type: 'float64', value: value.doubleValue }
  if (value.bytesValue !== undefined) return { key, type: 'binary', value: value.bytesValue }
  if (value.arrayValue !== undefined || value.kvlistValue !== undefined)
    return { key, type: 'string', value: JSON.stringify(plainOf(value)) }
  return { key, type: 'string', value: value.stringValue ?? '' }
}

function plainOf(value: SentValue): unknown {
  if (value.arrayValue !== undefined) return value.arrayValue.values.map(plainOf)
  if (value.kvlistValue !== undefined)
    return Object.fromEntries(value.kvlistValue.values.map(pair => [pair.key, plainOf(pair.value)]))
  return value.stringValue ?? value.boolValue ?? Number(value.intValue)
}

/** The spans of answers, without what the program that answers adds: numbers of processes, warnings. */
export const plainSpans = (traces: readonly UiTrace[]): readonly PlainSpan[] =>
  inOrder(
    traces.flatMap(({ spans, processes }) =>
      spans.map(span => {
        const process = processes[span.processID]!
        return {
          traceID: span.traceID,
          spanID: span.spanID,
          operationName: span.operationName,
          references: span.references,
          startTime: span.startTime,
          duration: span.duration,
          tags: sorted(span.tags),
          logs: span.logs.map(({ timestamp, fields }) => ({ timestamp, fields: sorted(fields) })),
          process: { serviceName: process.serviceName, tags: sorted(process.tags) },
        }
      }),
    ),
  )

const inOrder = (spans: readonly PlainSpan[]): readonly PlainSpan[] =>
  spans.toSorted((a, b) => (`${a.traceID}/${a.spanID}` < `${b.traceID}/${b.spanID}` ? -1 : 1))
