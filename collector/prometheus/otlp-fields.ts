import { type ProtobufWriter, WIRE } from '../../core/protobuf/writer.ts'

/** Field numbers of OTLP's metrics (opentelemetry-proto 1.11), as far as series of Prometheus need them. */

/** ExportMetricsServiceRequest, ResourceMetrics, ScopeMetrics. */
export const RESOURCE_METRICS = 1
export const RESOURCE = 1
export const SCOPE_METRICS = 2
export const METRICS = 2
export const RESOURCE_ATTRIBUTES = 1

/** Metric. */
export const NAME = 1
export const DESCRIPTION = 2
export const UNIT = 3
export const SUM = 7

/** Gauge, Sum, Histogram, ... */
export const DATA_POINTS = 1
export const TEMPORALITY = 2
export const IS_MONOTONIC = 3
export const CUMULATIVE = 2

/** Fields that all points have. */
export const START_TIME = 2
export const TIME = 3
/** Flag of a point: the end of its series, without a value. */
export const NO_RECORDED_VALUE = 1

/** The field of Metric that holds a shape's points, and those of its points that differ. */
export const SHAPES = {
  number: { data: 5, attributes: 7, exemplars: 5, flags: 8 },
  classic: { data: 9, attributes: 9, exemplars: 8, flags: 10 },
  native: { data: 10, attributes: 1, exemplars: 11, flags: 10 },
  quantiles: { data: 11, attributes: 7, exemplars: 0, flags: 8 },
} as const

export const AS_DOUBLE = 4
/** Of both kinds of histogram and of summaries. */
export const COUNT = 4
export const TOTAL = 5
export const BUCKET_COUNTS = 6
export const EXPLICIT_BOUNDS = 7
export const SCALE = 6
export const ZERO_COUNT = 7
export const POSITIVE = 8
export const NEGATIVE = 9
export const ZERO_THRESHOLD = 14
export const BUCKETS_OFFSET = 1
export const BUCKETS_COUNTS = 2
export const QUANTILE_VALUES = 6
export const QUANTILE = 1
export const QUANTILE_VALUE = 2

/** KeyValue and AnyValue. */
export const KEY = 1
export const VALUE = 2
export const STRING_VALUE = 1

/** A text; nothing when it is empty, as protobuf has it. */
export function writeText(out: ProtobufWriter, field: number, text: string): void {
  if (text === '') return
  out.tag(field, WIRE.bytes)
  out.string(text)
}

/** A KeyValue whose value is a text. */
export function writeAttribute(out: ProtobufWriter, field: number, name: string, value: string): void {
  out.tag(field, WIRE.bytes)
  const start = out.begin()
  out.tag(KEY, WIRE.bytes)
  out.string(name)
  out.tag(VALUE, WIRE.bytes)
  const any = out.begin()
  out.tag(STRING_VALUE, WIRE.bytes)
  out.string(value)
  out.end(any)
  out.end(start)
}
