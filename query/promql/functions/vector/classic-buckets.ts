/** Quantiles and fractions of classic histograms: a series for each bucket, cumulative, with the upper bound as label `le`. */

export interface ClassicBucket {
  readonly upper: number
  count: number
}

/** Differences between neighbours below this share of their sum are taken for rounding. */
const TOLERANCE = 1e-12

/** What had to be repaired so that counts do not fall from bucket to bucket. */
export interface Repair {
  readonly isForced: boolean
  readonly lowest: number
  readonly highest: number
  readonly difference: number
}

/** Sorted by bound, those with the same bound as one. Undefined where the last one does not go to infinity. */
function prepared(buckets: readonly ClassicBucket[]): ClassicBucket[] | undefined {
  const sorted = buckets.toSorted((a, b) => (a.upper < b.upper ? -1 : a.upper > b.upper ? 1 : 0))
  if (sorted.at(-1)?.upper !== Number.POSITIVE_INFINITY) return undefined
  const merged: ClassicBucket[] = []
  for (const { upper, count } of sorted) {
    const last = merged.at(-1)
    if (last?.upper === upper) last.count += count
    else merged.push({ upper, count })
  }
  return merged
}

const MIN_NORMAL = 2.2250738585072014e-308

function isAlmostEqual(a: number, b: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true
  const sum = Math.abs(a) + Math.abs(b)
  const difference = Math.abs(a - b)
  if (a === 0 || b === 0 || sum < MIN_NORMAL) return difference < TOLERANCE * MIN_NORMAL
  return difference / Math.min(sum, Number.MAX_VALUE) < TOLERANCE
}

/** Makes counts rise from bucket to bucket. */
function repair(buckets: readonly ClassicBucket[]): Repair {
  let isForced = false
  let [lowest, highest, difference] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]
  let previous = buckets[0]?.count ?? 0
  for (const bucket of buckets.slice(1)) {
    const { count, upper } = bucket
    if (count === previous) continue
    if (isAlmostEqual(previous, count)) {
      bucket.count = previous
    } else if (count < previous) {
      bucket.count = previous
      isForced = true
      lowest = Math.min(lowest, upper)
      highest = Math.max(highest, upper)
      difference = Math.max(difference, previous - count)
    } else previous = count
  }
  return { isForced, lowest, highest, difference }
}

/** The quantile, evenly spread within a bucket; of the last bucket it is its lower bound. */
export function bucketQuantile(
  quantile: number,
  all: readonly ClassicBucket[],
): { value: number; repaired?: Repair } {
  if (Number.isNaN(quantile)) return { value: Number.NaN }
  if (quantile < 0) return { value: Number.NEGATIVE_INFINITY }
  if (quantile > 1) return { value: Number.POSITIVE_INFINITY }
  const buckets = prepared(all)
  if (buckets === undefined) return { value: Number.NaN }
  const repaired = repair(buckets)
  return { value: quantileOfSorted(quantile, buckets), repaired }
}

function quantileOfSorted(quantile: number, buckets: readonly ClassicBucket[]): number {
  const last = buckets.length - 1
  const observations = buckets[last]?.count ?? 0
  if (buckets.length < 2 || observations === 0) return Number.NaN
  const rank = quantile * observations
  const at = firstReaching(buckets, last, rank)
  const upper = buckets[at]?.upper ?? 0
  if (at === last) return buckets[last - 1]?.upper ?? Number.NaN
  if (at === 0 && upper <= 0) return upper
  const below = at === 0 ? undefined : buckets[at - 1]
  const lower = below?.upper ?? 0
  const count = (buckets[at]?.count ?? 0) - (below?.count ?? 0)
  return lower + (upper - lower) * ((rank - (below?.count ?? 0)) / count)
}

/** By bisection: counts that are NaN come out the same everywhere. */
function firstReaching(buckets: readonly ClassicBucket[], end: number, rank: number): number {
  let [low, high] = [0, end]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((buckets[middle]?.count ?? 0) >= rank) high = middle
    else low = middle + 1
  }
  return low
}

/** Which share of the observations lies between two values. */
export function bucketFraction(lower: number, upper: number, all: readonly ClassicBucket[]): number {
  const buckets = prepared(all)
  const count = buckets?.at(-1)?.count ?? 0
  if (buckets === undefined || count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN
  if (lower >= upper) return 0
  return (rankOf(buckets, upper, count) - rankOf(buckets, lower, count)) / count
}

function rankOf(buckets: readonly ClassicBucket[], value: number, count: number): number {
  let rank = 0
  let lower = (buckets[0]?.upper ?? 0) <= 0 ? Number.NEGATIVE_INFINITY : 0
  for (const bucket of buckets) {
    if (lower >= value) return Math.min(rank, count)
    if (bucket.upper > value) {
      if (lower === Number.NEGATIVE_INFINITY) return Math.min(bucket.count, count)
      return Math.min(rank + ((bucket.count - rank) * (value - lower)) / (bucket.upper - lower), count)
    }
    rank = bucket.count
    lower = bucket.upper
  }
  return count
}
