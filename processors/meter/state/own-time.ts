/** Time as a process sees it pass, whatever is done to the wall clock meanwhile. */

/** The clock is read every few seconds; a larger distance means that it was set, or the process suspended. */
const LARGEST_PASS_MS = 300_000

/** Time as one process sees it pass, and by how much the wall clock was set meanwhile, ahead or back. */
export interface ElapsedTime {
  readonly passedMs: number
  readonly steppedMs: number
}

/** Before the process has seen anything. */
export const NO_TIME: ElapsedTime = { passedMs: 0, steppedMs: 0 }
/** A process that has seen everything: no silence is too long for it to judge. */
export const ALL_TIME: ElapsedTime = { passedMs: Number.POSITIVE_INFINITY, steppedMs: 0 }

/** Follows the wall clock in steps of a few seconds: when it is set, that does not count as silence of a host. */
export class OwnTime {
  #now = NO_TIME
  #lastMs: number | null = null

  at(nowMs: number): ElapsedTime {
    const distance = this.#lastMs === null ? 0 : nowMs - this.#lastMs
    this.#lastMs = nowMs
    const { passedMs, steppedMs } = this.#now
    const isStep = distance < 0 || distance > LARGEST_PASS_MS
    if (isStep) this.#now = { passedMs, steppedMs: steppedMs + distance }
    else if (distance > 0) this.#now = { passedMs: passedMs + distance, steppedMs }
    return this.#now
  }

  get now(): ElapsedTime {
    return this.#now
  }
}
