/**
 * The expected result of a request, computed the slow way: protobufjs decodes it into objects, and each row is written
 * out by the rules of the OpenTelemetry Collector's ClickHouse exporter and of our limits.
 */

import type { DecodeContext } from '../../../../collector/otlp/decode/decode-context.ts'
import type { Signal } from '../../../../collector/otlp/signals.ts'
import { rawMessageType } from './otlp-proto.ts'
import {
  bigint,
  bigints,
  hex,
  list,
  type Node,
  node,
  number,
  ReferenceValues,
  signed,
  text,
} from './reference-values.ts'
import { CONTEXT } from './support.ts'

export type Row = Record<string, unknown>

export interface Expected {
  /** By the builder they belong to. */
  readonly rows: Readonly<Record<string, readonly Row[]>>
  readonly result: {
    readonly accepted: number
    readonly rejected: number
    readonly reasons: ReadonlyMap<string, number>
    readonly cutAttributes: number
  }
}

export const REQUEST_MESSAGES: Readonly<Record<Signal, string>> = {
  traces: 'ExportTraceServiceRequest',
  metrics: 'ExportMetricsServiceRequest',
  logs: 'ExportLogsServiceRequest',
}

/** Throws if protobufjs rejects the bytes. */
export function decodeIndependently(name: string, bytes: Uint8Array): Node {
  const type = rawMessageType(name)
  return type.toObject(type.decode(bytes), { longs: String })
}

export function expectedOf(signal: Signal, bytes: Uint8Array, context: DecodeContext): Expected {
  return expectedFrom(signal, decodeIndependently(REQUEST_MESSAGES[signal], bytes), context)
}

export function expectedFrom(signal: Signal, request: Node, context: DecodeContext): Expected {
  const reference = new Reference(context)
  if (signal === 'traces') reference.traces(request)
  else if (signal === 'logs') reference.logs(request)
  else reference.metrics(request)
  return reference.expected()
}

const lenient = (tenant: string, nowUnixNano = CONTEXT.nowUnixNano): DecodeContext => ({
  tenant,
  nowUnixNano,
  limits: { ...CONTEXT.limits, pastNano: 1n << 62n, futureNano: 1n << 62n },
})
export const traceRows = (request: Node, tenant: string): Row[] =>
  rowsIn(expectedFrom('traces', request, lenient(tenant)), 'traces')
export const logRows = (request: Node, tenant: string, now: bigint): Row[] =>
  rowsIn(expectedFrom('logs', request, lenient(tenant, now)), 'logs')
/** Rows by the builder they belong to. */
export const metricRows = (request: Node, tenant: string): Record<string, Row[]> =>
  expectedFrom('metrics', request, lenient(tenant)).rows as Record<string, Row[]>

const rowsIn = ({ rows }: Expected, builder: string): Row[] => (rows[builder] ?? []) as Row[]

const joined = (types: readonly string[]): string => types.join(',').replace(/,+$/, '')

class Reference {
  readonly #context: DecodeContext
  readonly #values: ReferenceValues
  readonly #rows: Record<string, Row[]> = {}
  readonly #reasons = new Map<string, number>()

  constructor(context: DecodeContext) {
    this.#context = context
    this.#values = new ReferenceValues(context.limits)
  }

  expected(): Expected {
    const count = (numbers: Iterable<number>): number => [...numbers].reduce((sum, n) => sum + n, 0)
    return {
      rows: this.#rows,
      result: {
        accepted: count(Object.values(this.#rows).map(rows => rows.length)),
        rejected: count(this.#reasons.values()),
        reasons: this.#reasons,
        cutAttributes: this.#values.cut,
      },
    }
  }

  traces(request: Node): void {
    this.#rows['traces'] = []
    for (const group of list(request, 'resource_spans')) {
      const resource = this.#values.resource(node(group, 'resource'))
      const resourceTypes = this.#values.types(node(group, 'resource'))
      for (const scoped of list(group, 'scope_spans')) {
        const scope = node(scoped, 'scope')
        // Not stored, but read within the limits.
        this.#values.attributes(scope)
        for (const span of list(scoped, 'spans')) this.#span(span, resource, resourceTypes, scope)
      }
    }
  }

  #span(span: Node, resource: Row, resourceTypes: string, scope: Node | undefined): void {
    const cutBefore = this.#values.cut
    const start = bigint(span, 'start_time_unix_nano')
    const end = bigint(span, 'end_time_unix_nano')
    const events = list(span, 'events')
    const links = list(span, 'links')
    const row: Row = {
      Tenant: this.#context.tenant,
      Timestamp: start,
      TraceId: hex(span, 'trace_id', 16),
      SpanId: hex(span, 'span_id', 8),
      ParentSpanId: hex(span, 'parent_span_id', 8),
      TraceState: text(span, 'trace_state'),
      SpanName: text(span, 'name'),
      SpanKind:
        ['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer'][number(span, 'kind')] ?? '',
      ...resource,
      ScopeName: text(scope, 'name'),
      ScopeVersion: text(scope, 'version'),
      SpanAttributes: this.#values.attributes(span),
      Duration: BigInt.asIntN(64, end > start ? end - start : 0n),
      StatusCode: ['Unset', 'Ok', 'Error'][number(node(span, 'status'), 'code')] ?? '',
      StatusMessage: text(node(span, 'status'), 'message'),
      'Events.Timestamp': events.map(event => signed(event, 'time_unix_nano')),
      'Events.Name': events.map(event => text(event, 'name')),
      'Events.Attributes': events.map(event => this.#values.attributes(event)),
      'Links.TraceId': links.map(link => hex(link, 'trace_id', 16)),
      'Links.SpanId': links.map(link => hex(link, 'span_id', 8)),
      'Links.TraceState': links.map(link => text(link, 'trace_state')),
      'Links.Attributes': links.map(link => this.#values.attributes(link)),
    }
    row['DroppedAttributesCount'] = this.#dropped(span, cutBefore)
    row['AttributeTypes'] = [
      resourceTypes,
      this.#values.types(span),
      joined(events.map(event => this.#values.types(event))),
      joined(links.map(link => this.#values.types(link))),
    ]
      .join('/')
      .replace(/\/+$/, '')
    const linkIds = [row['Links.TraceId'], row['Links.SpanId']] as (string | null)[][]
    const problem =
      (row['TraceId'] ? null : 'trace_id_invalid') ??
      (row['SpanId'] ? null : 'span_id_invalid') ??
      (row['ParentSpanId'] === null ? 'parent_span_id_invalid' : null) ??
      (linkIds.flat().includes(null) ? 'link_id_invalid' : null) ??
      this.#timeProblem(start) ??
      (end > start ? this.#timeProblem(end) : null)
    this.#take('traces', row, problem)
  }

  logs(request: Node): void {
    this.#rows['logs'] = []
    for (const group of list(request, 'resource_logs')) {
      const resource = this.#values.resource(node(group, 'resource'))
      for (const scoped of list(group, 'scope_logs')) {
        const scope = node(scoped, 'scope')
        const common = {
          ...resource,
          ResourceSchemaUrl: text(group, 'schema_url'),
          ScopeSchemaUrl: text(scoped, 'schema_url'),
          ScopeName: text(scope, 'name'),
          ScopeVersion: text(scope, 'version'),
          ScopeAttributes: this.#values.attributes(scope),
        }
        for (const record of list(scoped, 'log_records')) this.#logRecord(record, common)
      }
    }
  }

  #logRecord(record: Node, common: Row): void {
    const cutBefore = this.#values.cut
    const { tenant, nowUnixNano } = this.#context
    const time = bigint(record, 'time_unix_nano') || bigint(record, 'observed_time_unix_nano') || nowUnixNano
    const row: Row = {
      Tenant: tenant,
      Timestamp: time,
      TraceId: hex(record, 'trace_id', 16),
      SpanId: hex(record, 'span_id', 8),
      TraceFlags: number(record, 'flags') % 256,
      SeverityText: text(record, 'severity_text'),
      SeverityNumber: number(record, 'severity_number') & 0xff,
      ...common,
      Body: this.#values.asString(node(record, 'body')),
      LogAttributes: this.#values.attributes(record),
      EventName: text(record, 'event_name'),
    }
    row['DroppedAttributesCount'] = this.#dropped(record, cutBefore)
    const problem =
      (row['TraceId'] === null ? 'trace_id_invalid' : null) ??
      (row['SpanId'] === null ? 'span_id_invalid' : null) ??
      this.#timeProblem(time)
    this.#take('logs', row, problem)
  }

  metrics(request: Node): void {
    for (const [, builder] of METRIC_KINDS) this.#rows[builder] = []
    for (const group of list(request, 'resource_metrics')) {
      const groupHasPoints = list(group, 'scope_metrics').some(hasPoints)
      // Not read unless a point refers to it.
      const resource = groupHasPoints ? this.#values.resource(node(group, 'resource')) : {}
      for (const scoped of list(group, 'scope_metrics').filter(hasPoints)) {
        const scope = node(scoped, 'scope')
        const cutBefore = this.#values.cut
        const common = {
          ...resource,
          ResourceSchemaUrl: text(group, 'schema_url'),
          ScopeName: text(scope, 'name'),
          ScopeVersion: text(scope, 'version'),
          ScopeAttributes: this.#values.attributes(scope),
          ScopeDroppedAttrCount: this.#dropped(scope, cutBefore),
          ScopeSchemaUrl: text(scoped, 'schema_url'),
        }
        for (const metric of list(scoped, 'metrics')) this.#metric(metric, common)
      }
    }
  }

  #metric(metric: Node, common: Row): void {
    for (const [field, builder, own] of METRIC_KINDS) {
      const data = node(metric, field)
      for (const point of list(data, 'data_points')) {
        const exemplars = builder === 'summary' ? {} : this.#exemplars(point)
        const time = bigint(point, 'time_unix_nano')
        const row = {
          Tenant: this.#context.tenant,
          ...common,
          MetricName: text(metric, 'name'),
          MetricDescription: text(metric, 'description'),
          MetricUnit: text(metric, 'unit'),
          Attributes: this.#values.attributes(point),
          StartTimeUnix: signed(point, 'start_time_unix_nano'),
          TimeUnix: time,
          Flags: number(point, 'flags'),
          ...exemplars,
          ...own(point, data),
        }
        const exemplarIds = [exemplars['Exemplars.TraceId'], exemplars['Exemplars.SpanId']].flat()
        this.#take(builder, row, exemplarIds.includes(null) ? 'exemplar_id_invalid' : this.#timeProblem(time))
      }
    }
  }

  #exemplars(point: Node): Row {
    const exemplars = list(point, 'exemplars')
    return {
      'Exemplars.FilteredAttributes': exemplars.map(exemplar =>
        this.#values.attributes(exemplar, 'filtered_attributes'),
      ),
      'Exemplars.TimeUnix': exemplars.map(exemplar => signed(exemplar, 'time_unix_nano')),
      'Exemplars.Value': exemplars.map(pointValue),
      'Exemplars.SpanId': exemplars.map(exemplar => hex(exemplar, 'span_id', 8)),
      'Exemplars.TraceId': exemplars.map(exemplar => hex(exemplar, 'trace_id', 16)),
    }
  }

  #dropped(item: Node | undefined, cutBefore: number): number {
    const cut = this.#values.cut - cutBefore
    return Math.min(number(item, 'dropped_attributes_count') + cut, 0xffffffff)
  }

  /** As floats, as the limits are intended: exact to 256 ns. */
  #timeProblem(unixNano: bigint): string | null {
    const { nowUnixNano, limits } = this.#context
    const latest = nowUnixNano + limits.futureNano
    const int64Max = (1n << 63n) - 1n
    if (Number(unixNano) > Number(latest < int64Max ? latest : int64Max)) return 'time_in_future'
    return Number(unixNano) < Number(nowUnixNano - limits.pastNano) ? 'time_in_past' : null
  }

  #take(builder: string, row: Row, problem: string | null): void {
    if (problem === null) this.#rows[builder]!.push(row)
    else this.#reasons.set(problem, (this.#reasons.get(problem) ?? 0) + 1)
  }
}

const hasPoints = (scoped: Node): boolean =>
  list(scoped, 'metrics').some(metric =>
    METRIC_KINDS.some(([field]) => list(node(metric, field), 'data_points').length > 0),
  )

const pointValue = (point: Node): number =>
  point['as_int'] === undefined ? number(point, 'as_double') : Number(bigint(point, 'as_int'))

/** A point that is flagged to have no value has none, whatever is in the field. */
const recordedValue = (point: Node): number => (number(point, 'flags') % 2 === 1 ? 0 : pointValue(point))

const temporalityOf = (data: Node | undefined): Row => ({
  AggregationTemporality: number(data, 'aggregation_temporality'),
})

type OwnColumns = (point: Node, data: Node | undefined) => Row

/** Field of Metric, builder, and what only this kind has. */
const METRIC_KINDS: readonly [field: string, builder: string, own: OwnColumns][] = [
  ['gauge', 'gauge', point => ({ Value: recordedValue(point) })],
  [
    'sum',
    'sum',
    (point, data) => ({
      Value: recordedValue(point),
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
