/**
 * Retention: drops records that every group of a stream has committed and that are too old, or exceed the partition's
 * size. Kafka's own retention is off (topics.ts), because it ignores groups. Every process with processors trims; doing
 * it twice does no harm. Disk space is freed in whole segments.
 */

import type { Events } from '../../catalogue/events/events.ts'
import { sleep } from '../../runtime/backoff.ts'
import type { StreamSettings } from '../broker.ts'
import type { Cluster } from './cluster.ts'
import type { Names } from './names.ts'
import { committedOffsets, endOffset, offsetAt, startOffset } from './offsets.ts'

/** The state of a partition when it is trimmed. */
interface PartitionState {
  readonly start: bigint
  readonly end: bigint
  readonly bytes: bigint
  /** First offset that is young enough to keep. */
  readonly young: bigint
  /** Per group of the stream; undefined: nothing yet. */
  readonly committed: readonly (bigint | undefined)[]
}

/** The new first offset. For the size limit it is an estimate: all records are assumed to be equally large. */
export function trimTo(state: PartitionState, maxBytes: number): bigint {
  const { start, end, bytes, young } = state
  const excess = bytes > BigInt(maxBytes) ? bytes - BigInt(maxBytes) : 0n
  const byBytes = bytes === 0n ? start : start + ((end - start) * excess) / bytes
  const wanted = young > byBytes ? young : byBytes
  let readByAll = end
  for (const offset of state.committed) {
    if ((offset ?? start) < readByAll) readByAll = offset ?? start
  }
  return wanted < readByAll ? wanted : readByAll
}

interface TrimmerOptions {
  readonly cluster: Cluster
  readonly names: Names
  readonly events: Events
  readonly everyMs: number
}

/** Deletes records at intervals through Kafka's DeleteRecords, for every watched stream. */
export class KafkaTrimmer {
  readonly #options: TrimmerOptions
  readonly #streams = new Map<string, StreamSettings>()
  readonly #closed = new AbortController()
  readonly #running: Promise<void>

  constructor(options: TrimmerOptions) {
    this.#options = options
    this.#running = this.#run()
  }

  watch(settings: readonly StreamSettings[]): void {
    for (const stream of settings) this.#streams.set(stream.name, stream)
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await this.#running
  }

  /** Trims every stream once; called by tests, and periodically. */
  async trim(): Promise<void> {
    for (const settings of this.#streams.values()) {
      if (this.#closed.signal.aborted) return
      await this.#trimStream(settings)
    }
  }

  async #run(): Promise<void> {
    for (;;) {
      await sleep(this.#options.everyMs, this.#closed.signal)
      if (this.#closed.signal.aborted) return
      // A failure is retried in the next run; appends and reads report an unreachable Kafka.
      await this.trim().catch(() => this.#options.cluster.forget())
    }
  }

  async #trimStream(settings: StreamSettings): Promise<void> {
    const { cluster, names, events } = this.#options
    const topic = names.topic(settings.name)
    const partitions = Array.from({ length: settings.partitions }, (_, partition) => partition)
    const sizes = await this.#sizes(topic, partitions)
    const groups = await Promise.all(
      settings.groups.map(group => committedOffsets(cluster, names.group(group), topic, partitions)),
    )
    for (const partition of partitions) {
      const committed = groups.map(found => found.get(partition)?.offset)
      const state = await this.#state(settings, topic, partition, sizes.get(partition) ?? 0n, committed)
      const offset = trimTo(state, settings.retention.bytes)
      if (offset <= state.start) continue
      await cluster.admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition, offset }] }] })
      events.emit('recordsTrimmed', { stream: settings.name, amount: Number(offset - state.start) })
    }
  }

  async #state(
    settings: StreamSettings,
    topic: string,
    partition: number,
    bytes: bigint,
    committed: readonly (bigint | undefined)[],
  ): Promise<PartitionState> {
    const { cluster } = this.#options
    const start = await startOffset(cluster, topic, partition)
    const end = await endOffset(cluster, topic, partition)
    const oldest = BigInt(Math.max(0, Date.now() - settings.retention.timeMs))
    const young = await offsetAt(cluster, topic, partition, oldest)
    return { start, end, bytes, young: young < 0n ? end : young, committed }
  }

  async #sizes(topic: string, partitions: number[]): Promise<ReadonlyMap<number, bigint>> {
    const brokers = await this.#options.cluster.admin.describeLogDirs({
      topics: [{ name: topic, partitions }],
    })
    const sizes = new Map<number, bigint>()
    for (const { results } of brokers) {
      for (const { topics } of results) {
        for (const found of topics.filter(({ name }) => name === topic).flatMap(one => one.partitions)) {
          const known = sizes.get(found.partitionIndex) ?? 0n
          // Among replicas, the largest counts.
          if (found.partitionSize > known) sizes.set(found.partitionIndex, found.partitionSize)
        }
      }
    }
    return sizes
  }
}
