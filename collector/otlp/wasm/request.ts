import { fail, TOO_LARGE } from './host'
import { SPAN } from './reader'
import { SpanBatch } from './span-batch'

/** The request in hand: where its spans go, its bounds, and what became of them. */

/** Reasons to refuse a span, in the order of the host's list. */
export const TRACE_ID_INVALID: i32 = 0
/** The span's own id is missing, all zeros or of a wrong length. */
export const SPAN_ID_INVALID: i32 = 1
/** The parent's id is there and of a wrong length. */
export const PARENT_SPAN_ID_INVALID: i32 = 2
/** A link has an id of a wrong length. */
export const LINK_ID_INVALID: i32 = 3
const TIME_IN_FUTURE: i32 = 4
const TIME_IN_PAST: i32 = 5
const REASONS: i32 = 6

const SPANS_BETWEEN_CHECKS: u32 = 1024

/** The batch that spans of the request go into. */
export let batch: SpanBatch = changetype<SpanBatch>(0)
/** Id of the tenant in that batch's dictionary. */
export let tenantId: u32 = 0
/** Spans of the request that are in the batch. */
export let accepted: u32 = 0
/** A u32 a reason. */
export const refused: usize = heap.alloc(REASONS << 2)
let latest: f64 = 0
let earliest: f64 = 0
let largest: f64 = 0

/** `earliestNano`, `latestNano`: bounds of times; `largestBytes`: of the batch. */
export function beginRequest(
  into: SpanBatch,
  tenant: usize,
  tenantLength: u32,
  earliestNano: f64,
  latestNano: f64,
  largestBytes: f64,
): void {
  batch = into
  earliest = earliestNano
  latest = latestNano
  largest = largestBytes
  accepted = 0
  memory.fill(refused, 0, REASONS << 2)
  tenantId = into.tenants.find(tenant, tenantLength)
}

/** Counts a span. Checks the size of the batch every `SPANS_BETWEEN_CHECKS` spans. */
export function accept(): void {
  accepted += 1
  if (accepted % SPANS_BETWEEN_CHECKS === 0 && batch.byteSize() > largest) fail(TOO_LARGE, 0, SPAN, 0, 0)
}

/** Counts a span that is left out, by its reason. */
export function refuse(reason: i32): void {
  const count = refused + ((<usize>reason) << 2)
  store<u32>(count, load<u32>(count) + 1)
}

/** Why a span of these times is refused; -1 when it is not. */
export function timeProblem(startNano: u64, endNano: u64): i32 {
  const start = <f64>startNano
  if (start > latest) return TIME_IN_FUTURE
  if (start < earliest) return TIME_IN_PAST
  const end = <f64>endNano
  if (end <= start) return -1
  if (end > latest) return TIME_IN_FUTURE
  return end < earliest ? TIME_IN_PAST : -1
}
