/**
 * Which records one insert brings to their table together. The engine stores what it has no token for, so an insert of several
 * records must be repeated with exactly these, by whoever has the partition then: their range is state of the group, written
 * before the insert, in one transaction with the offset that the range begins at.
 */

/** Name of the plan in the state of `store`. */
export const INSERTS = 'inserts'

/** Offsets, `from` up to below `to`. */
export type OffsetRange = readonly [from: bigint, to: bigint]

/** What is inserted together of the records below `until`; all others of them are inserted one by one. */
export interface InsertPlan {
  readonly until: bigint
  /** In order; each holds two records or more. */
  readonly ranges: readonly OffsetRange[]
}

/** The plan as JSON; offsets are decimal text, since JSON numbers do not hold 64 bits. */
export function encodePlan({ until, ranges }: InsertPlan): Uint8Array {
  return Buffer.from(
    JSON.stringify({ until: `${until}`, ranges: ranges.map(([from, to]) => [`${from}`, `${to}`]) }),
  )
}

/** The plan in the state of a partition; null when there is none. It counts while the committed offset is below `until`. */
export function decodePlan(state: ReadonlyMap<string, Uint8Array>): InsertPlan | null {
  const stored = state.get(INSERTS)
  if (stored === undefined) return null
  const { until, ranges } = JSON.parse(Buffer.from(stored).toString()) as {
    readonly until: string
    readonly ranges: readonly (readonly [string, string])[]
  }
  return { until: BigInt(until), ranges: ranges.map(([from, to]) => [BigInt(from), BigInt(to)]) }
}

/** The range that an offset belongs to. */
export const rangeOf = ({ ranges }: InsertPlan, offset: bigint): OffsetRange | undefined =>
  ranges.find(([from, to]) => from <= offset && offset < to)
