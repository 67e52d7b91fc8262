/** What is to be done about hosts that have fallen silent. Decided by wall-clock time, carried out as a record of the log. */
import { larger } from '../../core/model/integers.ts'
import { windowAfter, windowOf, windowStartNano } from '../../core/model/window.ts'
import { newestAhead } from './ahead.ts'
import type { HostState } from './host-state.ts'
import { countOf } from './samples.ts'

/** Value of a control record of kind `flush`, as JSON. */
export interface Flush {
  readonly tenant: string
  readonly host: string
  /** The host's windows that ended by then are closed. Decimal text: JSON numbers cannot hold nanoseconds. */
  readonly untilUnixNano: string
  /** Its series are dropped as well: the host is gone, and would only cost memory. */
  readonly forget?: true
}

export interface Patience {
  /** Silence after which windows close that the host's last reading lies beyond. */
  readonly idleMs: number
  /** Silence after which the window of the last reading closes too: no trusted interval can reach out of it any more. */
  readonly gapMs: number
  readonly forgetMs: number
}

export interface Now {
  /** Wall clock. */
  readonly nowMs: number
  /** Of `OwnTime`; hosts have theirs of when they were heard last. */
  readonly ownMs: number
}

/**
 * The flush that a host's silence calls for; null: none. A host that reports every few minutes is not cut off in the
 * middle of a minute: the rest of that minute would be late every time.
 */
export function flushFor(state: HostState, now: Now, patience: Patience): Flush | null {
  const { tenant, host, recordNano, closedBefore, series } = state
  const silentMs = silenceOf(state, now)
  if (series.size === 0 || silentMs < patience.idleMs) return null
  const isLong = silentMs >= patience.gapMs
  const last = isLong ? windowAfter(larger(newestAhead(state), recordNano)) : windowOf(recordNano)
  const closed = closedBefore ?? 0
  // What came for closed windows waits in its series for the next window to close. None will by itself: this one does.
  const until = isLong && last <= closed && hasWaiting(state) ? closed + 1 : last
  const flush = { tenant, host, untilUnixNano: windowStartNano(until).toString() }
  if (isGone(state, now, patience)) return { ...flush, forget: true }
  return until > closed ? flush : null
}

/**
 * The shorter of the silences by wall clock and by own time: a clock that is set a day ahead makes nobody silent, and what
 * happened while this process was not there, neither. A wall clock before the last record was set back: it says nothing.
 */
function silenceOf({ lastRecordMs, arrivedMs, heardMs }: HostState, { nowMs, ownMs }: Now): number {
  const heard = ownMs - heardMs
  const wasSetBack = nowMs < arrivedMs - LARGEST_STEP_MS
  return wasSetBack ? heard - (lastRecordMs - arrivedMs) : Math.min(nowMs - lastRecordMs, heard)
}

/** A day by the wall clock, of which this process has seen an hour, or all where its patience is shorter. */
const isGone = (state: HostState, { nowMs, ownMs }: Now, { forgetMs }: Patience): boolean =>
  nowMs - state.lastRecordMs >= forgetMs && ownMs - state.heardMs >= Math.min(forgetMs, SEEN_GONE_MS)

const SEEN_GONE_MS = 3_600_000
/** Looks at the clock are seconds apart; a larger distance is a step of the clock, or a process that was suspended. */
const LARGEST_STEP_MS = 300_000

/** Time as one process sees it pass, look by look: steps of the wall clock are no time. */
export class OwnTime {
  #ms = 0
  #lastMs: number | null = null

  /** To be called every few seconds. */
  at(nowMs: number): number {
    const passed = this.#lastMs === null ? 0 : nowMs - this.#lastMs
    this.#lastMs = nowMs
    if (passed > 0 && passed <= LARGEST_STEP_MS) this.#ms += passed
    return this.#ms
  }

  get ms(): number {
    return this.#ms
  }
}

/** Whether some series holds an interval that is not booked up to where windows are closed. */
const hasWaiting = ({ series }: HostState): boolean =>
  [...series.values()].some(({ samples, pending }) => countOf(samples) > (pending ? 2 : 1))
