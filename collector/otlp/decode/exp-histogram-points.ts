import type { Int64Column } from '../../../core/columns/int64-column.ts'
import type { ListColumn } from '../../../core/columns/list-column.ts'
import type { RecordBuilder } from '../../../core/columns/record-builder.ts'
import type { metricsExpHistogram } from '../../../core/model/streams/index.ts'
import { knownFields } from '../../../core/protobuf/reader.ts'
import { ExemplarReader } from './exemplars.ts'
import type { MetricRows } from './metric-rows.ts'

type ExpHistogramBuilder = RecordBuilder<typeof metricsExpHistogram>

const FIELDS = knownFields(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)
const BUCKETS_FIELDS = knownFields(1, 2)

/** Points of exponential histograms. An absent sum, min or max is 0, as the Collector's exporter writes it. */
export class ExpHistogramPoints {
  readonly rows: MetricRows
  readonly #columns: ExpHistogramBuilder['columns']
  readonly #exemplars: ExemplarReader
  // The point in hand.
  #countLow = 0
  #countHigh = 0
  #zeroLow = 0
  #zeroHigh = 0
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
    this.#exemplars = new ExemplarReader(rows.reader, rows.attributes, columns)
  }

  /** Reads the point that reaches to `end` into a row. */
  read(end: number): void {
    const rows = this.rows
    const columns = this.#columns
    rows.beginPoint()
    this.#exemplars.begin()
    this.#countLow = this.#countHigh = this.#zeroLow = this.#zeroHigh = 0
    this.#sum = this.#scale = this.#positiveOffset = this.#negativeOffset = 0
    this.#flags = this.#min = this.#max = 0
    rows.reader.message = 'ExponentialHistogramDataPoint'
    for (let tag = rows.reader.tag(end); tag !== 0; tag = rows.reader.tag(end)) this.#field(tag, end)
    const problem = rows.problem(this.#exemplars.misshapen)
    if (problem !== null) {
      rows.reject(problem)
      return
    }
    columns.Count.appendWords(this.#countLow, this.#countHigh)
    columns.Sum.append(this.#sum)
    columns.Scale.append(this.#scale)
    columns.ZeroCount.appendWords(this.#zeroLow, this.#zeroHigh)
    columns.PositiveOffset.append(this.#positiveOffset)
    columns.PositiveBucketCounts.endRow()
    columns.NegativeOffset.append(this.#negativeOffset)
    columns.NegativeBucketCounts.endRow()
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
      case 0x0a:
        this.rows.readAttribute(end)
        break
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
      case 0x30:
        this.#scale = reader.sint32(end)
        break
      case 0x39:
        reader.fixed64(end)
        this.#zeroLow = reader.low
        this.#zeroHigh = reader.high
        break
      case 0x42:
        this.#positiveOffset = this.#buckets(end, this.#columns.PositiveBucketCounts, this.#positiveOffset)
        break
      case 0x4a:
        this.#negativeOffset = this.#buckets(end, this.#columns.NegativeBucketCounts, this.#negativeOffset)
        break
      case 0x50:
        this.#flags = reader.uint32(end)
        break
      case 0x5a:
        this.#exemplars.read(end)
        break
      case 0x61:
        this.#min = reader.double(end)
        break
      case 0x69:
        this.#max = reader.double(end)
        break
      // The zero threshold has no column.
      case 0x71:
        reader.fixed64(end)
        break
      default:
        reader.skip(tag, end, FIELDS)
    }
  }

  /** Reads the Buckets whose length comes next into the list; the offset, which stays when there is none. */
  #buckets(pointEnd: number, counts: ListColumn<Int64Column>, before: number): number {
    const { reader } = this.rows
    const end = reader.length(pointEnd)
    const outer = reader.message
    let offset = before
    reader.message = 'Buckets'
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      if (tag === 0x08) offset = reader.sint32(end)
      else if (tag === 0x10) {
        reader.varint(end)
        counts.items.appendWords(reader.low, reader.high)
      } else if (tag === 0x12) {
        for (const stop = reader.length(end); reader.position < stop; ) {
          reader.varint(stop)
          counts.items.appendWords(reader.low, reader.high)
        }
      } else reader.skip(tag, end, BUCKETS_FIELDS)
    }
    reader.message = outer
    return offset
  }
}
