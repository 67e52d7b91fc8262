import type { ListView, MapView } from '../../../core/columns/column-views.ts'
import type { ViewsOf } from '../../../core/columns/record-reader.ts'
import type {
  metricsExpHistogram,
  metricsGauge,
  metricsHistogram,
  metricsSum,
  metricsSummary,
} from '../../../core/model/streams/index.ts'
import { ENVELOPE, FIELD, NO_RECORDED_VALUE } from '../../../core/protobuf/otlp/fields.ts'
import { WIRE } from '../../../core/protobuf/writer.ts'
import { type Envelope, eachRun, type MessageWriter, SPAN_ID, TRACE_ID } from './message.ts'
import { envelopeAround } from './origin.ts'

/** Points of all kinds are in the field that Sum has for them, and their temporality too. */
const { Metric, Sum } = FIELD
const NUMBER = FIELD.NumberDataPoint
const HISTOGRAM = FIELD.HistogramDataPoint
const EXP_HISTOGRAM = FIELD.ExponentialHistogramDataPoint
const SUMMARY = FIELD.SummaryDataPoint
const QUANTILE = FIELD.ValueAtQuantile
const EXEMPLAR = FIELD.Exemplar

type Gauges = ViewsOf<typeof metricsGauge>
type Sums = ViewsOf<typeof metricsSum>
type HistogramViews = ViewsOf<typeof metricsHistogram>
type ExpHistogramViews = ViewsOf<typeof metricsExpHistogram>
type SummaryViews = ViewsOf<typeof metricsSummary>
type CommonViews = Omit<
  SummaryViews,
  'Count' | 'Sum' | 'Flags' | 'ValueAtQuantiles.Quantile' | 'ValueAtQuantiles.Value'
>
type ExemplarViews = Pick<
  Gauges,
  | 'Exemplars.FilteredAttributes'
  | 'Exemplars.TimeUnix'
  | 'Exemplars.Value'
  | 'Exemplars.SpanId'
  | 'Exemplars.TraceId'
>

/** How the points of one kind are written. */
interface PointKind {
  /** Field of Metric. */
  readonly field: number
  readonly point: (to: MessageWriter, row: number) => void
  /** What holds for all points of a metric: temporality, monotonic. */
  readonly whole?: (to: MessageWriter, row: number) => void
  readonly wholeKey?: (row: number) => string
}

/**
 * Data points of a stream of earlier releases, whose records may still be in the log, as OTLP: those of one metric together
 * where they follow each other.
 */
export function metricsV1Envelope(stream: string, columns: unknown): Envelope {
  const make = KINDS[stream]!
  return envelopeOf(columns as CommonViews, make(columns as never))
}

const KINDS: Readonly<Record<string, (columns: never) => PointKind>> = {
  metrics_gauge: (columns: Gauges) => ({
    field: Metric.gauge,
    point: (to, row) => writeNumber(to, columns, row),
  }),
  metrics_sum: (columns: Sums) => ({
    field: Metric.sum,
    point: (to, row) => writeNumber(to, columns, row),
    whole(to, row) {
      to.number(Sum.aggregationTemporality, columns.AggregationTemporality.get(row) >>> 0)
      to.number(Sum.isMonotonic, Number(columns.IsMonotonic.get(row)))
    },
    wholeKey: row => `${columns.AggregationTemporality.get(row)} ${columns.IsMonotonic.get(row)}`,
  }),
  metrics_histogram: (columns: HistogramViews) => ({
    field: Metric.histogram,
    point: (to, row) => writeHistogram(to, columns, row),
    whole: (to, row) => to.number(Sum.aggregationTemporality, columns.AggregationTemporality.get(row) >>> 0),
    wholeKey: row => `${columns.AggregationTemporality.get(row)}`,
  }),
  metrics_exp_histogram: (columns: ExpHistogramViews) => ({
    field: Metric.exponentialHistogram,
    point: (to, row) => writeExpHistogram(to, columns, row),
    whole: (to, row) => to.number(Sum.aggregationTemporality, columns.AggregationTemporality.get(row) >>> 0),
    wholeKey: row => `${columns.AggregationTemporality.get(row)}`,
  }),
  metrics_summary: (columns: SummaryViews) => ({
    field: Metric.summary,
    point: (to, row) => writeSummary(to, columns, row),
  }),
}

function envelopeOf(columns: CommonViews, kind: PointKind): Envelope {
  const { MetricName, MetricDescription, MetricUnit } = columns
  const metricKey = (row: number): string =>
    `${MetricName.ids[row]} ${MetricDescription.ids[row]} ${MetricUnit.ids[row]} ${kind.wholeKey?.(row) ?? ''}`
  return {
    ...envelopeAround(columns),
    items(to, from, end) {
      eachRun(from, end, metricKey, (first, stop) => {
        to.message(ENVELOPE.members, () => {
          to.text(Metric.name, MetricName.get(first))
          to.text(Metric.description, MetricDescription.get(first))
          to.text(Metric.unit, MetricUnit.get(first))
          to.message(kind.field, () => {
            for (let row = first; row < stop; row += 1) to.message(Sum.dataPoints, () => kind.point(to, row))
            kind.whole?.(to, first)
          })
        })
      })
    },
  }
}

function writeTimes(to: MessageWriter, { StartTimeUnix, TimeUnix }: CommonViews, row: number): void {
  to.wide(NUMBER.startTimeUnixNano, StartTimeUnix.get(row))
  to.wide(NUMBER.timeUnixNano, TimeUnix.get(row))
}

function writeNumber(to: MessageWriter, columns: Gauges | Sums, row: number): void {
  const [flags, value] = [columns.Flags.get(row), columns.Value.get(row)]
  writeTimes(to, columns, row)
  if ((flags & NO_RECORDED_VALUE) === 0 || !Object.is(value, 0)) to.real(NUMBER.asDouble, value)
  writeExemplars(to, NUMBER.exemplars, columns, row)
  to.attributes(NUMBER.attributes, columns.Attributes as MapView, row)
  to.number(NUMBER.flags, flags)
}

function writeHistogram(to: MessageWriter, columns: HistogramViews, row: number): void {
  writeTimes(to, columns, row)
  to.wide(HISTOGRAM.count, columns.Count.get(row))
  to.real(HISTOGRAM.sum, columns.Sum.get(row))
  packed(to, HISTOGRAM.bucketCounts, columns.BucketCounts, row, value => to.fixed64(value))
  packed(to, HISTOGRAM.explicitBounds, columns.ExplicitBounds, row, value => to.double(value))
  writeExemplars(to, HISTOGRAM.exemplars, columns, row)
  to.attributes(HISTOGRAM.attributes, columns.Attributes, row)
  to.number(HISTOGRAM.flags, columns.Flags.get(row))
  writeRange(to, HISTOGRAM, columns, row)
}

function writeExpHistogram(to: MessageWriter, columns: ExpHistogramViews, row: number): void {
  to.attributes(EXP_HISTOGRAM.attributes, columns.Attributes, row)
  writeTimes(to, columns, row)
  to.wide(EXP_HISTOGRAM.count, columns.Count.get(row))
  to.real(EXP_HISTOGRAM.sum, columns.Sum.get(row))
  to.signed(EXP_HISTOGRAM.scale, columns.Scale.get(row))
  to.wide(EXP_HISTOGRAM.zeroCount, columns.ZeroCount.get(row))
  const buckets = (field: number, offset: number, counts: ExpHistogramViews['PositiveBucketCounts']): void =>
    to.message(field, () => {
      to.signed(FIELD.Buckets.offset, offset)
      packed(to, FIELD.Buckets.bucketCounts, counts, row, value => to.varint64(value))
    })
  buckets(EXP_HISTOGRAM.positive, columns.PositiveOffset.get(row), columns.PositiveBucketCounts)
  buckets(EXP_HISTOGRAM.negative, columns.NegativeOffset.get(row), columns.NegativeBucketCounts)
  to.number(EXP_HISTOGRAM.flags, columns.Flags.get(row))
  writeExemplars(to, EXP_HISTOGRAM.exemplars, columns, row)
  writeRange(to, EXP_HISTOGRAM, columns, row)
}

function writeSummary(to: MessageWriter, columns: SummaryViews, row: number): void {
  writeTimes(to, columns, row)
  to.wide(SUMMARY.count, columns.Count.get(row))
  to.real(SUMMARY.sum, columns.Sum.get(row))
  const { offsets, items: quantiles } = columns['ValueAtQuantiles.Quantile']
  const { items: values } = columns['ValueAtQuantiles.Value']
  for (let at = offsets[row]!; at < offsets[row + 1]!; at += 1) {
    to.message(SUMMARY.quantileValues, () => {
      to.real(QUANTILE.quantile, quantiles.get(at))
      to.real(QUANTILE.value, values.get(at))
    })
  }
  to.attributes(SUMMARY.attributes, columns.Attributes, row)
  to.number(SUMMARY.flags, columns.Flags.get(row))
}

/** Min and max. Two zeros is how an absent range is kept. */
function writeRange(
  to: MessageWriter,
  fields: { readonly min: number; readonly max: number },
  { Min, Max }: HistogramViews | ExpHistogramViews,
  row: number,
): void {
  const [min, max] = [Min.get(row), Max.get(row)]
  if (Object.is(min, 0) && Object.is(max, 0)) return
  to.real(fields.min, min)
  to.real(fields.max, max)
}

function writeExemplars(to: MessageWriter, field: number, columns: ExemplarViews, row: number): void {
  const { offsets } = columns['Exemplars.TimeUnix']
  for (let at = offsets[row]!; at < offsets[row + 1]!; at += 1) {
    to.message(field, () => {
      to.wide(EXEMPLAR.timeUnixNano, columns['Exemplars.TimeUnix'].items.get(at))
      to.real(EXEMPLAR.asDouble, columns['Exemplars.Value'].items.get(at))
      to.id(EXEMPLAR.spanId, SPAN_ID, columns['Exemplars.SpanId'].items, at)
      to.id(EXEMPLAR.traceId, TRACE_ID, columns['Exemplars.TraceId'].items, at)
      to.attributes(EXEMPLAR.filteredAttributes, columns['Exemplars.FilteredAttributes'].items, at)
    })
  }
}

/** Numbers of a list in one field; none for an empty list. */
function packed<Value>(
  to: MessageWriter,
  field: number,
  { offsets, items }: ListView<{ length: number; get(row: number): Value }, Value>,
  row: number,
  write: (value: Value) => void,
): void {
  const [from, end] = [offsets[row]!, offsets[row + 1]!]
  if (from === end) return
  to.tag(field, WIRE.bytes)
  const start = to.begin()
  for (let at = from; at < end; at += 1) write(items.get(at))
  to.end(start)
}
