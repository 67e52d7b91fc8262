/**
 * What the clock of a host is off by, as the arrival of its readings tells. A reading comes after it was taken, so a host whose
 * newest readings are all dated ahead of their arrival is ahead; one that is always behind by the same is behind, or is read
 * through something that keeps readings so long. One that catches up with a backlog is neither.
 */

/** `ahead`: readings are dated after they arrive; `behind`: a steady stream arrives more than 90 s late. */
export type ClockState = 'ahead' | 'behind' | 'right'

/** The result of at least three minutes of readings of one host. */
export interface ClockVerdict {
  readonly state: ClockState
  /** Offset of its least delayed record, ms. */
  readonly offsetMs: number
}

/** Beyond what NTP keeps, and what a record takes to be stamped. */
const AHEAD_MS = 5_000
/** Scrapes, batches and exporters that keep values for a while stay within it. */
const BEHIND_MS = 90_000
/** What a steady stream is late by varies by less. */
const STEADY_MS = 45_000
/** One look at a host in this time is enough. */
const LOOK_EVERY_MS = 10_000
const PERIOD_MS = 180_000
const FEWEST_LOOKS = 3

/** Watches the clock of one host: compares the time of its newest reading with the arrival, at most every 10 s. */
export class ClockWatch {
  #fromMs = 0
  #lookedMs = Number.NEGATIVE_INFINITY
  #looks = 0
  #least = 0
  #most = 0

  /** Whether a look is due at a record that came then. */
  isDue(arrivedMs: number): boolean {
    return arrivedMs >= this.#lookedMs + LOOK_EVERY_MS || arrivedMs < this.#lookedMs
  }

  /** What the newest reading of the host is dated after the arrival of the record. Null: nothing is known yet. */
  look(arrivedMs: number, offsetMs: number): ClockVerdict | null {
    // The clock that stamps records was set, or the host was silent: what was seen before says nothing.
    const isBroken = arrivedMs < this.#lookedMs || arrivedMs > this.#lookedMs + 2 * PERIOD_MS
    if (isBroken || this.#looks === 0) {
      this.#looks = 0
      this.#fromMs = arrivedMs
    }
    this.#lookedMs = arrivedMs
    this.#least = this.#looks === 0 ? offsetMs : Math.min(this.#least, offsetMs)
    this.#most = this.#looks === 0 ? offsetMs : Math.max(this.#most, offsetMs)
    this.#looks += 1
    if (arrivedMs - this.#fromMs < PERIOD_MS || this.#looks < FEWEST_LOOKS) return null
    this.#looks = 0
    return this.#verdict()
  }

  #verdict(): ClockVerdict | null {
    const [least, most] = [this.#least, this.#most]
    if (least > AHEAD_MS) return { state: 'ahead', offsetMs: most }
    if (most > AHEAD_MS) return null
    if (most >= -BEHIND_MS) return { state: 'right', offsetMs: most }
    return most - least <= STEADY_MS ? { state: 'behind', offsetMs: most } : null
  }
}
