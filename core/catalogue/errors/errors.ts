/**
 * Every error that a user can see, in one closed list assembled from the lists of the stages. An error says what to do
 * next: its disposition tells the caller (`retry` later, `reject` this input, `quarantine` the record, `stop` the
 * component), and its text tells the person.
 */
import { BACKUP_ERRORS } from './backup.ts'
import { DRAINING_ERRORS, INTAKE_ERRORS } from './collector.ts'
import { SCALING_ERRORS } from './decisions.ts'
import type { Disposition } from './declaration.ts'
import { DEFECT_ERRORS } from './defect.ts'
import { ACCESS_ERRORS } from './listeners.ts'
import { PROCESS_ERRORS } from './process.ts'
import { ALERT_ERRORS, ERASURE_ERRORS, FORWARD_ERRORS, STORE_ERRORS } from './processors.ts'
import { QUERY_ERRORS } from './query.ts'
import { AUTOSCALER_ERRORS } from './scaling.ts'
import { STORAGE_ERRORS } from './storage.ts'

/** The closed list of errors, in the order of docs/reference/errors.md, which is generated from it. */
export const ERRORS = {
  ...PROCESS_ERRORS,
  ...INTAKE_ERRORS,
  ...ACCESS_ERRORS,
  ...DRAINING_ERRORS,
  ...STORAGE_ERRORS,
  ...STORE_ERRORS,
  ...FORWARD_ERRORS,
  ...BACKUP_ERRORS,
  ...ERASURE_ERRORS,
  ...ALERT_ERRORS,
  ...SCALING_ERRORS,
  ...QUERY_ERRORS,
  ...AUTOSCALER_ERRORS,
  ...DEFECT_ERRORS,
} as const

/** Code of a declared error. */
export type ErrorCode = keyof typeof ERRORS

/** The only error class that leaves a component. Prints as `code: what is wrong. what to do`. */
export class WattlineError extends Error {
  readonly code: ErrorCode
  /** Seconds after which a retry makes sense, if known. */
  readonly retryAfterSeconds?: number

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; retryAfterSeconds?: number } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'WattlineError'
    this.code = code
    if (options.retryAfterSeconds !== undefined) this.retryAfterSeconds = options.retryAfterSeconds
  }

  get disposition(): Disposition {
    return ERRORS[this.code].disposition
  }

  get status(): number {
    return ERRORS[this.code].status
  }

  get remedy(): string {
    return ERRORS[this.code].remedy
  }

  override toString(): string {
    return `${this.code}: ${this.message} ${this.remedy}`
  }
}

/** Wraps anything thrown into a WattlineError; returns a WattlineError unchanged. */
export function asWattlineError(error: unknown, fallback: ErrorCode): WattlineError {
  if (error instanceof WattlineError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new WattlineError(fallback, message, { cause: error })
}
