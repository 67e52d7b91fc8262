/** One partition of one worker: reads from its position, and writes for it. */
import { WattlineError } from '../../catalogue/errors/errors.ts'
import type { AssignedPartition, PollLimits, StoredRecord, TransactionStep } from '../broker.ts'
import type { Visible } from './batches.ts'
import { saysOneOf, TakenOver } from './failure.ts'
import { weightOf } from './messages.ts'
import { commitOffset, committedOffsets, startOffset } from './offsets.ts'
import { PartitionReader, scanPartition } from './reader.ts'
import { PartitionTransactions, streamStateKey, type TransactionPorts } from './transactions.ts'

/** What a Kafka consumer needs from its broker. */
export interface KafkaConsumerPorts extends TransactionPorts {
  readonly group: string
  /** Called when Kafka has deleted unread records between the committed offset and `from`. */
  readonly onMissing: (stream: string, partition: number, at: bigint, from: bigint) => void
  readonly onTransacted: (step: TransactionStep) => void
}

/** How long Kafka holds a fetch open while there is no data. */
const FETCH_WAIT_MS = 1000
/** Reading reports an unreachable Kafka sooner than writing: nothing is lost by it, and readiness shows it. */
const READ_TIMEOUT_MS = 3000

/** The Kafka implementation of an assigned partition. */
export class KafkaConsumer implements AssignedPartition {
  readonly stream: string
  readonly partition: number
  readonly #topicId: string
  readonly revoked: AbortSignal
  readonly #ports: KafkaConsumerPorts
  readonly #topic: string
  readonly #reader: PartitionReader
  readonly #transactions: PartitionTransactions
  readonly #revoke = new AbortController()
  /** Fetched but not yet polled. */
  #ready: StoredRecord[] = []
  /** Offset of the next fetch; null until the committed offset has been looked up. */
  #position: bigint | null = null
  #fetching: Promise<void> | null = null
  /** After `work` has returned, another worker may have the partition: nothing more is written. */
  #ended = false

  constructor(
    ports: KafkaConsumerPorts,
    { stream, partition, topicId }: { stream: string; partition: number; topicId: string },
  ) {
    this.#topicId = topicId
    this.stream = stream
    this.partition = partition
    this.revoked = this.#revoke.signal
    this.#ports = ports
    this.#topic = ports.names.topic(stream)
    this.#reader = new PartitionReader(ports.cluster, this.#topic, partition)
    this.#transactions = new PartitionTransactions(ports, ports.group, stream, partition)
  }

  logOf(): string {
    return this.#topicId
  }

  originOf(): string {
    return this.#topicId
  }

  /** Kafka does not distinguish a topic that was created again from a new one. */
  historyOf(): string {
    return ''
  }

  revoke(): void {
    this.#revoke.abort()
  }

  /** Called when `work` has returned: closes everything. */
  async end(): Promise<void> {
    this.#ended = true
    this.#revoke.abort()
    await Promise.allSettled([this.#reader.close(), this.#transactions.close()])
  }

  async poll(limits: PollLimits): Promise<readonly StoredRecord[]> {
    const deadline = Date.now() + limits.maxWaitMs
    while (this.#ready.length === 0 && !this.revoked.aborted) {
      this.#fetching ??= this.#fetch(limits.maxBytes).finally(() => {
        this.#fetching = null
      })
      // A fetch that outlives this poll serves the next one.
      if (!(await this.#settles(this.#fetching, deadline - Date.now()))) break
    }
    return this.revoked.aborted ? [] : this.#take(limits)
  }

  async commit(nextOffset: bigint): Promise<void> {
    this.#refuseWhenEnded()
    const { cluster, committer } = this.#ports
    await this.#guarded(() =>
      cluster.call(`committing ${this.#place()}`, () =>
        commitOffset(cluster, committer(), this.#topic, this.partition, nextOffset),
      ),
    )
  }

  async loadState(): Promise<ReadonlyMap<string, Uint8Array>> {
    this.#refuseWhenEnded()
    const { cluster, stateTopic } = this.#ports
    await this.#guarded(() => this.#transactions.fence())
    const topic = await stateTopic()
    return cluster.call(`loading the state of ${this.#place()}`, () => this.#readState(topic), {
      signal: this.revoked,
    })
  }

  async transact(step: TransactionStep): Promise<void> {
    this.#refuseWhenEnded()
    await this.#guarded(() => this.#transactions.run(step))
    this.#ports.onTransacted(step)
  }

  /** A worker that has lost the partition stops working on it. */
  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof TakenOver) this.#revoke.abort()
      throw error
    }
  }

  /** Whether the fetch settled before the time was up or the partition was revoked; throws its error. */
  async #settles(fetching: Promise<void>, ms: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    let onAbort: (() => void) | undefined
    const outcome = new Promise<false>(resolve => {
      onAbort = () => resolve(false)
      timer = setTimeout(onAbort, Math.max(0, ms))
      this.revoked.addEventListener('abort', onAbort, { once: true })
    })
    try {
      return await Promise.race([fetching.then(() => true as const), outcome])
    } finally {
      clearTimeout(timer)
      if (onAbort !== undefined) this.revoked.removeEventListener('abort', onAbort)
      // If it fails after this poll, there may be no waiter; the next poll fetches again.
      fetching.catch(() => {})
    }
  }

  async #fetch(maxBytes: number): Promise<void> {
    const visible = await this.#ports.cluster.call(
      `reading ${this.#place()}`,
      () => this.#fetchOnce(maxBytes),
      { signal: this.revoked, timeoutMs: READ_TIMEOUT_MS },
    )
    this.#position = visible.next
    this.#ready = [...visible.records]
  }

  async #fetchOnce(maxBytes: number): Promise<Visible> {
    this.#position ??= await this.#committed()
    try {
      return await this.#reader.fetch(this.#position, maxBytes, FETCH_WAIT_MS)
    } catch (error) {
      if (!saysOneOf(error, ['OFFSET_OUT_OF_RANGE'])) throw error
      const start = await startOffset(this.#ports.cluster, this.#topic, this.partition)
      this.#ports.onMissing(this.stream, this.partition, this.#position, start)
      this.#position = start
      return { records: [], next: start }
    }
  }

  async #committed(): Promise<bigint> {
    const { cluster, names, group } = this.#ports
    const kafkaGroup = names.group(group)
    const found = await committedOffsets(cluster, kafkaGroup, this.#topic, [this.partition])
    const committed = found.get(this.partition)
    return committed?.offset ?? startOffset(cluster, this.#topic, this.partition)
  }

  #take(limits: PollLimits): readonly StoredRecord[] {
    let count = 0
    let bytes = 0
    for (const record of this.#ready) {
      bytes += weightOf(record)
      if (count > 0 && (count >= limits.maxRecords || bytes > limits.maxBytes)) break
      count += 1
    }
    return this.#ready.splice(0, count)
  }

  async #readState(topic: string): Promise<ReadonlyMap<string, Uint8Array>> {
    const { cluster } = this.#ports
    const state = new Map<string, Uint8Array>()
    const prefix = streamStateKey(this.stream, '')
    await scanPartition(cluster, { topic, partition: this.partition }, ({ key, value, isTombstone }) => {
      if (key?.startsWith(prefix) !== true) return
      if (isTombstone) state.delete(key.slice(prefix.length))
      else state.set(key.slice(prefix.length), value)
    })
    return state
  }

  #place(): string {
    return `${this.stream}/${this.partition} for ${this.#ports.group}`
  }

  #refuseWhenEnded(): void {
    if (!this.#ended) return
    throw new WattlineError('broker_unavailable', `${this.#place()} is no longer assigned to this worker.`)
  }
}
