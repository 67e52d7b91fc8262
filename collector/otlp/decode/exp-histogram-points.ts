import type { Int64Column } from '../../../core/columns/int64-column.ts'
import type { ListColumn } from '../../../core/columns/list-column.ts'
import type { RecordBuilder } from '../../../core/columns/record-builder.ts'
import type { metricExpHistograms } from '../../../core/model/streams/index.ts'
import { KNOWN_FIELDS, SINGLE_TAG, TAG } from '../../../core/protobuf/otlp/fields.ts'
import { ExactCounts } from './exact-counts.ts'
import { ExemplarReader } from './exemplars.ts'
import type { MetricRows } from './metric-rows.ts'

type ExpHistogramBuilder = RecordBuilder<typeof metricExpHistograms>

const POINT = TAG.ExponentialHistogramDataPoint
const BUCKETS = TAG.Buckets
const BUCKETS_SINGLE = SINGLE_TAG.Buckets

/** Points of exponential histograms. A missing sum, min or max is 0, as in the Collector's exporter. */
export class ExpHistogramPoints {
  readonly rows: MetricRows
  readonly #columns: ExpHistogramBuilder['columns']
  readonly #exemplars: ExemplarReader
  readonly #exact: ExactCounts
  // The current point.
  #countLow = 0
  #countHigh = 0
  #zeroLow = 0
  #zeroHigh = 0
  #zeroThreshold = 0
  #sum = 0
  #scale = 0
  #positiveOffset = 0
  #negativeOffset = 0
  #flags = 0
  #min = 0
  #max = 0

  constructor(rows: MetricRows, { columns }: ExpHistogramBuilder) {
    this.rows = rows
    this.#columns = columns
    this.#exemplars = new ExemplarReader(rows.reader, rows.texts, columns.Exemplars)
    this.#exact = new ExactCounts(columns.FloatPositiveBucketCounts, columns.FloatNegativeBucketCounts)
  }

  /** Reads the point that ends at `end` into a row. */
  read(end: number): void {
    const rows = this.rows
    const columns = this.#columns
    rows.beginPoint()
    this.#exemplars.begin()
    this.#exact.begin()
    this.#countLow = this.#countHigh = this.#zeroLow = this.#zeroHigh = 0
    this.#zeroThreshold = 0
    this.#sum = this.#scale = this.#positiveOffset = this.#negativeOffset = 0
    this.#flags = this.#min = this.#max = 0
    rows.reader.message = 'ExponentialHistogramDataPoint'
    for (let tag = rows.reader.tag(end); tag !== 0; tag = rows.reader.tag(end)) this.#field(tag, end)
    const problem = rows.problem(this.#exemplars.misshapen)
    if (problem !== null) {
      rows.reject(problem)
      return
    }
    columns.Count.appendParts(this.#countLow, this.#countHigh)
    columns.Sum.append(this.#sum)
    columns.Scale.append(this.#scale)
    columns.ZeroCount.appendParts(this.#zeroLow, this.#zeroHigh)
    columns.ZeroThreshold.append(this.#zeroThreshold)
    columns.PositiveOffset.append(this.#positiveOffset)
    columns.PositiveBucketCounts.endRow()
    columns.NegativeOffset.append(this.#negativeOffset)
    columns.NegativeBucketCounts.endRow()
    this.#exemplars.endRow()
    columns.FloatZeroCount.append(this.#exact.zeroCount)
    this.#exact.endRow(columns)
    columns.Min.append(this.#min)
    columns.Max.append(this.#max)
    rows.accept(this.#flags)
  }

  /** Writes the values shared by the points since the last call. */
  leave(): void {
    this.rows.leave()
  }

  #field(tag: number, end: number): void {
    const { reader } = this.rows
    switch (tag) {
      case POINT.attributes:
        this.rows.readAttribute(end)
        break
      case POINT.startTimeUnixNano:
        this.rows.readStart(end)
        break
      case POINT.timeUnixNano:
        this.rows.readTime(end)
        break
      case POINT.count:
        reader.fixed64(end)
        this.#countLow = reader.low
        this.#countHigh = reader.high
        break
      case POINT.sum:
        this.#sum = reader.double(end)
        break
      case POINT.scale:
        this.#scale = reader.sint32(end)
        break
      case POINT.zeroCount:
        reader.fixed64(end)
        this.#zeroLow = reader.low
        this.#zeroHigh = reader.high
        break
      case POINT.positive:
        this.#positiveOffset = this.#buckets(end, this.#columns.PositiveBucketCounts, this.#positiveOffset)
        break
      case POINT.negative:
        this.#negativeOffset = this.#buckets(end, this.#columns.NegativeBucketCounts, this.#negativeOffset)
        break
      case POINT.flags:
        this.#flags = reader.uint32(end)
        break
      case POINT.exemplars:
        this.#exemplars.read(end)
        break
      case POINT.min:
        this.#min = reader.double(end)
        break
      case POINT.max:
        this.#max = reader.double(end)
        break
      case POINT.zeroThreshold:
        this.#zeroThreshold = reader.double(end)
        break
      default:
        if (!this.#exact.read(reader, tag, end)) {
          reader.skip(tag, end, KNOWN_FIELDS.ExponentialHistogramDataPoint)
        }
    }
  }

  /**
   * Reads the Buckets whose length comes next into the list; returns the offset, which is unchanged when there is none.
   */
  #buckets(pointEnd: number, counts: ListColumn<Int64Column>, before: number): number {
    const { reader } = this.rows
    const end = reader.length(pointEnd)
    const outer = reader.message
    let offset = before
    reader.message = 'Buckets'
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      if (tag === BUCKETS.offset) offset = reader.sint32(end)
      else if (tag === BUCKETS_SINGLE.bucketCounts) {
        reader.varint(end)
        counts.items.appendParts(reader.low, reader.high)
      } else if (tag === BUCKETS.bucketCounts) {
        for (const stop = reader.length(end); reader.position < stop; ) {
          reader.varint(stop)
          counts.items.appendParts(reader.low, reader.high)
        }
      } else reader.skip(tag, end, KNOWN_FIELDS.Buckets)
    }
    reader.message = outer
    return offset
  }
}
