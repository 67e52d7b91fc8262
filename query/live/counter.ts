/** One counter over time, and what it counted between two moments. */
export interface Step {
  readonly fromMs: number
  readonly toMs: number
  /** Null: the counter fell without a known range, so that nobody knows what it counted. */
  readonly amount: bigint | null
}

/** Steps between consecutive samples; a fall below the last value is a wrap where the range is known. */
export function stepsOf(
  samples: readonly (readonly [timeMs: number, value: bigint])[],
  rangeMax: bigint,
): readonly Step[] {
  return samples.slice(1).map(([toMs, value], index) => {
    const [fromMs, before] = samples[index]!
    const difference = value - before
    const amount = difference >= 0n ? difference : rangeMax > 0n ? difference + rangeMax : null
    return { fromMs, toMs, amount }
  })
}

/**
 * What was counted in `[fromMs, toMs)`: whole steps exactly, cut ones by time, rounded down. Undefined: no step reaches
 * into it, or what it holds is unknown, or a step is longer than `gapMs`.
 */
export function countedBetween(
  steps: readonly Step[],
  fromMs: number,
  toMs: number,
  gapMs: number,
): bigint | undefined {
  let sum: bigint | undefined
  // Steps rise by time: the first that reaches in is found by halving, since an hour of them is asked for often.
  for (let index = firstEndingAfter(steps, fromMs); index < steps.length; index++) {
    const step = steps[index]!
    if (step.fromMs >= toMs) break
    if (step.amount === null || step.toMs - step.fromMs > gapMs) return undefined
    const overlap = Math.min(step.toMs, toMs) - Math.max(step.fromMs, fromMs)
    const part = (step.amount * BigInt(overlap)) / BigInt(step.toMs - step.fromMs)
    sum = (sum ?? 0n) + part
  }
  return sum
}

function firstEndingAfter(steps: readonly Step[], timeMs: number): number {
  let low = 0
  let high = steps.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (steps[middle]!.toMs > timeMs) high = middle
    else low = middle + 1
  }
  return low
}
