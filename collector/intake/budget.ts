import { WattlineError } from '../../core/catalogue/errors/errors.ts'

/**
 * Limits the bytes of requests between arrival and answer. Beyond the limit a request is refused with 429, before its
 * body is read: clients can hold their data better than a growing heap.
 */
export interface Budget {
  readonly limitBytes: number
  readonly usedBytes: number
  /** A reservation for one request; `release` returns all of it, once. */
  open(): Reservation
}

/** Bytes of the budget that one request holds. */
export interface Reservation {
  readonly bytes: number
  /** Throws `overloaded` (429, Retry-After) and reserves nothing if this would exceed the limit. */
  reserve(bytes: number): void
  release(): void
}

/** A budget in bytes that all requests of the process share. */
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
