/** `deriv`, `predict_linear`, `double_exponential_smoothing` and `integral`: where floats are going. */
import { KahanSum } from '../../histogram/kahan.ts'
import { executionError } from '../../model/errors.ts'
import { formatShort } from '../../numeric/numbers.ts'
import { histogramsIgnored } from '../messages.ts'
import type { RangeFunction, Window } from './window.ts'

/** Functions that need two floats at least. */
const ofTwoFloats =
  (calculate: (window: Window) => number): RangeFunction =>
  window => {
    if (window.floats > 0 && window.histogramCount > 0) {
      histogramsIgnored(window.env.notes, window.metric, window.argument)
    }
    return window.floats < 2 ? 0 : window.giveFloat(calculate(window))
  }

/** Least squares: the slope per second, and the value at a time. */
function linearRegression(
  { times, values, from, to }: Window,
  timeMs: number,
): { slope: number; intercept: number } {
  const first = values[from] ?? 0
  if (values.subarray(from, to).every(value => value === first)) {
    const isInfinite = Math.abs(first) === Number.POSITIVE_INFINITY
    return !isInfinite ? { slope: 0, intercept: first } : { slope: Number.NaN, intercept: Number.NaN }
  }
  const [sumX, sumY, sumXY, sumXX] = [new KahanSum(), new KahanSum(), new KahanSum(), new KahanSum()]
  for (let at = from; at < to; at += 1) {
    const x = ((times[at] ?? 0) - timeMs) / 1_000
    const y = values[at] ?? 0
    sumX.add(x)
    sumY.add(y)
    sumXY.add(x * y)
    sumXX.add(x * x)
  }
  const count = to - from
  const [x, y] = [sumX.total, sumY.total]
  const slope = (sumXY.total - (x * y) / count) / (sumXX.total - (x * x) / count)
  return { slope, intercept: y / count - (slope * x) / count }
}

const derivative = ofTwoFloats(window => linearRegression(window, window.times[window.from] ?? 0).slope)

const prediction = ofTwoFloats(window => {
  const { slope, intercept } = linearRegression(window, window.timeMs)
  return slope * (window.scalars[1] ?? 0) + intercept
})

function checkFactor(name: string, factor: number): void {
  if (factor > 0 && factor < 1) return
  throw executionError(`the ${name} factor must lie between 0 and 1, got ${formatShort(factor)}`)
}

/** Holt's method: a smoothed value and a smoothed trend. */
const smoothing: RangeFunction = window => {
  const [, smoothingFactor = 0, trendFactor = 0] = window.scalars
  checkFactor('smoothing', smoothingFactor)
  checkFactor('trend', trendFactor)
  return smoothed(window)
}

const smoothed = ofTwoFloats(({ values, from, to, scalars }) => {
  const [, smoothingFactor = 0, trendFactor = 0] = scalars
  let before = 0
  let level = values[from] ?? 0
  let trend = (values[from + 1] ?? 0) - level
  for (let at = from + 1; at < to; at += 1) {
    const scaled = smoothingFactor * (values[at] ?? 0)
    if (at > from + 1) trend = trendFactor * (level - before) + (1 - trendFactor) * trend
    const kept = (1 - smoothingFactor) * (level + trend)
    before = level
    level = scaled + kept
  }
  return level
})

const LEFT = 0
const TRAPEZOIDS = 2

/** The area below the samples, NaN counted as zero. */
const integral: RangeFunction = window => {
  if (window.floats === 0) return 0
  const { env } = window
  if (window.histogramCount > 0) histogramsIgnored(env.notes, window.metric, window.argument)
  let strategy = window.scalars[1] ?? TRAPEZOIDS
  if (![0, 1, 2].includes(strategy)) {
    env.notes.warn(
      `the strategy must be 0 (left), 1 (right) or 2 (trapezoids), got ${formatShort(strategy)}: used 2`,
      window.rangeOf(1),
    )
    strategy = TRAPEZOIDS
  }
  return window.giveFloat(area(window, strategy))
}

function area({ times, values, from, to }: Window, strategy: number): number {
  const total = new KahanSum()
  for (let at = from + 1; at < to; at += 1) {
    const [left, right] = [values[at - 1] || 0, values[at] || 0]
    const height =
      strategy === TRAPEZOIDS ? middleOf(left, right) : new KahanSum(strategy === LEFT ? left : right)
    if (height.sum === 0 && height.lost === 0) continue
    const seconds = ((times[at] ?? 0) - (times[at - 1] ?? 0)) / 1_000
    total.lost += height.lost * seconds
    total.add(height.sum * seconds)
  }
  return Math.abs(total.sum) === Number.POSITIVE_INFINITY ? total.sum : total.total
}

function middleOf(left: number, right: number): KahanSum {
  if (left === 0 && right === 0) return new KahanSum()
  const sum = new KahanSum(left)
  sum.add(right)
  const overflows =
    Math.abs(sum.sum) === Number.POSITIVE_INFINITY && Number.isFinite(left) && Number.isFinite(right)
  if (!overflows) return new KahanSum(sum.sum / 2, sum.lost / 2)
  const halves = new KahanSum(left / 2)
  halves.add(right / 2)
  return halves
}

export const TRENDS: Readonly<Record<string, RangeFunction>> = {
  deriv: derivative,
  predict_linear: prediction,
  double_exponential_smoothing: smoothing,
  integral,
}
