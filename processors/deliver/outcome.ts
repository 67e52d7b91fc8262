/** What follows from the result of an attempt: another one later, or the end. */
import type { deliveries } from '../../core/model/streams/index.ts'
import type { RowOf } from '../../core/model/streams/stream.ts'
import { backoffMs } from '../../core/runtime/backoff.ts'
import type { AttemptResult } from './attempt.ts'
import type { ReceiverConfig } from './bodies/body.ts'
import type { PendingMessage } from './pending.ts'

/** Row of table `deliveries`. */
export type DeliveryRow = RowOf<typeof deliveries>

const FIRST_RETRY_MS = 2_000
const LONGEST_RETRY_MS = 3_600_000

/**
 * The message with its next attempt; null: it was delivered, or is dead. Waits double from 2 s to an hour, with jitter, and are
 * longer where the receiver asks for it with `Retry-After`, up to an hour.
 */
export function nextAttempt(
  pending: PendingMessage,
  result: AttemptResult,
  receiver: ReceiverConfig | undefined,
  nowMs: number,
): PendingMessage | null {
  if (result.outcome !== 'failed' || receiver === undefined) return null
  const attempts = pending.attempts + 1
  const waitMs = Math.max(result.retryAfterMs ?? 0, backoffMs(attempts - 1, FIRST_RETRY_MS, LONGEST_RETRY_MS))
  const dueMs = nowMs + Math.min(LONGEST_RETRY_MS, waitMs)
  return dueMs - pending.createdMs > receiver.give_up_after * 1000 ? null : { ...pending, attempts, dueMs }
}

/** An attempt as a row; `next` as of `nextAttempt`. */
export const deliveryRow = (
  { tenant, message, attempts }: PendingMessage,
  { outcome, status, error }: AttemptResult,
  next: PendingMessage | null,
  tookMs: number,
  nowMs: number,
): DeliveryRow => ({
  Tenant: tenant,
  Time: BigInt(nowMs) * 1_000_000n,
  NotificationId: message.id,
  Receiver: message.receiver,
  Attempt: attempts + 1,
  Outcome: outcome === 'delivered' ? 'delivered' : next === null ? 'dead' : 'failed',
  Status: status,
  Error: error,
  DurationMs: tookMs,
  NextAttempt: next === null ? 0 : Math.floor(next.dueMs / 1000),
})
