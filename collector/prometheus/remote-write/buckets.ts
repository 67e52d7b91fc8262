import { classicProblem, type DenseBuckets, type DenseHistogram, type ExactBuckets } from '../metric.ts'
import { MAX_BUCKETS, type NativeHistogram, type Side } from './native-histogram.ts'

/**
 * Converts native histograms to OTLP. Bucket i of Prometheus ends where bucket i - 1 of OTLP does: (base^(i-1),
 * base^i]. OTLP's counts are integers: those of float histograms are rounded cumulatively, first the negative buckets,
 * then the zero bucket, then the positive ones, so that they add up, and each is off by less than one. The counts as they
 * are go with them (`ExactBuckets`).
 */

/** The problem, as the end of a sentence that says that the histogram cannot be stored. */
type Unstorable = string

const MIN_SCHEMA = -4
const MAX_SCHEMA = 8
/** Relative difference up to which a float histogram's count and the sum of its buckets are the same number. */
const ROUNDING = 1e-9

/** A histogram of schema -4 to 8. */
export function denseHistogram(histogram: NativeHistogram): DenseHistogram | Unstorable {
  const { schema, sum, zeroThreshold } = histogram
  if (histogram.isBeyondBounds) return 'it has too many buckets, or counts above 2^53'
  if (schema < MIN_SCHEMA || schema > MAX_SCHEMA) return `schema ${schema} is unknown`
  const whole = new WholeCounts()
  const negative = dense(histogram, histogram.negative, whole)
  if (typeof negative === 'string') return negative
  if (!(histogram.zeroCount >= 0)) return 'a count is negative'
  const zeroCount = whole.next(histogram.zeroCount)
  const positive = dense(histogram, histogram.positive, whole)
  if (typeof positive === 'string') return positive
  const count = wholeCount(histogram, whole.total)
  if (typeof count === 'string') return count
  return {
    count,
    sum,
    schema,
    zeroThreshold,
    zeroCount,
    positive: positive.buckets,
    negative: negative.buckets,
    exact: histogram.isFloat
      ? {
          count: histogram.count,
          zeroCount: histogram.zeroCount,
          positive: positive.counts,
          negative: negative.counts,
        }
      : null,
  }
}

interface ClassicHistogram {
  readonly bounds: readonly number[]
  readonly cumulative: readonly number[]
  readonly sum: number
  /** Null: the counts are whole. */
  readonly exact: ExactBuckets | null
}

/** A histogram with explicit bounds. */
export function customHistogram(histogram: NativeHistogram): ClassicHistogram | Unstorable {
  const { sum, customValues } = histogram
  if (histogram.isBeyondBounds) return 'it has too many buckets, or counts above 2^53'
  if (histogram.negative.spans.length > 0 || histogram.zeroCount !== 0) {
    return 'custom buckets have neither a zero bucket nor negative ones'
  }
  const filled = expand(histogram.positive, absolute(histogram, histogram.positive))
  if (typeof filled === 'string') return filled
  const { first, counts } = filled
  if (counts.length > 0 && (first < 0 || first + counts.length > customValues.length + 1)) {
    return 'it has buckets beyond its bounds'
  }
  let total = 0
  const single = Array.from({ length: customValues.length + 1 }, (_, at) => counts[at - first] ?? 0)
  const cumulative = single.map(added => {
    total += added
    return total
  })
  const count = wholeCount(histogram, total)
  if (typeof count === 'string') return count
  const exact = histogram.isFloat
    ? { count: histogram.count, zeroCount: 0, positive: single, negative: [] }
    : null
  return classicProblem(customValues, cumulative) ?? { bounds: [...customValues], cumulative, sum, exact }
}

/** Rounds a growing sum, and returns what each step added: integers that add up to the rounded sum. */
class WholeCounts {
  total = 0
  #whole = 0

  next(count: number): number {
    this.total += count
    const before = this.#whole
    this.#whole = Math.round(this.total)
    return this.#whole - before
  }
}

function wholeCount({ isFloat, count }: NativeHistogram, total: number): number | Unstorable {
  if (!(count >= 0) || count > Number.MAX_SAFE_INTEGER) return 'its count is negative, or beyond 2^53'
  const isSame = isFloat ? Math.abs(count - total) <= ROUNDING * Math.max(1, count) : count === total
  if (isSame) return Math.round(total)
  // NaN observations are counted, but are in no bucket.
  return total > count ? 'its buckets hold more than its count' : Math.round(count)
}

interface DenseSide {
  readonly buckets: DenseBuckets
  /** As they are. */
  readonly counts: readonly number[]
}

function dense(histogram: NativeHistogram, side: Side, whole: WholeCounts): DenseSide | Unstorable {
  const filled = expand(side, absolute(histogram, side))
  if (typeof filled === 'string') return filled
  const { first, counts } = filled
  const offset = first - 1
  if (offset < -(2 ** 31) || offset + counts.length >= 2 ** 31) return 'a bucket is beyond 32 bits'
  return { buckets: { offset, counts: counts.map(count => whole.next(count)) }, counts }
}

/** The count of each bucket in a run. */
function absolute({ isFloat }: NativeHistogram, { deltas, counts }: Side): readonly number[] {
  if (isFloat) return counts
  let count = 0
  return deltas.map(delta => {
    count += delta
    return count
  })
}

interface Filled {
  /** Index of the first bucket. */
  readonly first: number
  readonly counts: readonly number[]
}

/** The runs, with gaps between them filled with empty buckets. */
function expand({ spans }: Side, counts: readonly number[]): Filled | Unstorable {
  let inRuns = 0
  let length = 0
  for (let at = 0; at < spans.length; at += 2) {
    const [offset, run] = [spans[at]!, spans[at + 1]!]
    if (at > 0 && offset < 0) return 'its runs of buckets overlap'
    inRuns += run
    length += at > 0 ? offset + run : run
  }
  if (inRuns !== counts.length) return 'its buckets do not fit their runs'
  if (length > MAX_BUCKETS) return `it spans more than ${MAX_BUCKETS} buckets`
  if (counts.some(count => !(count >= 0) || count > Number.MAX_SAFE_INTEGER)) {
    return 'a count is negative, or beyond 2^53'
  }
  const filled = new Array<number>(length).fill(0)
  let to = 0
  let from = 0
  for (let at = 0; at < spans.length; at += 2) {
    if (at > 0) to += spans[at]!
    for (let run = spans[at + 1]!; run > 0; run -= 1) filled[to++] = counts[from++]!
  }
  return { first: spans[0] ?? 0, counts: filled }
}
