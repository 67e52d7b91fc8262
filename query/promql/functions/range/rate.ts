/** `rate`, `increase` and `delta`: the change over a range, extrapolated to its ends. */
import { multiply } from '../../histogram/float-histogram.ts'
import { mixedTypes } from '../messages.ts'
import { extendedRate } from './extended.ts'
import { changeOfHistograms } from './histogram-change.ts'
import type { RangeFunction, Window } from './window.ts'

/** Of a counter (`rate`, `increase`) or a gauge; per second or as a whole. */
export interface RateKind {
  readonly isCounter: boolean
  readonly isRate: boolean
}

export const CHANGES: Readonly<Record<string, RateKind>> = {
  rate: { isCounter: true, isRate: true },
  increase: { isCounter: true, isRate: false },
  delta: { isCounter: false, isRate: false },
}

/** Distances above this many mean distances of samples are not extrapolated over. */
const THRESHOLD = 1.1

export interface Extrapolation {
  readonly firstMs: number
  readonly lastMs: number
  readonly rangeStartMs: number
  readonly rangeEndMs: number
  /** Samples less one. */
  readonly intervals: number
}

/**
 * By what the change between the first and the last sample is multiplied, so that it covers the range: to each end of the range if the
 * sample next to it is about as near as samples are to each other, else by half of that distance. `zeroSeconds` is how long before the
 * first sample a counter would have been zero.
 */
export function extrapolate(
  { firstMs, lastMs, rangeStartMs, rangeEndMs, intervals }: Extrapolation,
  zeroSeconds: (sampledSeconds: number, toStart: number) => number,
): number {
  const sampled = (lastMs - firstMs) / 1_000
  const mean = sampled / intervals
  const threshold = mean * THRESHOLD
  let toStart = (firstMs - rangeStartMs) / 1_000
  let toEnd = (rangeEndMs - lastMs) / 1_000
  if (toStart >= threshold) toStart = mean / 2
  const toZero = zeroSeconds(sampled, toStart)
  if (toZero < toStart) toStart = toZero
  if (toEnd >= threshold) toEnd = mean / 2
  return sampled === 0 ? 1 : (sampled + toStart + toEnd) / sampled
}

/** The change between first and last sample; of a counter, what it had before each reset comes on top. */
function changeOfFloats({ values, from, to }: Window, isCounter: boolean): number {
  let change = (values[to - 1] ?? 0) - (values[from] ?? 0)
  if (!isCounter) return change
  let previous = values[from] ?? 0
  for (let at = from + 1; at < to; at += 1) {
    const value = values[at] ?? 0
    if (value < previous) change += previous
    previous = value
  }
  return change
}

function floatRate(window: Window, { isCounter, isRate }: RateKind): number {
  const { times, values, from, to } = window
  if (window.floats < 2) return 0
  const change = changeOfFloats(window, isCounter)
  const first = values[from] ?? 0
  const factor = extrapolate(
    {
      firstMs: times[from] ?? 0,
      lastMs: times[to - 1] ?? 0,
      rangeStartMs: window.rangeStartMs,
      rangeEndMs: window.rangeEndMs,
      intervals: window.floats - 1,
    },
    (sampled, toStart) => (isCounter && change > 0 && first >= 0 ? sampled * (first / change) : toStart),
  )
  return window.giveFloat(change * (isRate ? factor / window.rangeSeconds : factor))
}

function histogramRate(window: Window, { isCounter, isRate }: RateKind): number {
  const { histogramTimes, histograms, histogramFrom, histogramTo } = window
  if (window.histogramCount < 2) return 0
  const change = changeOfHistograms(window, isCounter)
  if (change === undefined) return 0
  const first = histograms[histogramFrom]?.count ?? 0
  const factor = extrapolate(
    {
      firstMs: histogramTimes[histogramFrom] ?? 0,
      lastMs: histogramTimes[histogramTo - 1] ?? 0,
      rangeStartMs: window.rangeStartMs,
      rangeEndMs: window.rangeEndMs,
      intervals: window.histogramCount - 1,
    },
    (sampled, toStart) =>
      isCounter && change.count > 0 && first >= 0 ? sampled * (first / change.count) : toStart,
  )
  return window.giveHistogram(multiply(change, isRate ? factor / window.rangeSeconds : factor))
}

const rateFunction =
  (change: RateKind): RangeFunction =>
  window => {
    if (window.floats > 0 && window.histogramCount > 0) {
      mixedTypes(window.env.notes, window.metric, window.argument)
      return 0
    }
    if (window.extension !== undefined) return extendedRate(window, change)
    return window.histogramCount > 0 ? histogramRate(window, change) : floatRate(window, change)
  }

export const RATES: Readonly<Record<string, RangeFunction>> = Object.fromEntries(
  Object.entries(CHANGES).map(([name, change]) => [name, rateFunction(change)]),
)
