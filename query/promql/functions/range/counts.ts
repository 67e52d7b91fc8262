/** `changes` and `resets`: how often something happened from one sample to the next. */
import type { FloatHistogram } from '../../histogram/float-histogram.ts'
import { isEqual, isReset } from '../../histogram/reset.ts'
import type { RangeFunction, Window } from './window.ts'

type SampleValue = number | FloatHistogram

const isFloat = (sample: SampleValue): sample is number => typeof sample === 'number'

function isResetTo(before: SampleValue, now: SampleValue): boolean {
  if (isFloat(before) && isFloat(now)) return now < before
  if (isFloat(before) || isFloat(now)) return true
  return isReset(now, before)
}

function isChange(before: SampleValue, now: SampleValue): boolean {
  if (isFloat(before) && isFloat(now)) return now !== before && !(Number.isNaN(now) && Number.isNaN(before))
  if (isFloat(before) || isFloat(now)) return true
  return !isEqual(now, before)
}

/** The first samples to look at: of `anchored` the last one up to the start of the range. Undefined where none lies within it. */
function firstOf(window: Window): { float: number; histogram: number } | undefined {
  const { times, from, to, histogramTimes, histogramFrom, histogramTo, rangeStartMs } = window
  if (window.extension !== 'anchored') return { float: from, histogram: histogramFrom }
  let float = from
  while (float < to && (times[float] ?? 0) <= rangeStartMs) float += 1
  let histogram = histogramFrom
  while (histogram < histogramTo && (histogramTimes[histogram] ?? 0) <= rangeStartMs) histogram += 1
  if (float >= to && histogram >= histogramTo) return undefined
  const lastFloat = float > from ? (times[float - 1] ?? 0) : Number.NEGATIVE_INFINITY
  const lastHistogram =
    histogram > histogramFrom ? (histogramTimes[histogram - 1] ?? 0) : Number.NEGATIVE_INFINITY
  if (float === from && histogram === histogramFrom) return { float, histogram }
  return lastFloat >= lastHistogram ? { float: float - 1, histogram } : { float, histogram: histogram - 1 }
}

const counting =
  (happens: (before: SampleValue, now: SampleValue) => boolean): RangeFunction =>
  window => {
    const first = firstOf(window)
    if (first === undefined) return 0
    let { float, histogram } = first
    const { times, values, to, histogramTimes, histograms, histogramTo } = window
    let before: SampleValue | undefined
    let count = 0
    while (float < to || histogram < histogramTo) {
      const isHistogramNext =
        float >= to || (histogram < histogramTo && (histogramTimes[histogram] ?? 0) < (times[float] ?? 0))
      const now: SampleValue = isHistogramNext ? (histograms[histogram] ?? 0) : (values[float] ?? 0)
      if (isHistogramNext) histogram += 1
      else float += 1
      if (before !== undefined && happens(before, now)) count += 1
      before = now
    }
    return window.giveFloat(count)
  }

export const COUNTS: Readonly<Record<string, RangeFunction>> = {
  resets: counting(isResetTo),
  changes: counting(isChange),
}
