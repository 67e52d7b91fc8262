/** In-memory state of a partition: its bounds, the positions of groups, the readers that wait for records. */
import type { KeyIndex } from './key-index.ts'
import type { PartitionId } from './keys.ts'

/** Records from `first` to below `next` are stored. */
export interface Bounds {
  readonly first: bigint
  readonly next: bigint
  readonly bytes: number
}

/** When a committed record may be dropped; see `StreamSettings`. */
export interface LogRetention {
  readonly groups: readonly string[]
  readonly timeMs: number
  readonly bytes: number
}

/** A stream of the embedded log, in memory. */
export interface StreamLog {
  readonly name: string
  readonly id: number
  readonly partitions: readonly PartitionLog[]
  /** null until `createStreams` has named the stream in this run: nothing is dropped before that. */
  retention: LogRetention | null
  /** Partition of the next append to `'any'`. */
  turn: number
}

/** In-memory state of one partition, changed only after its transaction is on disk. */
export class PartitionLog implements PartitionId {
  readonly stream: string
  readonly streamId: number
  readonly partition: number
  bounds: Bounds
  readonly committed: Map<string, bigint>
  /** For compacted streams; null for others, which store every record from `first` to `next`. */
  readonly keys: KeyIndex | null
  readonly #waiting = new Set<() => void>()

  constructor(
    stream: string,
    place: PartitionId,
    keys: KeyIndex | null,
    bounds: Bounds = { first: 0n, next: 0n, bytes: 0 },
    committed = new Map<string, bigint>(),
  ) {
    this.stream = stream
    this.streamId = place.streamId
    this.partition = place.partition
    this.keys = keys
    this.bounds = bounds
    this.committed = committed
  }

  /** Where a group continues to read. */
  committedBy(group: string): bigint {
    const committed = this.committed.get(group) ?? 0n
    return committed < this.bounds.first ? this.bounds.first : committed
  }

  /** The next offset at or after this one that has a record. */
  occupied(offset: bigint): bigint {
    return this.keys?.from(offset) ?? offset
  }

  wake(): void {
    for (const resolve of this.#waiting) resolve()
  }

  /** Resolves when records were added, the time is up, or the signal aborts. */
  async awaitRecords(maxWaitMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || maxWaitMs <= 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, maxWaitMs)
    this.#waiting.add(resolve)
    const end = () => resolve()
    signal.addEventListener('abort', end, { once: true })
    await promise
    signal.removeEventListener('abort', end)
    clearTimeout(timer)
    this.#waiting.delete(resolve)
  }
}

const BOUNDS_BYTES = 24

/** 24 bytes, big-endian: first and next offset as uint64, stored bytes as float64. */
export function encodeBounds(bounds: Bounds): Buffer {
  const bytes = Buffer.alloc(BOUNDS_BYTES)
  bytes.writeBigUInt64BE(bounds.first, 0)
  bytes.writeBigUInt64BE(bounds.next, 8)
  bytes.writeDoubleBE(bounds.bytes, 16)
  return bytes
}

/** Reads what `encodeBounds` wrote; undefined means an empty partition. */
export function decodeBounds(stored: Uint8Array | undefined): Bounds {
  if (stored === undefined) return { first: 0n, next: 0n, bytes: 0 }
  const bytes = Buffer.from(stored)
  return { first: bytes.readBigUInt64BE(0), next: bytes.readBigUInt64BE(8), bytes: bytes.readDoubleBE(16) }
}

/** Big-endian uint64. */
export function encodeOffset(offset: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(offset)
  return bytes
}

/** Reads what `encodeOffset` wrote. */
export const decodeOffset = (stored: Uint8Array): bigint => Buffer.from(stored).readBigUInt64BE(0)
