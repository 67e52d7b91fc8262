/** How the histograms of a range changed. */
import { add, compact, subtract, toSchema } from '../../histogram/arithmetic.ts'
import {
  EMPTY_HISTOGRAM,
  type FloatHistogram,
  isCustom,
  RESET_HINT,
  withHint,
} from '../../histogram/float-histogram.ts'
import { isReset } from '../../histogram/reset.ts'
import { boundsReconciled, mixedSchemas, notCounter, notGauge } from '../messages.ts'
import type { Window } from './window.ts'

const isGauge = ({ counterResetHint }: FloatHistogram): boolean => counterResetHint === RESET_HINT.gauge

/** The last histogram less the first; of counters, what they had before each reset comes on top. Undefined where they do not fit. */
export function changeOfHistograms(window: Window, isCounter: boolean): FloatHistogram | undefined {
  const { env, argument } = window
  const all = window.histograms.slice(window.histogramFrom, window.histogramTo)
  const last = all.at(-1)
  const start = startOf(all, isCounter)
  if (last === undefined || start === undefined) return undefined
  if (isCounter) {
    if (all.some(isGauge)) notCounter(env.notes, window.metric, argument)
  } else if (!isGauge(all[0] ?? last) || !isGauge(last)) notGauge(env.notes, window.metric, argument)
  // Of gauges only the two ends count.
  const relevant = isCounter ? [start, ...all.slice(1)] : [start, last]
  if (relevant.some(each => isCustom(each) !== isCustom(last))) {
    mixedSchemas(env.notes, window.metric, argument)
    return undefined
  }
  const schema = Math.min(...relevant.map(each => each.schema))
  const difference = subtract(toSchema(last, schema), start)
  if (difference === undefined) return undefined
  if (difference.boundsReconciled) boundsReconciled(env.notes, 'subtraction', argument)
  const change = isCounter ? addResets(window, difference.histogram, relevant) : difference.histogram
  return compact(withHint(change, RESET_HINT.gauge))
}

/** What to subtract: the first histogram, or nothing if the counter begins anew with the second one. */
function startOf(all: readonly FloatHistogram[], isCounter: boolean): FloatHistogram | undefined {
  const [first, second] = all
  if (first === undefined || second === undefined || !isCounter || !isReset(second, first)) return first
  return { ...EMPTY_HISTOGRAM, schema: second.schema, customValues: second.customValues }
}

function addResets(
  { env, argument }: Window,
  difference: FloatHistogram,
  all: readonly FloatHistogram[],
): FloatHistogram {
  let change = difference
  for (const [at, current] of all.entries()) {
    const previous = all[at - 1]
    if (previous === undefined || !isReset(current, previous)) continue
    const sum = add(change, previous)
    if (sum === undefined) continue
    if (sum.boundsReconciled) boundsReconciled(env.notes, 'addition', argument)
    change = sum.histogram
  }
  return change
}
