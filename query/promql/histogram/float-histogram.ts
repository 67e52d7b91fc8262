/** Native histograms whose counts are floats, as queries calculate with them. */

/** A run of buckets: how many indexes are skipped before it, and how many buckets it has. */
export interface BucketSpan {
  readonly offset: number
  readonly length: number
}

/** 0: not known, 1: a counter reset lies before it, 2: none does, 3: a gauge. */
export type ResetHint = 0 | 1 | 2 | 3

export const RESET_HINT = { unknown: 0, reset: 1, notReset: 2, gauge: 3 } as const

/** The schema whose buckets have bounds of their own. Others are powers: 2^(2^-schema) from bound to bound, -4 to 8. */
export const CUSTOM_SCHEMA = -53

/** Nothing writes to a histogram once it is made: operations make a new one. */
export interface FloatHistogram {
  readonly counterResetHint: ResetHint
  readonly schema: number
  readonly zeroThreshold: number
  readonly zeroCount: number
  readonly count: number
  readonly sum: number
  readonly positiveSpans: readonly BucketSpan[]
  /** Counts of the buckets themselves, neither cumulative nor as differences. */
  readonly positiveBuckets: readonly number[]
  readonly negativeSpans: readonly BucketSpan[]
  readonly negativeBuckets: readonly number[]
  /** Upper bounds of the buckets of the custom schema, without +Inf. */
  readonly customValues: readonly number[]
}

export const EMPTY_HISTOGRAM: FloatHistogram = {
  counterResetHint: RESET_HINT.unknown,
  schema: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 0,
  sum: 0,
  positiveSpans: [],
  positiveBuckets: [],
  negativeSpans: [],
  negativeBuckets: [],
  customValues: [],
}

export const isCustom = ({ schema }: FloatHistogram): boolean => schema === CUSTOM_SCHEMA

export const withHint = (histogram: FloatHistogram, counterResetHint: ResetHint): FloatHistogram =>
  histogram.counterResetHint === counterResetHint ? histogram : { ...histogram, counterResetHint }

/** Samples that a histogram counts as: its size in units of a float sample with its time. */
export function sampleSize(histogram: FloatHistogram): number {
  const { positiveSpans, negativeSpans, positiveBuckets, negativeBuckets, customValues } = histogram
  const elements =
    positiveSpans.length +
    negativeSpans.length +
    positiveBuckets.length +
    negativeBuckets.length +
    customValues.length
  return Math.floor((168 + 8 * elements + 8) / 16)
}

/** All counts and the sum multiplied. A negative factor makes it a gauge. */
export function multiply(histogram: FloatHistogram, factor: number): FloatHistogram {
  return {
    ...histogram,
    counterResetHint: factor < 0 ? RESET_HINT.gauge : histogram.counterResetHint,
    zeroCount: histogram.zeroCount * factor,
    count: histogram.count * factor,
    sum: histogram.sum * factor,
    positiveBuckets: histogram.positiveBuckets.map(count => count * factor),
    negativeBuckets: histogram.negativeBuckets.map(count => count * factor),
  }
}

/** All counts and the sum divided; division by zero leaves no buckets. */
export function divide(histogram: FloatHistogram, divisor: number): FloatHistogram {
  const divided = {
    ...histogram,
    zeroCount: histogram.zeroCount / divisor,
    count: histogram.count / divisor,
    sum: histogram.sum / divisor,
  }
  if (divisor === 0) {
    return { ...divided, positiveSpans: [], positiveBuckets: [], negativeSpans: [], negativeBuckets: [] }
  }
  return {
    ...divided,
    counterResetHint: divisor < 0 ? RESET_HINT.gauge : histogram.counterResetHint,
    positiveBuckets: histogram.positiveBuckets.map(count => count / divisor),
    negativeBuckets: histogram.negativeBuckets.map(count => count / divisor),
  }
}

const isInfinite = (value: number): boolean => Math.abs(value) === Number.POSITIVE_INFINITY

/** Whether a part of it is infinite. */
export function hasOverflow(histogram: FloatHistogram): boolean {
  const { zeroCount, count, sum, positiveBuckets, negativeBuckets, customValues } = histogram
  return (
    isInfinite(zeroCount) ||
    isInfinite(count) ||
    isInfinite(sum) ||
    positiveBuckets.some(isInfinite) ||
    negativeBuckets.some(isInfinite) ||
    customValues.some(isInfinite)
  )
}

export const sameBounds = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((bound, index) => bound === b[index])
