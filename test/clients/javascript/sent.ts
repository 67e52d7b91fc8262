/**
 * Writes what the SDK passes to an exporter as JSON lines (../README.md), from its own objects, and lets it be sent.
 */
import type { Attributes, HrTime, TraceState } from '@opentelemetry/api'
import type { LogRecordExporter, ReadableLogRecord } from '@opentelemetry/sdk-logs'
import {
  type DataPoint,
  DataPointType,
  type ExponentialHistogram,
  type Histogram,
  type MetricData,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-node'

export const failures: unknown[] = []

interface Result {
  readonly code: number
  readonly error?: Error
}

const print = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

const noted =
  (done: (result: Result) => void) =>
  (result: Result): void => {
    if (result.code !== 0) failures.push(result.error)
    done(result)
  }

export function spanTee(inner: SpanExporter): SpanExporter {
  return {
    export(spans, done) {
      for (const span of spans)
        print({
          signal: 'span',
          resource: resourceOf(span.resource),
          scope: scopeOf(span.instrumentationScope),
          item: spanOf(span),
        })
      inner.export(spans, noted(done))
    },
    shutdown: () => inner.shutdown(),
  }
}

export function logTee(inner: LogRecordExporter): LogRecordExporter {
  return {
    export(logs, done) {
      for (const log of logs)
        print({
          signal: 'log',
          resource: resourceOf(log.resource),
          scope: scopeOf(log.instrumentationScope),
          item: logOf(log),
        })
      inner.export(logs, noted(done))
    },
    forceFlush: () => inner.forceFlush(),
    shutdown: () => inner.shutdown(),
  }
}

export function metricTee(inner: PushMetricExporter): PushMetricExporter {
  return {
    export(metrics, done) {
      for (const { scope, metrics: data } of metrics.scopeMetrics)
        for (const metric of data)
          for (const point of metric.dataPoints)
            print({
              signal: 'point',
              resource: resourceOf(metrics.resource),
              scope: scopeOf(scope),
              metric: {
                name: metric.descriptor.name,
                description: metric.descriptor.description,
                unit: metric.descriptor.unit,
              },
              data: dataOf(metric),
              item: pointOf(metric, point),
            })
      inner.export(metrics, noted(done))
    },
    selectAggregation: type => inner.selectAggregation?.(type) ?? { type: 0 },
    selectAggregationTemporality: type => inner.selectAggregationTemporality?.(type) ?? 1,
    forceFlush: () => inner.forceFlush(),
    shutdown: () => inner.shutdown(),
  }
}

function anyValueOf(value: unknown): object {
  if (value === null || value === undefined) return {}
  if (typeof value === 'string') return { string_value: value }
  if (typeof value === 'boolean') return { bool_value: value }
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { int_value: String(value) } : { double_value: doubleOf(value) }
  if (value instanceof Uint8Array) return { bytes_value: Buffer.from(value).toString('base64') }
  if (Array.isArray(value)) return { array_value: value.map(anyValueOf) }
  return { kvlist_value: attributesOf(value) }
}

const attributesOf = (attributes: object | undefined): object =>
  Object.fromEntries(Object.entries(attributes ?? {}).map(([key, value]) => [key, anyValueOf(value)]))

const doubleOf = (value: number | undefined): number | string | undefined =>
  value === undefined || Number.isFinite(value) ? value : String(value)

const nanoOf = ([seconds, nanoseconds]: HrTime): string =>
  String(BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds))

const resourceOf = (resource: { attributes: Attributes; schemaUrl?: string }): object => ({
  attributes: attributesOf(resource.attributes),
  schema_url: resource.schemaUrl ?? '',
})

const scopeOf = (scope: {
  name: string
  version?: string
  schemaUrl?: string
  attributes?: object
}): object => ({
  name: scope.name,
  version: scope.version ?? '',
  schema_url: scope.schemaUrl ?? '',
  attributes: attributesOf(scope.attributes),
})

const stateOf = (state: TraceState | undefined): string => state?.serialize() ?? ''

const spanOf = (span: ReadableSpan): object => ({
  trace_id: span.spanContext().traceId,
  span_id: span.spanContext().spanId,
  trace_state: stateOf(span.spanContext().traceState),
  parent_span_id: span.parentSpanContext?.spanId ?? '',
  name: span.name,
  // The API counts from internal, OTLP from unspecified.
  kind: span.kind + 1,
  start_time_unix_nano: nanoOf(span.startTime),
  end_time_unix_nano: nanoOf(span.endTime),
  attributes: attributesOf(span.attributes),
  dropped_attributes_count: span.droppedAttributesCount,
  events: span.events.map(event => ({
    time_unix_nano: nanoOf(event.time),
    name: event.name,
    attributes: attributesOf(event.attributes),
  })),
  links: span.links.map(link => ({
    trace_id: link.context.traceId,
    span_id: link.context.spanId,
    trace_state: stateOf(link.context.traceState),
    attributes: attributesOf(link.attributes),
  })),
  status: { code: span.status.code, message: span.status.message ?? '' },
})

const logOf = (log: ReadableLogRecord): object => ({
  time_unix_nano: nanoOf(log.hrTime),
  observed_time_unix_nano: nanoOf(log.hrTimeObserved),
  severity_number: log.severityNumber ?? 0,
  severity_text: log.severityText ?? '',
  body: anyValueOf(log.body),
  attributes: attributesOf(log.attributes),
  dropped_attributes_count: log.droppedAttributesCount,
  flags: log.spanContext?.traceFlags ?? 0,
  trace_id: log.spanContext?.traceId ?? '',
  span_id: log.spanContext?.spanId ?? '',
  event_name: log.eventName ?? '',
})

function dataOf(metric: MetricData): object {
  // The SDK counts temporalities from delta = 0, OTLP from unspecified.
  const aggregation_temporality = metric.aggregationTemporality + 1
  switch (metric.dataPointType) {
    case DataPointType.GAUGE:
      return { kind: 'gauge' }
    case DataPointType.SUM:
      return { kind: 'sum', aggregation_temporality, is_monotonic: metric.isMonotonic }
    case DataPointType.HISTOGRAM:
      return { kind: 'histogram', aggregation_temporality }
    case DataPointType.EXPONENTIAL_HISTOGRAM:
      return { kind: 'exponential_histogram', aggregation_temporality }
  }
}

const pointOf = (
  metric: MetricData,
  point: DataPoint<number | Histogram | ExponentialHistogram>,
): object => ({
  attributes: attributesOf(point.attributes),
  start_time_unix_nano: nanoOf(point.startTime),
  time_unix_nano: nanoOf(point.endTime),
  ...measuredOf(metric, point.value),
})

function measuredOf({ descriptor }: MetricData, value: number | Histogram | ExponentialHistogram): object {
  if (typeof value === 'number')
    return descriptor.valueType === 0 ? { as_int: String(value) } : { as_double: doubleOf(value) }
  const { count, sum, min, max } = value
  const measured = { count: String(count), sum: doubleOf(sum), min: doubleOf(min), max: doubleOf(max) }
  if ('buckets' in value)
    return {
      ...measured,
      bucket_counts: value.buckets.counts.map(String),
      explicit_bounds: value.buckets.boundaries,
    }
  const buckets = ({ offset, bucketCounts }: ExponentialHistogram['positive']): object => ({
    offset,
    bucket_counts: bucketCounts.map(String),
  })
  return {
    ...measured,
    scale: value.scale,
    zero_count: String(value.zeroCount),
    positive: buckets(value.positive),
    negative: buckets(value.negative),
  }
}
