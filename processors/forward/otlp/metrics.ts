import type { ListView, MapView } from '../../../core/columns/column-views.ts'
import type { ViewsOf } from '../../../core/columns/record-reader.ts'
import type {
  metricsExpHistogram,
  metricsGauge,
  metricsHistogram,
  metricsSum,
  metricsSummary,
} from '../../../core/model/streams/index.ts'
import { WIRE } from '../../../core/protobuf/writer.ts'
import { type Envelope, eachRun, type MessageWriter, mapKey, SPAN_ID, TRACE_ID } from './message.ts'

/** Bit of a data point's flags: it marks the end of a series and has no value. */
const NO_RECORDED_VALUE = 1

type Gauges = ViewsOf<typeof metricsGauge>
type Sums = ViewsOf<typeof metricsSum>
type Histograms = ViewsOf<typeof metricsHistogram>
type ExpHistograms = ViewsOf<typeof metricsExpHistogram>
type Summaries = ViewsOf<typeof metricsSummary>
type Common = Omit<
  Summaries,
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

/** Data points of a stream of metrics as OTLP, those of one metric together where they follow each other. */
export function metricsEnvelope(stream: string, columns: unknown): Envelope {
  const make = KINDS[stream]!
  return envelopeOf(columns as Common, make(columns as never))
}

const KINDS: Readonly<Record<string, (columns: never) => PointKind>> = {
  metrics_gauge: (columns: Gauges) => ({ field: 5, point: (to, row) => writeNumber(to, columns, row) }),
  metrics_sum: (columns: Sums) => ({
    field: 7,
    point: (to, row) => writeNumber(to, columns, row),
    whole(to, row) {
      to.number(2, columns.AggregationTemporality.get(row) >>> 0)
      to.number(3, Number(columns.IsMonotonic.get(row)))
    },
    wholeKey: row => `${columns.AggregationTemporality.get(row)} ${columns.IsMonotonic.get(row)}`,
  }),
  metrics_histogram: (columns: Histograms) => ({
    field: 9,
    point: (to, row) => writeHistogram(to, columns, row),
    whole: (to, row) => to.number(2, columns.AggregationTemporality.get(row) >>> 0),
    wholeKey: row => `${columns.AggregationTemporality.get(row)}`,
  }),
  metrics_exp_histogram: (columns: ExpHistograms) => ({
    field: 10,
    point: (to, row) => writeExpHistogram(to, columns, row),
    whole: (to, row) => to.number(2, columns.AggregationTemporality.get(row) >>> 0),
    wholeKey: row => `${columns.AggregationTemporality.get(row)}`,
  }),
  metrics_summary: (columns: Summaries) => ({
    field: 11,
    point: (to, row) => writeSummary(to, columns, row),
  }),
}

function envelopeOf(columns: Common, kind: PointKind): Envelope {
  const { ResourceAttributes, ResourceSchemaUrl, ScopeAttributes, ScopeName, ScopeVersion } = columns
  const { ScopeDroppedAttrCount, ScopeSchemaUrl, MetricName, MetricDescription, MetricUnit } = columns
  const metricKey = (row: number): string =>
    `${MetricName.ids[row]} ${MetricDescription.ids[row]} ${MetricUnit.ids[row]} ${kind.wholeKey?.(row) ?? ''}`
  return {
    resourceKey: row => `${ResourceSchemaUrl.get(row)} ${mapKey(ResourceAttributes, row)}`,
    resource: (to, row) => to.attributes(1, ResourceAttributes, row),
    resourceUrl: row => ResourceSchemaUrl.get(row),
    scopeKey: row =>
      JSON.stringify([
        ScopeName.get(row),
        ScopeVersion.get(row),
        ScopeSchemaUrl.get(row),
        ScopeDroppedAttrCount.get(row),
        mapKey(ScopeAttributes, row),
      ]),
    scope(to, row) {
      to.text(1, ScopeName.get(row))
      to.text(2, ScopeVersion.get(row))
      to.attributes(3, ScopeAttributes, row)
      to.number(4, ScopeDroppedAttrCount.get(row))
    },
    scopeUrl: row => ScopeSchemaUrl.get(row),
    items(to, from, end) {
      eachRun(from, end, metricKey, (first, stop) => {
        to.message(2, () => {
          to.text(1, MetricName.get(first))
          to.text(2, MetricDescription.get(first))
          to.text(3, MetricUnit.get(first))
          to.message(kind.field, () => {
            for (let row = first; row < stop; row += 1) to.message(1, () => kind.point(to, row))
            kind.whole?.(to, first)
          })
        })
      })
    },
  }
}

function writeTimes(to: MessageWriter, { StartTimeUnix, TimeUnix }: Common, row: number): void {
  to.wide(2, StartTimeUnix.get(row))
  to.wide(3, TimeUnix.get(row))
}

function writeNumber(to: MessageWriter, columns: Gauges | Sums, row: number): void {
  const [flags, value] = [columns.Flags.get(row), columns.Value.get(row)]
  writeTimes(to, columns, row)
  if ((flags & NO_RECORDED_VALUE) === 0 || !Object.is(value, 0)) to.real(4, value)
  writeExemplars(to, 5, columns, row)
  to.attributes(7, columns.Attributes as MapView, row)
  to.number(8, flags)
}

function writeHistogram(to: MessageWriter, columns: Histograms, row: number): void {
  writeTimes(to, columns, row)
  to.wide(4, columns.Count.get(row))
  to.real(5, columns.Sum.get(row))
  packed(to, 6, columns.BucketCounts, row, value => to.fixed64(value))
  packed(to, 7, columns.ExplicitBounds, row, value => to.double(value))
  writeExemplars(to, 8, columns, row)
  to.attributes(9, columns.Attributes, row)
  to.number(10, columns.Flags.get(row))
  writeRange(to, 11, columns, row)
}

function writeExpHistogram(to: MessageWriter, columns: ExpHistograms, row: number): void {
  to.attributes(1, columns.Attributes, row)
  writeTimes(to, columns, row)
  to.wide(4, columns.Count.get(row))
  to.real(5, columns.Sum.get(row))
  to.signed(6, columns.Scale.get(row))
  to.wide(7, columns.ZeroCount.get(row))
  const buckets = (field: number, offset: number, counts: ExpHistograms['PositiveBucketCounts']): void =>
    to.message(field, () => {
      to.signed(1, offset)
      packed(to, 2, counts, row, value => to.varint64(value))
    })
  buckets(8, columns.PositiveOffset.get(row), columns.PositiveBucketCounts)
  buckets(9, columns.NegativeOffset.get(row), columns.NegativeBucketCounts)
  to.number(10, columns.Flags.get(row))
  writeExemplars(to, 11, columns, row)
  writeRange(to, 12, columns, row)
}

function writeSummary(to: MessageWriter, columns: Summaries, row: number): void {
  writeTimes(to, columns, row)
  to.wide(4, columns.Count.get(row))
  to.real(5, columns.Sum.get(row))
  const { offsets, items: quantiles } = columns['ValueAtQuantiles.Quantile']
  const { items: values } = columns['ValueAtQuantiles.Value']
  for (let at = offsets[row]!; at < offsets[row + 1]!; at += 1) {
    to.message(6, () => {
      to.real(1, quantiles.get(at))
      to.real(2, values.get(at))
    })
  }
  to.attributes(7, columns.Attributes, row)
  to.number(8, columns.Flags.get(row))
}

/** Min and max, next to each other. Two zeros is how an absent range is kept. */
function writeRange(
  to: MessageWriter,
  field: number,
  { Min, Max }: Histograms | ExpHistograms,
  row: number,
): void {
  const [min, max] = [Min.get(row), Max.get(row)]
  if (Object.is(min, 0) && Object.is(max, 0)) return
  to.real(field, min)
  to.real(field + 1, max)
}

function writeExemplars(to: MessageWriter, field: number, columns: ExemplarViews, row: number): void {
  const { offsets } = columns['Exemplars.TimeUnix']
  for (let at = offsets[row]!; at < offsets[row + 1]!; at += 1) {
    to.message(field, () => {
      to.wide(2, columns['Exemplars.TimeUnix'].items.get(at))
      to.real(3, columns['Exemplars.Value'].items.get(at))
      to.id(4, SPAN_ID, columns['Exemplars.SpanId'].items, at)
      to.id(5, TRACE_ID, columns['Exemplars.TraceId'].items, at)
      to.attributes(7, columns['Exemplars.FilteredAttributes'].items, at)
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
