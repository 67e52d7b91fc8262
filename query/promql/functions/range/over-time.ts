/** Functions that take the samples of a range together: `*_over_time`. */
import { badQuantile, histogramsIgnored, mixedTypes } from '../messages.ts'
import { quantileOf } from '../quantiles.ts'
import { averageHistograms, sumHistograms } from './histograms.ts'
import type { RangeFunction, Window } from './window.ts'

const isInfinite = (value: number): boolean =>
  value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY

/** Functions of floats that leave histograms out, and say so. */
const ofFloats =
  (calculate: (window: Window) => number): RangeFunction =>
  window => {
    if (window.floats === 0) return 0
    if (window.histogramCount > 0) histogramsIgnored(window.env.notes, window.metric, window.argument)
    return window.giveFloat(calculate(window))
  }

const average: RangeFunction = window => {
  if (window.histogramCount === 0) return window.giveFloat(averageFloats(window))
  if (window.floats === 0) return averageHistograms(window)
  mixedTypes(window.env.notes, window.metric, window.argument)
  return 0
}

/** The sum divided, as long as the sum does not overflow; from there on the mean itself is carried on. */
function averageFloats({ values, from, to }: Window): number {
  let sum = values[from] ?? 0
  let lost = 0
  for (let at = from + 1; at < to; at += 1) {
    const value = values[at] ?? 0
    const total = sum + value
    if (isInfinite(total)) return averageIncrementally(values, { at, to, from }, sum, lost)
    if (Math.abs(sum) >= Math.abs(value)) lost += sum - total + value
    else lost += value - total + sum
    sum = total
  }
  const count = to - from
  return sum / count + lost / count
}

function averageIncrementally(
  values: Float64Array,
  { at, to, from }: { at: number; to: number; from: number },
  sum: number,
  lostBefore: number,
): number {
  const before = at - from
  let mean = sum / before
  let lost = lostBefore / before
  for (let index = at; index < to; index += 1) {
    const count = index - from + 1
    const share = (count - 1) / count
    const increment = (values[index] ?? 0) / count
    const scaled = share * mean
    lost = share * lost
    const total = scaled + increment
    if (isInfinite(total)) lost = 0
    else if (Math.abs(scaled) >= Math.abs(increment)) lost += scaled - total + increment
    else lost += increment - total + scaled
    mean = total
  }
  return mean + lost
}

const sum: RangeFunction = window => {
  if (window.histogramCount === 0) return window.giveFloat(sumFloats(window))
  if (window.floats === 0) return sumHistograms(window)
  mixedTypes(window.env.notes, window.metric, window.argument)
  return 0
}

function sumFloats({ values, from, to }: Window): number {
  let total = 0
  let lost = 0
  for (let at = from; at < to; at += 1) {
    const value = values[at] ?? 0
    const next = total + value
    if (isInfinite(next)) lost = 0
    else if (Math.abs(total) >= Math.abs(value)) lost += total - next + value
    else lost += value - next + total
    total = next
  }
  return isInfinite(total) ? total : total + lost
}

const maximum = ofFloats(({ values, from, to }) => {
  let most = values[from] ?? 0
  for (let at = from; at < to; at += 1) {
    const value = values[at] ?? 0
    if (value > most || Number.isNaN(most)) most = value
  }
  return most
})

const minimum = ofFloats(({ values, from, to }) => {
  let least = values[from] ?? 0
  for (let at = from; at < to; at += 1) {
    const value = values[at] ?? 0
    if (value < least || Number.isNaN(least)) least = value
  }
  return least
})

/** The time of the last of the largest samples (sign 1), or of the smallest (-1). */
const timeOfExtreme = (sign: 1 | -1): RangeFunction =>
  ofFloats(({ times, values, from, to }) => {
    let found = from
    for (let at = from; at < to; at += 1) {
      const extreme = values[found] ?? 0
      if (sign * (values[at] ?? 0) >= sign * extreme || Number.isNaN(extreme)) found = at
    }
    return (times[found] ?? 0) / 1_000
  })

/** Welford's method with compensated sums. */
function variance({ values, from, to }: Window): number {
  let count = 0
  let mean = 0
  let meanLost = 0
  let squares = 0
  let squaresLost = 0
  for (let at = from; at < to; at += 1) {
    const value = values[at] ?? 0
    count += 1
    const delta = value - (mean + meanLost)
    const step = delta / count
    const nextMean = mean + step
    if (isInfinite(nextMean)) meanLost = 0
    else if (Math.abs(mean) >= Math.abs(step)) meanLost += mean - nextMean + step
    else meanLost += step - nextMean + mean
    mean = nextMean
    const square = delta * (value - (mean + meanLost))
    const nextSquares = squares + square
    if (isInfinite(nextSquares)) squaresLost = 0
    else if (Math.abs(squares) >= Math.abs(square)) squaresLost += squares - nextSquares + square
    else squaresLost += square - nextSquares + squares
    squares = nextSquares
  }
  return (squares + squaresLost) / count
}

const quantile: RangeFunction = window => {
  if (window.floats === 0) return 0
  const wanted = window.scalars[0] ?? Number.NaN
  if (!(wanted >= 0 && wanted <= 1)) badQuantile(window.env.notes, wanted, window.rangeOf(0))
  if (window.histogramCount > 0) histogramsIgnored(window.env.notes, window.metric, window.argument)
  return window.giveFloat(quantileOf(wanted, window.values.slice(window.from, window.to)))
}

/** The median of the distances from the median. */
const medianDeviation = ofFloats(({ values, from, to }) => {
  const all = values.slice(from, to)
  if (all.some(value => Number.isNaN(value))) return Number.NaN
  const median = quantileOf(0.5, all)
  return quantileOf(
    0.5,
    all.map(value => Math.abs(value - median)),
  )
})

const first: RangeFunction = window => {
  const { times, histogramTimes, histograms, histogramFrom } = window
  const histogram = window.histogramCount > 0 ? histograms[histogramFrom] : undefined
  const isFloatFirst = window.floats > 0 && (times[window.from] ?? 0) < (histogramTimes[histogramFrom] ?? 0)
  if (histogram === undefined || isFloatFirst) return window.giveFloat(window.values[window.from] ?? 0)
  return window.giveHistogram(histogram)
}

const last: RangeFunction = window => {
  const { times, histogramTimes, histograms, histogramTo } = window
  const histogram = window.histogramCount > 0 ? histograms[histogramTo - 1] : undefined
  const isFloatLast =
    window.floats > 0 && (histogramTimes[histogramTo - 1] ?? 0) < (times[window.to - 1] ?? 0)
  if (histogram === undefined || isFloatLast) return window.giveFloat(window.values[window.to - 1] ?? 0)
  return window.giveHistogram(histogram)
}

const timeOfFirst: RangeFunction = window => {
  const float = window.floats > 0 ? (window.times[window.from] ?? 0) : Number.POSITIVE_INFINITY
  const histogram =
    window.histogramCount > 0 ? (window.histogramTimes[window.histogramFrom] ?? 0) : Number.POSITIVE_INFINITY
  return window.giveFloat(Math.min(float, histogram) / 1_000)
}

const timeOfLast: RangeFunction = window => {
  const float = window.floats > 0 ? (window.times[window.to - 1] ?? 0) : Number.NEGATIVE_INFINITY
  const histogram =
    window.histogramCount > 0
      ? (window.histogramTimes[window.histogramTo - 1] ?? 0)
      : Number.NEGATIVE_INFINITY
  return window.giveFloat(Math.max(float, histogram) / 1_000)
}

const one: RangeFunction = window => window.giveFloat(1)

export const OVER_TIME: Readonly<Record<string, RangeFunction>> = {
  avg_over_time: average,
  sum_over_time: sum,
  min_over_time: minimum,
  max_over_time: maximum,
  count_over_time: window => window.giveFloat(window.floats + window.histogramCount),
  stddev_over_time: ofFloats(window => Math.sqrt(variance(window))),
  stdvar_over_time: ofFloats(variance),
  quantile_over_time: quantile,
  mad_over_time: medianDeviation,
  first_over_time: first,
  last_over_time: last,
  present_over_time: one,
  absent_over_time: one,
  ts_of_first_over_time: timeOfFirst,
  ts_of_last_over_time: timeOfLast,
  ts_of_max_over_time: timeOfExtreme(1),
  ts_of_min_over_time: timeOfExtreme(-1),
}
