/** The zero bucket made larger. */
import { toBuckets, toSpans, withoutEmpty } from './buckets.ts'
import type { FloatHistogram } from './float-histogram.ts'
import { negativeBuckets, positiveBuckets } from './iterate.ts'
import { KahanSum } from './kahan.ts'

/** What rounding took from each part of a histogram: its sides have the buckets of the histogram. */
export interface Lost {
  readonly zeroCount: number
  readonly count: number
  readonly sum: number
  readonly positive: readonly number[]
  readonly negative: readonly number[]
}

interface Zero {
  readonly zeroCount: number
  readonly zeroThreshold: number
  readonly lostCount: number
}

/**
 * What the zero bucket would count with a larger threshold. Where the threshold would lie within a bucket that counts something,
 * it moves to that bucket's outer bound.
 */
export function largerZero(histogram: FloatHistogram, wanted: number, lost?: Lost): Zero {
  if (wanted === histogram.zeroThreshold) {
    return { zeroCount: histogram.zeroCount, zeroThreshold: wanted, lostCount: lost?.zeroCount ?? 0 }
  }
  let zeroThreshold = wanted
  for (;;) {
    const total = new KahanSum(histogram.zeroCount, lost?.zeroCount ?? 0)
    const positive = absorb(total, positiveBuckets(histogram), lost?.positive, zeroThreshold)
    zeroThreshold = positive
    const mirrored = negativeBuckets(histogram).map(bucket => ({
      ...bucket,
      lower: -bucket.upper,
      upper: -bucket.lower,
    }))
    const negative = absorb(total, mirrored, lost?.negative, zeroThreshold)
    if (negative === zeroThreshold) return { zeroCount: total.sum, zeroThreshold, lostCount: total.lost }
    zeroThreshold = negative
  }
}

/** Adds the buckets below the threshold, and returns the threshold that does not cut a bucket. */
function absorb(
  total: KahanSum,
  buckets: readonly { lower: number; upper: number; count: number }[],
  lost: readonly number[] | undefined,
  threshold: number,
): number {
  for (const [at, { lower, upper, count }] of buckets.entries()) {
    if (lower >= threshold) break
    total.add(count)
    if (lost !== undefined) total.add(lost[at] ?? 0)
    if (upper > threshold) return count === 0 ? threshold : upper
  }
  return threshold
}

/** The histogram without the buckets that its zero bucket now holds. */
export function trimZero(
  histogram: FloatHistogram,
  lost?: Lost,
): { histogram: FloatHistogram; lost: Lost | undefined } {
  const { zeroThreshold } = histogram
  const keep = (lowers: readonly number[], values: readonly number[]): readonly number[] =>
    values.map((value, at) => ((lowers[at] ?? 0) < zeroThreshold ? 0 : value))
  const lowersUp = positiveBuckets(histogram).map(({ lower }) => lower)
  const lowersDown = negativeBuckets(histogram).map(({ upper }) => -upper)
  const side = (
    spans: FloatHistogram['positiveSpans'],
    counts: readonly number[],
    rest: readonly number[] | undefined,
    lowers: readonly number[],
  ) => withoutEmpty(toBuckets(spans, keep(lowers, counts), rest && keep(lowers, rest)))
  const up = side(histogram.positiveSpans, histogram.positiveBuckets, lost?.positive, lowersUp)
  const down = side(histogram.negativeSpans, histogram.negativeBuckets, lost?.negative, lowersDown)
  return {
    histogram: {
      ...histogram,
      positiveSpans: toSpans(up.indexes),
      positiveBuckets: up.counts,
      negativeSpans: toSpans(down.indexes),
      negativeBuckets: down.counts,
    },
    lost: lost && { ...lost, positive: up.lost ?? [], negative: down.lost ?? [] },
  }
}
