/**
 * Decides when an open batch becomes a record: a pure function of facts and time.
 *
 * An insert costs the warehouse 10-35 ms CPU however small, so a batch waits for more rows, longer when traffic is
 * light. But no client may wait for nothing. A client that sends again soon after its answer (an SDK's exporter sends
 * one request at a time) would be limited by a timer alone. Its batch therefore waits no longer than such a client
 * takes to send again, because by then similar clients have sent too. A client that sends now and then, while no other
 * does, gains nothing from waiting. Both get their answer immediately as long as small records are affordable
 * (small-records.ts), and otherwise after the short wait. A batch of some size closes as soon as no other request could
 * add to it.
 */
export interface BatchFacts {
  readonly rows: number
  readonly bytes: number
  readonly firstRowMs: number
  readonly lastRowMs: number
  /** Rows that arrived within `PROMPT_MS` of the stream's last answer: a sign of clients that wait for answers. */
  readonly promptRows: number
  /**
   * Shortest time between a client's last answer and its request in this batch; infinite if no client had a recent
   * answer.
   */
  readonly backAfterMs: number
  /** Nothing had arrived for so long before it that no more rows are expected soon. */
  readonly isLone: boolean
  /** When a small record becomes affordable. */
  readonly affordableAtMs: number
  /** Recent rate of the stream, see `decayedRate`. */
  readonly rowsPerSecond: number
  /** Open requests of the signal that are not in this batch and may still join it. */
  readonly outside: number
  /** The maximum number of appends is in flight, so waiting longer costs only time. */
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
 * (`prompt`), or its time is up (`waited`).
 */
export type CloseReason = 'rows' | 'bytes' | 'complete' | 'prompt' | 'waited'
/** `wakeAtMs`: when to check again if nothing happens before. */
type CloseDecision =
  | { readonly close: true; readonly reason: CloseReason }
  | { readonly close: false; readonly wakeAtMs: number }

/** Silence after which a batch that contains every open request is complete. */
const QUIET_MS = 2
/** A record of this many rows is worth its insert: 10 ms CPU for the insert, 2-3 ms for the rows. */
const WORTHWHILE_ROWS = 1_000
/** After this many times `thinWaitMs` without a request, the next one counts as alone. */
const LONE_WAITS = 2
/** A request within this time of the batcher's last answer probably comes from a client that waited for it. */
export const PROMPT_MS = 20
/** This many rows right after an answer indicate a client that is held up, not an agent that happened to send then. */
const PRESSED_ROWS = 128

/** Whether the batch closes at `nowMs` (monotonic), and if not, when to check again at the latest. */
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

/** When waiting longer stops being useful for a small batch; infinite where it may stay useful. */
function promptAtMs(facts: BatchFacts, limits: CloseLimits): number {
  const atMs = facts.isLone
    ? facts.lastRowMs + QUIET_MS
    : isHeldUp(facts, limits)
      ? Math.max(facts.firstRowMs + facts.backAfterMs, facts.lastRowMs + QUIET_MS)
      : Number.POSITIVE_INFINITY
  return Math.max(atMs, facts.affordableAtMs)
}

/** A client in it sends again so soon that the long wait would be most of its time. */
const isHeldUp = ({ backAfterMs }: BatchFacts, limits: CloseLimits): boolean =>
  backAfterMs < limits.thinWaitMs

/** Whether a request after this much silence is alone. */
export const isLoneAfter = (silenceMs: number, limits: CloseLimits): boolean =>
  silenceMs > LONE_WAITS * Math.max(limits.waitMs, limits.thinWaitMs)

/** From `thinWaitMs` down to `waitMs`: the time in which a record worth its insert arrives. */
export function waitMs(facts: BatchFacts, limits: CloseLimits): number {
  const longest = Math.max(limits.waitMs, limits.thinWaitMs)
  // Not without limit: behind appends that hang, a closed batch waits with a time limit, an open one would not.
  if (facts.appendsFull) return longest
  if (facts.promptRows >= PRESSED_ROWS) return limits.waitMs
  if (isHeldUp(facts, limits)) return Math.min(longest, Math.max(limits.waitMs, facts.backAfterMs))
  if (facts.rowsPerSecond <= 0) return longest
  return Math.min(longest, Math.max(limits.waitMs, (WORTHWHILE_ROWS * 1000) / facts.rowsPerSecond))
}

/** Rows per second, averaged over about one second: the old rate decays, new rows count in full. */
export function decayedRate(rowsPerSecond: number, elapsedMs: number, newRows: number): number {
  return rowsPerSecond * Math.exp(-elapsedMs / 1000) + newRows
}
