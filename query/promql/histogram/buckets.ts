/** One side of a histogram as two columns: indexes of buckets, ascending, and their counts. */
import { exponentialBound } from './bounds.ts'
import { type BucketSpan, CUSTOM_SCHEMA } from './float-histogram.ts'

export interface Buckets {
  readonly indexes: readonly number[]
  readonly counts: readonly number[]
  /** What rounding took from the counts, where sums are compensated. */
  readonly lost: readonly number[] | undefined
}

/** The columns of a side. Buckets beyond the spans, or spans beyond the buckets, are left out. */
export function toBuckets(
  spans: readonly BucketSpan[],
  counts: readonly number[],
  lost?: readonly number[],
): Buckets {
  const indexes: number[] = []
  let index = 0
  for (const { offset, length } of spans) {
    index += offset
    for (let end = index + length; index < end; index += 1) indexes.push(index)
  }
  if (indexes.length === counts.length) return { indexes, counts, lost }
  const known = Math.min(indexes.length, counts.length)
  return { indexes: indexes.slice(0, known), counts: counts.slice(0, known), lost: lost?.slice(0, known) }
}

/** Spans of ascending indexes, as long as they can be. */
export function toSpans(indexes: readonly number[]): readonly BucketSpan[] {
  const spans: { offset: number; length: number }[] = []
  let next = 0
  for (const index of indexes) {
    const last = spans.at(-1)
    if (last !== undefined && index === next) last.length += 1
    else spans.push({ offset: index - next, length: 1 })
    next = index + 1
  }
  return spans
}

/** The buckets that have a count, or a rest of one. */
export function withoutEmpty({ indexes, counts, lost }: Buckets): Buckets {
  const isFull = (_: unknown, at: number): boolean =>
    counts[at] !== 0 || (lost !== undefined && lost[at] !== 0)
  if (indexes.every(isFull)) return { indexes, counts, lost }
  return { indexes: indexes.filter(isFull), counts: counts.filter(isFull), lost: lost?.filter(isFull) }
}

const targetIndex = (index: number, from: number, to: number): number => ((index - 1) >> (from - to)) + 1

/** The buckets at a lower resolution. */
export function reduce({ indexes, counts, lost }: Buckets, from: number, to: number): Buckets {
  if (from === to) return { indexes, counts, lost }
  const result: { indexes: number[]; counts: number[]; lost: number[] } = {
    indexes: [],
    counts: [],
    lost: [],
  }
  for (const [at, index] of indexes.entries()) {
    const target = targetIndex(index, from, to)
    const last = result.indexes.length - 1
    const [count, rest] = [counts[at] ?? 0, lost?.[at] ?? 0]
    if (result.indexes[last] !== target) {
      result.indexes.push(target)
      result.counts.push(count)
      result.lost.push(rest)
    } else if (lost === undefined) {
      result.counts[last] = (result.counts[last] ?? 0) + count
    } else {
      addCompensated(result.counts, result.lost, last, count)
      addCompensated(result.counts, result.lost, last, rest)
    }
  }
  return lost === undefined ? { ...result, lost: undefined } : result
}

/** Adds to a sum and keeps what rounding loses (Kahan and Neumaier). */
export function addCompensated(sums: number[], lost: number[], at: number, increment: number): void {
  const sum = sums[at] ?? 0
  const total = sum + increment
  if (total > Number.MAX_VALUE || total < -Number.MAX_VALUE) lost[at] = 0
  else if (Math.abs(sum) >= Math.abs(increment)) lost[at] = (lost[at] ?? 0) + (sum - total + increment)
  else lost[at] = (lost[at] ?? 0) + (increment - total + sum)
  sums[at] = total
}

/** How the other side of an addition counts. */
export interface Addition {
  readonly schema: number
  /** Buckets at the beginning that lie within the zero bucket are left out. */
  readonly zeroThreshold: number
  readonly sign: 1 | -1
}

/** The sum of two sides of the same schema. It is compensated where the first has lost parts. */
export function addBuckets(a: Buckets, b: Buckets, how: Addition): Buckets {
  const indexes = [...a.indexes]
  const counts = [...a.counts]
  const lost = a.lost === undefined ? undefined : [...a.lost]
  let position = 0
  for (let at = firstOutside(b, how); at < b.indexes.length; at += 1) {
    const index = b.indexes[at] ?? 0
    while (position < indexes.length && (indexes[position] ?? 0) < index) position += 1
    const count = how.sign * (b.counts[at] ?? 0)
    const rest = how.sign * (b.lost?.[at] ?? 0)
    if (indexes[position] !== index) {
      indexes.splice(position, 0, index)
      counts.splice(position, 0, count)
      lost?.splice(position, 0, rest)
    } else if (lost === undefined) {
      counts[position] = (counts[position] ?? 0) + count
    } else {
      addCompensated(counts, lost, position, count)
      if (rest !== 0) addCompensated(counts, lost, position, rest)
    }
  }
  return { indexes, counts, lost }
}

function firstOutside({ indexes }: Buckets, { schema, zeroThreshold }: Addition): number {
  if (schema === CUSTOM_SCHEMA) return 0
  const first = indexes.findIndex(index => exponentialBound(index, schema) > zeroThreshold)
  return first === -1 ? indexes.length : first
}
