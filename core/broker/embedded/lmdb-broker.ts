import { WattlineError } from '../../catalogue/errors/errors.ts'
import type { Events } from '../../catalogue/events/events.ts'
import type { FolderLock } from '../../runtime/folder-lock.ts'
import type {
  Appended,
  Broker,
  Holding,
  NewestWanted,
  NewRecord,
  PartitionLag,
  StoredRecord,
  StreamSettings,
  SubscribeOptions,
  Subscription,
} from '../broker.ts'
import { notCompacted } from '../compacted.ts'
import { type ConsumerPorts, groupState } from './consumer.ts'
import { ConsumerGroup } from './groups.ts'
import { History, type HistoryOptions } from './history.ts'
import { Journal } from './journal.ts'
import { FORMAT_KEY, PING_KEY, recordKey } from './keys.ts'
import type { PartitionLog, StreamLog } from './partition-log.ts'
import { decodeHead, readStoredRecord, storedBytes } from './record.ts'
import { Space, volumeOf } from './space.ts'
import type { LogStore } from './store.ts'
import { checkSettings, FORMAT, newStream } from './streams.ts'
import { Trimmer } from './trimmer.ts'

/** How the embedded log is opened. */
export interface EmbeddedBrokerOptions extends HistoryOptions {
  /** Folder of the log; created if missing. */
  readonly path: string
  /** Bytes of records that the log may hold; further appends are refused with `disk_full`. */
  readonly maxBytes: number
  readonly events: Events
  /** Wall clock in milliseconds, for retention and for reports. */
  readonly clock?: () => number
}

/** Free space for records in a healthy log. */
const HEADROOM_BYTES = 8 * 1024 * 1024

/** The broker on an open folder. */
export class EmbeddedBroker implements Broker {
  readonly kind = 'embedded'
  readonly #options: EmbeddedBrokerOptions
  readonly #lock: FolderLock
  readonly #store: LogStore
  readonly #streams: Map<string, StreamLog>
  readonly #space: Space
  readonly #journal: Journal
  readonly #trimmer: Trimmer
  readonly #groups = new Map<string, ConsumerGroup>()
  readonly #ports: ConsumerPorts
  readonly #history: History
  #creating: Promise<void> = Promise.resolve()
  #closing: Promise<void> | null = null

  constructor(
    options: EmbeddedBrokerOptions,
    lock: FolderLock,
    store: LogStore,
    streams: Map<string, StreamLog>,
  ) {
    const { events, maxBytes } = options
    this.#options = options
    this.#lock = lock
    this.#store = store
    this.#streams = streams
    this.#space = new Space(storedIn(streams.values()), maxBytes, volumeOf(options.path))
    this.#journal = new Journal(store, this.#space, failure =>
      events.emit('logWriteFailed', { code: failure.code }, failure),
    )
    this.#trimmer = new Trimmer({
      store,
      journal: this.#journal,
      streams,
      readers: stream => [...this.#groups.values()].filter(g => g.reads(stream)).map(g => g.name),
      clock: options.clock ?? Date.now,
      events,
    })
    this.#history = new History(options, store, this.#journal, options.clock ?? Date.now)
    this.#ports = {
      historyOf: (log, offset) => this.#history.of(log, offset),
      store,
      journal: this.#journal,
      find: (stream, partition) => this.#partition(stream, partition),
      onCommit: log => this.#trimmer.committed(log),
      onAppend: (stream, records) => this.#appended(stream, records),
    }
  }

  createStreams(settings: readonly StreamSettings[]): Promise<void> {
    // One call at a time: two concurrent callers would give one number to two streams.
    const created = this.#creating.then(() => this.#createStreams(settings))
    this.#creating = created.catch(() => {})
    return created
  }

  async #createStreams(settings: readonly StreamSettings[]): Promise<void> {
    for (const one of settings) checkSettings(one, this.#streams.get(one.name))
    const missing = settings.filter(one => !this.#streams.has(one.name))
    let id = Math.max(0, ...[...this.#streams.values()].map(stream => stream.id + 1))
    const created = missing.map(one => newStream(one, id++))
    await this.#history.establishOrigins(
      [...this.#streams.values()].flatMap(stream => [...stream.partitions]),
      new Map(settings.map(({ name, groups }) => [name, groups])),
    )
    await this.#journal.submit(0, draft => {
      draft.put(FORMAT_KEY, Buffer.from(FORMAT))
      for (const { operations } of created) for (const { key, value } of operations) draft.put(key, value!)
      draft.afterwards(() => {
        for (const { stream } of created) this.#streams.set(stream.name, stream)
      })
    })
    for (const { name, groups, retention } of settings) {
      this.#stream(name).retention = { groups, timeMs: retention.timeMs, bytes: retention.bytes }
    }
    this.#trimmer.sweep()
  }

  partitions(stream: string): number {
    return this.#stream(stream).partitions.length
  }

  async append(stream: string, partition: number | 'any', records: readonly NewRecord[]): Promise<Appended> {
    const log = partition === 'any' ? this.#nextPartition(stream) : this.#partition(stream, partition)
    const bytes = records.reduce((sum, record) => sum + storedBytes(record), 0)
    const offset = await this.#journal.submit(bytes, draft => {
      draft.reserve(records)
      return draft.append(log, records)
    })
    this.#appended(stream, records)
    return { partition: log.partition, offset }
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    this.#refuseWhenClosing()
    const group =
      this.#groups.get(options.group) ??
      new ConsumerGroup(options.group, this.#ports, stream => this.#stream(stream).partitions)
    const subscription = group.join(options)
    this.#groups.set(options.group, group)
    return subscription
  }

  async newest(
    stream: string,
    { since = 0n, keys }: NewestWanted = {},
  ): Promise<ReadonlyMap<string, StoredRecord>> {
    const { partitions } = this.#stream(stream)
    this.#refuseWhenClosing()
    this.#store.refresh()
    const found = new Map<string, StoredRecord>()
    for (const log of partitions) {
      if (log.keys === null) throw notCompacted(stream)
      for (const [key, offset] of log.keys.newest()) {
        if (offset < since || keys?.has(key) === false) continue
        found.set(
          key,
          readStoredRecord(name => this.#store.get(name), log, offset),
        )
      }
    }
    return found
  }

  async lag(group: string, stream: string): Promise<readonly PartitionLag[]> {
    const { partitions } = this.#stream(stream)
    this.#refuseWhenClosing()
    this.#store.refresh()
    return partitions.map(log => {
      const committed = log.committedBy(group)
      const oldest = recordKey(log, log.occupied(committed), 0)
      const pending = committed < log.bounds.next ? this.#store.get(oldest) : undefined
      return {
        partition: log.partition,
        end: log.bounds.next,
        committed,
        oldestPendingMs: decodeHead(pending)?.timestampMs ?? null,
      }
    })
  }

  holdings(group: string, stream: string): readonly Holding[] {
    this.#store.refresh()
    return this.#stream(stream).partitions.map(log => ({
      partition: log.partition,
      first: log.bounds.first,
      end: log.bounds.next,
      committed: log.committedBy(group),
      originOf: (offset: bigint) => this.#history.of(log, offset).origin,
      state: groupState(this.#store, log, group),
    }))
  }

  async rewind(
    group: string,
    { stream, partition }: { readonly stream: string; readonly partition: number },
    offset: bigint,
    state: ReadonlyMap<string, Uint8Array | null>,
  ): Promise<void> {
    const log = this.#partition(stream, partition)
    if (this.#groups.get(group)?.reads(stream) === true) {
      throw new WattlineError('invariant_broken', `Group '${group}' has members that read ${stream}.`)
    }
    await this.#journal.submit(0, draft => {
      draft.state(log, group, state)
      draft.commit(log, group, offset)
    })
  }

  /** After a failed write this writes a little itself, so that readiness recovers with the disk. */
  async ping(): Promise<void> {
    this.#refuseWhenClosing()
    const { usedBytes, maxBytes } = this.#space
    this.#space.check(usedBytes, Math.min(HEADROOM_BYTES, maxBytes / 8))
    if (this.#journal.lastFailure === null) return
    await this.#journal.submit(0, draft => draft.put(PING_KEY, Buffer.alloc(1)))
  }

  async trim(stream: string, partition: number, before: bigint): Promise<bigint> {
    this.#refuseWhenClosing()
    const log = this.#partition(stream, partition)
    await this.#trimmer.trimTo(log, before)
    return log.bounds.first
  }

  async copyTo(folder: string): Promise<{ readonly done: Promise<void> }> {
    this.#refuseWhenClosing()
    return await this.#store.copyTo(folder)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#groups.values()].map(group => group.close()))
    await this.#trimmer.close()
    await this.#journal.close()
    await this.#store.close()
    this.#history.close()
    this.#lock.release()
  }

  #refuseWhenClosing(): void {
    if (this.#closing !== null) throw new WattlineError('broker_unavailable', 'The log is closed.')
  }

  #stream(name: string): StreamLog {
    const stream = this.#streams.get(name)
    if (stream === undefined) throw new WattlineError('invariant_broken', `There is no stream '${name}'.`)
    return stream
  }

  #partition(stream: string, partition: number): PartitionLog {
    const log = this.#stream(stream).partitions[partition]
    if (log === undefined) {
      throw new WattlineError('invariant_broken', `Stream '${stream}' has no partition ${partition}.`)
    }
    return log
  }

  #nextPartition(name: string): PartitionLog {
    const stream = this.#stream(name)
    stream.turn = (stream.turn + 1) % stream.partitions.length
    return this.#partition(name, stream.turn)
  }

  #appended(stream: string, records: readonly NewRecord[]): void {
    const bytes = records.reduce((sum, record) => sum + record.value.length, 0)
    this.#options.events.emit('recordAppended', { stream, amount: records.length })
    this.#options.events.emit('recordBytesAppended', { stream, amount: bytes })
  }
}

function storedIn(streams: Iterable<StreamLog>): number {
  let bytes = 0
  for (const stream of streams) for (const log of stream.partitions) bytes += log.bounds.bytes
  return bytes
}
