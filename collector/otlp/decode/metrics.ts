import { DELTA_TEMPORALITY, POINT_KIND } from '../../../core/model/streams/metric-points.ts'
import { FIELD, KNOWN_FIELDS, TAG } from '../../../core/protobuf/otlp/fields.ts'
import { ProtobufReader } from '../../../core/protobuf/reader.ts'
import { AttributeTexts } from './attribute-texts.ts'
import { type DecodeContext, type DecodeResult, DecodeTally } from './decode-context.ts'
import { type EnvelopeVisitor, type Ranges, type TextRange, walkEnvelope } from './envelope.ts'
import { ExpHistogramPoints } from './exp-histogram-points.ts'
import { expansionCheck } from './expansion.ts'
import { HistogramPoints } from './histogram-points.ts'
import {
  type MetricBuilders,
  type MetricPlace,
  MetricRows,
  type MetricTextRanges,
  type PointsKind,
} from './metric-rows.ts'
import { NumberPoints } from './number-points.ts'
import type { PointSink } from './point-sink.ts'
import { allOrNothing } from './request.ts'
import { SummaryPoints } from './summary-points.ts'

const METRIC_FIELDS = KNOWN_FIELDS.Metric
/** Rows that may still lack their shared values: until then the builders do not know their size. */
const MOST_PENDING = 256
const NOTHING: TextRange = { start: 0, end: 0 }

/** Field numbers of the kinds in Metric. */
const {
  gauge: GAUGE,
  sum: SUM,
  histogram: HISTOGRAM,
  exponentialHistogram: EXP_HISTOGRAM,
  summary: SUMMARY,
} = FIELD.Metric
const NAMES: Readonly<Record<number, string>> = {
  [GAUGE]: 'Gauge',
  [SUM]: 'Sum',
  [HISTOGRAM]: 'Histogram',
  [EXP_HISTOGRAM]: 'ExponentialHistogram',
  [SUMMARY]: 'Summary',
}

/**
 * Decodes an ExportMetricsServiceRequest into the builders, one row per data point. Points of gauges and sums that
 * `sink` wants are also passed to it if they were accepted and have a value. Throws `body_undecodable` or
 * `body_too_large`, and then leaves the builders unchanged; what the sink received is void.
 */
export function decodeMetrics(
  body: Uint8Array,
  context: DecodeContext,
  builders: MetricBuilders,
  sink: PointSink,
): DecodeResult {
  const { points, histograms, expHistograms, summaries } = builders
  const all = [points, histograms, expHistograms, summaries]
  return allOrNothing(all, () => {
    const reader = new ProtobufReader(body)
    const byteSize = () => all.reduce((bytes, builder) => bytes + builder.byteSize, 0)
    const tally = new DecodeTally(context, expansionCheck(body.length, byteSize))
    walkEnvelope(reader, new MetricDecoder(reader, tally, context.tenant, builders, sink))
    return tally.result()
  })
}

class MetricDecoder implements EnvelopeVisitor {
  readonly names = {
    request: 'ExportMetricsServiceRequest',
    resource: 'ResourceMetrics',
    scope: 'ScopeMetrics',
  }
  readonly #reader: ProtobufReader
  readonly #tally: DecodeTally
  readonly #tenant: string
  readonly #builders: MetricBuilders
  readonly #sink: PointSink
  readonly #texts: AttributeTexts
  readonly #points = new Map<number, PointReader>()
  #place: MetricPlace = { resourceMessages: [], resourceUrl: NOTHING, scopeMessages: [], scopeUrl: NOTHING }

  constructor(
    reader: ProtobufReader,
    tally: DecodeTally,
    tenant: string,
    builders: MetricBuilders,
    sink: PointSink,
  ) {
    this.#reader = reader
    this.#tally = tally
    this.#tenant = tenant
    this.#builders = builders
    this.#sink = sink
    this.#texts = new AttributeTexts(reader, tally)
  }

  resource(messages: Ranges, schemaUrl: TextRange): void {
    this.#place = { ...this.#place, resourceMessages: messages, resourceUrl: schemaUrl }
  }

  scope(messages: Ranges, schemaUrl: TextRange): void {
    this.#place = { ...this.#place, scopeMessages: messages, scopeUrl: schemaUrl }
  }

  item(end: number): void {
    const reader = this.#reader
    let name = NOTHING
    let description = NOTHING
    let unit = NOTHING
    let kind = 0
    let data: number[] = []
    reader.message = 'Metric'
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      const field = tag >>> 3
      if ((tag & 7) !== 2 || field > 31 || ((METRIC_FIELDS >>> field) & 1) === 0) {
        reader.skip(tag, end, METRIC_FIELDS)
        continue
      }
      const stop = reader.length(end)
      const start = reader.position
      reader.position = stop
      if (field === FIELD.Metric.name) name = { start, end: stop }
      else if (field === FIELD.Metric.description) description = { start, end: stop }
      else if (field === FIELD.Metric.unit) unit = { start, end: stop }
      else if (field !== FIELD.Metric.metadata) {
        // If there are several kinds, the last counts, as oneof requires; parts of one kind are merged.
        if (field !== kind) data = []
        kind = field
        data.push(start, stop)
      }
    }
    if (kind !== 0) this.#data(kind, data, { name, description, unit })
  }

  /** Reads a Gauge, Sum, ...: fields that apply to all its points may come after them. */
  #data(kind: number, pieces: Ranges, head: MetricTextRanges): void {
    const reader = this.#reader
    const points: number[] = []
    let temporality = 0
    let monotonic = false
    reader.message = NAMES[kind]!
    for (let at = 0; at < pieces.length; at += 2) {
      const end = pieces[at + 1]!
      reader.position = pieces[at]!
      for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
        if (tag === TAG.Sum.dataPoints) {
          const stop = reader.length(end)
          points.push(reader.position, stop)
          reader.position = stop
        } else if (tag === TAG.Sum.aggregationTemporality && kind !== GAUGE && kind !== SUMMARY)
          temporality = reader.uint32(end) | 0
        else if (tag === TAG.Sum.isMonotonic && kind === SUM) monotonic = reader.bool(end)
        else reader.skip(tag, end, kind === SUM ? KNOWN_FIELDS.Sum : KNOWN_FIELDS.Gauge)
      }
    }
    if (points.length === 0) return
    this.#read(kind, points, head, temporality, monotonic)
  }

  #read(kind: number, points: Ranges, head: MetricTextRanges, temporality: number, monotonic: boolean): void {
    const into = this.#pointsOf(kind)
    const { rows } = into
    rows.enter(this.#place, head, kindOf(kind, temporality, monotonic))
    const sink = this.#sinkFor(kind, head, temporality, monotonic)
    for (let at = 0; at < points.length; at += 2) {
      this.#reader.position = points[at]!
      into.read(points[at + 1]!, sink)
      if (rows.pending === MOST_PENDING) into.leave()
    }
    if (rows.pending > 0) into.leave()
  }

  /** The sink for the points of a metric; null: none. */
  #sinkFor(kind: number, head: MetricTextRanges, temporality: number, monotonic: boolean): PointSink | null {
    if (kind !== GAUGE && kind !== SUM) return null
    const isWanted = this.#sink.metric(this.#reader.view, head, kind === SUM, temporality, monotonic)
    return isWanted ? this.#sink : null
  }

  /** Created for the first metric of a table: a request seldom has all four. */
  #pointsOf(kind: number): PointReader {
    const table = kind === SUM ? GAUGE : kind
    const known = this.#points.get(table)
    if (known !== undefined) return known
    const made = this.#createPoints(table)
    this.#points.set(table, made)
    return made
  }

  #createPoints(table: number): PointReader {
    const { points, histograms, expHistograms, summaries } = this.#builders
    if (table === GAUGE) {
      return new NumberPoints(this.#rowsOf(points, TAG.NumberDataPoint.attributes), points.columns)
    }
    if (table === HISTOGRAM) {
      return new HistogramPoints(this.#rowsOf(histograms, TAG.HistogramDataPoint.attributes), histograms)
    }
    if (table === EXP_HISTOGRAM) {
      const rows = this.#rowsOf(expHistograms, TAG.ExponentialHistogramDataPoint.attributes)
      return new ExpHistogramPoints(rows, expHistograms)
    }
    return new SummaryPoints(this.#rowsOf(summaries, TAG.SummaryDataPoint.attributes), summaries)
  }

  #rowsOf(builder: MetricBuilders[keyof MetricBuilders], attributeTag: number): MetricRows {
    return new MetricRows(this.#reader, this.#texts, this.#tally, this.#tenant, builder, attributeTag)
  }
}

function kindOf(kind: number, temporality: number, isMonotonic: boolean): PointsKind {
  const isDelta = temporality === DELTA_TEMPORALITY
  const isPlain = kind === GAUGE || kind === SUMMARY || (kind !== SUM && temporality === 0)
  if (isPlain) return { kind: POINT_KIND.gauge, temporality: 0, isMonotonic: false }
  return { kind: isDelta ? POINT_KIND.delta : POINT_KIND.cumulative, temporality, isMonotonic }
}

/** Reads the points of one kind into rows of its table. */
interface PointReader {
  readonly rows: MetricRows
  /** Reads the point that ends at `end`. `sink`: also receives the point; null: none. */
  read(end: number, sink: PointSink | null): void
  /** Writes the values shared by the points so far: one value for all of them is cheaper than one each. */
  leave(): void
}
