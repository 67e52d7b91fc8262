/** Writes intensities into the log. */
import type { Factor } from '../model/factor.ts'
import { dayRecord, factorsOfRecord, intensityDays, revisedBy } from './intensity-days.ts'
import { type FactorLog, putFactors } from './records/factor-log.ts'

/**
 * Puts values in force. Days whose record would not change are left alone, so the same values again append nothing.
 * Resolves with the number of days that changed, once they are durable.
 */
export function putIntensities(log: FactorLog, revised: readonly Factor[], nowMs: number): Promise<number> {
  const days = intensityDays(revised)
  return putFactors(log, new Set(days.keys()), known =>
    [...days].map(([key, values]) => {
      const there = known.get(key)
      const before = there === undefined ? [] : factorsOfRecord(there.value)
      return dayRecord(key, revisedBy(before, values), nowMs)
    }),
  )
}
