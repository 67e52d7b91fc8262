import { asWattlineError, type WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'

/** Why a request is refused whole, counted: as something that clients do, or as a failure of ours. */
export function refusal(events: Events, error: unknown): WattlineError {
  const failure = asWattlineError(error, 'invariant_broken')
  if (failure.status >= 500 && failure.status !== 503) {
    events.emit('requestFailed', { code: failure.code }, failure)
  } else {
    events.emit('requestRejected', { code: failure.code })
  }
  return failure
}

/** Seconds after which a retry makes sense; undefined where none does. */
export const retrySeconds = (failure: WattlineError): number | undefined =>
  failure.disposition === 'retry' ? (failure.retryAfterSeconds ?? 1) : undefined
