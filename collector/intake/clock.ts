/** Time as intake sees it: passed in, so that tests decide when a batch has waited long enough. */
export interface Clock {
  /** Milliseconds that only rise: for waits and rates, never for timestamps. */
  monotonicMs(): number
  /** Nanoseconds since the Unix epoch: what items are judged against as too early or too late. */
  unixNano(): bigint
  /** Runs once after `ms`; the function returned cancels it. */
  after(ms: number, run: () => void): () => void
}

/** The process's own clocks. `unixNano` has millisecond resolution. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  unixNano: () => BigInt(Date.now()) * 1_000_000n,
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}
