/**
 * Reads on to the end of an hour. Points are sorted by the hour before the series, so that a part of an hour costs the
 * engine as much as all of it; what comes after the time that was asked for is handed on early.
 */
import type { SeriesReader } from './reader.ts'

const HOUR_MS = 3_600_000

/** @param lastMs the last time that is ever asked for */
export function byWholeHours({ series, samples }: SeriesReader, lastMs: number): SeriesReader {
  let readToMs = Number.NEGATIVE_INFINITY
  return {
    series,
    async samples(fromMs, toMs, push) {
      const from = Math.max(fromMs, readToMs)
      if (toMs <= from) return
      const hourEndMs = (Math.floor(toMs / HOUR_MS) + 1) * HOUR_MS - 1
      readToMs = Math.max(toMs, Math.min(hourEndMs, lastMs))
      await samples(from, readToMs, push)
    },
  }
}
