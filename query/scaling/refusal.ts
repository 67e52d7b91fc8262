import type { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'

/** Counts why an autoscaler got no answer: internal failures apart from what the caller or the data caused. */
export function refusalOf(
  events: Events,
  door: 'keda' | 'kubernetes',
  failure: WattlineError,
): WattlineError {
  if (failure.status >= 500 && failure.status !== 503) {
    events.emit('requestFailed', { code: failure.code }, failure)
  }
  events.emit('autoscalerRefused', { door, code: failure.code })
  return failure
}
