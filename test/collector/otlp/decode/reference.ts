/**
 * The rows a request must give, computed the slow way: protobufjs decodes it into objects, and each row is written out
 * from the rules of the OpenTelemetry Collector's ClickHouse exporter.
 */
import { messageType } from './otlp-proto.ts'

type Node = { readonly [field: string]: unknown }
type Row = Record<string, unknown>

const list = (node: Node | undefined, field: string): Node[] => (node?.[field] as Node[] | undefined) ?? []
const node = (parent: Node | undefined, field: string): Node | undefined =>
  parent?.[field] as Node | undefined
const text = (parent: Node | undefined, field: string): string => (parent?.[field] as string) ?? ''
const number = (parent: Node | undefined, field: string): number => (parent?.[field] as number) ?? 0
const bigint = (parent: Node | undefined, field: string): bigint => BigInt((parent?.[field] as string) ?? '0')
const hex = (parent: Node | undefined, field: string): string => {
  const id = Buffer.from((parent?.[field] as Uint8Array) ?? [])
  return id.every(byte => byte === 0) ? '' : id.toString('hex')
}

export function decodeIndependently(name: string, bytes: Uint8Array): Node {
  const type = messageType(name)
  return type.toObject(type.decode(bytes), { longs: String })
}

function goDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return Object.is(value, -0) ? '-0' : `${value}`
}

function asString(value: Node | undefined): string {
  if (value === undefined) return ''
  if (value['string_value'] !== undefined) return text(value, 'string_value')
  if (value['bytes_value'] !== undefined)
    return Buffer.from(value['bytes_value'] as Uint8Array).toString('base64')
  if (value['double_value'] !== undefined) {
    const double = number(value, 'double_value')
    return Number.isFinite(double) ? goDouble(double) : `json: unsupported value: ${goDouble(double)}`
  }
  const json = asJson(value)
  return json === 'null' ? '' : json
}

const quote = (raw: string): string =>
  JSON.stringify(raw)
    .replaceAll('<', '\\u003c')
    .replaceAll('>', '\\u003e')
    .replaceAll('&', '\\u0026')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029')

function asJson(value: Node | undefined): string {
  if (value === undefined) return 'null'
  if (value['string_value'] !== undefined) return quote(text(value, 'string_value'))
  if (value['bool_value'] !== undefined) return String(value['bool_value'])
  if (value['int_value'] !== undefined) return text(value, 'int_value')
  if (value['bytes_value'] !== undefined) return quote(asString(value))
  if (value['double_value'] !== undefined) {
    const double = number(value, 'double_value')
    return Number.isFinite(double) ? goDouble(double) : `"${goDouble(double)}"`
  }
  const array = node(value, 'array_value')
  if (array !== undefined) return `[${list(array, 'values').map(asJson).join(',')}]`
  const kvlist = node(value, 'kvlist_value')
  if (kvlist === undefined) return 'null'
  const entries = new Map(
    list(kvlist, 'values').map(pair => [text(pair, 'key'), asJson(node(pair, 'value'))]),
  )
  const keys = [...entries.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return `{${keys.map(key => `${quote(key)}:${entries.get(key)}`).join(',')}}`
}

const attributesOf = (parent: Node | undefined, field = 'attributes'): Record<string, string> =>
  Object.fromEntries(list(parent, field).map(pair => [text(pair, 'key'), asString(node(pair, 'value'))]))

function serviceName(resource: Node | undefined): string {
  const first = list(resource, 'attributes').find(pair => text(pair, 'key') === 'service.name')
  return asString(node(first, 'value'))
}

export function traceRows(request: Node, tenant: string): Row[] {
  return list(request, 'resource_spans').flatMap(group =>
    list(group, 'scope_spans').flatMap(scope =>
      list(scope, 'spans').map(span => spanRow(span, node(group, 'resource'), node(scope, 'scope'), tenant)),
    ),
  )
}

function spanRow(span: Node, resource: Node | undefined, scope: Node | undefined, tenant: string): Row {
  const start = bigint(span, 'start_time_unix_nano')
  const end = bigint(span, 'end_time_unix_nano')
  const events = list(span, 'events')
  const links = list(span, 'links')
  return {
    Tenant: tenant,
    Timestamp: start,
    TraceId: hex(span, 'trace_id'),
    SpanId: hex(span, 'span_id'),
    ParentSpanId: hex(span, 'parent_span_id'),
    TraceState: text(span, 'trace_state'),
    SpanName: text(span, 'name'),
    SpanKind:
      ['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer'][number(span, 'kind')] ?? '',
    ServiceName: serviceName(resource),
    ResourceAttributes: attributesOf(resource),
    ScopeName: text(scope, 'name'),
    ScopeVersion: text(scope, 'version'),
    SpanAttributes: attributesOf(span),
    Duration: end > start ? end - start : 0n,
    StatusCode: ['Unset', 'Ok', 'Error'][number(node(span, 'status'), 'code')] ?? '',
    StatusMessage: text(node(span, 'status'), 'message'),
    DroppedAttributesCount: number(span, 'dropped_attributes_count'),
    'Events.Timestamp': events.map(event => BigInt.asIntN(64, bigint(event, 'time_unix_nano'))),
    'Events.Name': events.map(event => text(event, 'name')),
    'Events.Attributes': events.map(event => attributesOf(event)),
    'Links.TraceId': links.map(link => hex(link, 'trace_id')),
    'Links.SpanId': links.map(link => hex(link, 'span_id')),
    'Links.TraceState': links.map(link => text(link, 'trace_state')),
    'Links.Attributes': links.map(link => attributesOf(link)),
  }
}

export function logRows(request: Node, tenant: string, now: bigint): Row[] {
  return list(request, 'resource_logs').flatMap(group =>
    list(group, 'scope_logs').flatMap(scope =>
      list(scope, 'log_records').map(record => logRow(record, group, scope, tenant, now)),
    ),
  )
}

function logRow(record: Node, group: Node, scoped: Node, tenant: string, now: bigint): Row {
  const resource = node(group, 'resource')
  const scope = node(scoped, 'scope')
  return {
    Tenant: tenant,
    Timestamp: bigint(record, 'time_unix_nano') || bigint(record, 'observed_time_unix_nano') || now,
    TraceId: hex(record, 'trace_id'),
    SpanId: hex(record, 'span_id'),
    TraceFlags: number(record, 'flags') % 256,
    SeverityText: text(record, 'severity_text'),
    SeverityNumber: number(record, 'severity_number'),
    ServiceName: serviceName(resource),
    Body: asString(node(record, 'body')),
    ResourceSchemaUrl: text(group, 'schema_url'),
    ResourceAttributes: attributesOf(resource),
    ScopeSchemaUrl: text(scoped, 'schema_url'),
    ScopeName: text(scope, 'name'),
    ScopeVersion: text(scope, 'version'),
    ScopeAttributes: attributesOf(scope),
    LogAttributes: attributesOf(record),
    EventName: text(record, 'event_name'),
    DroppedAttributesCount: number(record, 'dropped_attributes_count'),
  }
}

/** Rows by the builder they belong to. */
export function metricRows(request: Node, tenant: string): Record<string, Row[]> {
  const rows: Record<string, Row[]> = { gauge: [], sum: [], histogram: [], expHistogram: [], summary: [] }
  for (const group of list(request, 'resource_metrics')) {
    for (const scoped of list(group, 'scope_metrics')) {
      for (const metric of list(scoped, 'metrics')) {
        const common = metricCommon(metric, group, scoped, tenant)
        for (const [field, target, own] of METRIC_KINDS) {
          const data = node(metric, field)
          for (const point of list(data, 'data_points')) {
            rows[target]!.push({ ...common, ...pointCommon(point), ...own(point, data) })
          }
        }
      }
    }
  }
  return rows
}

function metricCommon(metric: Node, group: Node, scoped: Node, tenant: string): Row {
  const resource = node(group, 'resource')
  const scope = node(scoped, 'scope')
  return {
    Tenant: tenant,
    ResourceAttributes: attributesOf(resource),
    ResourceSchemaUrl: text(group, 'schema_url'),
    ScopeName: text(scope, 'name'),
    ScopeVersion: text(scope, 'version'),
    ScopeAttributes: attributesOf(scope),
    ScopeDroppedAttrCount: number(scope, 'dropped_attributes_count'),
    ScopeSchemaUrl: text(scoped, 'schema_url'),
    ServiceName: serviceName(resource),
    MetricName: text(metric, 'name'),
    MetricDescription: text(metric, 'description'),
    MetricUnit: text(metric, 'unit'),
  }
}

const pointCommon = (point: Node): Row => ({
  Attributes: attributesOf(point),
  StartTimeUnix: BigInt.asIntN(64, bigint(point, 'start_time_unix_nano')),
  TimeUnix: bigint(point, 'time_unix_nano'),
  Flags: number(point, 'flags'),
})

const pointValue = (point: Node): number =>
  point['as_int'] === undefined ? number(point, 'as_double') : Number(bigint(point, 'as_int'))

function exemplarsOf(point: Node): Row {
  const exemplars = list(point, 'exemplars')
  return {
    'Exemplars.FilteredAttributes': exemplars.map(exemplar => attributesOf(exemplar, 'filtered_attributes')),
    'Exemplars.TimeUnix': exemplars.map(exemplar => BigInt.asIntN(64, bigint(exemplar, 'time_unix_nano'))),
    'Exemplars.Value': exemplars.map(pointValue),
    'Exemplars.SpanId': exemplars.map(exemplar => hex(exemplar, 'span_id')),
    'Exemplars.TraceId': exemplars.map(exemplar => hex(exemplar, 'trace_id')),
  }
}

const temporalityOf = (data: Node | undefined): Row => ({
  AggregationTemporality: number(data, 'aggregation_temporality'),
})
const bigints = (parent: Node | undefined, field: string): bigint[] =>
  ((parent?.[field] as string[]) ?? []).map(BigInt)

const METRIC_KINDS: readonly [string, string, (point: Node, data: Node | undefined) => Row][] = [
  ['gauge', 'gauge', point => ({ Value: pointValue(point), ...exemplarsOf(point) })],
  [
    'sum',
    'sum',
    (point, data) => ({
      Value: pointValue(point),
      ...exemplarsOf(point),
      ...temporalityOf(data),
      IsMonotonic: data?.['is_monotonic'] === true,
    }),
  ],
  [
    'histogram',
    'histogram',
    (point, data) => ({
      Count: bigint(point, 'count'),
      Sum: number(point, 'sum'),
      BucketCounts: bigints(point, 'bucket_counts'),
      ExplicitBounds: (point['explicit_bounds'] as number[]) ?? [],
      ...exemplarsOf(point),
      Min: number(point, 'min'),
      Max: number(point, 'max'),
      ...temporalityOf(data),
    }),
  ],
  [
    'exponential_histogram',
    'expHistogram',
    (point, data) => ({
      Count: bigint(point, 'count'),
      Sum: number(point, 'sum'),
      Scale: number(point, 'scale'),
      ZeroCount: bigint(point, 'zero_count'),
      PositiveOffset: number(node(point, 'positive'), 'offset'),
      PositiveBucketCounts: bigints(node(point, 'positive'), 'bucket_counts'),
      NegativeOffset: number(node(point, 'negative'), 'offset'),
      NegativeBucketCounts: bigints(node(point, 'negative'), 'bucket_counts'),
      ...exemplarsOf(point),
      Min: number(point, 'min'),
      Max: number(point, 'max'),
      ...temporalityOf(data),
    }),
  ],
  [
    'summary',
    'summary',
    point => ({
      Count: bigint(point, 'count'),
      Sum: number(point, 'sum'),
      'ValueAtQuantiles.Quantile': list(point, 'quantile_values').map(value => number(value, 'quantile')),
      'ValueAtQuantiles.Value': list(point, 'quantile_values').map(value => number(value, 'value')),
    }),
  ],
]
