import type { RecordBuilder } from '../../../core/columns/record-builder.ts'
import type { metricsSummary } from '../../../core/model/streams/index.ts'
import { knownFields } from '../../../core/protobuf/reader.ts'
import type { MetricRows } from './metric-rows.ts'

type SummaryBuilder = RecordBuilder<typeof metricsSummary>

const FIELDS = knownFields(2, 3, 4, 5, 6, 7, 8)
const QUANTILE_FIELDS = knownFields(1, 2)

/** Points of summaries. */
export class SummaryPoints {
  readonly rows: MetricRows
  readonly #columns: SummaryBuilder['columns']

  constructor(rows: MetricRows, { columns }: SummaryBuilder) {
    this.rows = rows
    this.#columns = columns
  }

  /** Reads the point that reaches to `end` into a row. */
  read(end: number): void {
    const rows = this.rows
    const { reader } = rows
    const columns = this.#columns
    let countLow = 0
    let countHigh = 0
    let sum = 0
    let flags = 0
    rows.beginPoint()
    reader.message = 'SummaryDataPoint'
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      switch (tag) {
        case 0x11:
          rows.readStart(end)
          break
        case 0x19:
          rows.readTime(end)
          break
        case 0x21:
          reader.fixed64(end)
          countLow = reader.low
          countHigh = reader.high
          break
        case 0x29:
          sum = reader.double(end)
          break
        case 0x32:
          this.#quantile(end)
          break
        case 0x3a:
          rows.readAttribute(end)
          break
        case 0x40:
          flags = reader.uint32(end)
          break
        default:
          reader.skip(tag, end, FIELDS)
      }
    }
    const problem = rows.problem(false)
    if (problem !== null) {
      rows.reject(problem)
      return
    }
    columns.Count.appendWords(countLow, countHigh)
    columns.Sum.append(sum)
    columns['ValueAtQuantiles.Quantile'].endRow()
    columns['ValueAtQuantiles.Value'].endRow()
    columns.Flags.append(flags)
    rows.accept()
  }

  /** Writes what the points since the last call have in common. */
  leave(): void {
    this.rows.leave()
  }

  #quantile(pointEnd: number): void {
    const { reader } = this.rows
    const end = reader.length(pointEnd)
    const outer = reader.message
    let quantile = 0
    let value = 0
    reader.message = 'ValueAtQuantile'
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      if (tag === 0x09) quantile = reader.double(end)
      else if (tag === 0x11) value = reader.double(end)
      else reader.skip(tag, end, QUANTILE_FIELDS)
    }
    this.#columns['ValueAtQuantiles.Quantile'].items.append(quantile)
    this.#columns['ValueAtQuantiles.Value'].items.append(value)
    reader.message = outer
  }
}
