/** `irate` and `idelta`: the change between the last two samples. */
import { compact, subtract } from '../../histogram/arithmetic.ts'
import { divide, type FloatHistogram, RESET_HINT, withHint } from '../../histogram/float-histogram.ts'
import { isReset } from '../../histogram/reset.ts'
import { boundsReconciled, mixedSchemas, mixedTypes, notCounter, notGauge } from '../messages.ts'
import type { RangeFunction, Window } from './window.ts'

interface TimedSample {
  readonly timeMs: number
  readonly value: number
  readonly histogram: FloatHistogram | undefined
}

/** The last two samples, of whatever type. */
function lastTwo(window: Window): readonly [TimedSample, TimedSample] | undefined {
  const { times, values, from, to, histogramTimes, histograms, histogramFrom, histogramTo } = window
  const found: TimedSample[] = []
  for (let at = Math.max(from, to - 2); at < to; at += 1) {
    found.push({ timeMs: times[at] ?? 0, value: values[at] ?? 0, histogram: undefined })
  }
  for (let at = Math.max(histogramFrom, histogramTo - 2); at < histogramTo; at += 1) {
    found.push({ timeMs: histogramTimes[at] ?? 0, value: 0, histogram: histograms[at] })
  }
  const [before, last] = found.toSorted((a, b) => a.timeMs - b.timeMs).slice(-2)
  return before === undefined || last === undefined ? undefined : [before, last]
}

const instantFunction =
  (isRate: boolean): RangeFunction =>
  window => {
    const samples = lastTwo(window)
    if (samples === undefined) return 0
    const [before, last] = samples
    const seconds = (last.timeMs - before.timeMs) / 1_000
    if (seconds === 0) return 0
    if (before.histogram !== undefined && last.histogram !== undefined) {
      return histogramChange(window, [before.histogram, last.histogram], isRate, seconds)
    }
    if (before.histogram !== undefined || last.histogram !== undefined) {
      mixedTypes(window.env.notes, window.metric, window.argument)
      return 0
    }
    const change = isRate && last.value < before.value ? last.value : last.value - before.value
    return window.giveFloat(isRate ? change / seconds : change)
  }

function histogramChange(
  window: Window,
  [before, last]: readonly [FloatHistogram, FloatHistogram],
  isRate: boolean,
  seconds: number,
): number {
  const { env, argument } = window
  const gauges = [before, last].filter(each => each.counterResetHint === RESET_HINT.gauge).length
  if (isRate && gauges > 0) notCounter(env.notes, window.metric, argument)
  if (!isRate && gauges < 2) notGauge(env.notes, window.metric, argument)
  let change = last
  if (!isRate || !isReset(last, before)) {
    const difference = subtract(last, before)
    if (difference === undefined) {
      mixedSchemas(env.notes, window.metric, argument)
      return 0
    }
    if (difference.boundsReconciled) boundsReconciled(env.notes, 'subtraction', argument)
    change = difference.histogram
  }
  const result = compact(withHint(change, RESET_HINT.gauge))
  return window.giveHistogram(isRate ? divide(result, seconds) : result)
}

export const INSTANT_CHANGES: Readonly<Record<string, RangeFunction>> = {
  irate: instantFunction(true),
  idelta: instantFunction(false),
}
