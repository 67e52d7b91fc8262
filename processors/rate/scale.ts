/** A product with an exact factor, rounded once half to even: in numbers where 53 bits do, else in bigints. */
import { type Rational, scaleHalfEven } from '../../core/model/decimal.ts'
import { greatestCommonDivisor } from '../../core/model/integers.ts'
import { scaledHalfEven } from '../../core/model/scaled.ts'

/** An exact factor, made ready for many amounts. */
export interface ExactScale {
  readonly exact: Rational
  /** The factor in lowest terms as numbers, where they are small enough; NaN otherwise. */
  readonly numerator: number
  readonly denominator: number
}

const LARGEST_DENOMINATOR = 2 ** 31

/** @param exact at least 0, or below it for prices below 0, which bigints then scale */
export function scaleOf(exact: Rational): ExactScale {
  const common = greatestCommonDivisor(exact.numerator, exact.denominator)
  const [numerator, denominator] = [exact.numerator / common, exact.denominator / common]
  const isSmall =
    numerator >= 0n &&
    numerator <= BigInt(Number.MAX_SAFE_INTEGER) &&
    denominator <= BigInt(LARGEST_DENOMINATOR)
  return {
    exact,
    numerator: isSmall ? Number(numerator) : Number.NaN,
    denominator: isSmall ? Number(denominator) : Number.NaN,
  }
}

/** `amount x factor`; NaN where numbers cannot tell. */
export function scaledNumber(amount: number, { numerator, denominator }: ExactScale): number {
  if (!Number.isSafeInteger(amount) || Number.isNaN(numerator)) return Number.NaN
  const scaled = scaledHalfEven(Math.abs(amount), numerator, denominator)
  return amount < 0 ? -scaled : scaled
}

/** The same, always. */
export const scaledBigint = (amount: bigint, { exact }: ExactScale): bigint => scaleHalfEven(amount, exact)
