/**
 * Samples of one series, rising in time, packed in one array of numbers, since a BigInt is an object: per sample the
 * minute since the epoch, the nanoseconds into it, and the high (signed) and low (unsigned) 32 bits of the value. Nothing
 * is lost: instants and values are exact for all 64 bits.
 */
import { WINDOW_NS } from '../../../core/model/window.ts'

/** `STRIDE` numbers a sample, times rising. */
export type Samples = number[]

/** Numbers of one sample, and where in them each stands. */
export const STRIDE = 4
/** Where in a sample the nanoseconds into its minute stand; the minute itself stands at 0. */
export const NS = 1
/** Where the high 32 bits of the value stand (signed). */
export const HIGH = 2
/** Where the low 32 bits of the value stand (unsigned). */
export const LOW = 3

/** Nanoseconds of a minute, exact as a number. */
export const MINUTE_NS = Number(WINDOW_NS)
/** A number of 32 bits is below it. */
export const TWO_32 = 4_294_967_296
/** A minute is 2^11 x this in nanoseconds; without the 11 low bits an instant is exact as a number. */
const MINUTE_UNITS = 29_296_875
const UNIT_BITS = 11
const UNIT_NS = 2 ** UNIT_BITS
const UNITS_PER_HIGH = TWO_32 / UNIT_NS

/** The minute of a time in nanoseconds since the epoch, given as its high and low 32 bits. */
export const minuteOfParts = (high: number, low: number): number =>
  Math.floor((high * UNITS_PER_HIGH + (low >>> UNIT_BITS)) / MINUTE_UNITS)

/** The nanoseconds into that minute. */
export const nsOfParts = (high: number, low: number, minute: number): number =>
  (high * UNITS_PER_HIGH + (low >>> UNIT_BITS) - minute * MINUTE_UNITS) * UNIT_NS + (low & (UNIT_NS - 1))

/** The same back: low 32 bits of the nanoseconds since the epoch, as a signed number, and the high ones. */
export function partsOf(minute: number, ns: number): readonly [low: number, high: number] {
  const units = minute * MINUTE_UNITS + Math.floor(ns / UNIT_NS)
  const high = Math.floor(units / UNITS_PER_HIGH)
  const low = (units - high * UNITS_PER_HIGH) * UNIT_NS + (ns % UNIT_NS)
  return [low | 0, high]
}

/** Nanoseconds since the epoch of a minute and the nanoseconds into it. */
export const nanoOf = (minute: number, ns: number): bigint => BigInt(minute) * WINDOW_NS + BigInt(ns)

/** Minute and nanoseconds into it; instants before the epoch have a negative minute. */
export function splitNano(unixNano: bigint): readonly [minute: number, ns: number] {
  const low = Number(BigInt.asUintN(32, unixNano))
  const high = Number(unixNano >> 32n)
  const minute = minuteOfParts(high, low)
  return [minute, nsOfParts(high, low, minute)]
}

/** Number of samples. */
export const countOf = (samples: Samples): number => samples.length / STRIDE

/** Time of the sample at position `at` of the array, in nanoseconds since the epoch. */
export const timeNanoAt = (samples: Samples, at: number): bigint => nanoOf(samples[at]!, samples[at + NS]!)

/** Value of the sample at position `at` of the array, exact for 64 bits. */
export const valueAt = (samples: Samples, at: number): bigint =>
  (BigInt(samples[at + HIGH]!) << 32n) + BigInt(samples[at + LOW]!)

/** Appends a sample, which must be later than the last one. */
export function pushSample(samples: Samples, timeNano: bigint, value: bigint): void {
  const [minute, ns] = splitNano(timeNano)
  samples.push(minute, ns, Number(value >> 32n), Number(BigInt.asUintN(32, value)))
}

/** Nanoseconds from one sample to a later one; rounded only beyond a hundred days, which nothing asks for exactly. */
export const spanNs = (samples: Samples, from: number, to: number): number =>
  (samples[to]! - samples[from]!) * MINUTE_NS + samples[to + NS]! - samples[from + NS]!

/** The same between two instants, in seconds, rounded up. */
export const secondsBetween = (minuteA: number, nsA: number, minuteB: number, nsB: number): number =>
  Math.ceil(((minuteB - minuteA) * MINUTE_NS + nsB - nsA) / 1e9)

/** What the value rose by from one sample to another, exactly; NaN where that needs more than 53 bits. */
export function riseOf(samples: Samples, from: number, to: number): number {
  const rise =
    (samples[to + HIGH]! - samples[from + HIGH]!) * TWO_32 + samples[to + LOW]! - samples[from + LOW]!
  return Math.abs(rise) <= Number.MAX_SAFE_INTEGER ? rise : Number.NaN
}

/** The value as a number, exactly; NaN where that needs more than 53 bits. */
export function nearValueAt(samples: Samples, at: number): number {
  const value = samples[at + HIGH]! * TWO_32 + samples[at + LOW]!
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? value : Number.NaN
}

/** Whether (highA, lowA) comes before (highB, lowB): for values in halves, and for minutes with nanoseconds. */
export const isBelow = (highA: number, lowA: number, highB: number, lowB: number): boolean =>
  highA < highB || (highA === highB && lowA < lowB)

/** Where the first sample stands that is not earlier than the instant. */
export function lowerBound(samples: Samples, minute: number, ns: number): number {
  let low = 0
  let high = samples.length / STRIDE
  while (low < high) {
    const middle = (low + high) >> 1
    const at = middle * STRIDE
    if (isBelow(samples[at]!, samples[at + NS]!, minute, ns)) low = middle + 1
    else high = middle
  }
  return low * STRIDE
}
