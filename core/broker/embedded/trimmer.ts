/** Retention at work: small slices in the background, after commits and every few seconds. */
import { WattlineError } from '../../runtime/errors.ts'
import type { Events } from '../../runtime/events.ts'
import type { Journal } from './journal.ts'
import { recordKey } from './keys.ts'
import type { PartitionLog, StreamLog } from './partition-log.ts'
import { decodeHead } from './record.ts'
import { planTrim, readByAll } from './retention.ts'
import type { LogStore } from './store.ts'

const SWEEP_MS = 10_000

export interface TrimmerPorts {
  readonly store: LogStore
  readonly journal: Journal
  readonly streams: ReadonlyMap<string, StreamLog>
  /** Groups that read the stream now, besides those that its settings name. */
  readonly readers: (stream: string) => readonly string[]
  readonly clock: () => number
  readonly events: Events
}

export class Trimmer {
  readonly #ports: TrimmerPorts
  readonly #timer: NodeJS.Timeout
  readonly #due = new Set<PartitionLog>()
  #running: Promise<void> | null = null
  #closed = false

  constructor(ports: TrimmerPorts) {
    this.#ports = ports
    this.#timer = setInterval(() => this.sweep(), SWEEP_MS)
    // Retention is no reason for a process to live on.
    this.#timer.unref()
  }

  /** Looks at every partition soon. */
  sweep(): void {
    for (const stream of this.#ports.streams.values()) for (const log of stream.partitions) this.#wake(log)
  }

  /** A group has committed: looks at the partition if it holds more bytes than it may. */
  committed(log: PartitionLog): void {
    const retention = this.#ports.streams.get(log.stream)?.retention
    if (retention != null && log.bounds.bytes > retention.bytes) this.#wake(log)
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
        // The journal has told of it; the next sweep tries again.
      }
    }
    this.#running = null
  }

  /** Whether there is more to drop. */
  async #trimSlice(log: PartitionLog): Promise<boolean> {
    const { store, journal, streams, readers, clock, events } = this.#ports
    const retention = streams.get(log.stream)?.retention
    if (retention == null) return false
    const groups = new Set([...retention.groups, ...readers(log.stream)])
    store.refresh()
    const trim = planTrim(
      log.bounds,
      readByAll(log.bounds, groups, log.committed),
      retention,
      clock(),
      offset => decodeHead(store.get(recordKey(log, offset, 0))),
    )
    if (trim.dropped.length === 0) return false
    const keys = trim.dropped.flatMap(({ offset, chunks }) =>
      chunks === null ? keysOf(store, log, offset) : keysUpTo(log, offset, chunks),
    )
    await journal.submit(0, draft => {
      if (draft.bounds(log).first !== log.bounds.first) {
        throw new WattlineError('invariant_broken', 'Two trims of one partition at a time.')
      }
      draft.trim(log, trim.first, trim.bytes, keys)
    })
    events.emit('recordsTrimmed', { stream: log.stream, amount: trim.dropped.length })
    return trim.more
  }
}

const keysUpTo = (log: PartitionLog, offset: bigint, chunks: number): readonly Uint8Array[] =>
  Array.from({ length: chunks + 1 }, (_, chunk) => recordKey(log, offset, chunk))

/** The keys that are there, for a record whose head does not say. */
const keysOf = (store: LogStore, log: PartitionLog, offset: bigint): readonly Uint8Array[] =>
  Array.from(
    store.entries({ start: recordKey(log, offset, 0), end: recordKey(log, offset + 1n, 0) }),
    entry => entry.key,
  )
