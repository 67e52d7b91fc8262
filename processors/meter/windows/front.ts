/**
 * Up to where a host's windows may be closed. Not its fastest clock decides: a window waits for every series that is alive,
 * so that a meter read every minute beside one read every five seconds, and an exporter whose clock is behind another's, lose
 * nothing.
 */
import { windowOf } from '../../../core/model/window.ts'
import { MINUTE_NS, NS, nanoOf, type Samples, STRIDE, spanNs } from '../samples/samples.ts'
import type { Series } from '../samples/series.ts'
import type { HostState } from '../state/host-state.ts'
import { settle } from '../state/settle.ts'
import { isInDoubt } from './intervals.ts'
import { SeriesPatience } from './series-patience.ts'

interface Lateness {
  readonly latenessMs: number
  /** When this record came; 0: unknown. */
  readonly arrivedMs: number
}

/** Of record time: a series further behind the others than this does not hold them up, whatever comes of it. */
const LONGEST_WAIT_MINUTES = 30
/** A sample further ahead of the one before than a series' beat, and this, waits for another one to confirm it. */
const LEAP = 3
const SHORTEST_LEAP_NS = MINUTE_NS

/** The first window that must stay open; the host's last closed one stands. */
export function closableBefore(state: HostState, series: readonly Series[], lateness: Lateness): number {
  const closed = state.closedBefore ?? 0
  if (bounded(state.recordNano, lateness) <= closed) return closed
  settle(state)
  const confirmed = confirmedUpTo(series)
  let front = -1n
  let oldest = Number.POSITIVE_INFINITY
  for (const one of series) {
    oldest = Math.min(oldest, one.samples[0] ?? oldest)
    const at = trusted(one, confirmed)
    if (at < 0) continue
    const nano = nanoOf(one.samples[at]!, one.samples[at + NS]!)
    if (nano > front) front = nano
  }
  const patience = new SeriesPatience(series, {
    latenessMs: lateness.latenessMs,
    clockMs: state.clockMs,
    front,
  })
  const until = waitingFor(series, { until: bounded(front, lateness), confirmed, patience })
  // What holds nothing yet stays open for those whose clocks are behind.
  return oldest < until ? Math.max(until, closed) : closed
}

/** Windows that ended `lateness` before an instant, and not after the record came. */
function bounded(nano: bigint, { latenessMs, arrivedMs }: Lateness): number {
  const arrivedNano = BigInt(Math.trunc(arrivedMs)) * 1_000_000n
  const at = arrivedMs > 0 && arrivedNano < nano ? arrivedNano : nano
  return at < 0n ? 0 : windowOf(at - BigInt(latenessMs) * 1_000_000n)
}

interface WaitBounds {
  readonly until: number
  readonly confirmed: number
  readonly patience: SeriesPatience
}

function waitingFor(series: readonly Series[], { until, confirmed, patience }: WaitBounds): number {
  let first = until
  for (const one of series) {
    const at = trusted(one, confirmed)
    if (at < 0 || one.samples[at]! >= first || one.samples[at]! < until - LONGEST_WAIT_MINUTES) continue
    if (!patience.isSilent(one, at)) first = one.samples[at]!
  }
  return first
}

/**
 * The newest instant that two series have reached, in minutes, and a minute more: one alone that is further ahead may be led
 * by a stray sample.
 */
function confirmedUpTo(series: readonly Series[]): number {
  let [first, second] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { samples } of series) {
    if (samples.length === 0) continue
    const last = minutesAt(samples, samples.length - STRIDE)
    if (last > first) [first, second] = [last, first]
    else if (last > second) second = last
  }
  return second + 1
}

const minutesAt = (samples: Samples, at: number): number => samples[at]! + samples[at + NS]! / MINUTE_NS

/**
 * Where the newest sample to be trusted stands; below 0: none. One that leaps ahead of its predecessor, and of all other
 * series, may be a stray, and one that cannot be booked may be odd: the next will tell.
 */
function trusted(series: Series, confirmed: number): number {
  const { samples } = series
  const last = samples.length - STRIDE
  const before = last - STRIDE
  if (before < 0) return last
  const isStray = minutesAt(samples, last) > confirmed && leaps(series, before, last)
  return isStray || isInDoubt(series) ? before : last
}

function leaps({ samples, everySeconds, gapNs }: Series, before: number, last: number): boolean {
  const longest = everySeconds === 0 ? gapNs : LEAP * everySeconds * 1e9
  return spanNs(samples, before, last) > Math.max(longest, SHORTEST_LEAP_NS)
}
