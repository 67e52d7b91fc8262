import type { DictionaryView, ListView } from '../../../core/columns/column-views.ts'
import type { ViewsOf } from '../../../core/columns/record-reader.ts'
import type {
  metricExpHistograms,
  metricHistograms,
  metricPoints,
  metricSummaries,
} from '../../../core/model/streams/index.ts'
import {
  type MetricMeta,
  POINT_KIND,
  type StoredExemplar,
} from '../../../core/model/streams/metric-points.ts'
import { ENVELOPE, FIELD, NO_RECORDED_VALUE } from '../../../core/protobuf/otlp/fields.ts'
import { WIRE } from '../../../core/protobuf/writer.ts'
import { type Envelope, eachRun, type MessageWriter } from './message.ts'

/** Points of all kinds are in the field that Sum has for them, and their temporality too. */
const { Metric, Sum } = FIELD
const SCOPE = FIELD.InstrumentationScope
const NUMBER = FIELD.NumberDataPoint
const HISTOGRAM = FIELD.HistogramDataPoint
const EXP_HISTOGRAM = FIELD.ExponentialHistogramDataPoint
const SUMMARY = FIELD.SummaryDataPoint
const QUANTILE = FIELD.ValueAtQuantile
const EXEMPLAR = FIELD.Exemplar

type Numbers = ViewsOf<typeof metricPoints>
type Histograms = ViewsOf<typeof metricHistograms>
type ExpHistograms = ViewsOf<typeof metricExpHistograms>
type Summaries = ViewsOf<typeof metricSummaries>
type Common = Omit<Summaries, 'Count' | 'Sum' | 'Quantiles' | 'QuantileValues'>

/** How the points of one table are written. */
interface PointEncoder {
  /** Field of Metric. */
  readonly field: (row: number) => number
  readonly point: (to: MessageWriter, row: number) => void
}

/** Data points of a stream as OTLP, those of one metric together where they follow each other. */
export function metricsEnvelope(stream: string, columns: unknown): Envelope {
  const make = WRITERS[stream]!
  return envelopeOf(columns as Common, make(columns as never))
}

const WRITERS: Readonly<Record<string, (columns: never) => PointEncoder>> = {
  metric_points: (columns: Numbers) => ({
    field: row => (columns.Kind.get(row) === POINT_KIND.gauge ? Metric.gauge : Metric.sum),
    point: numberWriter(columns),
  }),
  metric_histograms: (columns: Histograms) => ({
    field: () => Metric.histogram,
    point: histogramWriter(columns),
  }),
  metric_exp_histograms: (columns: ExpHistograms) => ({
    field: () => Metric.exponentialHistogram,
    point: expHistogramWriter(columns),
  }),
  metric_summaries: (columns: Summaries) => ({
    field: () => Metric.summary,
    point: summaryWriter(columns),
  }),
}

/** Whether such a stream holds metrics in this form. */
export const isPointStream = (stream: string): boolean => stream in WRITERS

type AttributePairs = readonly (readonly [key: string, value: string])[]

/** The objects of a column of JSON texts; each text is parsed once. */
function parsed<Value>(view: DictionaryView, of: (text: string) => Value): (row: number) => Value {
  const known = new Map<number, Value>()
  return row => {
    const id = view.ids[row]!
    const value = known.get(id) ?? of(view.get(row))
    known.set(id, value)
    return value
  }
}

const attributesOf = (text: string): AttributePairs =>
  Object.entries(JSON.parse(text) as Record<string, string>)

function writeAttributes(to: MessageWriter, field: number, attributes: AttributePairs): void {
  for (const [key, value] of attributes) to.attribute(field, key, value)
}

function envelopeOf(columns: Common, points: PointEncoder): Envelope {
  const { MetricName, Resource, Meta } = columns
  const metaOf = parsed(Meta, text => JSON.parse(text) as MetricMeta)
  const resourceOf = parsed(Resource, attributesOf)
  const resourceUrl = (row: number): string => metaOf(row).resourceUrl ?? ''
  const scopeKeyOf = parsed(Meta, text => {
    const { scope, scopeVersion, scopeAttributes, scopeDropped, scopeUrl } = JSON.parse(text) as MetricMeta
    return JSON.stringify([scope, scopeVersion, scopeAttributes, scopeDropped, scopeUrl])
  })
  return {
    resourceKey: row => `${Resource.ids[row]} ${resourceUrl(row)}`,
    resource: (to, row) => writeAttributes(to, FIELD.Resource.attributes, resourceOf(row)),
    resourceUrl,
    scopeKey: scopeKeyOf,
    scope(to, row) {
      const { scope = '', scopeVersion = '', scopeAttributes, scopeDropped = 0 } = metaOf(row)
      to.text(SCOPE.name, scope)
      to.text(SCOPE.version, scopeVersion)
      if (scopeAttributes !== undefined) writeAttributes(to, SCOPE.attributes, attributesOf(scopeAttributes))
      to.number(SCOPE.droppedAttributesCount, scopeDropped)
    },
    scopeUrl: row => metaOf(row).scopeUrl ?? '',
    items(to, from, end) {
      const metricKey = (row: number): string =>
        `${MetricName.ids[row]} ${Meta.ids[row]} ${points.field(row)}`
      eachRun(from, end, metricKey, (first, stop) => {
        to.message(ENVELOPE.members, () => writeMetric(to, columns, points, metaOf(first), first, stop))
      })
    },
  }
}

function writeMetric(
  to: MessageWriter,
  { MetricName }: Common,
  { field, point }: PointEncoder,
  { description, unit, temporality = 0, monotonic }: MetricMeta,
  first: number,
  stop: number,
): void {
  to.text(Metric.name, MetricName.get(first))
  to.text(Metric.description, description)
  to.text(Metric.unit, unit)
  to.message(field(first), () => {
    for (let row = first; row < stop; row += 1) to.message(Sum.dataPoints, () => point(to, row))
    to.number(Sum.aggregationTemporality, temporality >>> 0)
    to.number(Sum.isMonotonic, Number(monotonic === true))
  })
}

function writeTimes(to: MessageWriter, { StartTimeUnix, TimeUnix }: Common, row: number): void {
  to.wide(NUMBER.startTimeUnixNano, StartTimeUnix.get(row))
  to.wide(NUMBER.timeUnixNano, TimeUnix.get(row))
}

function numberWriter(columns: Numbers): PointEncoder['point'] {
  const labelsOf = parsed(columns.Labels, attributesOf)
  return (to, row) => {
    const flags = columns.Flags.get(row)
    writeTimes(to, columns, row)
    if ((flags & NO_RECORDED_VALUE) === 0) to.real(NUMBER.asDouble, columns.Value.get(row))
    writeExemplars(to, NUMBER.exemplars, columns.Exemplars.get(row))
    writeAttributes(to, NUMBER.attributes, labelsOf(row))
    to.number(NUMBER.flags, flags)
  }
}

function histogramWriter(columns: Histograms): PointEncoder['point'] {
  const labelsOf = parsed(columns.Labels, attributesOf)
  return (to, row) => {
    writeTimes(to, columns, row)
    to.wide(HISTOGRAM.count, columns.Count.get(row))
    to.real(HISTOGRAM.sum, columns.Sum.get(row))
    packed(to, HISTOGRAM.bucketCounts, columns.BucketCounts, row, value => to.fixed64(value))
    packed(to, HISTOGRAM.explicitBounds, columns.ExplicitBounds, row, value => to.double(value))
    writeExemplars(to, HISTOGRAM.exemplars, columns.Exemplars.get(row))
    writeAttributes(to, HISTOGRAM.attributes, labelsOf(row))
    to.number(HISTOGRAM.flags, columns.Flags.get(row))
    writeRange(to, HISTOGRAM, columns, row)
  }
}

function expHistogramWriter(columns: ExpHistograms): PointEncoder['point'] {
  const labelsOf = parsed(columns.Labels, attributesOf)
  return (to, row) => {
    writeAttributes(to, EXP_HISTOGRAM.attributes, labelsOf(row))
    writeTimes(to, columns, row)
    to.wide(EXP_HISTOGRAM.count, columns.Count.get(row))
    to.real(EXP_HISTOGRAM.sum, columns.Sum.get(row))
    to.signed(EXP_HISTOGRAM.scale, columns.Scale.get(row))
    to.wide(EXP_HISTOGRAM.zeroCount, columns.ZeroCount.get(row))
    const buckets = (field: number, offset: number, counts: ExpHistograms['PositiveBucketCounts']): void =>
      to.message(field, () => {
        to.signed(FIELD.Buckets.offset, offset)
        packed(to, FIELD.Buckets.bucketCounts, counts, row, value => to.varint64(value))
      })
    buckets(EXP_HISTOGRAM.positive, columns.PositiveOffset.get(row), columns.PositiveBucketCounts)
    buckets(EXP_HISTOGRAM.negative, columns.NegativeOffset.get(row), columns.NegativeBucketCounts)
    to.number(EXP_HISTOGRAM.flags, columns.Flags.get(row))
    writeExemplars(to, EXP_HISTOGRAM.exemplars, columns.Exemplars.get(row))
    writeRange(to, EXP_HISTOGRAM, columns, row)
    const threshold = columns.ZeroThreshold.get(row)
    if (!Object.is(threshold, 0)) to.real(EXP_HISTOGRAM.zeroThreshold, threshold)
  }
}

function summaryWriter(columns: Summaries): PointEncoder['point'] {
  const labelsOf = parsed(columns.Labels, attributesOf)
  return (to, row) => {
    writeTimes(to, columns, row)
    to.wide(SUMMARY.count, columns.Count.get(row))
    to.real(SUMMARY.sum, columns.Sum.get(row))
    const { offsets, items: quantiles } = columns.Quantiles
    for (let at = offsets[row]!; at < offsets[row + 1]!; at += 1) {
      to.message(SUMMARY.quantileValues, () => {
        to.real(QUANTILE.quantile, quantiles.get(at))
        to.real(QUANTILE.value, columns.QuantileValues.items.get(at))
      })
    }
    writeAttributes(to, SUMMARY.attributes, labelsOf(row))
    to.number(SUMMARY.flags, columns.Flags.get(row))
  }
}

/** Min and max. Two zeros is how an absent range is kept. */
function writeRange(
  to: MessageWriter,
  fields: { readonly min: number; readonly max: number },
  { Min, Max }: Histograms | ExpHistograms,
  row: number,
): void {
  const [min, max] = [Min.get(row), Max.get(row)]
  if (Object.is(min, 0) && Object.is(max, 0)) return
  to.real(fields.min, min)
  to.real(fields.max, max)
}

function writeExemplars(to: MessageWriter, field: number, text: string): void {
  if (text === '') return
  for (const { attributes, time, bits, spanId, traceId } of JSON.parse(text) as StoredExemplar[]) {
    to.message(field, () => {
      to.wide(EXEMPLAR.timeUnixNano, BigInt.asUintN(64, BigInt(time)))
      to.tag(EXEMPLAR.asDouble, WIRE.fixed64)
      to.fixed64(BigInt(`0x${bits}`))
      for (const [id, idField] of [
        [spanId, EXEMPLAR.spanId],
        [traceId, EXEMPLAR.traceId],
      ] as const) {
        if (id === '') continue
        to.tag(idField, WIRE.bytes)
        to.blob(Buffer.from(id, 'hex'))
      }
      writeAttributes(to, EXEMPLAR.filteredAttributes, Object.entries(attributes))
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
