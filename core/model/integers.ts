/** 64-bit versions of `Math` functions; quantities keep their unit. */
export function smaller<Q extends bigint>(a: Q, b: Q): Q {
  if (a < b) return a
  return b
}

/** Maximum of two quantities of one unit. */
export function larger<Q extends bigint>(a: Q, b: Q): Q {
  if (a > b) return a
  return b
}

/** Sum of quantities of one unit; 0n for none. May exceed 64 bits. */
export function sumOf<Q extends bigint>(values: Iterable<Q>): Q {
  let total = 0n
  for (const value of values) total += value
  return total as Q
}

/** Quotient of two non-negative integers, rounded up. */
export const divideUp = (numerator: bigint, denominator: bigint): bigint =>
  (numerator + denominator - 1n) / denominator

/** Sum of two amounts that may be unknown: null counts as nothing, and the sum of two nulls is unknown. */
export const addKnown = (a: bigint | null, b: bigint | null): bigint | null =>
  a === null ? b : b === null ? a : a + b

/** Greatest common divisor; signs do not matter. 0n for two zeros. */
export function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [left, right] = [a < 0n ? -a : a, b < 0n ? -b : b]
  while (right !== 0n) [left, right] = [right, left % right]
  return left
}
