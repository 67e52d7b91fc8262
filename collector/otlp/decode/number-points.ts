import type { ColumnsOf } from '../../../core/columns/record-builder.ts'
import type { metricsGauge, metricsSum } from '../../../core/model/streams/index.ts'
import { knownFields } from '../../../core/protobuf/reader.ts'
import { ExemplarReader } from './exemplars.ts'
import type { MetricRows } from './metric-rows.ts'
import type { PointSink } from './point-sink.ts'

const FIELDS = knownFields(2, 3, 4, 5, 6, 7, 8)

/** Bit of a data point's flags: it marks the end of a series and has no value. */
const NO_RECORDED_VALUE = 1

type SumColumns = ColumnsOf<typeof metricsSum>
type NumberColumns = ColumnsOf<typeof metricsGauge> | SumColumns

/** Points of gauges, and of sums but for what those have besides. */
export class NumberPoints {
  readonly rows: MetricRows
  readonly #columns: NumberColumns
  readonly #exemplars: ExemplarReader

  constructor(rows: MetricRows, columns: NumberColumns) {
    this.rows = rows
    this.#columns = columns
    this.#exemplars = new ExemplarReader(rows.reader, rows.attributes, columns)
  }

  /**
   * Reads the point that reaches to `end` into a row. An accepted point that has a value is also handed to the sink, if there
   * is one.
   */
  read(end: number, sink: PointSink | null): void {
    const rows = this.rows
    const { reader } = rows
    let value = 0
    let hasValue = false
    let flags = 0
    rows.beginPoint()
    this.#exemplars.begin()
    reader.message = 'NumberDataPoint'
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      switch (tag) {
        case 0x11:
          rows.readStart(end)
          break
        case 0x19:
          rows.readTime(end)
          break
        case 0x21:
          value = reader.double(end)
          rows.isInteger = false
          hasValue = true
          break
        case 0x2a:
          this.#exemplars.read(end)
          break
        case 0x31:
          reader.fixed64(end)
          value = reader.signed()
          rows.isInteger = true
          rows.valueLow = reader.low
          rows.valueHigh = reader.high
          hasValue = true
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
    const problem = rows.problem(this.#exemplars.misshapen)
    if (problem !== null) {
      rows.reject(problem)
      return
    }
    this.#columns.Value.append(value)
    this.#columns.Flags.append(flags)
    this.#exemplars.endRow()
    rows.accept()
    if (sink === null || !hasValue || (flags & NO_RECORDED_VALUE) !== 0) return
    rows.double = value
    sink.point(rows)
  }
  /** Writes what the points since the last call have in common. */
  leave(_temporality: number, _monotonic: boolean): void {
    this.rows.leave()
    this.#exemplars.leave()
  }
}

/** Points of sums. */
export class SumPoints extends NumberPoints {
  readonly #own: SumColumns

  constructor(rows: MetricRows, columns: SumColumns) {
    super(rows, columns)
    this.#own = columns
  }

  override leave(temporality: number, monotonic: boolean): void {
    this.#own.AggregationTemporality.appendTimes(temporality, this.rows.pending)
    this.#own.IsMonotonic.appendTimes(monotonic, this.rows.pending)
    super.leave(temporality, monotonic)
  }
}
