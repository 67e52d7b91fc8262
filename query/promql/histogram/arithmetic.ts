/** Sums and differences of histograms, with bounds, resolutions and zero buckets brought together first. */
import { addBuckets, type Buckets, reduce, toBuckets, toSpans, withoutEmpty } from './buckets.ts'
import { addCustom, commonBounds } from './custom.ts'
import { type FloatHistogram, isCustom, RESET_HINT, type ResetHint, sameBounds } from './float-histogram.ts'
import { largerZero, trimZero } from './zero.ts'

/** What an addition or subtraction gave. */
export interface Combined {
  readonly histogram: FloatHistogram
  /** One says that the counter was reset, the other that it was not. */
  readonly resetsCollide: boolean
  /** The custom bounds differed: the result has those that both have. */
  readonly boundsReconciled: boolean
}

/** Exponential and custom buckets cannot be combined: then there is no result. */
export const areCompatible = (a: FloatHistogram, b: FloatHistogram): boolean => isCustom(a) === isCustom(b)

export const add = (a: FloatHistogram, b: FloatHistogram): Combined | undefined => combine(a, b, 1)
export const subtract = (a: FloatHistogram, b: FloatHistogram): Combined | undefined => combine(a, b, -1)

function combine(a: FloatHistogram, b: FloatHistogram, sign: 1 | -1): Combined | undefined {
  if (!areCompatible(a, b)) return undefined
  const { hint, collide } = combineHints(a.counterResetHint, b.counterResetHint)
  const totals = { count: a.count + sign * b.count, sum: a.sum + sign * b.sum, counterResetHint: hint }
  if (isCustom(a)) {
    const { side, customValues } = combineCustom(a, b, sign)
    const histogram = { ...a, ...totals, ...positiveOf(side), customValues }
    return { histogram, resetsCollide: collide, boundsReconciled: customValues !== a.customValues }
  }
  const histogram = { ...a, ...totals, ...combineExponential(a, b, sign) }
  return { histogram, resetsCollide: collide, boundsReconciled: false }
}

/** The hint of a result, and whether the two contradict each other. */
export function combineHints(a: ResetHint, b: ResetHint): { hint: ResetHint; collide: boolean } {
  const { unknown, gauge } = RESET_HINT
  if (a === b || a === gauge) return { hint: a, collide: false }
  if (b === gauge) return { hint: gauge, collide: false }
  return { hint: unknown, collide: a !== unknown && b !== unknown }
}

export const positiveOf = (side: Buckets): Pick<FloatHistogram, 'positiveSpans' | 'positiveBuckets'> => ({
  positiveSpans: toSpans(side.indexes),
  positiveBuckets: side.counts,
})

export const negativeOf = (side: Buckets): Pick<FloatHistogram, 'negativeSpans' | 'negativeBuckets'> => ({
  negativeSpans: toSpans(side.indexes),
  negativeBuckets: side.counts,
})

function combineCustom(a: FloatHistogram, b: FloatHistogram, sign: 1 | -1) {
  const [left, right] = [positiveSide(a), positiveSide(b)]
  if (sameBounds(a.customValues, b.customValues)) {
    const side = addBuckets(left, right, { schema: a.schema, zeroThreshold: 0, sign })
    return { side, customValues: a.customValues }
  }
  const customValues = commonBounds(a.customValues, b.customValues)
  const side = addCustom([left, a.customValues, 1], [right, b.customValues, sign], customValues)
  return { side: { ...side, lost: undefined }, customValues }
}

export const positiveSide = (histogram: FloatHistogram, lost?: readonly number[]): Buckets =>
  toBuckets(histogram.positiveSpans, histogram.positiveBuckets, lost)

export const negativeSide = (histogram: FloatHistogram, lost?: readonly number[]): Buckets =>
  toBuckets(histogram.negativeSpans, histogram.negativeBuckets, lost)

function combineExponential(first: FloatHistogram, other: FloatHistogram, sign: 1 | -1) {
  const { histogram: a, otherZeroCount } = reconcileZero(first, other)
  const schema = Math.min(a.schema, other.schema)
  const how = { schema, zeroThreshold: a.zeroThreshold, sign }
  const side = (of: (histogram: FloatHistogram) => Buckets): Buckets =>
    addBuckets(reduce(of(a), a.schema, schema), reduce(of(other), other.schema, schema), how)
  return {
    schema,
    zeroThreshold: a.zeroThreshold,
    zeroCount: a.zeroCount + sign * otherZeroCount,
    ...positiveOf(side(positiveSide)),
    ...negativeOf(side(negativeSide)),
  }
}

/** The first histogram with a zero bucket that holds both, and what the other then has in it. */
function reconcileZero(first: FloatHistogram, other: FloatHistogram) {
  let histogram = first
  let otherZeroCount = other.zeroCount
  let otherThreshold = other.zeroThreshold
  while (otherThreshold !== histogram.zeroThreshold) {
    if (histogram.zeroThreshold > otherThreshold) {
      const larger = largerZero(other, histogram.zeroThreshold)
      otherZeroCount = larger.zeroCount
      otherThreshold = larger.zeroThreshold
    }
    if (otherThreshold > histogram.zeroThreshold) {
      const { zeroCount, zeroThreshold } = largerZero(histogram, otherThreshold)
      histogram = trimZero({ ...histogram, zeroCount, zeroThreshold }).histogram
    }
  }
  return { histogram, otherZeroCount }
}

/** The histogram without buckets that count nothing. */
export function compact(histogram: FloatHistogram): FloatHistogram {
  return {
    ...histogram,
    ...positiveOf(withoutEmpty(positiveSide(histogram))),
    ...negativeOf(withoutEmpty(negativeSide(histogram))),
  }
}

/** The histogram at a lower resolution. */
export function toSchema(histogram: FloatHistogram, schema: number): FloatHistogram {
  if (schema === histogram.schema) return histogram
  return {
    ...histogram,
    schema,
    ...positiveOf(reduce(positiveSide(histogram), histogram.schema, schema)),
    ...negativeOf(reduce(negativeSide(histogram), histogram.schema, schema)),
  }
}
