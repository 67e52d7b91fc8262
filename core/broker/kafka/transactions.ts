/**
 * Writes outputs, state and input offset of one partition in one Kafka transaction.
 *
 * The transactional id belongs to group and partition: opening it shuts out earlier owners and ends their open
 * transactions. The metadata of the committed offset contains the name of the step. After a failure with unknown
 * outcome, the name shows whether the step was committed, so a retry does not duplicate its outputs.
 */
import { randomUUID } from 'node:crypto'
import { Consumer, type MessageToProduce, Producer, txnOffsetCommitV4 } from '@platformatic/kafka'
import { WattlineError } from '../../catalogue/errors/errors.ts'
import { backoffMs } from '../../runtime/backoff.ts'
import type { TransactionStep } from '../broker.ts'
import type { Cluster } from './cluster.ts'
import { kafkaFailure } from './failure.ts'
import { asBuffer, toMessage } from './messages.ts'
import type { Names } from './names.ts'
import { type Committed, type Committer, committedOffsets } from './offsets.ts'

/** Kafka aborts a transaction that has not ended after this time: a dead writer does not delay readers for longer. */
const TRANSACTION_TIMEOUT_MS = 30_000
/**
 * Kafka answers "still busy" until the previous transaction is written out, which takes milliseconds, so the first
 * retries follow quickly.
 */
const FIRST_RETRY_MS = 5
const MAX_RETRY_MS = 250
/**
 * "The last writer is unknown": Kafka then shuts that writer out. The client would name writer 0 by default, and Kafka
 * would refuse it as shut out itself.
 */
const UNKNOWN_WRITER = { producerId: -1n, producerEpoch: -1 }

/** What transactions of a partition need from the broker. */
export interface TransactionPorts {
  readonly cluster: Cluster
  readonly names: Names
  readonly timeoutMs: number
  /** The committer, as the group currently knows this member. */
  readonly committer: () => Committer
  /** Makes sure that the topic for the group's state exists; returns its name. */
  readonly stateTopic: () => Promise<string>
  /** Refuses streams and partitions that do not exist. */
  readonly checkPartition: (stream: string, partition: number) => void
}

/** Runs the transactions of one group on one partition. */
export class PartitionTransactions {
  readonly #ports: TransactionPorts
  readonly #group: string
  readonly #stream: string
  readonly #partition: number
  /**
   * The client requires a consumer, from which it reads only the group's name; membership is our own, see
   * membership.ts.
   */
  readonly #standIn: Consumer
  #producer: Producer | null = null
  /** A step with an unknown outcome. */
  #uncertain: { readonly name: string; readonly nextOffset: bigint } | null = null

  constructor(ports: TransactionPorts, group: string, stream: string, partition: number) {
    this.#ports = ports
    this.#group = group
    this.#stream = stream
    this.#partition = partition
    this.#standIn = new Consumer({ ...ports.cluster.options, groupId: ports.names.group(group) })
  }

  /** Shuts out earlier owners and ends their open transactions: afterwards, state and offset are the committed ones. */
  async fence(): Promise<void> {
    if (this.#producer !== null) return
    const producer = this.#newProducer()
    try {
      await withDeadline(producer, this.#ports.timeoutMs, async () => {
        const transaction = await producer.beginTransaction({ ...UNKNOWN_WRITER })
        await transaction.cancel()
      })
      this.#producer = producer
    } catch (error) {
      await closeQuietly(producer)
      throw kafkaFailure(error, `opening the transactions of ${this.#place()}`)
    }
  }

  /** Rejects with `broker_unavailable` when the outcome is unknown; the same step may then be passed again. */
  async run(step: TransactionStep): Promise<void> {
    for (const { stream, partition } of step.outputs) this.#ports.checkPartition(stream, partition)
    await this.fence()
    if (await this.#wasCommitted(step)) return
    const producer = this.#producer
    if (producer === null) throw new WattlineError('broker_unavailable', 'The transaction was aborted.')
    const name = randomUUID()
    this.#uncertain = { name, nextOffset: step.nextOffset }
    try {
      await withDeadline(producer, this.#ports.timeoutMs, () => this.#attempt(producer, step, name))
      this.#uncertain = null
    } catch (error) {
      this.#producer = null
      await closeQuietly(producer)
      throw kafkaFailure(error, `writing a transaction of ${this.#place()}`)
    }
  }

  async close(): Promise<void> {
    if (this.#producer !== null) await closeQuietly(this.#producer)
    this.#producer = null
  }

  /** After an unknown outcome and a new fence: whether this step was committed. */
  async #wasCommitted(step: TransactionStep): Promise<boolean> {
    const uncertain = this.#uncertain
    if (uncertain === null) return false
    const { cluster } = this.#ports
    const committed = await cluster.call('checking the outcome of a transaction', () => this.#committed())
    this.#uncertain = null
    if (committed?.metadata !== uncertain.name) return false
    if (uncertain.nextOffset === step.nextOffset) return true
    throw new WattlineError(
      'invariant_broken',
      `${this.#place()}: a step up to ${uncertain.nextOffset} was committed, but one up to ${step.nextOffset} follows it.`,
    )
  }

  async #committed(): Promise<Committed | undefined> {
    const { cluster, names } = this.#ports
    const group = names.group(this.#group)
    const found = await committedOffsets(cluster, group, names.topic(this.#stream), [this.#partition])
    return found.get(this.#partition)
  }

  async #attempt(producer: Producer, step: TransactionStep, name: string): Promise<void> {
    const group = this.#ports.names.group(this.#group)
    const messages = await this.#messages(step)
    const transaction = await producer.beginTransaction()
    if (messages.length > 0) await transaction.send({ messages })
    await transaction.addConsumer(this.#standIn)
    await this.#commitOffset(producer, group, step.nextOffset, name)
    await transaction.commit()
  }

  /** The client's own call takes a consumed message, but no metadata. */
  async #commitOffset(producer: Producer, group: string, offset: bigint, name: string): Promise<void> {
    const { cluster, names, committer } = this.#ports
    const id = names.transactionalId(this.#group, this.#stream, this.#partition)
    const at = { committedOffset: offset, committedLeaderEpoch: -1, committedMetadata: name }
    const partitions = [{ partitionIndex: this.#partition, ...at }]
    const topics = [{ name: names.topic(this.#stream), partitions }]
    await cluster.call('committing an offset in a transaction', async () => {
      const { producerId = -1n, producerEpoch = -1 } = producer
      const { memberId, memberEpoch } = committer()
      const connection = await cluster.coordinator(group)
      const writer = [id, group, producerId, producerEpoch] as const
      await txnOffsetCommitV4.api.async(connection, ...writer, memberEpoch, memberId, null, topics)
    })
  }

  async #messages(step: TransactionStep): Promise<MessageToProduce[]> {
    const { names } = this.#ports
    const messages = step.outputs.map(({ stream, partition, record }) =>
      toMessage(names.topic(stream), partition, record),
    )
    if (step.state.size === 0) return messages
    const topic = await this.#ports.stateTopic()
    for (const [key, value] of step.state) {
      messages.push({
        topic,
        partition: this.#partition,
        key: Buffer.from(streamStateKey(this.#stream, key)),
        ...(value === null ? {} : { value: asBuffer(value) }),
      })
    }
    return messages
  }

  #newProducer(): Producer {
    const { names, cluster } = this.#ports
    return new Producer({
      ...cluster.options,
      transactionalId: names.transactionalId(this.#group, this.#stream, this.#partition),
      idempotent: true,
      timeout: TRANSACTION_TIMEOUT_MS,
      retries: true,
      retryDelay: (_client, _operation, attempt) => backoffMs(attempt, FIRST_RETRY_MS, MAX_RETRY_MS),
    })
  }

  #place(): string {
    return `${this.#group} ${this.#stream}/${this.#partition}`
  }
}

/** Streams of a group share its state topic. */
export const streamStateKey = (stream: string, key: string): string => `${stream}/${key}`

/** Closes the producer when the time is up, which ends its retries and rejects. */
async function withDeadline<T>(producer: Producer, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => void closeQuietly(producer), timeoutMs)
  try {
    return await work()
  } finally {
    clearTimeout(timer)
  }
}

const closeQuietly = (producer: Producer): Promise<void> => producer.close(true).catch(() => {})
