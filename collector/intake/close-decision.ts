/**
 * When does an open batch become a record? A pure function of facts and time.
 *
 * An insert costs the warehouse 10-35 ms CPU however small, so a batch waits for company: the longer, the fewer rows
 * come. But nobody may be held up for nothing: who sends again the moment it is answered (an SDK's exporter sends
 * one request at a time) would be capped by a timer alone, so such traffic gets the short wait however few rows a
 * second it seems to bring, and a batch of some size closes as soon as nobody else could add to it.
 */
export interface BatchFacts {
  readonly rows: number
  readonly bytes: number
  readonly firstRowMs: number
  readonly lastRowMs: number
  /** Rows that came within `PROMPT_MS` of the stream's last answer: the sign of clients that wait for answers. */
  readonly promptRows: number
  /** Recent rate of the stream, see `decayedRate`. */
  readonly rowsPerSecond: number
  /** Open requests of the signal that are not in this batch and may still add to it. */
  readonly outside: number
  /** As many appends are in flight as may be: gathering on costs nothing but time. */
  readonly appendsFull: boolean
}

export interface CloseLimits {
  readonly rows: number
  readonly bytes: number
  readonly waitMs: number
  readonly thinWaitMs: number
}

export type CloseReason = 'rows' | 'bytes' | 'complete' | 'waited'
/** `wakeAtMs`: when to ask again if nothing happens before. */
export type Decision =
  | { readonly close: true; readonly reason: CloseReason }
  | { readonly close: false; readonly wakeAtMs: number }

/** Silence after which a batch that holds every open request is complete. */
const QUIET_MS = 2
/** A record of so many rows is worth its insert: 10 ms CPU for the insert, 2-3 ms for the rows. */
const WORTHWHILE_ROWS = 1_000
export const PROMPT_MS = 20
/** So many rows right after an answer mean a client that is held up, not an agent that happened to come. */
const PRESSED_ROWS = 128

export function decideClose(facts: BatchFacts, limits: CloseLimits, nowMs: number): Decision {
  if (facts.rows >= limits.rows) return { close: true, reason: 'rows' }
  if (facts.bytes >= limits.bytes) return { close: true, reason: 'bytes' }
  const waitedAtMs = facts.firstRowMs + waitMs(facts, limits)
  if (nowMs >= waitedAtMs) return { close: true, reason: 'waited' }
  if (facts.appendsFull) return { close: false, wakeAtMs: waitedAtMs }

  const worthwhile = facts.rows >= Math.min(WORTHWHILE_ROWS, limits.rows)
  if (!worthwhile || facts.outside > 0) return { close: false, wakeAtMs: waitedAtMs }
  const quietAtMs = facts.lastRowMs + QUIET_MS
  if (nowMs >= quietAtMs) return { close: true, reason: 'complete' }
  return { close: false, wakeAtMs: Math.min(quietAtMs, waitedAtMs) }
}

/** From `thinWaitMs` down to `waitMs`, as long as it takes to gather a record that is worth its insert. */
export function waitMs(facts: BatchFacts, limits: CloseLimits): number {
  const longest = Math.max(limits.waitMs, limits.thinWaitMs)
  // Not for ever: behind appends that hang, a closed batch waits with a time limit, an open one would not.
  if (facts.appendsFull) return longest
  if (facts.promptRows >= PRESSED_ROWS) return limits.waitMs
  if (facts.rowsPerSecond <= 0) return longest
  return Math.min(longest, Math.max(limits.waitMs, (WORTHWHILE_ROWS * 1000) / facts.rowsPerSecond))
}

/** Rows a second with a memory of about one second: the old rate fades, the new rows count in full. */
export function decayedRate(rowsPerSecond: number, elapsedMs: number, newRows: number): number {
  return rowsPerSecond * Math.exp(-elapsedMs / 1000) + newRows
}
