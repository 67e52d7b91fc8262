import { CUMULATIVE, ENVELOPE, FIELD, NO_RECORDED_VALUE } from '../../core/protobuf/otlp/fields.ts'
import { writeAttribute, writeAttributeBytes, writeText } from '../../core/protobuf/otlp/write.ts'
import { ProtobufWriter, WIRE } from '../../core/protobuf/writer.ts'
import { writeExact } from './exact-writer.ts'
import { type Exemplar, writeExemplar } from './exemplar.ts'
import type {
  DenseBuckets,
  DenseHistogram,
  ExactBuckets,
  MetricHead,
  PointShape,
  ResourceAttributes,
} from './metric.ts'
import { type NanoParts, nanoParts } from './nano-parts.ts'
import { SHAPES } from './shapes.ts'

/** Points of all kinds use the field number that Sum has for them, and so does their temporality. */
const { Metric, Sum } = FIELD
const NUMBER = FIELD.NumberDataPoint
const CLASSIC = FIELD.HistogramDataPoint
const NATIVE = FIELD.ExponentialHistogramDataPoint
const SUMMARY = FIELD.SummaryDataPoint
const QUANTILE = FIELD.ValueAtQuantile
const BUCKETS = FIELD.Buckets

/**
 * Writes Prometheus series as one OTLP ExportMetricsServiceRequest in protobuf, for
 * `Intake.ingest('metrics', 'protobuf', ...)`: limits, tables, readings and acknowledgements are the same for
 * every endpoint.
 *
 * Call the methods from the outside in; omit calls for what has not changed:
 *
 *     const out = new MetricsWriter()
 *     out.resource([['service.name', 'node'], ['service.instance.id', 'a:9100']])
 *     out.metric({ name: 'http_requests_total', type: 'counter', help: 'Requests.', unit: '' })
 *     out.begin('number', 1_700_000_000_000, 0, false)
 *     out.label('code', '200')
 *     out.value(42)
 *     out.exemplar({ value: 1, timeMs: 1_700_000_000_000, labels: [['trace_id', '4bf9...']] })
 *     out.end()
 *     out.finish()
 *
 * - `resource` begins a resource, `metric` a metric of it; neither writes anything before its first point.
 *   Consecutive points of one metric share its head, so pass series grouped by target and by name.
 * - `begin` opens a point of one shape (time, start, whether it is stale). Its labels, its content (once) and
 *   its exemplars follow in any order, then `end`. A stale point (Prometheus' NaN 0x7ff0000000000002) needs
 *   no content: it is flagged NO_RECORDED_VALUE.
 *
 * | type | shape | becomes |
 * |---|---|---|
 * | counter | number | cumulative monotonic sum |
 * | gauge, info, stateset, unknown | number | gauge |
 * | histogram | classic, native | histogram, exponential histogram, cumulative |
 * | gaugehistogram | classic, native | the same without temporality (0): it does not accumulate |
 * | summary | quantiles | summary |
 *
 * Names and texts are written unchanged; the caller must put `job` and `instance` on the resource and not on
 * the points. Times are milliseconds since 1970, fractions allowed; a start of 0 is unknown. An invalid time
 * (negative, NaN) becomes 0, which the decoder rejects as `time_in_past`. Nothing is checked here except what
 * OTLP cannot represent: see `classicProblem`.
 */
export class MetricsWriter {
  readonly #out: ProtobufWriter
  readonly #parts: NanoParts = { low: 0, high: 0 }
  #resource: ResourceAttributes = []
  #head: MetricHead = { name: '', type: 'gauge', help: '', unit: '' }
  /** Starts of the open ResourceMetrics, its ScopeMetrics, Metric and kind of data; -1: not open. */
  #resourceStart = -1
  #scopeStart = -1
  #metricStart = -1
  #dataStart = -1
  #metricShape: PointShape = 'number'
  // The current point.
  #pointStart = 0
  #fields: (typeof SHAPES)[PointShape] = SHAPES.number

  constructor(out: ProtobufWriter = new ProtobufWriter()) {
    this.#out = out
  }

  /** Resource of the next metrics, in this order; empty values are left out. */
  resource(attributes: ResourceAttributes): void {
    this.#closeResource()
    this.#resource = attributes
  }

  metric(head: MetricHead): void {
    this.#closeMetric()
    this.#head = head
  }

  begin(shape: PointShape, timeMs: number, startMs: number, stale: boolean): void {
    if (this.#metricStart === -1 || shape !== this.#metricShape) this.#openMetric(shape)
    const out = this.#out
    const fields = SHAPES[shape]
    this.#fields = fields
    out.tag(Sum.dataPoints, WIRE.bytes)
    this.#pointStart = out.begin()
    if (startMs > 0) this.#time(NUMBER.startTimeUnixNano, startMs)
    this.#time(NUMBER.timeUnixNano, timeMs)
    if (stale) {
      out.tag(fields.flags, WIRE.varint)
      out.uint(NO_RECORDED_VALUE)
    }
  }

  label(name: string, value: string): void {
    writeAttribute(this.#out, this.#fields.attributes, name, value)
  }

  /** A label whose name and value are ranges of UTF-8 bytes, without creating strings. */
  labelBytes(source: Uint8Array, nameFrom: number, nameTo: number, valueFrom: number, valueTo: number): void {
    writeAttributeBytes(this.#out, this.#fields.attributes, source, nameFrom, nameTo, valueFrom, valueTo)
  }

  /** The value of a number, a double as in Prometheus; NaN and infinities are kept. */
  value(value: number): void {
    this.#out.tag(NUMBER.asDouble, WIRE.fixed64)
    this.#out.double(value)
  }

  /** The same from the two 32-bit parts of its bits. */
  valueParts(low: number, high: number): void {
    this.#out.tag(NUMBER.asDouble, WIRE.fixed64)
    this.#out.fixed64Parts(low, high)
  }

  /**
   * Content of a classic histogram: the upper bounds without +Inf, and the cumulative counts as in Prometheus, one
   * more, the last being that of `le="+Inf"`. `classicProblem` must have found no problem. OTLP's counts are integers:
   * fractions are rounded cumulatively, so the buckets add up to the count, and each is off by less than one.
   */
  classic(bounds: readonly number[], cumulative: readonly number[], sum: number | undefined): void {
    const out = this.#out
    out.tag(CLASSIC.count, WIRE.fixed64)
    out.fixed64(BigInt(Math.round(cumulative.at(-1) ?? 0)))
    if (sum !== undefined) {
      out.tag(CLASSIC.sum, WIRE.fixed64)
      out.double(sum)
    }
    out.tag(CLASSIC.bucketCounts, WIRE.bytes)
    const counts = out.begin()
    let before = 0
    for (const count of cumulative) {
      const rounded = Math.round(count)
      out.fixed64(BigInt(rounded - before))
      before = rounded
    }
    out.end(counts)
    out.tag(CLASSIC.explicitBounds, WIRE.bytes)
    const start = out.begin()
    for (const bound of bounds) out.double(bound)
    out.end(start)
  }

  /** Content of a native histogram of schema -4 to 8, with dense buckets and integer counts. */
  native(histogram: DenseHistogram): void {
    const out = this.#out
    out.tag(NATIVE.count, WIRE.fixed64)
    out.fixed64(BigInt(histogram.count))
    out.tag(NATIVE.sum, WIRE.fixed64)
    out.double(histogram.sum)
    out.tag(NATIVE.scale, WIRE.varint)
    out.sint32(histogram.schema)
    out.tag(NATIVE.zeroCount, WIRE.fixed64)
    out.fixed64(BigInt(histogram.zeroCount))
    this.#buckets(NATIVE.positive, histogram.positive)
    this.#buckets(NATIVE.negative, histogram.negative)
    out.tag(NATIVE.zeroThreshold, WIRE.fixed64)
    out.double(histogram.zeroThreshold)
  }

  /** What OTLP has no field for, see {@link writeExact}. */
  exact(resetHint: number, exact: ExactBuckets | null): void {
    writeExact(this.#out, resetHint, exact)
  }

  /** Content of a summary; `quantiles` and `values` have the same length. The count is rounded to an integer. */
  summary(
    count: number,
    sum: number | undefined,
    quantiles: readonly number[],
    values: readonly number[],
  ): void {
    const out = this.#out
    out.tag(SUMMARY.count, WIRE.fixed64)
    out.fixed64(BigInt(wholeCount(count)))
    if (sum !== undefined) {
      out.tag(SUMMARY.sum, WIRE.fixed64)
      out.double(sum)
    }
    for (const [index, quantile] of quantiles.entries()) {
      out.tag(SUMMARY.quantileValues, WIRE.bytes)
      const start = out.begin()
      out.tag(QUANTILE.quantile, WIRE.fixed64)
      out.double(quantile)
      out.tag(QUANTILE.value, WIRE.fixed64)
      out.double(values[index]!)
      out.end(start)
    }
  }

  /** An exemplar of the current point; ignored in a summary, which has none. */
  exemplar(exemplar: Exemplar): void {
    writeExemplar(this.#out, this.#fields.exemplars, exemplar)
  }

  end(): void {
    this.#out.end(this.#pointStart)
  }

  /** The request; valid until the next write. */
  finish(): Uint8Array {
    this.#closeResource()
    return this.#out.bytes()
  }

  #time(field: number, ms: number): void {
    nanoParts(ms, this.#parts)
    this.#out.tag(field, WIRE.fixed64)
    this.#out.fixed64Parts(this.#parts.low, this.#parts.high)
  }

  #buckets(field: number, { offset, counts }: DenseBuckets): void {
    if (counts.length === 0) return
    const out = this.#out
    out.tag(field, WIRE.bytes)
    const start = out.begin()
    out.tag(BUCKETS.offset, WIRE.varint)
    out.sint32(offset)
    out.tag(BUCKETS.bucketCounts, WIRE.bytes)
    const list = out.begin()
    for (const count of counts) out.uint(count)
    out.end(list)
    out.end(start)
  }

  #openMetric(shape: PointShape): void {
    this.#closeMetric()
    if (this.#resourceStart === -1) this.#openResource()
    const out = this.#out
    const { name, type, help, unit } = this.#head
    out.tag(ENVELOPE.members, WIRE.bytes)
    this.#metricStart = out.begin()
    this.#metricShape = shape
    writeText(out, Metric.name, name)
    writeText(out, Metric.description, help)
    writeText(out, Metric.unit, unit)
    const isCounter = shape === 'number' && type === 'counter'
    out.tag(isCounter ? Metric.sum : SHAPES[shape].data, WIRE.bytes)
    this.#dataStart = out.begin()
    if (isCounter || ((shape === 'classic' || shape === 'native') && type !== 'gaugehistogram')) {
      out.tag(Sum.aggregationTemporality, WIRE.varint)
      out.uint(CUMULATIVE)
    }
    if (isCounter) {
      out.tag(Sum.isMonotonic, WIRE.varint)
      out.uint(1)
    }
  }

  #openResource(): void {
    const out = this.#out
    out.tag(ENVELOPE.resources, WIRE.bytes)
    this.#resourceStart = out.begin()
    out.tag(ENVELOPE.description, WIRE.bytes)
    const resource = out.begin()
    for (const [key, value] of this.#resource) {
      if (value !== '') writeAttribute(out, FIELD.Resource.attributes, key, value)
    }
    out.end(resource)
    out.tag(ENVELOPE.members, WIRE.bytes)
    this.#scopeStart = out.begin()
  }

  #closeMetric(): void {
    if (this.#metricStart === -1) return
    this.#out.end(this.#dataStart)
    this.#out.end(this.#metricStart)
    this.#metricStart = -1
  }

  #closeResource(): void {
    this.#closeMetric()
    if (this.#resourceStart === -1) return
    this.#out.end(this.#scopeStart)
    this.#out.end(this.#resourceStart)
    this.#resourceStart = -1
  }
}

/** The nearest integer that is valid as a count in OTLP: 0 for a negative number or NaN. */
const wholeCount = (count: number): number =>
  count > 0 ? Math.min(Math.round(count), Number.MAX_SAFE_INTEGER) : 0
