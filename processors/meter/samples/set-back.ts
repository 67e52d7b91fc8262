/** Which samples of counters a clock has dated that was set back. */
import { counterStep } from '../../../core/books/counter-step.ts'
import type { LikelyRange } from '../../../core/books/rapl-ranges.ts'
import { HIGH, isBelow, LOW, nanoOf, type Samples, timeNanoAt, valueAt } from './samples.ts'

/** What a counter showed, as a series keeps it. */
interface CounterSighting {
  readonly minute: number
  readonly ns: number
  readonly high: number
  readonly low: number
}

/** What of a series is looked at. */
interface CounterSeries {
  readonly isGauge: boolean
  readonly samples: Samples
  readonly rangeMax: bigint
  readonly most: { readonly exact: bigint }
  readonly likely: LikelyRange | null
}

/**
 * Whether a sample that is dated before the first one cannot have been read before it: the counter had not got so far, and has not
 * wrapped since. A clock that was set back has dated it, or the counter was reset since, which restating can tell.
 */
export function wasSetBack(
  { isGauge, samples, rangeMax, most, likely }: CounterSeries,
  { minute, ns, high, low }: CounterSighting,
): boolean {
  if (isGauge || !isBelow(samples[HIGH]!, samples[LOW]!, high, low)) return false
  const spanNs = timeNanoAt(samples, 0) - nanoOf(minute, ns)
  const value = (BigInt(high) << 32n) + BigInt(low >>> 0)
  const step = counterStep(value, valueAt(samples, 0), spanNs, { rangeMax, most: most.exact, likely })
  return step.kind !== 'wrap'
}
