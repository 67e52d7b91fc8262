/** One meter's samples over time, and what it counted between two moments, by the rules of the books. */
import { type CounterLimits, counterStep } from '../../core/books/counter-step.ts'

/** The amount between two consecutive samples of a meter, in µJ or µs. */
export interface SampleStep {
  readonly fromMs: number
  readonly toMs: number
  /** Null: the counter restarted or shows an impossible value, so the amount is unknown. */
  readonly amount: bigint | null
}

type TimedValues = readonly (readonly [timeMs: number, value: bigint])[]

const NS = 1_000_000n

/** Steps between consecutive samples of a counter. */
export const counterSteps = (samples: TimedValues, limits: CounterLimits): readonly SampleStep[] =>
  between(samples, (before, value, spanMs) => {
    const { kind, amount } = counterStep(before, value, BigInt(spanMs) * NS, limits)
    return kind === 'rise' || kind === 'wrap' ? amount : null
  })

/** The area under the line between consecutive samples of a gauge, value x ms over `unit`. */
export const areasOf = (samples: TimedValues, unit: bigint): readonly SampleStep[] =>
  between(samples, (before, value, spanMs) => ((before + value) * BigInt(spanMs)) / (2n * unit))

const between = (
  samples: TimedValues,
  amountOf: (before: bigint, value: bigint, spanMs: number) => bigint | null,
): readonly SampleStep[] =>
  samples.slice(1).map(([toMs, value], index) => {
    const [fromMs, before] = samples[index]!
    return { fromMs, toMs, amount: amountOf(before, value, toMs - fromMs) }
  })

/** What a meter counted in a span, in µJ or µs. */
export interface Counted {
  readonly amount: bigint
  /** How much of the time is covered. */
  readonly seenMs: number
}

/**
 * The amount in `[fromMs, toMs)`: whole steps exactly, cut ones by time, rounded down. Undefined: no step overlaps it,
 * or its amount is unknown, or a step is longer than `gapMs`.
 */
export function countedBetween(
  steps: readonly SampleStep[],
  fromMs: number,
  toMs: number,
  gapMs: number,
): Counted | undefined {
  let amount = 0n
  let seenMs = 0
  // Steps are sorted by time: the first that overlaps is found by binary search, since an hour of steps is often
  // requested.
  for (let index = firstEndingAfter(steps, fromMs); index < steps.length; index++) {
    const step = steps[index]!
    if (step.fromMs >= toMs) break
    if (step.amount === null || step.toMs - step.fromMs > gapMs) return undefined
    const overlap = Math.min(step.toMs, toMs) - Math.max(step.fromMs, fromMs)
    amount += (step.amount * BigInt(overlap)) / BigInt(step.toMs - step.fromMs)
    seenMs += overlap
  }
  return seenMs === 0 ? undefined : { amount, seenMs }
}

function firstEndingAfter(steps: readonly SampleStep[], timeMs: number): number {
  let low = 0
  let high = steps.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (steps[middle]!.toMs > timeMs) high = middle
    else low = middle + 1
  }
  return low
}
