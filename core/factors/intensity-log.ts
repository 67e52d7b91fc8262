/** Writes intensities into the log. */
import type { Factor } from '../model/factor.ts'
import { dayRecord, factorsOfRecord, intensityDays, revisedBy } from './intensity-days.ts'
import { type FactorLog, type FactorPut, putFactors } from './records/factor-log.ts'

/**
 * Puts values in force. Days whose record would not change are left alone, so the same values again append nothing.
 * Resolves with the number of days that changed, once they are durable.
 */
export const putIntensities = (log: FactorLog, revised: readonly Factor[], nowMs: number): Promise<number> =>
  putFactors(log, intensityPut(revised, nowMs))

/** The records that put them in force. */
export function intensityPut(revised: readonly Factor[], nowMs: number): FactorPut {
  const days = intensityDays(revised)
  return {
    keys: new Set(days.keys()),
    make: known =>
      [...days].map(([key, values]) => {
        const there = known.get(key)
        const before = there === undefined ? [] : factorsOfRecord(there.value)
        return dayRecord(key, revisedBy(before, values), nowMs)
      }),
  }
}
