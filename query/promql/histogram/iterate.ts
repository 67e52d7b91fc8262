/** The buckets of a histogram with their bounds. */
import { upperBound } from './bounds.ts'
import { type FloatHistogram, isCustom } from './float-histogram.ts'

export interface Bucket {
  lower: number
  upper: number
  readonly count: number
  readonly lowerInclusive: boolean
  readonly upperInclusive: boolean
}

/** Positive buckets from zero upwards. */
export function positiveBuckets(histogram: FloatHistogram): Bucket[] {
  const { positiveSpans, positiveBuckets: counts, schema, customValues } = histogram
  const buckets: Bucket[] = []
  let index = 0
  for (const { offset, length } of positiveSpans) {
    index += offset
    for (let end = index + length; index < end && buckets.length < counts.length; index += 1) {
      const lower = upperBound(index - 1, schema, customValues)
      buckets.push({
        lower,
        upper: upperBound(index, schema, customValues),
        count: counts[buckets.length] ?? 0,
        lowerInclusive: lower < 0,
        upperInclusive: true,
      })
    }
  }
  return buckets
}

/** Negative buckets from zero downwards. */
export function negativeBuckets(histogram: FloatHistogram): Bucket[] {
  const { negativeSpans, negativeBuckets: counts } = histogram
  const mirrored = { ...histogram, positiveSpans: negativeSpans, positiveBuckets: counts }
  return positiveBuckets(mirrored).map(({ lower, upper, count }) => ({
    lower: -upper,
    upper: -lower,
    count,
    lowerInclusive: true,
    upperInclusive: false,
  }))
}

export function zeroBucket({ zeroThreshold, zeroCount }: FloatHistogram): Bucket {
  return {
    lower: -zeroThreshold,
    upper: zeroThreshold,
    count: zeroCount,
    lowerInclusive: true,
    upperInclusive: true,
  }
}

/** Buckets end at the zero bucket where they would overlap it. */
function clip(bucket: Bucket, zeroThreshold: number): Bucket {
  if (bucket.upper < 0 && bucket.upper > -zeroThreshold) bucket.upper = -zeroThreshold
  else if (bucket.lower > 0 && bucket.lower < zeroThreshold) bucket.lower = zeroThreshold
  return bucket
}

/** All buckets in ascending order, the zero bucket where it has a count. */
export function allBuckets(histogram: FloatHistogram): readonly Bucket[] {
  const { zeroThreshold, zeroCount } = histogram
  const negative = isCustom(histogram) ? [] : negativeBuckets(histogram).reverse()
  const zero = zeroCount > 0 ? [zeroBucket(histogram)] : []
  const outside = (bucket: Bucket): Bucket => clip(bucket, zeroThreshold)
  return [...negative.map(outside), ...zero, ...positiveBuckets(histogram).map(outside)]
}
