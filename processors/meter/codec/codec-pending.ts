/**
 * Up to the second version of stored state, what was left of an interval that reached into open windows stood apart from its
 * samples, as an amount. Now the interval's first sample stays: this makes one that gives the same rest.
 */
import { windowStartNano } from '../../../core/model/window.ts'
import { splitNano, timeNanoAt, valueAt } from '../samples/samples.ts'
import type { Series } from '../samples/series.ts'

/** The rest of an interval that was booked up to some window, as the first two versions stored it. */
export interface PendingInterval {
  /** It goes on from the start of this window. */
  readonly fromWindow: number
  readonly amount: bigint
}

/** To be called once the samples are there. A gauge's rest may differ by what rounding its value to a whole number makes. */
export function restorePending(
  { identity, isGauge, samples }: Series,
  { fromWindow, amount }: PendingInterval,
): void {
  if (samples.length === 0) return
  const fromNano = windowStartNano(fromWindow)
  const spanNs = timeNanoAt(samples, 0) - fromNano
  if (spanNs <= 0n) return
  const end = valueAt(samples, 0)
  const unit = identity.quantity === 'power' ? 1_000_000n : 1_000_000_000n
  const value = isGauge ? (2n * amount * unit) / spanNs - end : end - amount
  const [minute, ns] = splitNano(fromNano)
  samples.unshift(minute, ns, Number(value >> 32n), Number(BigInt.asUintN(32, value)))
}
