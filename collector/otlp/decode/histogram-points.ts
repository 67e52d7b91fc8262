import type { RecordBuilder } from '../../../core/columns/record-builder.ts'
import type { metricHistograms } from '../../../core/model/streams/index.ts'
import { KNOWN_FIELDS, SINGLE_TAG, TAG } from '../../../core/protobuf/otlp/fields.ts'
import { ExactCounts } from './exact-counts.ts'
import { ExemplarReader } from './exemplars.ts'
import type { MetricRows } from './metric-rows.ts'

type HistogramBuilder = RecordBuilder<typeof metricHistograms>

const POINT = TAG.HistogramDataPoint
const POINT_SINGLE = SINGLE_TAG.HistogramDataPoint

/** Points of histograms with explicit bounds. A missing sum, min or max is 0, as in the Collector's exporter. */
export class HistogramPoints {
  readonly rows: MetricRows
  readonly #columns: HistogramBuilder['columns']
  readonly #exemplars: ExemplarReader
  readonly #exact: ExactCounts
  // The current point.
  #countLow = 0
  #countHigh = 0
  #sum = 0
  #min = 0
  #max = 0
  #flags = 0

  constructor(rows: MetricRows, { columns }: HistogramBuilder) {
    this.rows = rows
    this.#columns = columns
    this.#exemplars = new ExemplarReader(rows.reader, rows.texts, columns.Exemplars)
    this.#exact = new ExactCounts(columns.FloatBucketCounts, null)
  }

  /** Reads the point that ends at `end` into a row. */
  read(end: number): void {
    const rows = this.rows
    const columns = this.#columns
    rows.beginPoint()
    this.#exemplars.begin()
    this.#exact.begin()
    this.#countLow = this.#countHigh = this.#sum = this.#min = this.#max = this.#flags = 0
    rows.reader.message = 'HistogramDataPoint'
    for (let tag = rows.reader.tag(end); tag !== 0; tag = rows.reader.tag(end)) this.#field(tag, end)
    const problem = rows.problem(this.#exemplars.misshapen)
    if (problem !== null) {
      rows.reject(problem)
      return
    }
    columns.Count.appendParts(this.#countLow, this.#countHigh)
    columns.Sum.append(this.#sum)
    columns.BucketCounts.endRow()
    columns.ExplicitBounds.endRow()
    this.#exemplars.endRow()
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
      case POINT_SINGLE.bucketCounts:
        this.#bucketCount(end)
        break
      case POINT.bucketCounts:
        this.#bucketCounts(end)
        break
      case POINT_SINGLE.explicitBounds:
        this.#bound(end)
        break
      case POINT.explicitBounds:
        this.#bounds(end)
        break
      case POINT.exemplars:
        this.#exemplars.read(end)
        break
      case POINT.attributes:
        this.rows.readAttribute(end)
        break
      case POINT.flags:
        this.#flags = reader.uint32(end)
        break
      case POINT.min:
        this.#min = reader.double(end)
        break
      case POINT.max:
        this.#max = reader.double(end)
        break
      default:
        if (!this.#exact.read(reader, tag, end)) reader.skip(tag, end, KNOWN_FIELDS.HistogramDataPoint)
    }
  }

  #bucketCount(end: number): void {
    const { reader } = this.rows
    reader.fixed64(end)
    this.#columns.BucketCounts.items.appendParts(reader.low, reader.high)
  }

  /** Packed values have the same bytes in the body as in the column. */
  #bucketCounts(end: number): void {
    const { reader } = this.rows
    const stop = reader.length(end)
    const values = (stop - reader.position) >> 3
    this.#columns.BucketCounts.items.appendWordsFrom(reader.view, reader.position, values)
    reader.position += values * 8
    // Malformed: reading it reports the error.
    if (reader.position < stop) this.#bucketCount(stop)
  }

  #bound(end: number): void {
    this.#columns.ExplicitBounds.items.append(this.rows.reader.double(end))
  }

  #bounds(end: number): void {
    const { reader } = this.rows
    const stop = reader.length(end)
    const values = (stop - reader.position) >> 3
    this.#columns.ExplicitBounds.items.appendDoublesFrom(reader.view, reader.position, values)
    reader.position += values * 8
    if (reader.position < stop) this.#bound(stop)
  }
}
