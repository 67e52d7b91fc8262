/** When rounds happen: the clock, and the next multiple of the interval. */

/** The clock of the rounds, which tests can set. */
export interface SensorClock {
  /** Nanoseconds since the Unix epoch. */
  now(): bigint
  /** Nanoseconds of a clock that stands still while the machine is suspended. */
  monotonic(): bigint
  /** Resolves after this many milliseconds, or at once when the signal aborts; never rejects. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>
}

/** Wall clock with millisecond resolution. */
export const sensorClock: SensorClock = {
  now: () => BigInt(Date.now()) * 1_000_000n,
  monotonic: () => process.hrtime.bigint(),
  wait: (milliseconds, signal) =>
    new Promise(resolve => {
      if (signal.aborted) {
        resolve()
        return
      }
      const done = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, milliseconds)
      signal.addEventListener('abort', done)
    }),
}

/**
 * Milliseconds until the next multiple of the interval since the epoch, so that hosts of a fleet and restarts of one
 * process sample at the same instants. At least one millisecond: a timer that fires early must not fire twice.
 */
export function untilNextRound(nowUnixNano: bigint, intervalMs: number): number {
  const intervalNano = BigInt(Math.max(1, Math.round(intervalMs))) * 1_000_000n
  const remaining = intervalNano - (nowUnixNano % intervalNano)
  return Math.max(1, Number((remaining + 999_999n) / 1_000_000n))
}
