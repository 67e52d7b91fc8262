/** Sums of many histograms that keep what rounding loses in every bucket. */
import {
  areCompatible,
  combineHints,
  negativeOf,
  negativeSide,
  add as plainAdd,
  positiveOf,
  positiveSide,
} from './arithmetic.ts'
import { addBuckets, type Buckets, reduce, toBuckets } from './buckets.ts'
import { addCustom, commonBounds } from './custom.ts'
import { divide, type FloatHistogram, isCustom, multiply, sameBounds } from './float-histogram.ts'
import { KahanSum } from './kahan.ts'
import { type Lost, largerZero, trimZero } from './zero.ts'

/** What an addition tells besides its result. */
export interface Added {
  readonly resetsCollide: boolean
  readonly boundsReconciled: boolean
}

const NOTHING_LOST = (histogram: FloatHistogram): Lost => ({
  zeroCount: 0,
  count: 0,
  sum: 0,
  positive: histogram.positiveBuckets.map(() => 0),
  negative: histogram.negativeBuckets.map(() => 0),
})

/** A running sum. It is replaced as a whole by each addition, so that a copy is free. */
export class HistogramSum {
  histogram: FloatHistogram
  #lost: Lost | undefined

  constructor(histogram: FloatHistogram, lost?: Lost) {
    this.histogram = histogram
    this.#lost = lost
  }

  clone(): HistogramSum {
    return new HistogramSum(this.histogram, this.#lost)
  }

  /** Adds one more. Undefined where exponential and custom buckets would be mixed. */
  add(other: FloatHistogram): Added | undefined {
    if (!areCompatible(this.histogram, other)) return undefined
    const { hint, collide } = combineHints(this.histogram.counterResetHint, other.counterResetHint)
    this.#lost ??= NOTHING_LOST(this.histogram)
    this.histogram = { ...this.histogram, counterResetHint: hint }
    const boundsReconciled = isCustom(this.histogram) ? this.#addCustom(other) : this.#addExponential(other)
    return { resetsCollide: collide, boundsReconciled }
  }

  #addCustom(other: FloatHistogram): boolean {
    const { histogram } = this
    const lost = this.#lost ?? NOTHING_LOST(histogram)
    const totals = addTotals(histogram, other, lost)
    const [left, right] = [positiveSide(histogram, lost.positive), positiveSide(other)]
    const same = sameBounds(histogram.customValues, other.customValues)
    const customValues = same
      ? histogram.customValues
      : commonBounds(histogram.customValues, other.customValues)
    const side = same
      ? addBuckets(left, right, { schema: histogram.schema, zeroThreshold: 0, sign: 1 })
      : addCustom([left, histogram.customValues, 1], [right, other.customValues, 1], customValues)
    this.histogram = { ...histogram, ...totals.values, ...positiveOf(side), customValues }
    this.#lost = { ...totals.lost, zeroCount: 0, positive: side.lost ?? [], negative: [] }
    return !same
  }

  #addExponential(other: FloatHistogram): boolean {
    const otherZero = this.#reconcileZero(other)
    const { histogram } = this
    const lost = this.#lost ?? NOTHING_LOST(histogram)
    const totals = addTotals(histogram, other, lost)
    const zero = new KahanSum(histogram.zeroCount, lost.zeroCount)
    zero.add(otherZero.zeroCount)
    zero.add(otherZero.lostCount)
    const schema = Math.min(histogram.schema, other.schema)
    const how = { schema, zeroThreshold: histogram.zeroThreshold, sign: 1 } as const
    const positive = addBuckets(
      reduce(positiveSide(histogram, lost.positive), histogram.schema, schema),
      reducedOther(other.positiveSpans, other.positiveBuckets, other.schema, schema),
      how,
    )
    const negative = addBuckets(
      reduce(negativeSide(histogram, lost.negative), histogram.schema, schema),
      reducedOther(other.negativeSpans, other.negativeBuckets, other.schema, schema),
      how,
    )
    const sides = { ...positiveOf(positive), ...negativeOf(negative) }
    this.histogram = { ...histogram, ...totals.values, schema, zeroCount: zero.sum, ...sides }
    this.#lost = {
      ...totals.lost,
      zeroCount: zero.lost,
      positive: positive.lost ?? [],
      negative: negative.lost ?? [],
    }
    return false
  }

  /** Makes the zero bucket large enough for both; returns what the other has in it. */
  #reconcileZero(other: FloatHistogram): { zeroCount: number; lostCount: number } {
    let zero = { zeroCount: other.zeroCount, zeroThreshold: other.zeroThreshold, lostCount: 0 }
    while (zero.zeroThreshold !== this.histogram.zeroThreshold) {
      const { zeroThreshold } = this.histogram
      if (zeroThreshold > zero.zeroThreshold) zero = largerZero(other, zeroThreshold)
      if (zero.zeroThreshold > zeroThreshold) {
        const own = largerZero(this.histogram, zero.zeroThreshold, this.#lost)
        const grown = { ...this.histogram, zeroCount: own.zeroCount, zeroThreshold: own.zeroThreshold }
        const trimmed = trimZero(grown, this.#lost)
        this.histogram = trimmed.histogram
        this.#lost = trimmed.lost && { ...trimmed.lost, zeroCount: own.lostCount }
      }
    }
    return zero
  }

  scale(factor: number): void {
    this.#both(part => multiply(part, factor))
  }

  divide(divisor: number): void {
    this.#both(part => divide(part, divisor))
  }

  #both(change: (part: FloatHistogram) => FloatHistogram): void {
    const lost = this.#lostHistogram()
    this.histogram = change(this.histogram)
    if (lost === undefined) return
    const { zeroCount, count, sum, positiveBuckets, negativeBuckets } = change(lost)
    this.#lost = { zeroCount, count, sum, positive: positiveBuckets, negative: negativeBuckets }
  }

  /** What was lost as a histogram of the same layout. */
  #lostHistogram(): FloatHistogram | undefined {
    if (this.#lost === undefined) return undefined
    const { zeroCount, count, sum, positive, negative } = this.#lost
    return { ...this.histogram, zeroCount, count, sum, positiveBuckets: positive, negativeBuckets: negative }
  }

  /** The sum with what was lost. */
  total(): FloatHistogram {
    const lost = this.#lostHistogram()
    if (lost === undefined) return this.histogram
    return plainAdd(this.histogram, lost)?.histogram ?? this.histogram
  }
}

function addTotals(histogram: FloatHistogram, other: FloatHistogram, lost: Lost) {
  const count = new KahanSum(histogram.count, lost.count)
  const sum = new KahanSum(histogram.sum, lost.sum)
  count.add(other.count)
  sum.add(other.sum)
  return { values: { count: count.sum, sum: sum.sum }, lost: { count: count.lost, sum: sum.lost } }
}

/** A side of the other histogram at the resolution of the sum; merging buckets loses digits as well. */
function reducedOther(
  spans: FloatHistogram['positiveSpans'],
  counts: readonly number[],
  from: number,
  to: number,
): Buckets {
  if (from === to) return toBuckets(spans, counts)
  return reduce(
    toBuckets(
      spans,
      counts,
      counts.map(() => 0),
    ),
    from,
    to,
  )
}
