import { asWattlineError, type WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'

/** Counts why a request is refused as a whole: as an error of the client, or as an internal failure. */
export function countRefusal(events: Events, error: unknown): WattlineError {
  const failure = asWattlineError(error, 'invariant_broken')
  if (failure.status >= 500 && failure.status !== 503) {
    events.emit('requestFailed', { code: failure.code }, failure)
  } else {
    events.emit('requestRejected', { code: failure.code })
  }
  return failure
}
