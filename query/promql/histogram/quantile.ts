/** Quantiles and fractions of native histograms. */
import { exp2, log2 } from '../numeric/elementary.ts'
import { type FloatHistogram, isCustom } from './float-histogram.ts'
import { allBuckets, type Bucket } from './iterate.ts'

/** What NaN among the observations did to a result. */
export interface NanEffect {
  /** Nothing, a result that is too high, or no result. */
  readonly effect: 'none' | 'skewed' | 'result'
}

/** Below which value a share of the observations lies. */
export function histogramQuantile(
  quantile: number,
  histogram: FloatHistogram,
): { value: number } & NanEffect {
  const none = { effect: 'none' } as const
  if (quantile < 0) return { value: Number.NEGATIVE_INFINITY, ...none }
  if (quantile > 1) return { value: Number.POSITIVE_INFINITY, ...none }
  if (histogram.count === 0 || Number.isNaN(quantile)) return { value: Number.NaN, ...none }
  const mayHaveNan = Number.isNaN(histogram.sum)
  // From the nearer end, which loses fewer digits; NaN lies beyond the upper end.
  const forward = mayHaveNan || quantile < 0.5
  const buckets = forward ? allBuckets(histogram) : allBuckets(histogram).toReversed()
  const rank = (forward ? quantile : 1 - quantile) * histogram.count
  const { bucket, count: found, at } = bucketOf(buckets, rank)
  const known = boundsKnown(histogram, bucket)
  if (known !== undefined) return { value: known, ...none }
  const count = Math.min(found, histogram.count)
  if (count < rank) {
    return mayHaveNan ? { value: Number.NaN, effect: 'result' } : { value: bucket.upper, ...none }
  }
  const rest = forward ? rank - (count - bucket.count) : count - rank
  const value = within(histogram, bucket, rest / bucket.count)
  if (!mayHaveNan) return { value, ...none }
  const total = buckets.slice(at + 1).reduce((sum, each) => sum + each.count, count)
  return { value, effect: total < histogram.count ? 'skewed' : 'none' }
}

const NO_BUCKET: Bucket = { lower: 0, upper: 0, count: 0, lowerInclusive: false, upperInclusive: false }

function bucketOf(buckets: readonly Bucket[], rank: number) {
  let count = 0
  let found = NO_BUCKET
  let at = 0
  for (; at < buckets.length; at += 1) {
    found = buckets[at] ?? NO_BUCKET
    if (found.count === 0) continue
    count += found.count
    if (count >= rank) break
  }
  return { bucket: { ...found }, count, at }
}

/** Narrows the bucket where the histogram tells more; returns the value where nothing can be said within the bucket. */
function boundsKnown(histogram: FloatHistogram, bucket: Bucket): number | undefined {
  if (isCustom(histogram)) {
    if (bucket.lower === Number.NEGATIVE_INFINITY) {
      if (bucket.upper <= 0) return bucket.upper
      bucket.lower = 0
    } else if (bucket.upper === Number.POSITIVE_INFINITY) return bucket.lower
    return undefined
  }
  if (bucket.lower < 0 && bucket.upper > 0) narrowZero(histogram, bucket)
  return undefined
}

/** Without negative buckets nothing in the zero bucket is negative, and the other way round. */
function narrowZero({ negativeBuckets, positiveBuckets }: FloatHistogram, bucket: Bucket): void {
  if (negativeBuckets.length === 0 && positiveBuckets.length > 0) bucket.lower = 0
  else if (positiveBuckets.length === 0 && negativeBuckets.length > 0) bucket.upper = 0
}

/** The value at a fraction of a bucket: evenly spread in custom buckets and the zero bucket, else as the bounds grow. */
function within(histogram: FloatHistogram, { lower, upper }: Bucket, fraction: number): number {
  if (isCustom(histogram) || (lower <= 0 && upper >= 0)) return lower + (upper - lower) * fraction
  const logLower = log2(Math.abs(lower))
  const logUpper = log2(Math.abs(upper))
  if (lower > 0) return exp2(logLower + (logUpper - logLower) * fraction)
  return -exp2(logUpper + (logLower - logUpper) * (1 - fraction))
}

/** The share of a bucket that lies below a value within it. */
export function fractionBelow({ lower, upper }: Bucket, value: number, isLinear: boolean): number {
  if (isLinear) return (value - lower) / (upper - lower)
  const logLower = log2(Math.abs(lower))
  const logUpper = log2(Math.abs(upper))
  const logValue = log2(Math.abs(value))
  if (value > 0) return (logValue - logLower) / (logUpper - logLower)
  return 1 - (logValue - logUpper) / (logLower - logUpper)
}

/** Which share of the observations lies between two values. */
export function histogramFraction(
  lower: number,
  upper: number,
  histogram: FloatHistogram,
): { value: number; hasNan: boolean } {
  const { count: all, sum } = histogram
  if (all === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return { value: Number.NaN, hasNan: false }
  if (lower >= upper) return { value: 0, hasNan: false }
  const buckets = allBuckets(histogram)
  const inBuckets = buckets.reduce((total, { count }) => total + count, 0)
  const count = Number.isNaN(sum) ? inBuckets : all
  const lowerRank = rankOf(histogram, buckets, lower, count)
  const upperRank = rankOf(histogram, buckets, upper, count)
  return { value: (upperRank - lowerRank) / all, hasNan: Number.isNaN(sum) && inBuckets < all }
}

/** How many observations lie below a value. */
function rankOf(histogram: FloatHistogram, buckets: readonly Bucket[], value: number, count: number): number {
  let rank = 0
  for (const original of buckets) {
    const bucket = { ...original }
    const isZero = !isCustom(histogram) && bucket.lower <= 0 && bucket.upper >= 0
    if (isZero) narrowZero(histogram, bucket)
    if (isCustom(histogram) && bucket.lower === Number.NEGATIVE_INFINITY && bucket.upper > 0) bucket.lower = 0
    if (bucket.lower >= value) return Math.min(rank, count)
    if (bucket.upper > value) {
      const isLinear = isCustom(histogram) || isZero
      if (isLinear && bucket.lower === Number.NEGATIVE_INFINITY) return Math.min(bucket.count, count)
      return Math.min(rank + bucket.count * fractionBelow(bucket, value, isLinear), count)
    }
    rank += bucket.count
  }
  return count
}
