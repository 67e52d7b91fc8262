/** The numbers of an entry: the end of its series, and the range of its counter. */
import { TWO_32 } from '../samples/samples.ts'
import {
  CAN_TAKE,
  ENTRY_STRIDE,
  type HostLookup,
  NO_END,
  RANGE_HIGH,
  RANGE_LOW,
  SERIES,
  TIME_HIGH,
  TIME_LOW,
  VALUE_HIGH,
  VALUE_LOW,
} from './lookup.ts'

/** Notes a sample that ends its series. False: it does not, or more must be looked at; nothing has happened. */
export function appendSample(
  host: HostLookup,
  from: number,
  at: number,
  low: number,
  high: number,
  valueLow: number,
  valueHigh: number,
): boolean {
  const { numbers } = host
  if (numbers[from + TIME_HIGH] === NO_END) host.findEnd(at)
  const end = numbers[from + TIME_HIGH]!
  if (end === NO_END || end > high || numbers[from + CAN_TAKE]! <= 0) return false
  const lastLow = numbers[from + VALUE_LOW]!
  const lastHigh = numbers[from + VALUE_HIGH]!
  if (end === high && numbers[from + TIME_LOW]! >>> 0 >= low >>> 0) {
    // The same sample once more changes nothing.
    return numbers[from + TIME_LOW] === low && lastLow === valueLow && lastHigh === valueHigh
  }
  const rise = (valueHigh - lastHigh) * TWO_32 + ((valueLow >>> 0) - (lastLow >>> 0))
  if (!host.state.journal.push(numbers[from + SERIES]!, low, high, rise)) return false
  numbers[from + TIME_LOW] = low
  numbers[from + TIME_HIGH] = high
  numbers[from + VALUE_LOW] = valueLow
  numbers[from + VALUE_HIGH] = valueHigh
  numbers[from + CAN_TAKE]! -= 1
  return true
}

/** 64-bit values as pairs of 32-bit integers: low part, then high part. */
export const int32PartsOf = ({ buffer, byteOffset, length }: BigInt64Array | BigUint64Array): Int32Array =>
  new Int32Array(buffer, byteOffset, 2 * length)

/** The row says that the counter wraps after another value. */
export function updateRange(host: HostLookup, at: number, high: number, low: number): void {
  const { numbers, state } = host
  const series = host.entries[at]!.series!
  numbers[at * ENTRY_STRIDE + RANGE_LOW] = low
  numbers[at * ENTRY_STRIDE + RANGE_HIGH] = high
  const rangeMax = (BigInt(high) << 32n) + BigInt(low >>> 0)
  if (rangeMax <= series.rangeMax) return
  series.rangeMax = rangeMax
  state.derived = null
}
