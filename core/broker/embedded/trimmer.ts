/** Applies retention in small slices in the background, after commits and every few seconds. */
import { WattlineError } from '../../catalogue/errors/errors.ts'
import type { Events } from '../../catalogue/events/events.ts'
import type { Draft } from './draft.ts'
import type { Journal } from './journal.ts'
import { recordKey } from './keys.ts'
import type { PartitionLog, StreamLog } from './partition-log.ts'
import { decodeHead } from './record.ts'
import { planCompaction, planTrim, readByAll, type Trim } from './retention.ts'
import type { LogStore } from './store.ts'

const SWEEP_MS = 10_000
/** Retention for records that must be dropped, regardless of age and size. */
const AT_ONCE = { groups: [], timeMs: Number.NEGATIVE_INFINITY, bytes: 0 }

interface TrimmerPorts {
  readonly store: LogStore
  readonly journal: Journal
  readonly streams: ReadonlyMap<string, StreamLog>
  /** Groups that currently read the stream, in addition to those in its settings. */
  readonly readers: (stream: string) => readonly string[]
  readonly clock: () => number
  readonly events: Events
}

/** Drops records in the background once every group of their stream has committed them. */
export class Trimmer {
  readonly #ports: TrimmerPorts
  readonly #timer: NodeJS.Timeout
  readonly #due = new Set<PartitionLog>()
  /** Partitions whose records below an offset are dropped as soon as all groups have read them, regardless of age. */
  readonly #early = new Map<PartitionLog, bigint>()
  #running: Promise<void> | null = null
  #closed = false

  constructor(ports: TrimmerPorts) {
    this.#ports = ports
    this.#timer = setInterval(() => this.sweep(), SWEEP_MS)
    // Retention does not keep a process alive.
    this.#timer.unref()
  }

  /** Schedules a check of every partition. */
  sweep(): void {
    for (const stream of this.#ports.streams.values()) for (const log of stream.partitions) this.#wake(log)
  }

  /** Called when a group has committed: checks the partition if it exceeds its size. */
  committed(log: PartitionLog): void {
    const retention = this.#ports.streams.get(log.stream)?.retention
    if (retention != null && log.bounds.bytes > retention.bytes) this.#wake(log)
  }

  /** Drops records below the offset that all groups have read, regardless of retention; resolves when this is done. */
  async trimTo(log: PartitionLog, offset: bigint): Promise<void> {
    this.#early.set(log, offset)
    try {
      this.#wake(log)
      await this.#running
    } finally {
      if (this.#early.get(log) === offset) this.#early.delete(log)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    await this.#running
  }

  #wake(log: PartitionLog): void {
    this.#due.add(log)
    this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    await new Promise(setImmediate)
    for (const log of this.#due) {
      this.#due.delete(log)
      try {
        while (!this.#closed && (await this.#trimSlice(log)));
      } catch {
        // The journal has reported the error; the next sweep retries.
      }
    }
    this.#running = null
  }

  /** Whether there is more to drop. */
  async #trimSlice(log: PartitionLog): Promise<boolean> {
    const { store, streams, readers, clock } = this.#ports
    const retention = streams.get(log.stream)?.retention
    if (retention == null) return false
    const groups = new Set([...retention.groups, ...readers(log.stream)])
    const limit = readByAll(log.bounds, groups, log.committed)
    const headAt = (offset: bigint) => decodeHead(store.get(recordKey(log, offset, 0)))
    store.refresh()
    const { keys } = log
    if (keys !== null) {
      const found = planCompaction(log.bounds, keys.superseded(), limit, retention, clock(), headAt)
      return this.#drop(log, found, (draft, entries) => {
        const offsets = found.dropped.map(({ offset }) => offset)
        draft.compact(log, offsets, found.bytes, entries)
      })
    }
    const early = this.#early.get(log) ?? 0n
    const found =
      log.bounds.first < early
        ? planTrim(log.bounds, limit < early ? limit : early, AT_ONCE, clock(), headAt)
        : planTrim(log.bounds, limit, retention, clock(), headAt)
    return this.#drop(log, found, (draft, entries) => {
      if (draft.bounds(log).first !== log.bounds.first) {
        throw new WattlineError('invariant_broken', 'Two trims of one partition run at the same time.')
      }
      draft.trim(log, found.first, found.bytes, entries)
    })
  }

  /** Drops the given records in one transaction; returns whether there are more. */
  async #drop(
    log: PartitionLog,
    { dropped, more }: Pick<Trim, 'dropped' | 'more'>,
    plan: (draft: Draft, entries: readonly Uint8Array[]) => void,
  ): Promise<boolean> {
    if (dropped.length === 0) return false
    const { store, journal, events } = this.#ports
    const entries = dropped.flatMap(({ offset, chunks }) =>
      chunks === null ? keysOf(store, log, offset) : keysUpTo(log, offset, chunks),
    )
    await journal.submit(0, draft => plan(draft, entries))
    events.emit('recordsTrimmed', { stream: log.stream, amount: dropped.length })
    return more
  }
}

const keysUpTo = (log: PartitionLog, offset: bigint, chunks: number): readonly Uint8Array[] =>
  Array.from({ length: chunks + 1 }, (_, chunk) => recordKey(log, offset, chunk))

/** The existing keys of a record whose head does not list them. */
const keysOf = (store: LogStore, log: PartitionLog, offset: bigint): readonly Uint8Array[] =>
  Array.from(
    store.entries({ start: recordKey(log, offset, 0), end: recordKey(log, offset + 1n, 0) }),
    entry => entry.key,
  )
