/** What a minute holds, from readings alone, in exact fractions of µJ, apart from the code of the meter. */

/** Time in ns since the epoch, and the value. */
export type Sample = readonly [timeNs: bigint, value: bigint]

export interface Fraction {
  readonly over: bigint
  readonly under: bigint
}

/** µJ of a counter in [from, to): the difference of its values at the edges, on straight lines between samples. */
export function counted(samples: readonly Sample[], fromNs: bigint, toNs: bigint): Fraction {
  const at = (timeNs: bigint): Fraction => {
    const index = samples.findIndex(([time]) => time >= timeNs)
    const [t1, v1] = samples[index] ?? fail(timeNs)
    if (t1 === timeNs) return { over: v1, under: 1n }
    const [t0, v0] = samples[index - 1] ?? fail(timeNs)
    return { over: v0 * (t1 - t0) + (v1 - v0) * (timeNs - t0), under: t1 - t0 }
  }
  const [a, b] = [at(fromNs), at(toNs)]
  return { over: b.over * a.under - a.over * b.under, under: a.under * b.under }
}

/** µJ of a gauge in mW: the area under straight lines between samples. */
export function area(samples: readonly Sample[], fromNs: bigint, toNs: bigint): Fraction {
  let total: Fraction = { over: 0n, under: 1n }
  let isCovered = samples[0] !== undefined && samples[0][0] <= fromNs
  for (const [index, [t1, v1]] of samples.entries()) {
    const [t0, v0] = samples[index - 1] ?? [t1, v1]
    const [from, to] = [t0 > fromNs ? t0 : fromNs, t1 < toNs ? t1 : toNs]
    if (from >= to) continue
    // (v(from) + v(to)) / 2 x (to - from), in mW x ns = pJ: a million to a µJ.
    const ends = 2n * v0 * (t1 - t0) + (v1 - v0) * (from - t0 + to - t0)
    total = sum(total, { over: ends * (to - from), under: 2n * (t1 - t0) * 1_000_000n })
  }
  isCovered &&= (samples.at(-1)?.[0] ?? 0n) >= toNs
  if (!isCovered) fail(toNs)
  return total
}

const sum = (a: Fraction, b: Fraction): Fraction => ({
  over: a.over * b.under + b.over * a.under,
  under: a.under * b.under,
})

/** Whether an amount is the fraction, but for rounding to a whole µJ at each edge of the minute. */
export function isRounded(amountUj: bigint, { over, under }: Fraction): boolean {
  const apart = amountUj * under - over
  return (apart < 0n ? -apart : apart) <= 2n * under
}

function fail(timeNs: bigint): never {
  throw new Error(`no readings around ${timeNs}`)
}
