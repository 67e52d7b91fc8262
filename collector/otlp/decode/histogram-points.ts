import type { RecordBuilder } from '../../../core/columns/record-builder.ts'
import type { metricsHistogram } from '../../../core/model/streams/index.ts'
import { knownFields } from '../../../core/protobuf/reader.ts'
import { ExemplarReader } from './exemplars.ts'
import type { MetricRows } from './metric-rows.ts'

type HistogramBuilder = RecordBuilder<typeof metricsHistogram>

const FIELDS = knownFields(2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)

/** Points of histograms with explicit bounds. An absent sum, min or max is 0, as the Collector's exporter writes it. */
export class HistogramPoints {
  readonly rows: MetricRows
  readonly #columns: HistogramBuilder['columns']
  readonly #exemplars: ExemplarReader
  // The point in hand.
  #countLow = 0
  #countHigh = 0
  #sum = 0
  #min = 0
  #max = 0
  #flags = 0

  constructor(rows: MetricRows, { columns }: HistogramBuilder) {
    this.rows = rows
    this.#columns = columns
    this.#exemplars = new ExemplarReader(rows.reader, rows.attributes, columns)
  }

  /** Reads the point that reaches to `end` into a row. */
  read(end: number): void {
    const rows = this.rows
    const columns = this.#columns
    rows.beginPoint()
    this.#exemplars.begin()
    this.#countLow = this.#countHigh = this.#sum = this.#min = this.#max = this.#flags = 0
    rows.reader.message = 'HistogramDataPoint'
    for (let tag = rows.reader.tag(end); tag !== 0; tag = rows.reader.tag(end)) this.#field(tag, end)
    const problem = rows.problem(this.#exemplars.misshapen)
    if (problem !== null) {
      rows.reject(problem)
      return
    }
    columns.Count.appendWords(this.#countLow, this.#countHigh)
    columns.Sum.append(this.#sum)
    columns.BucketCounts.endRow()
    columns.ExplicitBounds.endRow()
    this.#exemplars.endRow()
    columns.Flags.append(this.#flags)
    columns.Min.append(this.#min)
    columns.Max.append(this.#max)
    rows.accept()
  }

  /** Writes what the points since the last call have in common. */
  leave(temporality: number): void {
    this.#columns.AggregationTemporality.appendTimes(temporality, this.rows.pending)
    this.#exemplars.leave()
    this.rows.leave()
  }

  #field(tag: number, end: number): void {
    const { reader } = this.rows
    switch (tag) {
      case 0x11:
        this.rows.readStart(end)
        break
      case 0x19:
        this.rows.readTime(end)
        break
      case 0x21:
        reader.fixed64(end)
        this.#countLow = reader.low
        this.#countHigh = reader.high
        break
      case 0x29:
        this.#sum = reader.double(end)
        break
      case 0x31:
        this.#bucketCount(end)
        break
      case 0x32:
        this.#bucketCounts(end)
        break
      case 0x39:
        this.#bound(end)
        break
      case 0x3a:
        this.#bounds(end)
        break
      case 0x42:
        this.#exemplars.read(end)
        break
      case 0x4a:
        this.rows.readAttribute(end)
        break
      case 0x50:
        this.#flags = reader.uint32(end)
        break
      case 0x59:
        this.#min = reader.double(end)
        break
      case 0x61:
        this.#max = reader.double(end)
        break
      default:
        reader.skip(tag, end, FIELDS)
    }
  }

  #bucketCount(end: number): void {
    const { reader } = this.rows
    reader.fixed64(end)
    this.#columns.BucketCounts.items.appendWords(reader.low, reader.high)
  }

  /** Packed: in the body as they are in the column. */
  #bucketCounts(end: number): void {
    const { reader } = this.rows
    const stop = reader.length(end)
    const values = (stop - reader.position) >> 3
    this.#columns.BucketCounts.items.appendWordsFrom(reader.view, reader.position, values)
    reader.position += values * 8
    // Malformed, and said so.
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
