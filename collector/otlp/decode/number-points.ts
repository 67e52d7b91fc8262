import type { ColumnsOf } from '../../../core/columns/record-builder.ts'
import type { metricsGauge, metricsSum } from '../../../core/model/streams/index.ts'
import { KNOWN_FIELDS, NO_RECORDED_VALUE, TAG } from '../../../core/protobuf/otlp/fields.ts'
import { ExemplarReader } from './exemplars.ts'
import type { MetricRows } from './metric-rows.ts'
import type { PointSink } from './point-sink.ts'

const POINT = TAG.NumberDataPoint

type SumColumns = ColumnsOf<typeof metricsSum>
type NumberColumns = ColumnsOf<typeof metricsGauge> | SumColumns

/** Points of gauges, and of sums except for their additional fields. */
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
   * Reads the point that ends at `end` into a row. An accepted point that has a value is also passed to the sink, if
   * there is one.
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
        case POINT.startTimeUnixNano:
          rows.readStart(end)
          break
        case POINT.timeUnixNano:
          rows.readTime(end)
          break
        case POINT.asDouble:
          value = reader.double(end)
          rows.isInteger = false
          hasValue = true
          break
        case POINT.exemplars:
          this.#exemplars.read(end)
          break
        case POINT.asInt:
          reader.fixed64(end)
          value = reader.signed()
          rows.isInteger = true
          rows.valueLow = reader.low
          rows.valueHigh = reader.high
          hasValue = true
          break
        case POINT.attributes:
          rows.readAttribute(end)
          break
        case POINT.flags:
          flags = reader.uint32(end)
          break
        default:
          reader.skip(tag, end, KNOWN_FIELDS.NumberDataPoint)
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
  /** Writes the values shared by the points since the last call. */
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
