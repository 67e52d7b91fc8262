/** How many requests a provider allows: shared by all entries of one account with it. */
import { sleep } from '../../../core/runtime/backoff.ts'
import { FactorProviderError } from './provider-error.ts'

interface Limits {
  readonly perMinute: number
  /** Requests in a UTC day. */
  readonly perDay: number
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** Counts requests. A minute that is full is waited for, a day that is used up is an error that says when the next begins. */
export class RequestBudget {
  readonly #limits: Limits
  #minute = { start: 0, used: 0 }
  #day = { start: 0, used: 0 }

  constructor(limits: Partial<Limits> = {}) {
    this.#limits = {
      perMinute: limits.perMinute ?? Number.POSITIVE_INFINITY,
      perDay: limits.perDay ?? Number.POSITIVE_INFINITY,
    }
  }

  get perDay(): number {
    return this.#limits.perDay
  }

  /** @throws FactorProviderError where the day is used up */
  async take(now: () => number, stopped: AbortSignal): Promise<void> {
    const nowMs = now()
    const day = Math.floor(nowMs / DAY_MS) * DAY_MS
    if (day !== this.#day.start) this.#day = { start: day, used: 0 }
    if (this.#day.used >= this.#limits.perDay) {
      throw new FactorProviderError(
        `the ${this.#limits.perDay} requests of this day (requests_per_day) are used up`,
        { retryAfterSeconds: Math.ceil((day + DAY_MS - nowMs) / 1000) },
      )
    }
    this.#day.used += 1
    const waitMs = this.#reserveMinute(nowMs)
    if (waitMs > 0) await sleep(waitMs, stopped)
  }

  /** Takes a place in the first minute that has one; how long it is until then. */
  #reserveMinute(nowMs: number): number {
    const minute = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS
    if (minute > this.#minute.start) this.#minute = { start: minute, used: 0 }
    if (this.#minute.used >= this.#limits.perMinute) {
      this.#minute = { start: this.#minute.start + MINUTE_MS, used: 0 }
    }
    this.#minute.used += 1
    return Math.max(0, this.#minute.start - nowMs)
  }
}
