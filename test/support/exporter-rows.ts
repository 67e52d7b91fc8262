/** Rows of the tables of points as the exporter's tables have them: what the views do in SQL, by other means. */

import type {
  metricExpHistograms,
  metricHistograms,
  metricPoints,
  metricSummaries,
} from '../../core/model/streams/index.ts'
import type { MetricMeta, StoredExemplar } from '../../core/model/streams/metric-points.ts'
import type { RowOf } from '../../core/model/streams/stream.ts'

type Row = Record<string, unknown>
type Point = RowOf<typeof metricPoints>
type Points = Point | RowOf<typeof metricHistograms> | RowOf<typeof metricExpHistograms>

/** By builder, as `SIGNAL_BUILDERS` names them. */
export interface PointRows {
  readonly points: readonly Point[]
  readonly histograms: readonly RowOf<typeof metricHistograms>[]
  readonly expHistograms: readonly RowOf<typeof metricExpHistograms>[]
  readonly summaries: readonly RowOf<typeof metricSummaries>[]
}

/** By kind of metric. */
export function exporterRows({ points, histograms, expHistograms, summaries }: PointRows) {
  return {
    gauge: points.filter(({ Kind }) => Kind === 0).map(numberRow),
    sum: points.filter(({ Kind }) => Kind > 0).map(sumRow),
    histogram: histograms.map(histogramRow),
    expHistogram: expHistograms.map(expHistogramRow),
    summary: summaries.map(summaryRow),
  }
}

const metaOf = ({ Meta }: { readonly Meta: string }): MetricMeta => JSON.parse(Meta)

function commonRow(row: Points | RowOf<typeof metricSummaries>): Row {
  const meta = metaOf(row)
  return {
    Tenant: row.Tenant,
    ResourceAttributes: JSON.parse(row.Resource),
    ResourceSchemaUrl: meta.resourceUrl ?? '',
    ScopeName: meta.scope ?? '',
    ScopeVersion: meta.scopeVersion ?? '',
    ScopeAttributes: JSON.parse(meta.scopeAttributes ?? '{}'),
    ScopeDroppedAttrCount: meta.scopeDropped ?? 0,
    ScopeSchemaUrl: meta.scopeUrl ?? '',
    ServiceName: row.ServiceName,
    MetricName: row.MetricName,
    MetricDescription: meta.description,
    MetricUnit: meta.unit,
    Attributes: JSON.parse(row.Labels),
    StartTimeUnix: row.StartTimeUnix,
    TimeUnix: row.TimeUnix,
    Flags: row.Flags,
  }
}

function exemplarRow({ Exemplars }: Points): Row {
  const exemplars: readonly StoredExemplar[] = Exemplars === '' ? [] : JSON.parse(Exemplars)
  return {
    'Exemplars.FilteredAttributes': exemplars.map(({ attributes }) => attributes),
    'Exemplars.TimeUnix': exemplars.map(({ time }) => BigInt(time)),
    'Exemplars.Value': exemplars.map(({ bits }) => Buffer.from(bits, 'hex').readDoubleBE()),
    'Exemplars.SpanId': exemplars.map(({ spanId }) => spanId),
    'Exemplars.TraceId': exemplars.map(({ traceId }) => traceId),
  }
}

const temporalityRow = (row: Points): Row => ({ AggregationTemporality: metaOf(row).temporality ?? 0 })

/** A gauge or sum, as a gauge. */
export const numberRow = (row: Point): Row => ({
  ...commonRow(row),
  ...exemplarRow(row),
  Value: (row.Flags & 1) === 1 ? 0 : row.Value,
})

const sumRow = (row: Point): Row => ({
  ...numberRow(row),
  ...temporalityRow(row),
  IsMonotonic: metaOf(row).monotonic ?? false,
})

const histogramRow = (row: RowOf<typeof metricHistograms>): Row => {
  const { Count, Sum, BucketCounts, ExplicitBounds, Min, Max } = row
  const own = { Count, Sum, BucketCounts, ExplicitBounds, Min, Max }
  return { ...commonRow(row), ...exemplarRow(row), ...own, ...temporalityRow(row) }
}

const expHistogramRow = (row: RowOf<typeof metricExpHistograms>): Row => {
  const { Count, Sum, Scale, ZeroCount, PositiveOffset, PositiveBucketCounts } = row
  const { NegativeOffset, NegativeBucketCounts, Min, Max } = row
  const own = { Count, Sum, Scale, ZeroCount, PositiveOffset, PositiveBucketCounts }
  const rest = { NegativeOffset, NegativeBucketCounts, Min, Max }
  return { ...commonRow(row), ...exemplarRow(row), ...own, ...rest, ...temporalityRow(row) }
}

const summaryRow = (row: RowOf<typeof metricSummaries>): Row => ({
  ...commonRow(row),
  Count: row.Count,
  Sum: row.Sum,
  'ValueAtQuantiles.Quantile': row.Quantiles,
  'ValueAtQuantiles.Value': row.QuantileValues,
})
