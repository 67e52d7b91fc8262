import { type Column, column, list, repeated, type StreamDeclaration } from './stream.ts'

/**
 * The five OTLP metric kinds as releases before `metric_points` stored them: a table for each, laid out as in the
 * OpenTelemetry Collector's exporter, attributes as maps. Nothing writes these streams any more. They stay declared, because
 * their records may still be in the log and their rows are in the tables until retention removes them. The tables had the
 * exporter's names, which are views now (core/warehouse/tables/ddl-metrics.ts).
 */
const common = [
  column('Tenant', 'lowCardinality'),
  column('ResourceAttributes', 'stringMap'),
  repeated('ResourceSchemaUrl'),
  repeated('ScopeName'),
  repeated('ScopeVersion'),
  column('ScopeAttributes', 'stringMap'),
  column('ScopeDroppedAttrCount', 'uint32'),
  repeated('ScopeSchemaUrl'),
  column('ServiceName', 'lowCardinality'),
  column('MetricName', 'lowCardinality'),
  column('MetricDescription', 'lowCardinality'),
  column('MetricUnit', 'lowCardinality'),
  column('Attributes', 'stringMap'),
  column('StartTimeUnix', 'timestampNs', 'Delta(8), ZSTD(1)'),
  column('TimeUnix', 'timestampNs', 'Delta(8), ZSTD(1)'),
] as const

const exemplars = [
  list('Exemplars.FilteredAttributes', 'stringMap'),
  list('Exemplars.TimeUnix', 'timestampNs'),
  list('Exemplars.Value', 'float64'),
  list('Exemplars.SpanId', 'spanId'),
  list('Exemplars.TraceId', 'traceId'),
] as const

const metricStream = <const Kind extends string, const Columns extends readonly Column[]>(
  kind: Kind,
  columns: Columns,
) =>
  ({
    name: `metrics_${kind}`,
    key: 'none',
    columns: [...common, ...columns],
    table: {
      name: `otel_metrics_${kind}_v1`,
      formerly: `otel_metrics_${kind}`,
      partitionBy: 'toDate(TimeUnix)',
      orderBy: ['Tenant', 'ServiceName', 'MetricName', 'Attributes', 'toUnixTimestamp64Nano(TimeUnix)'],
      indexes: [
        'idx_res_attr_key mapKeys(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1',
        'idx_res_attr_value mapValues(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1',
        'idx_attr_key mapKeys(Attributes) TYPE bloom_filter(0.01) GRANULARITY 1',
        'idx_attr_value mapValues(Attributes) TYPE bloom_filter(0.01) GRANULARITY 1',
      ],
      ttlFrom: 'toDateTime(TimeUnix)',
      retention: 'signals',
    },
  }) as const satisfies StreamDeclaration

/** OTLP gauges, one row per data point. */
export const metricsGauge = metricStream('gauge', [
  column('Value', 'float64'),
  column('Flags', 'uint32'),
  ...exemplars,
])

/** OTLP sums. `AggregationTemporality`: 1 delta, 2 cumulative, as OTLP numbers them. */
export const metricsSum = metricStream('sum', [
  column('Value', 'float64'),
  column('Flags', 'uint32'),
  ...exemplars,
  column('AggregationTemporality', 'int32'),
  column('IsMonotonic', 'bool', 'Delta(1), ZSTD(1)'),
])

/** OTLP histograms with explicit bounds: `BucketCounts` has one more element than `ExplicitBounds`. */
export const metricsHistogram = metricStream('histogram', [
  column('Count', 'uint64', 'Delta(8), ZSTD(1)'),
  column('Sum', 'float64'),
  list('BucketCounts', 'uint64'),
  list('ExplicitBounds', 'float64'),
  ...exemplars,
  column('Flags', 'uint32'),
  column('Min', 'float64'),
  column('Max', 'float64'),
  column('AggregationTemporality', 'int32'),
])

/** OTLP exponential histograms: bucket i of a side holds (base^(offset+i), base^(offset+i+1)], base = 2^(2^-Scale). */
export const metricsExpHistogram = metricStream('exp_histogram', [
  column('Count', 'uint64', 'Delta(8), ZSTD(1)'),
  column('Sum', 'float64'),
  column('Scale', 'int32'),
  column('ZeroCount', 'uint64'),
  column('PositiveOffset', 'int32'),
  list('PositiveBucketCounts', 'uint64'),
  column('NegativeOffset', 'int32'),
  list('NegativeBucketCounts', 'uint64'),
  ...exemplars,
  column('Flags', 'uint32'),
  column('Min', 'float64'),
  column('Max', 'float64'),
  column('AggregationTemporality', 'int32'),
])

/** OTLP summaries; quantiles are 0..1. */
export const metricsSummary = metricStream('summary', [
  column('Count', 'uint64', 'Delta(8), ZSTD(1)'),
  column('Sum', 'float64'),
  list('ValueAtQuantiles.Quantile', 'float64'),
  list('ValueAtQuantiles.Value', 'float64'),
  column('Flags', 'uint32'),
])
