/**
 * Telemetry as the official SDK holds it before it is serialised: every field that JSON and protobuf write differently.
 */
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api'
import type {
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'

type Spans = Parameters<typeof ProtobufTraceSerializer.serializeRequest>[0]
type ResourceMetrics = Parameters<typeof ProtobufMetricsSerializer.serializeRequest>[0]
type LogRecords = Parameters<typeof ProtobufLogsSerializer.serializeRequest>[0]

const resource = resourceFromAttributes({ 'service.name': 'shop', 'host.id': 'h1', 'process.pid': 7 })
const instrumentationScope = { name: 'lib', version: '1.2.3', schemaUrl: 'https://example.org/schema' }
const START: [number, number] = [1_699_999_999, 123_456_789]
const END: [number, number] = [1_700_000_000, 5]
const attributes = {
  text: 'Größe',
  yes: true,
  int: -42,
  double: 1.5,
  list: ['a', 'b'],
  numbers: [1, 2.5],
}
const context = (spanId: string) => ({
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId,
  traceFlags: TraceFlags.SAMPLED,
})

const span = (name: string, spanId: string): Spans[number] => ({
  name,
  kind: SpanKind.SERVER,
  spanContext: () => context(spanId),
  parentSpanContext: context('00f067aa0ba902b7'),
  startTime: START,
  endTime: END,
  status: { code: SpanStatusCode.ERROR, message: 'no stock' },
  attributes,
  links: [{ context: context('1111111111111111'), attributes: { why: 'retry' } }],
  events: [{ time: START, name: 'exception', attributes: { 'exception.type': 'E' } }],
  duration: [0, 876_543_216],
  ended: true,
  resource,
  instrumentationScope,
  droppedAttributesCount: 3,
  droppedEventsCount: 0,
  droppedLinksCount: 0,
})

export const spans: Spans = [span('checkout', 'b7ad6b7169203331'), span('pay', 'b7ad6b7169203332')]

const point = <Value>(value: Value) => ({ startTime: START, endTime: END, attributes, value })
const descriptor = (name: string) => ({ name, description: 'what it is', unit: '1', valueType: 1 })
const CUMULATIVE = 1

export const RESOURCE_METRICS: ResourceMetrics = {
  resource,
  scopeMetrics: [
    {
      scope: instrumentationScope,
      metrics: [
        {
          descriptor: descriptor('gauge'),
          aggregationTemporality: CUMULATIVE,
          dataPointType: 2,
          dataPoints: [point(0), point(-1.25)],
        },
        {
          descriptor: { ...descriptor('sum'), valueType: 0 },
          aggregationTemporality: CUMULATIVE,
          dataPointType: 3,
          isMonotonic: true,
          dataPoints: [point(12)],
        },
        {
          descriptor: descriptor('histogram'),
          aggregationTemporality: CUMULATIVE,
          dataPointType: 0,
          dataPoints: [
            point({
              buckets: { boundaries: [1, 2.5], counts: [1, 0, 300] },
              sum: 12.5,
              count: 301,
              min: 0,
              max: 9,
            }),
          ],
        },
        {
          descriptor: descriptor('exponential'),
          aggregationTemporality: CUMULATIVE,
          dataPointType: 1,
          dataPoints: [
            point({
              count: 6,
              sum: 3.5,
              scale: -2,
              zeroCount: 1,
              positive: { offset: -3, bucketCounts: [1, 0, 200] },
              negative: { offset: 2, bucketCounts: [4] },
              min: -1,
              max: 4,
            }),
          ],
        },
      ],
    },
  ],
}

export const logRecords: LogRecords = [
  {
    hrTime: START,
    hrTimeObserved: END,
    spanContext: context('b7ad6b7169203331'),
    severityText: 'ERROR',
    severityNumber: 17,
    body: { what: 'order', items: [1, 'two', null], raw: new Uint8Array([1, 2, 255]) },
    resource,
    instrumentationScope,
    attributes: { ...attributes, nested: { deep: [true] } },
    droppedAttributesCount: 1,
  },
]

/** Spans that have just ended, one per name. */
export const spansAt = (nowMs: number, names: readonly string[]): Spans =>
  names.map((name, index) => ({
    ...span(name, (index + 1).toString(16).padStart(16, '0')),
    startTime: [Math.floor(nowMs / 1000) - 1, 0],
    endTime: [Math.floor(nowMs / 1000), 0],
  }))
