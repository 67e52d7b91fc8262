import { type Column, column, list, type StreamDeclaration } from './stream.ts'

/**
 * Points of metrics, a row each. What describes a series are three texts, each a JSON object that its rows share as a
 * dictionary value: `Labels` (the point's attributes), `Resource` (those of its resource, `service.name` among them) and
 * `Meta` (the metric and its scope, see `MetricMeta`). In place of three maps and nine columns they make an insert a third
 * as dear and a row a third to a twelfth as large (docs/adr/0058-metrics-at-rest.md).
 *
 * Sorted by hour before series: a question at one instant then reads the series' rows of one hour only, and a question over a
 * day reads them hour by hour.
 */
const described = [
  column('Tenant', 'lowCardinality'),
  column('MetricName', 'lowCardinality'),
  column('ServiceName', 'lowCardinality'),
  column('Labels', 'lowCardinality'),
  column('Resource', 'lowCardinality'),
  column('Meta', 'lowCardinality'),
  // 0: gauge, or a temporality that is not known. 1: sum, cumulative. 2: delta.
  column('Kind', 'uint8'),
  column('StartTimeUnix', 'timestampNs', 'Delta(8), ZSTD(1)'),
  column('TimeUnix', 'timestampNs', 'Delta(8), ZSTD(1)'),
  column('Flags', 'uint32'),
] as const

const KEY = ['Tenant', 'MetricName', 'toStartOfHour(TimeUnix)', 'ServiceName', 'Labels', 'Resource'] as const

/** '' nearly always; otherwise a JSON array, see `StoredExemplar`. */
const exemplars = column('Exemplars', 'string')

const pointStream = <const Name extends string, const Columns extends readonly Column[]>(
  name: Name,
  columns: Columns,
) =>
  ({
    name,
    key: 'none',
    columns: [...described, ...columns],
    table: {
      name,
      partitionBy: 'toDate(TimeUnix)',
      // Without the time itself: the engine would match conditions on it with that column, which comes last, and not with the hour.
      primaryKey: KEY,
      orderBy: [...KEY, 'TimeUnix'],
      ttlFrom: 'toDateTime(TimeUnix)',
      retention: 'signals',
    },
  }) as const satisfies StreamDeclaration

/**
 * Gauges and sums. `Kind`: 0 gauge, 1 sum, 2 sum of deltas. `Value` keeps its bits. A point without a value (flag 1) has one of
 * two NaNs instead: `STALE_NAN`, which ends the series, or `EXEMPLARS_NAN`, when the row exists only for its exemplars.
 */
export const metricPoints = pointStream('metric_points', [
  column('Value', 'float64', 'Delta(8), ZSTD(1)'),
  exemplars,
])

/**
 * Histograms with explicit bounds: `BucketCounts` has one more element than `ExplicitBounds`. Prometheus' float histograms
 * have counts that are not whole: these are in the `Float` columns (`IsFloat`), and rounded in the others.
 */
export const metricHistograms = pointStream('metric_histograms', [
  column('Count', 'uint64', 'Delta(8), ZSTD(1)'),
  column('Sum', 'float64', 'Delta(8), ZSTD(1)'),
  list('BucketCounts', 'uint64'),
  list('ExplicitBounds', 'float64'),
  column('Min', 'float64'),
  column('Max', 'float64'),
  exemplars,
  column('IsFloat', 'bool'),
  column('FloatCount', 'float64'),
  list('FloatBucketCounts', 'float64'),
  // Prometheus' counter reset hint: 0 unknown, 1 reset, 2 none, 3 gauge.
  column('ResetHint', 'uint8'),
])

/** Exponential histograms: bucket i of a side holds (base^(offset+i), base^(offset+i+1)], base = 2^(2^-Scale). */
export const metricExpHistograms = pointStream('metric_exp_histograms', [
  column('Count', 'uint64', 'Delta(8), ZSTD(1)'),
  column('Sum', 'float64', 'Delta(8), ZSTD(1)'),
  column('Scale', 'int32'),
  column('ZeroCount', 'uint64'),
  column('ZeroThreshold', 'float64'),
  column('PositiveOffset', 'int32'),
  list('PositiveBucketCounts', 'uint64'),
  column('NegativeOffset', 'int32'),
  list('NegativeBucketCounts', 'uint64'),
  column('Min', 'float64'),
  column('Max', 'float64'),
  exemplars,
  column('IsFloat', 'bool'),
  column('FloatCount', 'float64'),
  column('FloatZeroCount', 'float64'),
  list('FloatPositiveBucketCounts', 'float64'),
  list('FloatNegativeBucketCounts', 'float64'),
  column('ResetHint', 'uint8'),
])

/** Summaries; quantiles are 0..1. */
export const metricSummaries = pointStream('metric_summaries', [
  column('Count', 'uint64', 'Delta(8), ZSTD(1)'),
  column('Sum', 'float64', 'Delta(8), ZSTD(1)'),
  list('Quantiles', 'float64'),
  list('QuantileValues', 'float64'),
])

/** Values of `Kind`. */
export const POINT_KIND = { gauge: 0, cumulative: 1, delta: 2 } as const

/** OTLP's aggregation temporality of deltas. */
export const DELTA_TEMPORALITY = 1

/** High and low 32 bits of the NaN with which Prometheus ends a series. */
export const STALE_NAN = { high: 0x7ff00000, low: 2 } as const

/** The same of the value of a row that exists only for its exemplars: not a sample, and no end of a series. */
export const EXEMPLARS_NAN = { high: 0x7ff00000, low: 3 } as const

/**
 * What `Meta` says, in this order. The first two are always there; the others only where they are not empty. Every value that
 * a sender chooses is a JSON string, attributes of the scope too, so that the engine's `simpleJSONExtract*` never takes a part
 * of a value for a member.
 */
export interface MetricMeta {
  readonly description: string
  readonly unit: string
  /** As OTLP numbers it: 1 delta, 2 cumulative. */
  readonly temporality?: number
  readonly monotonic?: true
  readonly scope?: string
  readonly scopeVersion?: string
  /** A JSON object, as text. */
  readonly scopeAttributes?: string
  readonly scopeDropped?: number
  readonly scopeUrl?: string
  readonly resourceUrl?: string
}

/** An element of `Exemplars`. */
export interface StoredExemplar {
  readonly attributes: Readonly<Record<string, string>>
  /** Nanoseconds since the epoch, in decimal. */
  readonly time: string
  /** The value for people: decimal, `NaN`, `+Inf` or `-Inf`. */
  readonly value: string
  /** Its bits: 16 hex digits. */
  readonly bits: string
  /** Lower-case hex; '' if missing. */
  readonly spanId: string
  readonly traceId: string
}
