/** What `Math` does not do for 64-bit integers; quantities keep their unit. */
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

/** Quotient of two integers that are not negative, rounded up. */
export const divideUp = (numerator: bigint, denominator: bigint): bigint =>
  (numerator + denominator - 1n) / denominator

/** Sum of amounts of which either may be unknown: null counts as nothing, and two of it stay unknown. */
export const addKnown = (a: bigint | null, b: bigint | null): bigint | null =>
  a === null ? b : b === null ? a : a + b

/** Largest integer that divides both without a rest; signs do not matter. 0n for two zeros. */
export function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [left, right] = [a < 0n ? -a : a, b < 0n ? -b : b]
  while (right !== 0n) [left, right] = [right, left % right]
  return left
}
