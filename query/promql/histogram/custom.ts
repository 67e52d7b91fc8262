/** Buckets with bounds of their own. */
import { type Buckets, toBuckets } from './buckets.ts'
import type { FloatHistogram } from './float-histogram.ts'
import { KahanSum } from './kahan.ts'

/** The bounds that both have. */
export function commonBounds(a: readonly number[], b: readonly number[]): readonly number[] {
  const known = new Set(b)
  return a.filter(bound => known.has(bound))
}

/** A side, its bounds, and how it counts. */
type SignedBuckets = readonly [side: Buckets, bounds: readonly number[], sign: 1 | -1]

/** Both sides counted into buckets with the common bounds. Always compensated. */
export function addCustom(first: SignedBuckets, second: SignedBuckets, common: readonly number[]) {
  const totals = Array.from({ length: common.length + 1 }, () => new KahanSum())
  for (const [{ indexes, counts, lost }, bounds, sign] of [first, second]) {
    for (const [at, index] of indexes.entries()) {
      const total = totals[targetOf(bounds[index], common)]
      total?.add(sign * (counts[at] ?? 0))
      if (lost !== undefined) total?.add(sign * (lost[at] ?? 0))
    }
  }
  const full = totals.flatMap((total, index) =>
    total.sum === 0 && total.lost === 0 ? [] : [{ total, index }],
  )
  return {
    indexes: full.map(({ index }) => index),
    counts: full.map(({ total }) => total.sum),
    lost: full.map(({ total }) => total.lost),
  }
}

/** The bucket that takes in the one with this upper bound; the last one goes to infinity. */
function targetOf(bound: number | undefined, common: readonly number[]): number {
  if (bound === undefined) return common.length
  const target = common.findIndex(each => each >= bound)
  return target === -1 ? common.length : target
}

/** Whether a count, summed up to a bound that both have, became smaller. */
export function hasCustomReset(current: FloatHistogram, previous: FloatHistogram): boolean {
  const common = [...commonBounds(current.customValues, previous.customValues), Number.POSITIVE_INFINITY]
  const now = sumsUpTo(current, common)
  const before = sumsUpTo(previous, common)
  return common.some((_, at) => (now[at] ?? 0) < (before[at] ?? 0))
}

function sumsUpTo(histogram: FloatHistogram, bounds: readonly number[]): readonly number[] {
  const { indexes, counts } = toBuckets(histogram.positiveSpans, histogram.positiveBuckets)
  const sums = bounds.map(() => 0)
  for (const [at, index] of indexes.entries()) {
    const upper = histogram.customValues[index] ?? Number.POSITIVE_INFINITY
    const target = bounds.findIndex(bound => bound >= upper)
    sums[target] = (sums[target] ?? 0) + (counts[at] ?? 0)
  }
  return sums
}
