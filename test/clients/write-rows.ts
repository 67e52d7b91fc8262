/**
 * Remote write as the expected rows, written out from docs/prometheus.md the slow way: labels as maps, times as
 * bigints, buckets one by one.
 */
import { noRows, type Row, type Rows, type Table, TENANT } from './sent.ts'

type Text = Uint8Array

/** A request of either version; 64-bit numbers are decimal text, a sample's value its bits. */
export interface WriteMessage {
  readonly timeseries: readonly WriteSeries[]
  /** For 1.0. */
  readonly metadata?: readonly {
    readonly type: number
    readonly metric_family_name: Text
    readonly help: Text
    readonly unit: Text
  }[]
  /** For 2.0. */
  readonly symbols?: readonly Text[]
}

interface Labelled {
  readonly labels?: readonly { readonly name: Text; readonly value: Text }[]
  readonly labels_refs?: readonly number[]
}

interface WriteSeries extends Labelled {
  readonly samples: readonly WriteSample[]
  readonly histograms: readonly WriteHistogram[]
  readonly exemplars: readonly WriteExemplar[]
  readonly metadata?: readonly {
    readonly type: number
    readonly help_ref: number
    readonly unit_ref: number
  }[]
}

interface WriteSample {
  readonly value: string
  readonly timestamp: string
  readonly start_timestamp?: string
}

interface WriteExemplar extends Labelled {
  readonly value: string
  readonly timestamp: string
}

export interface WriteHistogram {
  readonly count_int?: string
  readonly count_float?: number
  readonly sum: number
  readonly schema: number
  readonly zero_count_int?: string
  readonly zero_count_float?: number
  readonly negative_spans: readonly Span[]
  readonly negative_deltas: readonly string[]
  readonly negative_counts: readonly number[]
  readonly positive_spans: readonly Span[]
  readonly positive_deltas: readonly string[]
  readonly positive_counts: readonly number[]
  /** By name or number. */
  readonly reset_hint: unknown
  readonly timestamp: string
  readonly start_timestamp?: string
  readonly custom_values: readonly number[]
}

interface Span {
  readonly offset: number
  readonly length: number
}

export interface Family {
  /** Numbering of types in remote write. */
  readonly type: number
  readonly help: string
  readonly unit: string
}

const [UNKNOWN, COUNTER, HISTOGRAM, GAUGEHISTOGRAM, SUMMARY] = [0, 1, 3, 4, 5]
const GAUGE_HINTS: readonly unknown[] = ['GAUGE', 3]
export const STALE = 0x7ff0000000000002n
export const CUSTOM_BUCKETS = -53

const utf8 = (bytes: Text): string => Buffer.from(bytes).toString()
const nanoseconds = (ms: string | undefined): bigint => BigInt(ms ?? 0) * 1_000_000n

/** Adds the rows of requests, one after the other; metadata in 1.0 applies to what follows. */
export class WriteRows {
  readonly rows: Rows = noRows()
  readonly #families = new Map<string, Family>()

  add(message: WriteMessage): void {
    for (const { metric_family_name, type, help, unit } of message.metadata ?? [])
      this.#families.set(utf8(metric_family_name), { type, help: utf8(help), unit: utf8(unit) })
    for (const series of message.timeseries) this.#series(series, message.symbols ?? [])
  }

  #series(series: WriteSeries, symbols: readonly Text[]): void {
    const { __name__: name = '', job = '', instance = '', ...Attributes } = labelsOf(series, symbols)
    const family = this.#familyOf(name, series, symbols)
    const common = {
      Tenant: TENANT,
      ServiceName: job,
      ResourceAttributes: { 'service.name': job, 'service.instance.id': instance },
      MetricName: name,
      MetricDescription: family.help,
      MetricUnit: family.unit,
      Attributes,
    }
    const points = [
      ...series.samples.map(sample => numberPoint(name, family, sample)),
      ...series.histograms.map(histogram => histogramPoint(family, histogram)),
    ]
    const exemplars = series.exemplars.map(exemplar => exemplarOf(exemplar, symbols))
    if (points.length === 0) {
      for (const exemplar of exemplars)
        this.#push({ ...emptyPoint(name, family, exemplar.timestamp), exemplars: [exemplar] }, common)
    } else
      for (const [at, point] of points.entries())
        this.#push({ ...point, exemplars: at === 0 ? exemplars : [] }, common)
  }

  #push({ table, row, exemplars }: Point & { readonly exemplars: readonly Exemplar[] }, common: Row): void {
    this.rows[table].push({
      ...common,
      ...row,
      'Exemplars.FilteredAttributes': exemplars.map(({ attributes }) => attributes),
      'Exemplars.TimeUnix': exemplars.map(({ timestamp }) => nanoseconds(timestamp)),
      'Exemplars.Value': exemplars.map(({ value }) => value),
      'Exemplars.SpanId': exemplars.map(({ spanId }) => spanId),
      'Exemplars.TraceId': exemplars.map(({ traceId }) => traceId),
    })
  }

  #familyOf(name: string, { metadata }: WriteSeries, symbols: readonly Text[]): Family {
    if (metadata !== undefined) {
      const said = metadata.at(-1)
      const text = (ref = 0): string => utf8(symbols[ref] ?? new Uint8Array())
      return { type: said?.type ?? UNKNOWN, help: text(said?.help_ref), unit: text(said?.unit_ref) }
    }
    const exact = this.#families.get(name)
    const stem = this.#families.get(name.replace(/_(bucket|count|sum|total)$/, ''))
    return exact ?? stem ?? { type: UNKNOWN, help: '', unit: '' }
  }
}

interface Point {
  readonly table: Table
  readonly row: Row
}

interface Exemplar {
  readonly attributes: Readonly<Record<string, string>>
  readonly timestamp: string
  readonly value: number
  readonly traceId: string
  readonly spanId: string
}

const doubleOf = (bits: string): number => new Float64Array(new BigUint64Array([BigInt(bits)]).buffer)[0] ?? 0

function labelsOf({ labels, labels_refs = [] }: Labelled, symbols: readonly Text[]): Record<string, string> {
  const pairs =
    labels?.map(({ name, value }) => [name, value] as const) ??
    Array.from({ length: labels_refs.length / 2 }, (_, at) => {
      const [name, value] = labels_refs.slice(2 * at).map(ref => symbols[ref] ?? new Uint8Array())
      return [name ?? new Uint8Array(), value ?? new Uint8Array()] as const
    })
  return Object.fromEntries(pairs.filter(([, value]) => value.length > 0).map(pair => pair.map(utf8)))
}

function exemplarOf(exemplar: WriteExemplar, symbols: readonly Text[]): Exemplar {
  const { trace_id: traceId = '', span_id: spanId = '', ...attributes } = labelsOf(exemplar, symbols)
  return { attributes, timestamp: exemplar.timestamp, value: doubleOf(exemplar.value), traceId, spanId }
}

function isSum(name: string, type: number): boolean {
  if (type === COUNTER) return true
  const accumulates = /_(bucket|count|sum)$/.test(name)
  if (type === HISTOGRAM || type === SUMMARY) return accumulates
  return type === UNKNOWN && (accumulates || name.endsWith('_total'))
}

function numberPoint(
  name: string,
  { type }: Family,
  { value, timestamp, start_timestamp }: WriteSample,
): Point {
  const isStale = BigInt(value) === STALE
  return {
    table: isSum(name, type) ? 'otel_metrics_sum' : 'otel_metrics_gauge',
    row: {
      StartTimeUnix: nanoseconds(start_timestamp),
      TimeUnix: nanoseconds(timestamp),
      Flags: isStale ? 1 : 0,
      Value: isStale ? 0 : doubleOf(value),
      ...(isSum(name, type) ? { AggregationTemporality: 2, IsMonotonic: true } : {}),
    },
  }
}

/** For an exemplar without a sample. */
function emptyPoint(name: string, family: Family, timestamp: string): Point {
  const isNative =
    family.type === GAUGEHISTOGRAM || (family.type === HISTOGRAM && !/_(bucket|count|sum)$/.test(name))
  if (!isNative) return numberPoint(name, family, { value: String(STALE), timestamp })
  return {
    table: 'otel_metrics_exp_histogram',
    row: { TimeUnix: nanoseconds(timestamp), Flags: 1, Count: 0n, Sum: 0 },
  }
}

function histogramPoint({ type }: Family, histogram: WriteHistogram): Point {
  const isGauge = type === GAUGEHISTOGRAM || GAUGE_HINTS.includes(histogram.reset_hint)
  const common = {
    StartTimeUnix: nanoseconds(histogram.start_timestamp),
    TimeUnix: nanoseconds(histogram.timestamp),
    AggregationTemporality: isGauge ? 0 : 2,
  }
  // None of our targets has a NaN sum: it is the end of a series.
  if (Number.isNaN(histogram.sum))
    return { table: 'otel_metrics_exp_histogram', row: { ...common, Flags: 1, Count: 0n, Sum: 0 } }
  const isFloat = histogram.count_float !== undefined
  const rounding = new Rounding()
  const negative = buckets(histogram.negative_spans, histogram.negative_deltas, histogram.negative_counts)
  const negativeCounts = negative.counts.map(count => rounding.next(count))
  const zero = rounding.next(
    isFloat ? (histogram.zero_count_float ?? 0) : Number(histogram.zero_count_int ?? 0),
  )
  const positive = buckets(histogram.positive_spans, histogram.positive_deltas, histogram.positive_counts)
  const positiveCounts = positive.counts.map(count => rounding.next(count))
  const row = {
    ...common,
    Flags: 0,
    Count: BigInt(Math.round(isFloat ? (histogram.count_float ?? 0) : Number(histogram.count_int ?? 0))),
    Sum: histogram.sum,
  }
  if (histogram.schema === CUSTOM_BUCKETS) {
    const bounds = histogram.custom_values
    const BucketCounts = [...bounds, Infinity].map((_, at) => positiveCounts[at - positive.first] ?? 0n)
    return { table: 'otel_metrics_histogram', row: { ...row, ExplicitBounds: [...bounds], BucketCounts } }
  }
  return {
    table: 'otel_metrics_exp_histogram',
    row: {
      ...row,
      Scale: histogram.schema,
      ZeroCount: zero,
      PositiveOffset: positive.first - 1,
      PositiveBucketCounts: positiveCounts,
      NegativeOffset: negative.first - 1,
      NegativeBucketCounts: negativeCounts,
    },
  }
}

/** Integer counts that add up like the fractional ones. */
class Rounding {
  #sum = 0

  next(count: number): bigint {
    const before = Math.round(this.#sum)
    this.#sum += count
    return BigInt(Math.round(this.#sum) - before)
  }
}

/** The first bucket's index, and the counts from there on. Without a bucket the offset is 0, which is one less than 1. */
function buckets(
  spans: readonly Span[],
  deltas: readonly string[],
  counts: readonly number[],
): { readonly first: number; readonly counts: readonly number[] } {
  const given = [...counts]
  let last = 0
  for (const delta of deltas) {
    last += Number(delta)
    given.push(last)
  }
  const all: number[] = []
  for (const [at, { offset, length }] of spans.entries()) {
    if (at > 0) all.push(...Array.from({ length: offset }, () => 0))
    all.push(...given.splice(0, length))
  }
  return { first: all.length === 0 ? 1 : (spans[0]?.offset ?? 0), counts: all }
}
