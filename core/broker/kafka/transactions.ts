/**
 * Outputs, state and input offset of one partition in one transaction of Kafka.
 *
 * The transactional id belongs to group and partition: opening it shuts out whoever had it before and ends what they left
 * open. Every step carries a name into the committed offset's metadata. So after a failure whose outcome is unknown, the
 * name tells whether the step was committed, and repeating it does not double its outputs.
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

/** After this long without an end Kafka aborts a transaction: a dead writer holds up readers no longer than that. */
const TRANSACTION_TIMEOUT_MS = 30_000
/** Kafka answers "still busy" until the transaction before is written out, which takes milliseconds: the first tries follow soon. */
const FIRST_RETRY_MS = 5
const MAX_RETRY_MS = 250
/**
 * "I do not know who wrote last": Kafka then shuts that writer out. The client would name writer 0 by default, and Kafka
 * refuse it as shut out itself.
 */
const UNKNOWN_WRITER = { producerId: -1n, producerEpoch: -1 }

/** What transactions of a partition need of the broker around them. */
export interface TransactionPorts {
  readonly cluster: Cluster
  readonly names: Names
  readonly timeoutMs: number
  /** Who commits, as the group knows this member now. */
  readonly committer: () => Committer
  /** Makes sure of the topic for the group's state; its name. */
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
  /** The client wants a consumer, of which it reads the group's name; membership is ours, see membership.ts. */
  readonly #standIn: Consumer
  #producer: Producer | null = null
  /** A step of which it is not known whether it was committed. */
  #uncertain: { readonly name: string; readonly nextOffset: bigint } | null = null

  constructor(ports: TransactionPorts, group: string, stream: string, partition: number) {
    this.#ports = ports
    this.#group = group
    this.#stream = stream
    this.#partition = partition
    this.#standIn = new Consumer({ ...ports.cluster.options, groupId: ports.names.group(group) })
  }

  /** Shuts out earlier owners and ends what they left open: after it, state and offset are what was committed. */
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

  /** Rejects with `broker_unavailable` when the outcome is not known; the same step may then be given again. */
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

  /** After an unknown outcome and a new fence: whether this very step is in. */
  async #wasCommitted(step: TransactionStep): Promise<boolean> {
    const uncertain = this.#uncertain
    if (uncertain === null) return false
    const { cluster } = this.#ports
    const committed = await cluster.call('asking for the outcome of a transaction', () => this.#committed())
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

  /** The client's own call takes a consumed message, and no metadata. */
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
        key: Buffer.from(stateKey(this.#stream, key)),
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
export const stateKey = (stream: string, key: string): string => `${stream}/${key}`

/** Closes the producer when the time is over, which ends its tries and rejects. */
async function withDeadline<T>(producer: Producer, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => void closeQuietly(producer), timeoutMs)
  try {
    return await work()
  } finally {
    clearTimeout(timer)
  }
}

const closeQuietly = (producer: Producer): Promise<void> => producer.close(true).catch(() => {})
