/** Histograms as texts. */
import { formatShort, formatValue } from '../numeric/numbers.ts'
import type { FloatHistogram } from './float-histogram.ts'
import { allBuckets, type Bucket, negativeBuckets, positiveBuckets, zeroBucket } from './iterate.ts'

function formatBucket({ lower, upper, count, lowerInclusive, upperInclusive }: Bucket): string {
  const [open, close] = [lowerInclusive ? '[' : '(', upperInclusive ? ']' : ')']
  return `${open}${formatShort(lower)},${formatShort(upper)}${close}:${formatShort(count)}`
}

/** As label values have it: count, sum, and the buckets that count something. */
export function formatHistogram(histogram: FloatHistogram): string {
  const { count, sum, zeroCount } = histogram
  const buckets = [
    ...negativeBuckets(histogram).reverse(),
    ...(zeroCount === 0 ? [] : [zeroBucket(histogram)]),
    ...positiveBuckets(histogram),
  ].filter(bucket => bucket.count !== 0)
  const parts = [`count:${formatShort(count)}`, `sum:${formatShort(sum)}`, ...buckets.map(formatBucket)]
  return `{${parts.join(', ')}}`
}

/** Which bounds belong to a bucket: 0 the upper one, 1 the lower one, 2 none, 3 both. */
function boundaryRule({ lowerInclusive, upperInclusive }: Bucket): number {
  if (lowerInclusive) return upperInclusive ? 3 : 1
  return upperInclusive ? 0 : 2
}

/** The buckets that count something, as the API writes them: rule of the bounds, lower and upper bound, count. */
export function formattedBuckets(
  histogram: FloatHistogram,
): readonly (readonly [number, string, string, string])[] {
  return allBuckets(histogram)
    .filter(({ count }) => count !== 0)
    .map(bucket => [
      boundaryRule(bucket),
      formatValue(bucket.lower),
      formatValue(bucket.upper),
      formatValue(bucket.count),
    ])
}
