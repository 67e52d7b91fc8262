/**
 * One LMDB transaction being prepared: the changes of several callers, planned one after another on top of the
 * published state, and published only when the transaction is on disk. A failed transaction leaves nothing behind.
 */
import type { NewRecord } from '../broker.ts'
import { keyMissing } from '../compacted.ts'
import { boundsKey, committedKey, newestKey, type PartitionId, stateKey, supersededKey } from './keys.ts'
import { type Bounds, encodeBounds, encodeOffset, type PartitionLog } from './partition-log.ts'
import { encodeRecord, type LmdbOperation, storedBytes } from './record.ts'
import type { Space } from './space.ts'

/** Value of LMDB keys whose presence is all that matters. */
const PRESENT = Buffer.alloc(1)

/** Called with what has become durable, before anything else sees it. */
export interface DraftWatcher {
  grown(log: PartitionLog): void
  committed(log: PartitionLog, group: string, offset: bigint): void
}

/** Collects the changes of one LMDB transaction. Discard it when the transaction fails: nothing was published. */
export class Draft {
  readonly operations: LmdbOperation[] = []
  readonly #space: Space
  readonly #watcher: DraftWatcher | undefined
  #usedBytes: number
  readonly #bounds = new Map<PartitionLog, Bounds>()
  readonly #committed: { readonly log: PartitionLog; readonly group: string; readonly offset: bigint }[] = []
  /** Records of compacted partitions. */
  readonly #keyed: { readonly log: PartitionLog; readonly key: string; readonly offset: bigint }[] = []
  readonly #published: (() => void)[] = []

  constructor(space: Space, watcher?: DraftWatcher) {
    this.#space = space
    this.#watcher = watcher
    this.#usedBytes = space.usedBytes
  }

  /** Plans one caller's change; if it throws, nothing of it remains. */
  plan<T>(change: (draft: Draft) => T): T {
    const usedBytes = this.#usedBytes
    const bounds = [...this.#bounds]
    const grown = [this.operations, this.#committed, this.#keyed, this.#published]
    const lengths = grown.map(list => list.length)
    try {
      return change(this)
    } catch (error) {
      this.#usedBytes = usedBytes
      this.#bounds.clear()
      for (const [log, before] of bounds) this.#bounds.set(log, before)
      for (const [index, list] of grown.entries()) list.length = lengths[index]!
      throw error
    }
  }

  /** Throws `disk_full` when the records do not fit. */
  reserve(records: readonly NewRecord[]): void {
    const needed = records.reduce((sum, record) => sum + storedBytes(record), 0)
    this.#space.check(this.#usedBytes, needed)
  }

  bounds(log: PartitionLog): Bounds {
    return this.#bounds.get(log) ?? log.bounds
  }

  /** Adds the records to the end of the partition; returns the offset of the first. */
  append(log: PartitionLog, records: readonly NewRecord[]): bigint {
    const before = this.bounds(log)
    let { next, bytes } = before
    for (const record of records) {
      for (const operation of encodeRecord(log, next, record)) this.operations.push(operation)
      if (log.keys !== null) this.#supersede(log, record, next)
      next += 1n
      bytes += storedBytes(record)
    }
    this.#usedBytes += bytes - before.bytes
    this.#bounds.set(log, { ...before, next, bytes })
    return before.next
  }

  /** Marks a record as the newest of its key, and the previous one as superseded. */
  #supersede(log: PartitionLog, { key }: NewRecord, offset: bigint): void {
    if (key === undefined) throw keyMissing(log.stream)
    const planned = this.#keyed.findLast(one => one.log === log && one.key === key)
    const before = planned?.offset ?? log.keys?.newestOf(key)
    this.put(newestKey(log, key), encodeOffset(offset))
    if (before !== undefined) this.put(supersededKey(log, before), PRESENT)
    this.#keyed.push({ log, key, offset })
  }

  /** Drops superseded records of a compacted partition; the caller has looked up their keys and bytes. */
  compact(log: PartitionLog, offsets: readonly bigint[], bytes: number, keys: readonly Uint8Array[]): void {
    this.trim(log, this.bounds(log).first, bytes, [
      ...keys,
      ...offsets.map(offset => supersededKey(log, offset)),
    ])
    this.afterwards(() => log.keys?.dropped(offsets))
  }

  /** Drops everything below `first`; the caller has looked up the keys and bytes. */
  trim(log: PartitionLog, first: bigint, bytes: number, keys: readonly Uint8Array[]): void {
    const before = this.bounds(log)
    for (const key of keys) this.operations.push({ key, value: null })
    this.#usedBytes -= bytes
    this.#bounds.set(log, { ...before, first, bytes: before.bytes - bytes })
  }

  commit(log: PartitionLog, group: string, offset: bigint): void {
    this.#committed.push({ log, group, offset })
    this.operations.push({ key: committedKey(log, group), value: encodeOffset(offset) })
  }

  state(place: PartitionId, group: string, changes: ReadonlyMap<string, Uint8Array | null>): void {
    for (const [key, value] of changes) this.operations.push({ key: stateKey(place, group, key), value })
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.operations.push({ key, value })
  }

  /** Runs when the transaction is on disk. */
  afterwards(publish: () => void): void {
    this.#published.push(publish)
  }

  /** Drops the state of a group for a partition; the caller has looked up the keys. */
  forget(keys: Iterable<Uint8Array>): void {
    for (const key of keys) this.operations.push({ key, value: null })
  }

  /** All operations, including the bounds of the partitions that they touch. */
  seal(): readonly LmdbOperation[] {
    for (const [log, bounds] of this.#bounds) this.put(boundsKey(log), encodeBounds(bounds))
    return this.operations
  }

  /** Makes visible what is now on disk, and wakes waiting readers. */
  publish(): void {
    this.#space.usedBytes = this.#usedBytes
    for (const { log, group, offset } of this.#committed) {
      log.committed.set(group, offset)
      this.#watcher?.committed(log, group, offset)
    }
    for (const { log, key, offset } of this.#keyed) log.keys?.added(key, offset)
    for (const [log, bounds] of this.#bounds) {
      const grown = bounds.next > log.bounds.next
      log.bounds = bounds
      if (!grown) continue
      this.#watcher?.grown(log)
      log.wake()
    }
    for (const publish of this.#published) publish()
  }
}
