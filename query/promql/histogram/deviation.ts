/** How far the observations of a histogram spread. */
import { type FloatHistogram, isCustom } from './float-histogram.ts'
import { allBuckets, type Bucket } from './iterate.ts'
import { KahanSum } from './kahan.ts'

/** The value that stands for the observations of a bucket. */
function middleOf(histogram: FloatHistogram, { lower, upper }: Bucket): number {
  if (isCustom(histogram)) return (upper + lower) / 2
  if (lower <= 0 && upper >= 0) return 0
  const middle = Math.sqrt(upper * lower)
  return upper < 0 ? -middle : middle
}

/** The mean square distance from the mean. */
export function histogramVariance(histogram: FloatHistogram): number {
  const mean = histogram.sum / histogram.count
  const total = new KahanSum()
  for (const bucket of allBuckets(histogram)) {
    if (bucket.count === 0) continue
    const delta = middleOf(histogram, bucket) - mean
    total.add(bucket.count * delta * delta)
  }
  return total.total / histogram.count
}
