import type { RecordBuilder } from '../../../core/columns/record-builder.ts'
import type { metricSummaries } from '../../../core/model/streams/index.ts'
import { KNOWN_FIELDS, TAG } from '../../../core/protobuf/otlp/fields.ts'
import type { MetricRows } from './metric-rows.ts'

type SummaryBuilder = RecordBuilder<typeof metricSummaries>

const POINT = TAG.SummaryDataPoint
const QUANTILE = TAG.ValueAtQuantile

/** Points of summaries. */
export class SummaryPoints {
  readonly rows: MetricRows
  readonly #columns: SummaryBuilder['columns']

  constructor(rows: MetricRows, { columns }: SummaryBuilder) {
    this.rows = rows
    this.#columns = columns
  }

  /** Reads the point that ends at `end` into a row. */
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
        case POINT.startTimeUnixNano:
          rows.readStart(end)
          break
        case POINT.timeUnixNano:
          rows.readTime(end)
          break
        case POINT.count:
          reader.fixed64(end)
          countLow = reader.low
          countHigh = reader.high
          break
        case POINT.sum:
          sum = reader.double(end)
          break
        case POINT.quantileValues:
          this.#quantile(end)
          break
        case POINT.attributes:
          rows.readAttribute(end)
          break
        case POINT.flags:
          flags = reader.uint32(end)
          break
        default:
          reader.skip(tag, end, KNOWN_FIELDS.SummaryDataPoint)
      }
    }
    const problem = rows.problem(false)
    if (problem !== null) {
      rows.reject(problem)
      return
    }
    columns.Count.appendParts(countLow, countHigh)
    columns.Sum.append(sum)
    columns.Quantiles.endRow()
    columns.QuantileValues.endRow()
    rows.accept(flags)
  }

  /** Writes the values shared by the points since the last call. */
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
      if (tag === QUANTILE.quantile) quantile = reader.double(end)
      else if (tag === QUANTILE.value) value = reader.double(end)
      else reader.skip(tag, end, KNOWN_FIELDS.ValueAtQuantile)
    }
    this.#columns.Quantiles.items.append(quantile)
    this.#columns.QuantileValues.items.append(value)
    reader.message = outer
  }
}
