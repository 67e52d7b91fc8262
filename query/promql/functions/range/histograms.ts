/** Sums and means of the histograms of a range. */
import { divide, type FloatHistogram, hasOverflow, RESET_HINT } from '../../histogram/float-histogram.ts'
import { HistogramSum } from '../../histogram/kahan-histogram.ts'
import { boundsReconciled, mixedSchemas, resetsCollide } from '../messages.ts'
import type { Window } from './window.ts'

/** Histograms that are added up one after another. */
export class HistogramMean {
  readonly #sum: HistogramSum
  #mean: HistogramSum | undefined
  #count = 1
  #resets = false
  #noResets = false
  /** Whether bounds differed. */
  reconciled = false

  constructor(first: FloatHistogram) {
    this.#sum = new HistogramSum(first)
    this.#see(first)
  }

  #see({ counterResetHint }: FloatHistogram): void {
    this.#resets ||= counterResetHint === RESET_HINT.reset
    this.#noResets ||= counterResetHint === RESET_HINT.notReset
  }

  /** Whether some say that the counter was reset and others that it was not. */
  get collided(): boolean {
    return this.#resets && this.#noResets
  }

  /** Adds to the sum; false where the buckets cannot be combined. */
  addToSum(histogram: FloatHistogram): boolean {
    this.#see(histogram)
    return this.#add(this.#sum, histogram)
  }

  #add(sum: HistogramSum, histogram: FloatHistogram): boolean {
    const added = sum.add(histogram)
    this.reconciled ||= added?.boundsReconciled === true
    return added !== undefined
  }

  /** Adds for a mean: to the sum, and from where that overflows to the mean itself. */
  addToMean(histogram: FloatHistogram): boolean {
    this.#see(histogram)
    this.#count += 1
    if (this.#mean === undefined) {
      const before = this.#sum.clone()
      if (!this.#add(this.#sum, histogram)) return false
      if (!hasOverflow(this.#sum.histogram)) return true
      before.divide(this.#count - 1)
      this.#mean = before
    }
    this.#mean.scale((this.#count - 1) / this.#count)
    return this.#add(this.#mean, divide(histogram, this.#count))
  }

  sum(): FloatHistogram {
    return this.#sum.total()
  }

  mean(): FloatHistogram {
    if (this.#mean !== undefined) return this.#mean.total()
    this.#sum.divide(this.#count)
    return this.#sum.total()
  }
}

function addAll(window: Window, add: (mean: HistogramMean, histogram: FloatHistogram) => boolean) {
  const { histograms, histogramFrom, histogramTo, env, argument } = window
  const [first, ...others] = histograms.slice(histogramFrom, histogramTo)
  if (first === undefined) return undefined
  const mean = new HistogramMean(first)
  for (const histogram of others) {
    if (add(mean, histogram)) continue
    mixedSchemas(env.notes, window.metric, argument)
    return undefined
  }
  if (mean.collided) resetsCollide(env.notes, 'aggregation', argument)
  if (mean.reconciled) boundsReconciled(env.notes, 'aggregation', argument)
  return mean
}

export function sumHistograms(window: Window): number {
  const mean = addAll(window, (each, histogram) => each.addToSum(histogram))
  return mean === undefined ? 0 : window.giveHistogram(mean.sum())
}

export function averageHistograms(window: Window): number {
  const mean = addAll(window, (each, histogram) => each.addToMean(histogram))
  return mean === undefined ? 0 : window.giveHistogram(mean.mean())
}
