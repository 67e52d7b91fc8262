import type { ColumnsOf } from '../../../core/columns/record-builder.ts'
import type { metricPoints } from '../../../core/model/streams/index.ts'
import { EXEMPLARS_NAN, STALE_NAN } from '../../../core/model/streams/metric-points.ts'
import { KNOWN_FIELDS, NO_RECORDED_VALUE, TAG } from '../../../core/protobuf/otlp/fields.ts'
import { ExemplarReader } from './exemplars.ts'
import type { MetricRows } from './metric-rows.ts'
import type { PointSink } from './point-sink.ts'

const POINT = TAG.NumberDataPoint

/** Points of gauges and sums. */
export class NumberPoints {
  readonly rows: MetricRows
  readonly #columns: ColumnsOf<typeof metricPoints>
  readonly #exemplars: ExemplarReader

  constructor(rows: MetricRows, columns: ColumnsOf<typeof metricPoints>) {
    this.rows = rows
    this.#columns = columns
    this.#exemplars = new ExemplarReader(rows.reader, rows.texts, columns.Exemplars)
  }

  /**
   * Reads the point that ends at `end` into a row. An accepted point that has a value is also passed to the sink, if
   * there is one.
   */
  read(end: number, sink: PointSink | null): void {
    const rows = this.rows
    const { reader } = rows
    let hasValue = false
    let flags = 0
    rows.beginPoint()
    rows.isInteger = false
    rows.valueLow = rows.valueHigh = 0
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
        case POINT.asInt:
          reader.fixed64(end)
          rows.isInteger = tag === POINT.asInt
          rows.valueLow = reader.low
          rows.valueHigh = reader.high
          hasValue = true
          break
        case POINT.exemplars:
          this.#exemplars.read(end)
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
    const isRecorded = (flags & NO_RECORDED_VALUE) === 0
    if (sink !== null && hasValue && isRecorded) {
      if (!rows.isInteger) rows.double = doubleOf(rows.valueLow, rows.valueHigh)
      if (sink.point(rows)) {
        rows.acceptWithoutRow()
        return
      }
    }
    this.#append(isRecorded)
    this.#exemplars.endRow()
    rows.accept(flags)
  }

  /** Bits, not numbers: the engine of this program may change those of a NaN. */
  #append(isRecorded: boolean): void {
    const { Value } = this.#columns
    const { isInteger, valueLow, valueHigh } = this.rows
    if (!isRecorded) {
      const { low, high } = this.#exemplars.count > 0 ? EXEMPLARS_NAN : STALE_NAN
      Value.appendParts(low, high)
    } else if (isInteger) Value.append(valueHigh * 4_294_967_296 + (valueLow >>> 0))
    else Value.appendParts(valueLow, valueHigh)
  }

  /** Writes the values shared by the points since the last call. */
  leave(): void {
    this.rows.leave()
  }
}

const words = new Int32Array(2)
const double = new Float64Array(words.buffer)

/** Arrays of this program are little-endian, as its records are. */
function doubleOf(low: number, high: number): number {
  words[0] = low
  words[1] = high
  return double[0]!
}
