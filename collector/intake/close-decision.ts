/**
 * When does an open batch become a record? A pure function of facts and time.
 *
 * An insert costs the warehouse 10-35 ms CPU however small, so a batch waits for company: the longer, the fewer rows
 * come. But no client may be held up for nothing. Who sends again soon after it is answered (an SDK's exporter sends one request
 * at a time) would be capped by a timer alone: its batch waits no longer than it takes such a client to come back, by when
 * the others of its kind have come too. A client that sends now and then, while no other does, gains nothing from waiting. Both get their
 * answer at once as long as small records can be afforded (small-records.ts), and else after the short wait. And a batch of
 * some size closes as soon as no other request could add to it.
 */
export interface BatchFacts {
  readonly rows: number
  readonly bytes: number
  readonly firstRowMs: number
  readonly lastRowMs: number
  /** Rows that came within `PROMPT_MS` of the stream's last answer: the sign of clients that wait for answers. */
  readonly promptRows: number
  /** Shortest time that a client in it took to come back from its last answer; infinite where none did of late. */
  readonly backAfterMs: number
  /** Nothing had come for so long before it that nothing more is to be expected soon. */
  readonly isLone: boolean
  /** From when on a small record can be afforded. */
  readonly affordableAtMs: number
  /** Recent rate of the stream, see `decayedRate`. */
  readonly rowsPerSecond: number
  /** Open requests of the signal that are not in this batch and may still add to it. */
  readonly outside: number
  /** As many appends are in flight as may be: gathering on costs nothing but time. */
  readonly appendsFull: boolean
}

/** Limits of a batch from `group_commit`: size, and milliseconds that its first row may wait. */
export interface CloseLimits {
  readonly rows: number
  readonly bytes: number
  readonly waitMs: number
  readonly thinWaitMs: number
}

/**
 * Why a batch closed: full (`rows`, `bytes`), every open request is in it (`complete`), small but affordable
 * (`prompt`), or out of time (`waited`).
 */
export type CloseReason = 'rows' | 'bytes' | 'complete' | 'prompt' | 'waited'
/** `wakeAtMs`: when to ask again if nothing happens before. */
type CloseDecision =
  | { readonly close: true; readonly reason: CloseReason }
  | { readonly close: false; readonly wakeAtMs: number }

/** Silence after which a batch that holds every open request is complete. */
const QUIET_MS = 2
/** A record of this many rows is worth its insert: 10 ms CPU for the insert, 2-3 ms for the rows. */
const WORTHWHILE_ROWS = 1_000
/** After this many times `thinWaitMs` without a request, the next one counts as alone. */
const LONE_WAITS = 2
/** A request within this time of the batcher's last answer probably comes from a client that waited for it. */
export const PROMPT_MS = 20
/** This many rows right after an answer mean a client that is held up, not an agent that happened to come. */
const PRESSED_ROWS = 128

/** Whether the batch closes at `nowMs` (monotonic), and if not, when to ask again at the latest. */
export function decideClose(facts: BatchFacts, limits: CloseLimits, nowMs: number): CloseDecision {
  if (facts.rows >= limits.rows) return { close: true, reason: 'rows' }
  if (facts.bytes >= limits.bytes) return { close: true, reason: 'bytes' }
  const waitedAtMs = facts.firstRowMs + waitMs(facts, limits)
  if (nowMs >= waitedAtMs) return { close: true, reason: 'waited' }
  if (facts.appendsFull) return { close: false, wakeAtMs: waitedAtMs }

  if (facts.outside > 0) return { close: false, wakeAtMs: waitedAtMs }
  const isSmall = isSmallRecord(facts.rows, limits)
  const atMs = isSmall ? promptAtMs(facts, limits) : facts.lastRowMs + QUIET_MS
  if (nowMs >= atMs) return { close: true, reason: isSmall ? 'prompt' : 'complete' }
  return { close: false, wakeAtMs: Math.min(atMs, waitedAtMs) }
}

/** Whether a record of this many rows costs the warehouse hardly more than one of a single row. */
export const isSmallRecord = (rows: number, limits: Pick<CloseLimits, 'rows'>): boolean =>
  rows < Math.min(WORTHWHILE_ROWS, limits.rows)

/** When waiting on gains a small batch nothing; infinite where it may. */
function promptAtMs(facts: BatchFacts, limits: CloseLimits): number {
  const atMs = facts.isLone
    ? facts.lastRowMs + QUIET_MS
    : isHeldUp(facts, limits)
      ? Math.max(facts.firstRowMs + facts.backAfterMs, facts.lastRowMs + QUIET_MS)
      : Number.POSITIVE_INFINITY
  return Math.max(atMs, facts.affordableAtMs)
}

/** A client in it comes back so soon that the long wait would be most of what it does. */
const isHeldUp = ({ backAfterMs }: BatchFacts, limits: CloseLimits): boolean =>
  backAfterMs < limits.thinWaitMs

/** Whether a request after such a long silence is alone. */
export const isLoneAfter = (silenceMs: number, limits: CloseLimits): boolean =>
  silenceMs > LONE_WAITS * Math.max(limits.waitMs, limits.thinWaitMs)

/** From `thinWaitMs` down to `waitMs`, as long as it takes to gather a record that is worth its insert. */
export function waitMs(facts: BatchFacts, limits: CloseLimits): number {
  const longest = Math.max(limits.waitMs, limits.thinWaitMs)
  // Not for ever: behind appends that hang, a closed batch waits with a time limit, an open one would not.
  if (facts.appendsFull) return longest
  if (facts.promptRows >= PRESSED_ROWS) return limits.waitMs
  if (isHeldUp(facts, limits)) return Math.min(longest, Math.max(limits.waitMs, facts.backAfterMs))
  if (facts.rowsPerSecond <= 0) return longest
  return Math.min(longest, Math.max(limits.waitMs, (WORTHWHILE_ROWS * 1000) / facts.rowsPerSecond))
}

/** Rows a second with a memory of about one second: the old rate fades, the new rows count in full. */
export function decayedRate(rowsPerSecond: number, elapsedMs: number, newRows: number): number {
  return rowsPerSecond * Math.exp(-elapsedMs / 1000) + newRows
}
