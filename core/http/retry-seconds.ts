import type { WattlineError } from '../catalogue/errors/errors.ts'

/** Seconds after which a retry makes sense; undefined if none does. */
export const retrySeconds = (failure: WattlineError): number | undefined =>
  failure.disposition === 'retry' ? (failure.retryAfterSeconds ?? 1) : undefined
