/**
 * What a counter counted between two of its samples. Books and live view share this rule: a decrease is a wrap only if
 * the counter's range is known and the power that the wrap implies is possible; otherwise it is a new epoch, across
 * which nothing is invented. An increase that implies more than is possible is not booked either.
 */

import { type LikelyRange, wrapOf } from './rapl-ranges.ts'

/** The most that a counter can have counted per second, in its own unit: µJ or µs. See plausible.ts. */
export type MostPerSecond = bigint

const SECOND_NS = 1_000_000_000n

/** What happened between two samples of a counter, in the counter's own unit. */
export interface CounterStep {
  /**
   * rise, wrap: `amount` was counted. epoch: the counter was reset, so the amount is unknown. implausible: the counter
   * shows `amount`, which is impossible.
   */
  readonly kind: 'rise' | 'wrap' | 'epoch' | 'implausible'
  /** The amount to book: 0n for `epoch`. */
  readonly amount: bigint
}

const EPOCH: CounterStep = { kind: 'epoch', amount: 0n }

/** Limits that distinguish a wrap from a reset, and a possible increase from an impossible one. */
export interface CounterLimits {
  /** 0n: no known range. Above 0: the counter wraps after this value. */
  readonly rangeMax: bigint
  readonly most: MostPerSecond
  /** Ranges to try when none is given. */
  readonly likely?: LikelyRange | null
}

/** Compares two samples of one counter that are `spanNs` apart. */
export function counterStep(
  before: bigint,
  after: bigint,
  spanNs: bigint,
  { rangeMax, most, likely = null }: CounterLimits,
): CounterStep {
  const rise = after - before
  if (rise >= 0n) {
    return { kind: isPossible(rise, spanNs, most) ? 'rise' : 'implausible', amount: rise }
  }
  if (rangeMax === 0n && likely !== null) {
    const amount = wrapOf(before, after, spanNs, likely)
    return amount === null ? EPOCH : { kind: 'wrap', amount }
  }
  const wrapped = rise + rangeMax
  const canWrap = rangeMax > 0n && after >= 0n && before <= rangeMax && wrapped >= 0n
  return canWrap && isPossible(wrapped, spanNs, most) ? { kind: 'wrap', amount: wrapped } : EPOCH
}

/**
 * Counters are updated in steps, so two samples a moment apart may show a step of a second: shorter spans count as one
 * second.
 */
export const isPossible = (amount: bigint, spanNs: bigint, most: MostPerSecond): boolean =>
  amount * SECOND_NS <= most * (spanNs > SECOND_NS ? spanNs : SECOND_NS)

/**
 * The same in doubles, for hot paths: within rounding it may return false where `isPossible` returns true, never the
 * reverse.
 */
export const isSurelyPossible = (amount: number, spanNs: number, most: number): boolean =>
  amount * 1e9 <= most * Math.max(spanNs, 1e9) * (1 - 1e-9)
