/** What a receiver knows about a request, and the limits that apply. */
export interface DecodeContext {
  /** From the credential, never from the payload. */
  readonly tenant: string
  /** The account that pays, if the credential names one. */
  readonly account?: string | undefined
  /** The time of receipt. */
  readonly nowUnixNano: bigint
  readonly limits: DecodeLimits
}

/** Limits of one item. Times are relative to the receiver's clock. */
export interface DecodeLimits {
  /** Attributes per item (span, event, link, point, record, resource, scope); further ones are cut. */
  readonly attributes: number
  /** UTF-8 bytes of a key or a value; longer ones are cut at a character. */
  readonly attributeBytes: number
  /** How far ahead of and behind `nowUnixNano` an item may be dated. */
  readonly futureNano: bigint
  readonly pastNano: bigint
  /** How deep arrays and maps may nest in an attribute or body; deeper values become null and count as cut. */
  readonly maxDepth: number
}

/** Why an item was rejected: the closed list behind `rejected`, for partial success and counters. */
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

/** Result for the items of one request. */
export interface DecodeResult {
  /** Number of spans, log records or data points added to the builders. */
  readonly accepted: number
  readonly rejected: number
  /** Rejected items by reason; keys are `REJECT_REASONS`. */
  readonly reasons: Map<string, number>
  /** Attributes removed or shortened because of the limits, in accepted and rejected items, resources and scopes. */
  readonly cutAttributes: number
}

const ITEMS_BETWEEN_CHECKS = 1024
const INT64_MAX = (1n << 63n) - 1n

/** Counts for one request, and its time limits. */
export class DecodeTally {
  #accepted = 0
  rejected = 0
  cutAttributes = 0
  readonly reasons = new Map<string, number>()
  readonly limits: DecodeLimits
  /** Earliest and latest time of an item, in nanoseconds as floats. */
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
    // As floats, exact to 256 ns: enough for a limit, without a BigInt per item. Times are stored as signed 64 bits.
    this.latestNano = Number(latest < INT64_MAX ? latest : INT64_MAX)
    this.earliestNano = Number(earliest)
  }

  /** Runs `read` on a part of the body that may be read for several tables; cut attributes in it count once. */
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

  /** Why an item with this time (nanoseconds, as a float) is rejected; null when it is not. */
  timeProblem(unixNano: number): RejectReason | null {
    if (unixNano > this.latestNano) return 'time_in_future'
    return unixNano < this.earliestNano ? 'time_in_past' : null
  }

  result(): DecodeResult {
    const { rejected, reasons, cutAttributes } = this
    return { accepted: this.#accepted, rejected, reasons, cutAttributes }
  }
}
