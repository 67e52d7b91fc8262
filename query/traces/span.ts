/** A span as the table has it, complete: what Jaeger and Tempo get is written from this. */
import { SPAN_KINDS, SPAN_STATUS_CODES } from '../../core/model/streams/traces.ts'
import { type Attribute, typedAttributes, typesOf } from './attributes.ts'

interface SpanEvent {
  readonly timeNano: bigint
  readonly name: string
  readonly attributes: readonly Attribute[]
}

interface SpanLink {
  readonly traceId: string
  readonly spanId: string
  readonly traceState: string
  readonly attributes: readonly Attribute[]
}

/** Ids are lower-case hex, '' if absent. */
export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly traceState: string
  readonly name: string
  /** Number of OTLP's SpanKind. */
  readonly kind: number
  /** As the table has it. */
  readonly storedKind: string
  readonly service: string
  readonly startNano: bigint
  readonly durationNano: bigint
  readonly resource: readonly Attribute[]
  /** Equal for spans of the same resource. */
  readonly resourceKey: string
  readonly scopeName: string
  readonly scopeVersion: string
  readonly attributes: readonly Attribute[]
  readonly droppedAttributes: number
  /** Number of OTLP's StatusCode. */
  readonly status: number
  readonly statusMessage: string
  readonly events: readonly SpanEvent[]
  readonly links: readonly SpanLink[]
}

/** Rows with equal values here are one span that was sent again. */
export const SPAN_IDENTITY = [
  'Timestamp',
  'SpanId',
  'ParentSpanId',
  'SpanKind',
  'ServiceName',
  'SpanName',
  'Duration',
] as const

const nano = (column: string): string => `toString(toUnixTimestamp64Nano(${column}))`
const EXPRESSIONS = {
  trace: 'TraceId',
  span: 'SpanId',
  parent: 'ParentSpanId',
  state: 'TraceState',
  name: 'SpanName',
  kind: 'SpanKind',
  service: 'ServiceName',
  start: nano('Timestamp'),
  duration: 'toString(Duration)',
  resourceKeys: 'mapKeys(ResourceAttributes)',
  resourceValues: 'mapValues(ResourceAttributes)',
  scopeName: 'ScopeName',
  scopeVersion: 'ScopeVersion',
  keys: 'mapKeys(SpanAttributes)',
  values: 'mapValues(SpanAttributes)',
  dropped: 'DroppedAttributesCount',
  types: 'AttributeTypes',
  status: 'StatusCode',
  statusMessage: 'StatusMessage',
  eventTimes: `arrayMap(at -> ${nano('at')}, \`Events.Timestamp\`)`,
  eventNames: '`Events.Name`',
  eventKeys: 'arrayMap(one -> mapKeys(one), `Events.Attributes`)',
  eventValues: 'arrayMap(one -> mapValues(one), `Events.Attributes`)',
  linkTraces: '`Links.TraceId`',
  linkSpans: '`Links.SpanId`',
  linkStates: '`Links.TraceState`',
  linkKeys: 'arrayMap(one -> mapKeys(one), `Links.Attributes`)',
  linkValues: 'arrayMap(one -> mapValues(one), `Links.Attributes`)',
} as const

type TextList = readonly string[]
type ListExpression =
  | 'resourceKeys'
  | 'resourceValues'
  | 'keys'
  | 'values'
  | 'eventTimes'
  | 'eventNames'
  | 'linkTraces'
  | 'linkSpans'
  | 'linkStates'
type ListsOfLists = 'eventKeys' | 'eventValues' | 'linkKeys' | 'linkValues'
/** A row of a statement that selects `SPAN_SELECT_LIST`. */
export type SpanRow = Readonly<
  Record<Exclude<keyof typeof EXPRESSIONS, ListExpression | ListsOfLists | 'dropped'>, string> &
    Record<ListExpression, TextList> &
    Record<ListsOfLists, readonly TextList[]>
> & { readonly dropped: number }

/** What to select of a span; names are not those of columns, so that conditions still mean columns. */
export const SPAN_SELECT_LIST: string = Object.entries(EXPRESSIONS)
  .map(([name, expression]) => `${expression} AS r_${name}`)
  .join(', ')

/** The span of a row. */
export function spanOfRow(raw: Readonly<Record<string, unknown>>): Span {
  const row = Object.fromEntries(
    Object.entries(raw).map(([name, value]) => [name.slice(2), value]),
  ) as SpanRow
  const types = typesOf(row.types)
  return {
    traceId: row.trace,
    spanId: row.span,
    parentSpanId: row.parent,
    traceState: row.state,
    name: row.name,
    kind: numberOf(SPAN_KINDS, row.kind, 'SPAN_KIND_'),
    storedKind: row.kind,
    service: row.service,
    startNano: BigInt(row.start),
    durationNano: BigInt(row.duration),
    resource: typedAttributes(row.resourceKeys, row.resourceValues, types.resource),
    resourceKey: JSON.stringify([row.resourceKeys, row.resourceValues, types.resource]),
    scopeName: row.scopeName,
    scopeVersion: row.scopeVersion,
    attributes: typedAttributes(row.keys, row.values, types.span),
    droppedAttributes: row.dropped,
    status: numberOf(SPAN_STATUS_CODES, row.status, 'STATUS_CODE_'),
    statusMessage: row.statusMessage,
    events: row.eventTimes.map((time, index) => ({
      timeNano: BigInt(time),
      name: row.eventNames[index] ?? '',
      attributes: typedAttributes(
        row.eventKeys[index] ?? [],
        row.eventValues[index] ?? [],
        types.events[index] ?? '',
      ),
    })),
    links: row.linkTraces.map((traceId, index) => ({
      traceId,
      spanId: row.linkSpans[index] ?? '',
      traceState: row.linkStates[index] ?? '',
      attributes: typedAttributes(
        row.linkKeys[index] ?? [],
        row.linkValues[index] ?? [],
        types.links[index] ?? '',
      ),
    })),
  }
}

/** Rows of very old exporters have the names of the protocol: `SPAN_KIND_SERVER`. */
function numberOf(names: readonly string[], text: string, prefix: string): number {
  const plain = text.startsWith(prefix) ? text.slice(prefix.length) : text
  return Math.max(
    0,
    names.findIndex(name => name.toLowerCase() === plain.toLowerCase()),
  )
}
