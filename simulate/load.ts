/** Load of a simulated workload: higher by day than by night, and slightly different every minute. */
import { draw } from './random.ts'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

/** Share of its maximum that a workload uses, 0.05 to 1, at a time (unix milliseconds). */
export function loadAt(seed: number, host: number, workload: number, timeMs: number): number {
  // Peaks between 11:00 and 17:00 UTC, since its users live in different time zones.
  const peakMs = DAY_MS * (11 / 24 + 0.25 * draw(seed, host, workload, 1))
  const daily = 0.5 + 0.5 * Math.cos((2 * Math.PI * ((timeMs % DAY_MS) - peakMs)) / DAY_MS)
  const depth = 0.3 + 0.6 * draw(seed, host, workload, 2)
  const noise = 0.7 + 0.6 * draw(seed, host, workload, 3, Math.floor(timeMs / MINUTE_MS))
  return Math.min(1, Math.max(0.05, (1 - depth + depth * daily) * noise))
}
