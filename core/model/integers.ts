/** What `Math` does not do for 64-bit integers. */
export function smaller(a: bigint, b: bigint): bigint {
  if (a < b) return a
  return b
}

export function larger(a: bigint, b: bigint): bigint {
  if (a > b) return a
  return b
}

export function sumOf(values: Iterable<bigint>): bigint {
  let total = 0n
  for (const value of values) total += value
  return total
}
