import { fail } from './host'
import { REASONS, SPAN, TIME_IN_FUTURE, TIME_IN_PAST, TOO_LARGE } from './numbers'
import { SpanBatch } from './span-batch'

/** The current request: its batch, its limits, and the results. */

const SPANS_BETWEEN_CHECKS: u32 = 1024

/** The batch that receives the request's spans. */
export let batch: SpanBatch = changetype<SpanBatch>(0)
/** Id of the tenant in that batch's dictionary. */
export let tenantId: u32 = 0
/** Spans of the request that were added to the batch. */
export let accepted: u32 = 0
/** One u32 per reason. */
export const refused: usize = heap.alloc(REASONS << 2)
let latest: f64 = 0
let earliest: f64 = 0
let largest: f64 = 0

/** `earliestNano`, `latestNano`: limits of times; `largestBytes`: limit of the batch. */
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
  tenantId = into.tenant.find(tenant, tenantLength)
}

/** Counts an accepted span. Checks the size of the batch every `SPANS_BETWEEN_CHECKS` spans. */
export function accept(): void {
  accepted += 1
  if (accepted % SPANS_BETWEEN_CHECKS === 0 && batch.byteSize() > largest) fail(TOO_LARGE, 0, SPAN, 0, 0)
}

/** Counts a rejected span by its reason. */
export function refuse(reason: i32): void {
  const count = refused + ((<usize>reason) << 2)
  store<u32>(count, load<u32>(count) + 1)
}

/** Why a span with these times is rejected; -1 when it is not. */
export function timeProblem(startNano: u64, endNano: u64): i32 {
  const start = <f64>startNano
  if (start > latest) return TIME_IN_FUTURE
  if (start < earliest) return TIME_IN_PAST
  const end = <f64>endNano
  if (end <= start) return -1
  if (end > latest) return TIME_IN_FUTURE
  return end < earliest ? TIME_IN_PAST : -1
}
