/**
 * Converts a sent value to the integer of the quantity: exact rational arithmetic, rounded half to even once. A double
 * is a rational with a power of two as denominator, so even doubles are scaled without a second rounding.
 */

import { divideHalfEven, type Rational } from '../../../core/model/decimal.ts'

/** A unit factor: the integer is `sent x numerator / denominator`. */
export interface UnitFactor extends Rational {
  /** The factor as a number if it is an integer; otherwise 0. */
  readonly times: number
}

/** `times` is a double: exact, since integer factors are far below 2^53. */
export const scaleFactor = (numerator: bigint, denominator = 1n): UnitFactor => ({
  numerator,
  denominator,
  times: denominator === 1n ? Number(numerator) : 0,
})

/** Why a value is not valid for the quantity. */
export type ScaleProblem = 'not_finite' | 'negative' | 'sentinel' | 'out_of_range'

const INT64_MAX = 9_223_372_036_854_775_807n
/**
 * 64-bit values that mean "none": NVIDIA's 0x7ffffffffffffff0 and the next few (no data, not found, not supported, not permitted),
 * which as doubles all become 2^63; and the memory limit of a control group without one, the largest whole number of pages of 4 to
 * 64 KiB.
 */
const BLANK_INT64 = 0x7fff_ffff_ffff_0000n
const BLANK_DOUBLE = 2 ** 63
const UNLIMITED_DOUBLE = Number(BLANK_INT64)
/** The same for double-valued fields: 2^47 and the next few. No power in watts comes near. */
const BLANK_FIELD_DOUBLE = 2 ** 47

/** The integer in the quantity's unit, or why there is none. No meter reports a negative value. */
export function scale(value: bigint | number, by: UnitFactor): bigint | ScaleProblem {
  if (typeof value === 'bigint') {
    if (value >= BLANK_INT64) return 'sentinel'
    if (value < 0n) return 'negative'
    return inRange(divideHalfEven(value * by.numerator, by.denominator))
  }
  if (!Number.isFinite(value)) return 'not_finite'
  if (value >= BLANK_FIELD_DOUBLE && isBlank(value)) return 'sentinel'
  if (value < 0) return 'negative'
  if (Number.isSafeInteger(value))
    return inRange(divideHalfEven(BigInt(value) * by.numerator, by.denominator))
  const exact = rationalOf(value)
  return inRange(divideHalfEven(exact.numerator * by.numerator, exact.denominator * by.denominator))
}

const isBlank = (value: number): boolean =>
  (value >= UNLIMITED_DOUBLE && value <= BLANK_DOUBLE) ||
  (value >= BLANK_FIELD_DOUBLE && value <= BLANK_FIELD_DOUBLE + 3)

const inRange = (value: bigint): bigint | ScaleProblem => (value > INT64_MAX ? 'out_of_range' : value)

const bits = new DataView(new ArrayBuffer(8))

/** The exact value of a finite, non-negative double. */
function rationalOf(value: number): Rational {
  bits.setFloat64(0, value)
  const raw = bits.getBigUint64(0)
  const biased = Number((raw >> 52n) & 0x7ffn)
  const fraction = raw & 0xf_ffff_ffff_ffffn
  const mantissa = biased === 0 ? fraction : fraction | (1n << 52n)
  const exponent = (biased === 0 ? 1 : biased) - 1075
  return exponent >= 0
    ? { numerator: mantissa << BigInt(exponent), denominator: 1n }
    : { numerator: mantissa, denominator: 1n << BigInt(-exponent) }
}
