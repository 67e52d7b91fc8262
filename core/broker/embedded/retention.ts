/** Decides which records a partition may drop now: a pure function of the heads of its oldest records. */

import type { Bounds, LogRetention } from './partition-log.ts'
import type { RecordHead } from './record.ts'

/** Records and bytes that one step examines and drops, so that trimming never delays appends for long. */
export const SLICE_RECORDS = 512
const SLICE_BYTES = 32 * 1024 * 1024

/** The records that one retention step drops from the start of a partition. */
export interface Trim {
  /** The new first offset. */
  readonly first: bigint
  readonly bytes: number
  /** `chunks` is null for a record whose head cannot be read. */
  readonly dropped: readonly { readonly offset: bigint; readonly chunks: number | null }[]
  /** More may be droppable beyond this slice. */
  readonly more: boolean
}

/**
 * Drops from the front while every group has read the record, and it is too old or the partition too large. `headAt`
 * returns null for an unreadable record: it is dropped like any other, with unknown size.
 */
export function planTrim(
  bounds: Bounds,
  readByAll: bigint,
  retention: LogRetention,
  nowMs: number,
  headAt: (offset: bigint) => RecordHead | null,
): Trim {
  const dropped: { offset: bigint; chunks: number | null }[] = []
  const limit = readByAll < bounds.next ? readByAll : bounds.next
  let first = bounds.first
  let bytes = 0
  while (first < limit) {
    if (dropped.length >= SLICE_RECORDS || bytes >= SLICE_BYTES) return { first, bytes, dropped, more: true }
    const head = headAt(first)
    if (!isDue(head, bounds.bytes - bytes, retention, nowMs)) break
    dropped.push({ offset: first, chunks: head?.chunks ?? null })
    first += 1n
    // The last record accounts for the remaining bytes, so that an unreadable record leaves no surplus behind.
    bytes = first === bounds.next ? bounds.bytes : Math.min(bounds.bytes, bytes + (head?.storedBytes ?? 0))
  }
  return { first, bytes, dropped, more: false }
}

type Compaction = Pick<Trim, 'bytes' | 'dropped' | 'more'>

/**
 * The same for a compacted partition: drops superseded records (in order) that every group has read and that are too
 * old, or make the partition too large.
 */
export function planCompaction(
  bounds: Bounds,
  superseded: readonly bigint[],
  readByAll: bigint,
  retention: LogRetention,
  nowMs: number,
  headAt: (offset: bigint) => RecordHead | null,
): Compaction {
  const dropped: { offset: bigint; chunks: number | null }[] = []
  let bytes = 0
  for (const offset of superseded) {
    if (offset >= readByAll) break
    if (dropped.length >= SLICE_RECORDS || bytes >= SLICE_BYTES) return { bytes, dropped, more: true }
    const head = headAt(offset)
    if (!isDue(head, bounds.bytes - bytes, retention, nowMs)) break
    dropped.push({ offset, chunks: head?.chunks ?? null })
    bytes = Math.min(bounds.bytes, bytes + (head?.storedBytes ?? 0))
  }
  return { bytes, dropped, more: false }
}

/** Whether a record is too old, or the partition too large. */
const isDue = (head: RecordHead | null, bytes: number, retention: LogRetention, nowMs: number): boolean =>
  head === null || head.timestampMs <= nowMs - retention.timeMs || bytes > retention.bytes

/** The offset below which every group has read; the end of the log when there is no such group. */
export function readByAll(
  bounds: Bounds,
  groups: Iterable<string>,
  committed: ReadonlyMap<string, bigint>,
): bigint {
  let lowest = bounds.next
  for (const group of groups) {
    const offset = committed.get(group) ?? 0n
    if (offset < lowest) lowest = offset
  }
  return lowest
}
