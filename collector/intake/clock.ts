/** The clock of the intake, passed in so that tests control how long a batch has waited. */
export interface Clock {
  /** Monotonic milliseconds: for waits and rates, never for timestamps. */
  monotonicMs(): number
  /** Nanoseconds since the Unix epoch, against which items are checked for being too early or too late. */
  unixNano(): bigint
  /** Runs once after `ms`; the returned function cancels it. */
  after(ms: number, run: () => void): () => void
}

/** The system clocks. `unixNano` has millisecond resolution. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  unixNano: () => BigInt(Date.now()) * 1_000_000n,
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}
