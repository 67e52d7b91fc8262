/** What the status of a receiver's answer means: one table for both protocols. */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { retryAfterMs } from '../../core/outgoing/retry-after.ts'
import type { HttpReply } from './http-client.ts'

/**
 * Statuses that speak of this data: sent again it would be refused again. All others speak of the receiver, the way or the
 * credential, which somebody will put right: the data waits. (OTLP would have a client drop it on most of them; we hold a
 * log, so that nothing has to be dropped.)
 */
const REFUSED: ReadonlySet<number> = new Set([400, 413, 422])

/** Longest wait that an answer can ask for. */
const MAX_WAIT_SECONDS = 300
const MAX_QUOTE = 300

/** Nothing for a success. @throws WattlineError `uplink_refused`, `uplink_unavailable` */
export function checkAnswer(where: string, { status, headers, body }: HttpReply, nowMs: number): void {
  if (status >= 200 && status < 300) return
  const text = `${where} answered ${status}: ${quote(body)}`
  if (REFUSED.has(status)) throw new WattlineError('uplink_refused', text)
  const retryAfterSeconds = waitSeconds(headers['retry-after'], nowMs)
  throw new WattlineError(
    'uplink_unavailable',
    text,
    retryAfterSeconds === undefined ? {} : { retryAfterSeconds },
  )
}

/** Retry-After in seconds or as a date; undefined when it says nothing. */
export function waitSeconds(header: string | undefined, nowMs: number): number | undefined {
  const waitMs = retryAfterMs(header, nowMs)
  return waitMs === null ? undefined : Math.min(MAX_WAIT_SECONDS, waitMs / 1000)
}

/** What was answered, as one line for people: printable characters only. */
function quote(body: Buffer): string {
  const text = body
    .subarray(0, 4 * MAX_QUOTE)
    .toString()
    .replaceAll(/[^\x21-\x7e]+/g, ' ')
    .trim()
  if (text === '') return 'nothing.'
  return text.length > MAX_QUOTE ? `${text.slice(0, MAX_QUOTE)}...` : text
}
