/**
 * Appends outside transactions: an idempotent producer that retries a request until all in-sync replicas acknowledge
 * it. When the time is up, the producer is replaced, which ends its retries.
 */
import { Producer } from '@platformatic/kafka'
import type { NewRecord } from '../broker.ts'
import { ProduceBatcher } from './batcher.ts'
import type { Cluster } from './cluster.ts'
import { kafkaFailure } from './failure.ts'
import { toMessage } from './messages.ts'

/** Delay between two attempts of a request. */
const RETRY_DELAY_MS = 200

/** Appends through one idempotent producer, batched by partition. */
export class Appender {
  readonly #cluster: Cluster
  readonly #timeoutMs: number
  readonly #batchers = new Map<string, ProduceBatcher>()
  #producer: Producer | null = null
  #closed = false

  constructor(cluster: Cluster, timeoutMs: number) {
    this.#cluster = cluster
    this.#timeoutMs = timeoutMs
  }

  /** Appends all or none of the records, contiguously; resolves with the offset of the first once they are durable. */
  async append(topic: string, partition: number, records: readonly NewRecord[]): Promise<bigint> {
    this.#cluster.refuseWhenClosed()
    const key = `${topic}/${partition}`
    let batcher = this.#batchers.get(key)
    if (batcher === undefined) {
      batcher = new ProduceBatcher(
        (some, deadline) => this.#send(topic, partition, some, deadline),
        this.#timeoutMs,
      )
      this.#batchers.set(key, batcher)
    }
    return batcher.append(records)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#retire(this.#producer)
  }

  async #send(
    topic: string,
    partition: number,
    records: readonly NewRecord[],
    deadline: number,
  ): Promise<bigint> {
    const producer = this.#current()
    const timer = setTimeout(() => void this.#retire(producer), Math.max(0, deadline - Date.now()))
    try {
      const messages = records.map(record => toMessage(topic, partition, record))
      const { offsets } = await producer.send({ messages })
      return offsets?.[0]?.offset ?? -1n
    } catch (error) {
      const failure = kafkaFailure(error, `appending to ${topic}`)
      // After an error that retries do not fix, the producer has lost its sequence: the next append uses a new one.
      void this.#retire(producer)
      throw failure
    } finally {
      clearTimeout(timer)
    }
  }

  #current(): Producer {
    this.#cluster.refuseWhenClosed()
    this.#producer ??= new Producer({
      ...this.#cluster.options,
      idempotent: true,
      retries: true,
      retryDelay: RETRY_DELAY_MS,
    })
    return this.#producer
  }

  /** Requests in flight reject, and are not retried. */
  async #retire(producer: Producer | null): Promise<void> {
    if (producer === null) return
    if (this.#producer === producer && !this.#closed) this.#producer = null
    await producer.close(true).catch(() => {})
  }
}
