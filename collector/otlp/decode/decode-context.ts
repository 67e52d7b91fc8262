/** What a receiver knows about a request, and what it allows. */
export interface DecodeContext {
  /** From the credential, never from the payload. */
  readonly tenant: string
  /** The account that pays, where the credential names one. */
  readonly account?: string | undefined
  /** The time of receipt. */
  readonly nowUnixNano: bigint
  readonly limits: DecodeLimits
}

/** Bounds on what one item may carry. Times are relative to the receiver's clock. */
export interface DecodeLimits {
  /** Attributes an item (span, event, link, point, record, resource, scope); more are cut. */
  readonly attributes: number
  /** UTF-8 bytes of a key or a value; longer ones are cut at a character. */
  readonly attributeBytes: number
  /** How far ahead of and behind `nowUnixNano` an item may be dated. */
  readonly futureNano: bigint
  readonly pastNano: bigint
  /** How deep arrays and maps may nest in an attribute or body; what is deeper becomes null and counts as cut. */
  readonly maxDepth: number
}

/** Why an item was refused: the closed list behind `rejected`, for partial success and counters. */
const REJECT_REASONS = [
  'trace_id_invalid',
  'span_id_invalid',
  'parent_span_id_invalid',
  'link_id_invalid',
  'exemplar_id_invalid',
  'time_in_future',
  'time_in_past',
  'item_too_large',
] as const
/** Label of the counter of rejected items. */
export type RejectReason = (typeof REJECT_REASONS)[number]

/** What became of the items of one request. */
export interface DecodeResult {
  /** Spans, log records or data points that are now in the builders. */
  readonly accepted: number
  readonly rejected: number
  /** Rejected items by reason; keys are `REJECT_REASONS`. */
  readonly reasons: Map<string, number>
  /** Attributes left out or shortened by the limits, in accepted and rejected items, resources and scopes. */
  readonly cutAttributes: number
}

const ITEMS_BETWEEN_CHECKS = 1024
const INT64_MAX = (1n << 63n) - 1n

/** Counts for one request, and its bounds of time. */
export class DecodeTally {
  #accepted = 0
  rejected = 0
  cutAttributes = 0
  readonly reasons = new Map<string, number>()
  readonly limits: DecodeLimits
  /** Bounds of the time of an item, in nanoseconds as floats. */
  readonly earliestNano: number
  readonly latestNano: number
  readonly #checkExpansion: () => void
  readonly #counted = new WeakSet<object>()

  /** `checkExpansion` throws when the builders have become too large. */
  constructor({ nowUnixNano, limits }: DecodeContext, checkExpansion: () => void) {
    this.#checkExpansion = checkExpansion
    const latest = nowUnixNano + limits.futureNano
    const earliest = nowUnixNano - limits.pastNano
    this.limits = limits
    // As floats, exact to 256 ns: enough for a bound, and no BigInt per item. Times are stored as signed 64 bits.
    this.latestNano = Number(latest < INT64_MAX ? latest : INT64_MAX)
    this.earliestNano = Number(earliest)
  }

  /** Runs `read` on a part of the body that may be read for several tables; what it cuts counts once. */
  countOnce<Part>(messages: object, read: () => Part): Part {
    const before = this.cutAttributes
    const part = read()
    if (this.cutAttributes === before) return part
    if (this.#counted.has(messages)) this.cutAttributes = before
    this.#counted.add(messages)
    return part
  }

  accept(): void {
    this.#accepted += 1
    if (this.#accepted % ITEMS_BETWEEN_CHECKS === 0) this.#checkExpansion()
  }

  reject(reason: RejectReason, items = 1): void {
    this.rejected += items
    this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + items)
  }

  /** Why an item with this time (nanoseconds, as a float) cannot be taken; null when it can. */
  timeProblem(unixNano: number): RejectReason | null {
    if (unixNano > this.latestNano) return 'time_in_future'
    return unixNano < this.earliestNano ? 'time_in_past' : null
  }

  result(): DecodeResult {
    const { rejected, reasons, cutAttributes } = this
    return { accepted: this.#accepted, rejected, reasons, cutAttributes }
  }
}
