/**
 * Up to where a host's windows may be closed. Not its fastest clock decides: a window waits for every series that is alive,
 * so that a meter read every minute beside one read every five seconds, and an exporter whose clock is behind another's, lose
 * nothing.
 */
import { windowOf } from '../../core/model/window.ts'
import type { HostState } from './host-state.ts'
import { isInDoubt } from './intervals.ts'
import { MINUTE_NS, NS, nanoOf, STRIDE, spanNs } from './samples.ts'
import type { Series } from './series.ts'

export interface Lateness {
  readonly latenessMs: number
  /** When this record came; 0: unknown. */
  readonly arrivedMs: number
}

/** Samples that a series may leave out before the host's windows go on without it. */
const MISSED = 2
/** Of record time: a series further behind the others than this does not hold them up, whatever comes of it. */
const LONGEST_WAIT_MINUTES = 30
/** A sample further ahead of the one before than a series' beat, and this, waits for another one to confirm it. */
const LEAP = 3
const SHORTEST_LEAP_NS = MINUTE_NS

/** The first window that must stay open; the host's last closed one stands. */
export function closableBefore(state: HostState, series: readonly Series[], lateness: Lateness): number {
  const closed = state.closedBefore ?? 0
  if (bounded(state.recordNano, lateness) <= closed) return closed
  let front = -1n
  for (const one of series) {
    const at = trusted(one)
    if (at < 0) continue
    const nano = nanoOf(one.samples[at]!, one.samples[at + NS]!)
    if (nano > front) front = nano
  }
  return waitingFor(state, series, bounded(front, lateness), lateness)
}

/** Windows that ended `lateness` before an instant, and not after the record came. */
function bounded(nano: bigint, { latenessMs, arrivedMs }: Lateness): number {
  const arrivedNano = BigInt(Math.trunc(arrivedMs)) * 1_000_000n
  const at = arrivedMs > 0 && arrivedNano < nano ? arrivedNano : nano
  return at < 0n ? 0 : windowOf(at - BigInt(latenessMs) * 1_000_000n)
}

/** Of a series without a beat yet, that of others by the same source is taken, else the longest that is trusted. */
function waitingFor(state: HostState, series: readonly Series[], until: number, lateness: Lateness): number {
  const beats = new Map<string, number>()
  let first = until
  for (const one of series) {
    const at = trusted(one)
    if (at < 0 || one.samples[at]! >= first || one.samples[at]! < until - LONGEST_WAIT_MINUTES) continue
    const silentMs = state.clockMs - one.heardMs
    if (silentMs <= patienceMs(one, series, beats, lateness)) first = one.samples[at]!
  }
  return Math.max(first, state.closedBefore ?? 0)
}

function patienceMs(
  { everySeconds, gapNs, identity }: Series,
  series: readonly Series[],
  beats: Map<string, number>,
  { latenessMs }: Lateness,
): number {
  let seconds = everySeconds
  if (seconds === 0) {
    seconds = beats.get(identity.source) ?? beatOf(identity.source, series)
    beats.set(identity.source, seconds)
  }
  return latenessMs + (seconds === 0 ? gapNs / 1e6 : MISSED * seconds * 1000)
}

const beatOf = (source: string, series: readonly Series[]): number =>
  series.reduce(
    (longest, { identity, everySeconds }) =>
      identity.source === source ? Math.max(longest, everySeconds) : longest,
    0,
  )

/**
 * Where the newest sample to be trusted stands; below 0: none. One that leaps ahead of its predecessor may be a stray, and
 * one that cannot be booked may be odd: the next will tell.
 */
function trusted(series: Series): number {
  const { samples, everySeconds, gapNs } = series
  const last = samples.length - STRIDE
  const before = last - STRIDE
  if (before < 0) return last
  const longest = everySeconds === 0 ? gapNs : LEAP * everySeconds * 1e9
  const leaps = spanNs(samples, before, last) > Math.max(longest, SHORTEST_LEAP_NS)
  return leaps || isInDoubt(series) ? before : last
}
