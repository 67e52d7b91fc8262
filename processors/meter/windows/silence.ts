/** Which windows of silent hosts are closed. Decided by wall-clock time, carried out by a record of the log. */
import { larger } from '../../../core/model/integers.ts'
import { windowAfter, windowOf, windowStartNano } from '../../../core/model/window.ts'
import { countOf } from '../samples/samples.ts'
import type { HostState } from '../state/host-state.ts'
import type { ElapsedTime } from '../state/own-time.ts'
import { newestAhead } from './ahead.ts'

/** Value of a control record of kind `flush`, as JSON. */
export interface Flush {
  readonly tenant: string
  readonly host: string
  /** The host's windows that ended by then are closed. Decimal text: JSON numbers cannot hold nanoseconds. */
  readonly untilUnixNano: string
  /** Its series are dropped as well: the host is gone, and would only cost memory. */
  readonly forget?: true
}

/** After how long a silence, in milliseconds, which windows of a host are closed. */
export interface SilenceLimits {
  /** Silence after which windows close that the host's last reading lies beyond. */
  readonly idleMs: number
  /** Silence after which the window of the last reading closes too: no trusted interval can reach out of it any more. */
  readonly gapMs: number
  readonly forgetMs: number
}

/**
 * The flush that a host's silence calls for; null: none. A host that reports every few minutes is not cut off in the
 * middle of a minute: the rest of that minute would be late every time.
 */
export function flushFor(
  state: HostState,
  nowMs: number,
  own: ElapsedTime,
  patience: SilenceLimits,
): Flush | null {
  const { tenant, host, recordNano, closedBefore, series } = state
  const silentMs = nowMs - state.lastRecordMs - (own.steppedMs - state.heard.steppedMs)
  if (series.size === 0 || silentMs < patience.idleMs) return null
  const isLong = silentMs >= patience.gapMs
  // What is ahead closes no window that is yet to come: the host may come back with a clock that was set right.
  const ahead = newestAhead(state, BigInt(Math.trunc(nowMs)) * 1_000_000n)
  const last = isLong ? windowAfter(larger(ahead, recordNano)) : windowOf(recordNano)
  const closed = closedBefore ?? 0
  // What came for closed windows waits in its series for the next window to close. None will by itself: this one does.
  const until = isLong && last <= closed && hasWaiting(state) ? closed + 1 : last
  const flush = { tenant, host, untilUnixNano: windowStartNano(until).toString() }
  const isGone = silentMs >= patience.forgetMs && own.passedMs - state.heard.passedMs >= SEEN_GONE_MS
  if (isGone) return { ...flush, forget: true }
  return until > closed ? flush : null
}

/** Part of a day's silence that this process must have seen itself: a clock a day ahead at start does not make hosts disappear. */
const SEEN_GONE_MS = 3_600_000
/** Whether some series holds an interval that is not booked up to where windows are closed. */
const hasWaiting = ({ series, journal }: HostState): boolean =>
  journal.count > 0 ||
  [...series.values()].some(({ samples, pending }) => countOf(samples) > (pending ? 2 : 1))
