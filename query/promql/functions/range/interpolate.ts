/** Values between two samples. */
import { add, subtract } from '../../histogram/arithmetic.ts'
import { type FloatHistogram, multiply } from '../../histogram/float-histogram.ts'
import { isReset } from '../../histogram/reset.ts'
import { boundsReconciled, mixedSchemas } from '../messages.ts'
import type { Window } from './window.ts'

type Pair = readonly [before: number, after: number]

/** On the line between two floats; a counter that was reset between them begins at zero. */
export function interpolate(
  { times, values }: Window,
  [before, after]: Pair,
  timeMs: number,
  isCounter: boolean,
): number {
  const end = values[after] ?? 0
  const begin = values[before] ?? 0
  const start = isCounter && end < begin ? 0 : begin
  const [startMs, endMs] = [times[before] ?? 0, times[after] ?? 0]
  return start + ((end - start) * (timeMs - startMs)) / (endMs - startMs)
}

/** The same for histograms; undefined where their buckets cannot be combined. */
export function interpolateHistograms(
  window: Window,
  [before, after]: Pair,
  timeMs: number,
  isCounter: boolean,
): FloatHistogram | undefined {
  const { histogramTimes, histograms, env, argument } = window
  const [start, end] = [histograms[before], histograms[after]]
  if (start === undefined || end === undefined) return undefined
  const [startMs, endMs] = [histogramTimes[before] ?? 0, histogramTimes[after] ?? 0]
  if (timeMs === startMs) return start
  if (timeMs === endMs) return end
  const fraction = (timeMs - startMs) / (endMs - startMs)
  if (isCounter && isReset(end, start)) return multiply(end, fraction)
  const difference = subtract(end, start)
  const sum = difference && add(multiply(difference.histogram, fraction), start)
  if (difference === undefined || sum === undefined) {
    mixedSchemas(env.notes, window.metric, argument)
    return undefined
  }
  if (difference.boundsReconciled) boundsReconciled(env.notes, 'subtraction', argument)
  if (sum.boundsReconciled) boundsReconciled(env.notes, 'addition', argument)
  return sum.histogram
}
