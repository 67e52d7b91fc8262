/** Carbon of entries in SQL, exactly as `rate` gives it: integers of 64, 128 or 256 bits, and one rounding, half to even. */
import { rational } from '../../core/model/decimal.ts'
import type { Factor } from '../../core/model/factor.ts'
import { PER_UJ_CARBON } from '../rate/prices.ts'

/**
 * µg of an entry's energy at its PUE and the factor, rounded half to even once, as `rate` does; in integers of the given number of bits,
 * which must hold the product of all three, twice.
 */
export function carbonOf(energy: string, bits: Bits): string {
  const wide = (value: string): string => `toInt${bits}(${value})`
  const decimals = "length(extract(Pue, '\\\\.(.*)'))"
  const denominator = `(${wide(`${PER_UJ_CARBON.denominator}`)} * ${wide('FactorDenominator')} * ${wide(`concat('1', repeat('0', ${decimals}))`)})`
  const numerator = `(${wide(`abs(${energy})`)} * ${wide('FactorNumerator')} * ${wide("replaceOne(Pue, '.', '')")})`
  return halfEven(numerator, denominator, `sign(${energy})`)
}

/** The same where entries may be a share of idle energy: it takes its part of what all of that emits (core/model/shared-part.ts). */
export function sharedCarbonOf(bits: Bits): string {
  const wide = (value: string): string => `toInt${bits === 64 ? 128 : bits}(${value})`
  const carbon = carbonOf('IdleSharedUj', bits)
  const upTo = (energy: string): string =>
    halfEven(
      `(${wide(`abs(${carbon})`)} * ${wide(`abs(${energy})`)})`,
      `greatest(${wide('abs(IdleSharedUj)')}, ${wide('1')})`,
      `sign(${carbon}) * sign(${energy}) * sign(IdleSharedUj)`,
    )
  const share = `${upTo('(IdleBeforeUj + EnergyUj)')} - ${upTo('IdleBeforeUj')}`
  return `if(IdleSharedUj = 0, ${carbonOf('EnergyUj', bits)}, ${share})`
}

/** Quotient of two texts of wide integers, neither below 0, as Int64 with the sign. */
function halfEven(numerator: string, denominator: string, sign: string): string {
  const quotient = `intDiv(${numerator}, ${denominator})`
  const twice = `(${numerator} - ${quotient} * ${denominator}) * 2`
  const isUp = `${twice} > ${denominator} OR (${twice} = ${denominator} AND ${quotient} % 2 = 1)`
  return `toInt64((${quotient} + (${isUp})) * ${sign})`
}

/** Width of the integers that are calculated with. */
export type Bits = 64 | 128 | 256

/**
 * Division of 64 bits is several times faster than of 128, and that than of 256. Corrections have no more energy than what they correct
 * together with what they book, and less than 63 bits.
 */
export function bitsFor(
  factors: readonly Factor[],
  { pueDigits, mostUj }: { readonly pueDigits: number; readonly mostUj: bigint },
): Bits {
  const bitsOf = (value: bigint): number => value.toString(2).length
  let perUj = 0
  let denominator = 0
  for (const { value } of factors) {
    const exact = rational(value)
    perUj = Math.max(perUj, bitsOf(exact.numerator))
    denominator = Math.max(denominator, bitsOf(exact.denominator))
  }
  const pue = pueDigits * BITS_A_DIGIT
  const most = Math.max(bitsOf(mostUj) + perUj + pue, bitsOf(PER_UJ_CARBON.denominator) + denominator + pue)
  if (most + 2 < 63) return 64
  return 63 + perUj + pue < 126 ? 128 : 256
}
const BITS_A_DIGIT = 3.33
