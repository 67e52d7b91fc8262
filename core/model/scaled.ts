/** Integer arithmetic in numbers where 53 bits suffice, for loops in which a bigint per step costs too much. */

const HALF_WORD = 65_536

/**
 * `factor x other / divisor`, rounded half to even, exactly, although the product may need 110 bits. NaN if the result
 * or an intermediate value might not be exact; the caller then computes with bigints. All three are integers, `factor`
 * and `other` at most 2^53 and not negative, `divisor` from 1 to 2^31.
 */
export function scaledHalfEven(factor: number, other: number, divisor: number): number {
  if (!(factor >= 0 && other >= 0)) return Number.NaN
  const wholeOther = Math.floor(other / divisor)
  const restOther = other - wholeOther * divisor
  const wholeFactor = Math.floor(factor / divisor)
  const restFactor = factor - wholeFactor * divisor
  const whole = factor * wholeOther + wholeFactor * restOther
  if (!(whole <= Number.MAX_SAFE_INTEGER - 2 * divisor)) return Number.NaN
  // The rest is rest x rest / divisor: 62 bits, as a long division in two steps of 16.
  const high = Math.floor(restFactor / HALF_WORD)
  const first = high * restOther
  const firstQuotient = Math.floor(first / divisor)
  const second = (first - firstQuotient * divisor) * HALF_WORD + (restFactor - high * HALF_WORD) * restOther
  const secondQuotient = Math.floor(second / divisor)
  const remainder = second - secondQuotient * divisor
  const floor = whole + firstQuotient * HALF_WORD + secondQuotient
  const isUp = remainder * 2 > divisor || (remainder * 2 === divisor && floor % 2 === 1)
  return isUp ? floor + 1 : floor
}
