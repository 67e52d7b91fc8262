/** Ranges that reach to the samples beyond their ends: `anchored` takes their values, `smoothed` values between them. */
import { add, compact, subtract } from '../../histogram/arithmetic.ts'
import {
  divide,
  type FloatHistogram,
  isCustom,
  RESET_HINT,
  withHint,
} from '../../histogram/float-histogram.ts'
import { isReset } from '../../histogram/reset.ts'
import { boundsReconciled, mixedSchemas, notCounter, notGauge } from '../messages.ts'
import { interpolate, interpolateHistograms } from './interpolate.ts'
import type { RateKind } from './rate.ts'
import type { Window } from './window.ts'

/** Positions of the samples that stand for the ends of the range. */
interface Ends {
  readonly first: number
  readonly last: number
}

/** The last sample up to the start of the range, and the last one, of `smoothed` the first one from the end on. */
export function endsOf(times: Float64Array, from: number, to: number, window: Window): Ends | undefined {
  const { rangeStartMs, rangeEndMs, extension } = window
  if (to <= from) return undefined
  let first = from
  while (first + 1 < to && (times[first + 1] ?? 0) <= rangeStartMs) first += 1
  // The last sample alone is no start: there must be one after it.
  if (first === to - 1 && first > from) first -= 1
  let last = to - 1
  if (extension === 'smoothed') {
    last = from
    while (last < to - 1 && (times[last] ?? 0) < rangeEndMs) last += 1
    if ((times[first] ?? 0) > rangeEndMs) return undefined
  }
  return (times[last] ?? 0) <= rangeStartMs ? undefined : { first, last }
}

/** The value at the start of the range. */
export function leftValue(window: Window, first: number, isCounter: boolean): number {
  const { times, values, rangeStartMs, extension } = window
  const value = values[first] ?? 0
  if ((times[first] ?? 0) >= rangeStartMs || extension !== 'smoothed') return value
  return interpolate(window, [first, first + 1], rangeStartMs, isCounter)
}

/** The value at the end of the range. */
export function rightValue(window: Window, last: number, isCounter: boolean): number {
  const { times, values, from, rangeEndMs, extension } = window
  if ((times[last] ?? 0) <= rangeEndMs || last === from) return values[last] ?? 0
  if (extension !== 'smoothed') return values[last - 1] ?? 0
  return interpolate(window, [last - 1, last], rangeEndMs, isCounter)
}

/** The change over the whole range. */
export function extendedRate(window: Window, change: RateKind): number {
  if (window.histogramCount > 0) return extendedHistogramRate(window, change)
  const ends = endsOf(window.times, window.from, window.to, window)
  if (ends === undefined) return 0
  const left = leftValue(window, ends.first, change.isCounter)
  const right = rightValue(window, ends.last, change.isCounter)
  let result = right - left
  if (change.isCounter) result += resetCorrection(window, ends, left, right)
  return window.giveFloat(change.isRate ? result / window.rangeSeconds : result)
}

/** What a counter had before each reset within the range. */
function resetCorrection(window: Window, ends: Ends, left: number, right: number): number {
  const { times, values, rangeStartMs, rangeEndMs } = window
  const first = (times[ends.first] ?? 0) <= rangeStartMs ? ends.first + 1 : ends.first
  const last = (times[ends.last] ?? 0) >= rangeEndMs ? ends.last - 1 : ends.last
  let correction = 0
  let previous = left
  for (let at = first; at <= last; at += 1) {
    const value = values[at] ?? 0
    if (value < previous) correction += previous
    previous = value
  }
  return right < previous ? correction + previous : correction
}

function extendedHistogramRate(window: Window, change: RateKind): number {
  const { histogramTimes, histogramFrom, histogramTo, env, argument } = window
  const ends = endsOf(histogramTimes, histogramFrom, histogramTo, window)
  if (ends === undefined) return 0
  const all = window.histograms.slice(ends.first, ends.last + 1)
  if (!isUniform(window, all, change.isCounter)) return 0
  const left = leftHistogram(window, ends.first, change.isCounter)
  const right = rightHistogram(window, ends.last, change.isCounter)
  if (left === undefined || right === undefined) return 0
  const isGauge = (each: FloatHistogram): boolean => each.counterResetHint === RESET_HINT.gauge
  if (!change.isCounter && !(isGauge(left) && isGauge(right))) notGauge(env.notes, window.metric, argument)
  const difference = combined(window, subtract(right, left), 'subtraction')
  if (difference === undefined) return 0
  const result = change.isCounter ? withResets(window, ends, [left, right], difference) : difference
  if (result === undefined) return 0
  const rate = change.isRate ? divide(result, window.rangeSeconds) : result
  return window.giveHistogram(compact(withHint(rate, RESET_HINT.gauge)))
}

function isUniform(window: Window, all: readonly FloatHistogram[], isCounter: boolean): boolean {
  const [first] = all
  for (const each of all) {
    if (first !== undefined && isCustom(each) !== isCustom(first)) {
      mixedSchemas(window.env.notes, window.metric, window.argument)
      return false
    }
    if (isCounter && each.counterResetHint === RESET_HINT.gauge) {
      notCounter(window.env.notes, window.metric, window.argument)
    }
  }
  return true
}

function leftHistogram(window: Window, first: number, isCounter: boolean): FloatHistogram | undefined {
  const { histogramTimes, histograms, rangeStartMs, extension } = window
  if (extension !== 'smoothed' || (histogramTimes[first] ?? 0) >= rangeStartMs) return histograms[first]
  return interpolateHistograms(window, [first, first + 1], rangeStartMs, isCounter)
}

function rightHistogram(window: Window, last: number, isCounter: boolean): FloatHistogram | undefined {
  const { histogramTimes, histograms, histogramFrom, rangeEndMs, extension } = window
  const isBeyond = (histogramTimes[last] ?? 0) > rangeEndMs && last > histogramFrom
  if (extension !== 'smoothed' || !isBeyond) return histograms[last]
  return interpolateHistograms(window, [last - 1, last], rangeEndMs, isCounter)
}

function combined(
  window: Window,
  result: ReturnType<typeof add>,
  operation: 'addition' | 'subtraction',
): FloatHistogram | undefined {
  if (result === undefined) mixedSchemas(window.env.notes, window.metric, window.argument)
  else if (result.boundsReconciled) boundsReconciled(window.env.notes, operation, window.argument)
  return result?.histogram
}

/** Adds what the counter had before each reset between the two ends. */
function withResets(
  window: Window,
  { first, last }: Ends,
  [left, right]: readonly [FloatHistogram, FloatHistogram],
  difference: FloatHistogram,
): FloatHistogram | undefined {
  const { histograms, histogramTimes, rangeStartMs, extension } = window
  const [start, next] = [histograms[first], histograms[first + 1]]
  // A reset that the value at the start already took into account counts once.
  const isSpanned =
    extension === 'smoothed' &&
    (histogramTimes[first] ?? 0) < rangeStartMs &&
    start !== undefined &&
    next !== undefined &&
    isReset(next, start)
  const begin = isSpanned ? first + 2 : first + 1
  if (begin > last) return difference
  let previous = isSpanned ? next : left
  // Added up first: that rounds less.
  let correction: FloatHistogram | undefined
  for (const current of [...histograms.slice(begin, last), right]) {
    if (isReset(current, previous)) {
      const sum =
        correction === undefined ? previous : combined(window, add(correction, previous), 'addition')
      if (sum === undefined) return undefined
      correction = sum
    }
    previous = current
  }
  return correction === undefined ? difference : combined(window, add(difference, correction), 'addition')
}
