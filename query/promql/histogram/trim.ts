/** The operators `</` and `>/`: a histogram without the observations above or below a value. */
import { compact } from './arithmetic.ts'
import { type FloatHistogram, isCustom } from './float-histogram.ts'
import { type Bucket, negativeBuckets, positiveBuckets, zeroBucket } from './iterate.ts'
import { fractionBelow } from './quantile.ts'

/** What of a bucket is kept: how many observations, and the value that stands for them. */
interface TrimmedBucket {
  readonly count: number
  readonly middle: number
}

const NOTHING: TrimmedBucket = { count: 0, middle: 0 }

/** `keepsLower`: what lies below the limit is kept, else what lies above. */
export function trim(histogram: FloatHistogram, limit: number, keepsLower: boolean): FloatHistogram {
  const isLinear = isCustom(histogram)
  const total = { count: 0, sum: 0, isTrimmed: false }
  const keep = (bucket: Bucket, { count, middle }: TrimmedBucket): number => {
    total.count += count
    total.sum += middle * count
    total.isTrimmed ||= count !== bucket.count
    return count
  }
  const side = (buckets: readonly Bucket[], isPositive: boolean): readonly number[] =>
    buckets.map(bucket => {
      if (bucket.count === 0) return 0
      return keep(bucket, trimBucket(bucket, limit, { keepsLower, isPositive, isLinear }))
    })
  const positive = side(positiveBuckets(histogram), true)
  const negative = side(isLinear ? [] : negativeBuckets(histogram), false)
  const hasPositive = histogram.positiveBuckets.some(count => count !== 0)
  const hasNegative = histogram.negativeBuckets.some(count => count !== 0)
  let { zeroCount } = histogram
  if (zeroCount > 0) {
    const zero = zeroBucket(histogram)
    if (hasNegative && !hasPositive) zero.upper = 0
    if (hasPositive && !hasNegative) zero.lower = 0
    zeroCount = keep(zeroBucket(histogram), trimZeroBucket(zero, limit, keepsLower))
  }
  if (!total.isTrimmed) return histogram
  return compact({
    ...histogram,
    positiveBuckets: positive,
    negativeBuckets: negative,
    zeroCount,
    count: total.count,
    sum: total.sum,
  })
}

function trimZeroBucket({ lower, upper, count }: Bucket, limit: number, keepsLower: boolean): TrimmedBucket {
  const whole = { count, middle: (lower + upper) / 2 }
  if (limit <= lower) return keepsLower ? NOTHING : whole
  if (limit >= upper) return keepsLower ? whole : NOTHING
  return keepsLower
    ? { count: count * ((limit - lower) / (upper - lower)), middle: (lower + limit) / 2 }
    : { count: count * ((upper - limit) / (upper - lower)), middle: (limit + upper) / 2 }
}

interface How {
  readonly keepsLower: boolean
  readonly isPositive: boolean
  readonly isLinear: boolean
}

function trimBucket(bucket: Bucket, limit: number, how: How): TrimmedBucket {
  const { lower, upper, count } = bucket
  if (how.keepsLower ? upper <= limit : lower >= limit) return { count, middle: middleOf(lower, upper, how) }
  if (how.keepsLower ? lower >= limit : upper <= limit) return NOTHING
  if (lower === Number.NEGATIVE_INFINITY) return trimLowest(bucket, limit, how.keepsLower)
  if (upper === Number.POSITIVE_INFINITY) return trimHighest(bucket, limit, how.keepsLower)
  const below = count * fractionBelow(bucket, limit, how.isLinear)
  return how.keepsLower
    ? { count: below, middle: middleOf(lower, limit, how) }
    : { count: count - below, middle: middleOf(limit, upper, how) }
}

const finiteOrZero = (value: number): number => (Number.isFinite(value) ? value : 0)

/** Of a bucket without lower end only what lies above zero can be told apart. */
function trimLowest({ upper, count }: Bucket, limit: number, keepsLower: boolean): TrimmedBucket {
  const isBounded = upper > 0 && upper !== Number.POSITIVE_INFINITY
  if (keepsLower) {
    if (limit > 0 && isBounded) return { count: (count * limit) / upper, middle: limit / 2 }
    return upper <= 0 ? { count, middle: limit } : { count: 0, middle: finiteOrZero(upper) }
  }
  if (limit >= 0 && upper > limit && isBounded) {
    return { count: count * (1 - limit / upper), middle: (limit + upper) / 2 }
  }
  return { count: 0, middle: finiteOrZero(upper) }
}

/** A bucket without upper end is kept as a whole, or left out where some of it may lie above the limit. */
function trimHighest({ lower, count }: Bucket, limit: number, keepsLower: boolean): TrimmedBucket {
  if (!keepsLower && limit >= lower) return { count, middle: limit }
  return { count: 0, middle: finiteOrZero(lower) }
}

function middleOf(lower: number, upper: number, { isPositive, isLinear }: How): number {
  const [isOpenBelow, isOpenAbove] = [!Number.isFinite(lower), !Number.isFinite(upper)]
  if (isOpenBelow && isOpenAbove) return 0
  if (isOpenBelow) return upper > 0 ? upper / 2 : upper
  if (isOpenAbove) return lower
  if (isLinear) return (lower + upper) / 2
  const middle = Math.sqrt(Math.abs(lower * upper))
  return isPositive ? middle : -middle
}
