import { WattlineError } from '../../core/catalogue/errors/errors.ts'

/**
 * Bytes of requests between their arrival and their answer. Beyond the limit a request is refused with 429, before its
 * body is read: clients hold their data better than a growing heap does.
 */
export interface Budget {
  readonly limitBytes: number
  readonly usedBytes: number
  /** A share for one request; `release` gives all of it back, once. */
  open(): Reservation
}

/** Bytes that one request holds of the budget. */
export interface Reservation {
  readonly bytes: number
  /** Throws `overloaded` (429, Retry-After) and reserves nothing when the limit would be passed. */
  reserve(bytes: number): void
  release(): void
}

/** A budget that all requests of the process share, in bytes. */
export function createBudget(limitBytes: number): Budget {
  let usedBytes = 0

  const open = (): Reservation => {
    let held = 0
    return {
      get bytes() {
        return held
      },
      reserve(bytes) {
        if (usedBytes + bytes > limitBytes) {
          throw new WattlineError(
            'overloaded',
            `${usedBytes} of ${limitBytes} bytes are waiting to become durable; ${bytes} more do not fit.`,
            { retryAfterSeconds: 1 },
          )
        }
        usedBytes += bytes
        held += bytes
      },
      release() {
        usedBytes -= held
        held = 0
      },
    }
  }

  return {
    limitBytes,
    get usedBytes() {
      return usedBytes
    },
    open,
  }
}
