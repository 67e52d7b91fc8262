/** Whether a counter began again between two histograms, and whether two are the same. */
import { negativeSide, positiveSide } from './arithmetic.ts'
import { exponentialBound } from './bounds.ts'
import { type Buckets, reduce } from './buckets.ts'
import { hasCustomReset } from './custom.ts'
import { type FloatHistogram, isCustom, RESET_HINT, sameBounds } from './float-histogram.ts'
import { largerZero } from './zero.ts'

/**
 * Whether the counter was reset before `current`: it says so itself, or any count became smaller. A finer resolution or a smaller
 * zero bucket come with a reset only.
 */
export function isReset(current: FloatHistogram, previous: FloatHistogram): boolean {
  if (current.counterResetHint === RESET_HINT.reset) return true
  if (current.counterResetHint === RESET_HINT.notReset) return false
  if (current.count < previous.count) return true
  if (isCustom(current)) {
    if (!isCustom(previous)) return true
    if (!sameBounds(current.customValues, previous.customValues)) return hasCustomReset(current, previous)
    return hasSmallerCount(positiveSide(current), positiveSide(previous))
  }
  if (isCustom(previous) || current.schema > previous.schema) return current.schema > previous.schema
  return hasExponentialReset(current, previous)
}

function hasExponentialReset(current: FloatHistogram, previous: FloatHistogram): boolean {
  const { schema, zeroThreshold } = current
  if (zeroThreshold < previous.zeroThreshold) return true
  const zero = largerZero(previous, zeroThreshold)
  if (zero.zeroThreshold !== zeroThreshold || current.zeroCount < zero.zeroCount) return true
  const outside = (side: Buckets): Buckets => {
    const first = side.indexes.findIndex(index => exponentialBound(index, schema) > zeroThreshold)
    const from = first === -1 ? side.indexes.length : first
    return { indexes: side.indexes.slice(from), counts: side.counts.slice(from), lost: undefined }
  }
  return [positiveSide, negativeSide].some(side =>
    hasSmallerCount(
      zeroThreshold === 0 ? side(current) : outside(side(current)),
      zeroThreshold === 0
        ? reduce(side(previous), previous.schema, schema)
        : outside(reduce(side(previous), previous.schema, schema)),
    ),
  )
}

function hasSmallerCount(current: Buckets, previous: Buckets): boolean {
  let position = 0
  for (const [at, index] of previous.indexes.entries()) {
    while (position < current.indexes.length && (current.indexes[position] ?? 0) < index) position += 1
    const before = previous.counts[at] ?? 0
    if (current.indexes[position] === index) {
      if ((current.counts[position] ?? 0) < before) return true
    } else if (before !== 0) return true
  }
  return false
}

/** Whether two histograms have the same buckets with the same numbers. Their hints do not matter. */
export function isEqual(a: FloatHistogram, b: FloatHistogram): boolean {
  if (a.schema !== b.schema || !Object.is(a.count, b.count) || !Object.is(a.sum, b.sum)) return false
  if (isCustom(a) && !sameBounds(a.customValues, b.customValues)) return false
  if (a.zeroThreshold !== b.zeroThreshold || !Object.is(a.zeroCount, b.zeroCount)) return false
  return isSameSide(negativeSide(a), negativeSide(b)) && isSameSide(positiveSide(a), positiveSide(b))
}

const isSameSide = (a: Buckets, b: Buckets): boolean =>
  a.indexes.length === b.indexes.length &&
  a.indexes.every((index, at) => index === b.indexes[at]) &&
  a.counts.every((count, at) => Object.is(count, b.counts[at]))
