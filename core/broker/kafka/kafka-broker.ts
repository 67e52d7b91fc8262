/**
 * The broker in Apache Kafka 4.0 or newer: streams are topics, groups are consumer groups. See ../README.md for how
 * each guarantee is kept, and ../broker.ts for the contract.
 */
import { randomUUID } from 'node:crypto'
import { WattlineError } from '../../catalogue/errors/errors.ts'
import type { Events } from '../../catalogue/events/events.ts'
import type {
  Appended,
  Broker,
  NewestWanted,
  NewRecord,
  PartitionLag,
  StoredRecord,
  StreamSettings,
  SubscribeOptions,
  Subscription,
} from '../broker.ts'
import { keyMissing, notCompacted } from '../compacted.ts'
import { Appender } from './appender.ts'
import { Cluster, type KafkaConnection } from './cluster.ts'
import { kafkaFailure, startFailure } from './failure.ts'
import { readGroupLag } from './lag.ts'
import { Names } from './names.ts'
import { scanPartition } from './reader.ts'
import { KafkaSubscription, type SubscriptionPorts } from './subscription.ts'
import { compactedTopic, ensureTopics, stateTopic, streamTopic } from './topics.ts'
import { KafkaTrimmer } from './trimmer.ts'

/** The connection to Kafka and the names to use in it. */
export interface KafkaBrokerOptions extends KafkaConnection {
  /** Prefix of all topics, groups and transactional ids. */
  readonly topicPrefix: string
  /** Replicas of every topic; a record counts once all but one of them have it. */
  readonly replication: number
  readonly events: Events
  /**
   * Unique name of this process that survives restarts, so that it gets its partitions back at once after a crash.
   * Without it Kafka first waits for the crashed one, 45 s by default.
   */
  readonly instance?: string
  /** How long calls are retried before they reject with `broker_unavailable`. */
  readonly timeoutMs?: number
  /** How long the start waits for a broker that answers; default `timeoutMs`. */
  readonly startTimeoutMs?: number
  /** Whether this process applies retention; default true. Several processes may do it; one is enough. */
  readonly trims?: boolean
  /** How long closing a subscription waits for its work before it leaves the group anyway. */
  readonly leaveAfterMs?: number
  /** Interval between two retention runs. */
  readonly trimEveryMs?: number
}

/** Longer than a broker takes to restart, shorter than intake clients wait for their answer. */
const TIMEOUT_MS = 20_000
const TRIM_EVERY_MS = 60_000
const LEAVE_AFTER_MS = 15_000

/**
 * Connects to Kafka. Throws `broker_unavailable` when no broker answers in time, and `config_invalid` when they refuse
 * the user.
 */
export async function openKafkaBroker(options: KafkaBrokerOptions): Promise<Broker> {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS
  const cluster = new Cluster(options, timeoutMs)
  try {
    const doing = `connecting to ${options.brokers.join(', ')}`
    await cluster.call(doing, () => cluster.metadata([]), {
      asFailure: startFailure,
      timeoutMs: options.startTimeoutMs ?? timeoutMs,
    })
    return new KafkaBroker(options, cluster)
  } catch (error) {
    await cluster.close()
    throw error
  }
}

class KafkaBroker implements Broker {
  readonly kind = 'kafka'
  readonly #options: KafkaBrokerOptions
  readonly #cluster: Cluster
  readonly #names: Names
  readonly #appender: Appender
  readonly #trimmer: KafkaTrimmer
  readonly #ports: SubscriptionPorts
  /** Number of partitions by stream. */
  readonly #streams = new Map<string, number>()
  readonly #compacted = new Set<string>()
  readonly #turns = new Map<string, number>()
  /** Number of our members by group, so far. */
  readonly #members = new Map<string, number>()
  readonly #stateTopics = new Map<string, Promise<string>>()
  readonly #subscriptions = new Set<KafkaSubscription>()
  #closing: Promise<void> | null = null

  constructor(options: KafkaBrokerOptions, cluster: Cluster) {
    const { events, timeoutMs = TIMEOUT_MS, trimEveryMs = TRIM_EVERY_MS } = options
    this.#options = options
    this.#cluster = cluster
    this.#names = new Names(options.topicPrefix)
    this.#appender = new Appender(cluster, timeoutMs)
    this.#trimmer = new KafkaTrimmer({ cluster, names: this.#names, events, everyMs: trimEveryMs })
    this.#ports = {
      cluster,
      names: this.#names,
      timeoutMs,
      leaveAfterMs: options.leaveAfterMs ?? LEAVE_AFTER_MS,
      memberId: group => this.#memberId(group),
      stateTopic: group => this.#stateTopic(group),
      checkPartition: (stream, partition) => this.#check(stream, partition),
      onMissing: (stream, partition, from, to) =>
        events.emit('recordsMissing', { stream, partition, from, amount: Number(to - from) }),
      onTransacted: ({ outputs }) => {
        for (const { stream, record } of outputs) this.#appended(stream, [record])
      },
      onMemberFailed: (group, error) => events.emit('groupMemberFailed', { group, code: error.code }, error),
    }
  }

  async createStreams(settings: readonly StreamSettings[]): Promise<void> {
    const { replication } = this.#options
    const topics = settings.map(({ name, partitions, compacted, retention }) => {
      const topic = this.#names.topic(name)
      return compacted === true
        ? compactedTopic(topic, partitions, replication, retention.timeMs)
        : streamTopic(topic, partitions, replication)
    })
    await ensureTopics(this.#cluster, topics)
    for (const { name, partitions, compacted } of settings) {
      this.#streams.set(name, partitions)
      if (compacted === true) this.#compacted.add(name)
    }
    // Kafka refuses to delete records of a compacted topic.
    if (this.#options.trims !== false) this.#trimmer.watch(settings.filter(one => one.compacted !== true))
  }

  partitions(stream: string): number {
    const partitions = this.#streams.get(stream)
    if (partitions === undefined) {
      throw new WattlineError('invariant_broken', `There is no stream '${stream}'.`)
    }
    return partitions
  }

  async append(stream: string, partition: number | 'any', records: readonly NewRecord[]): Promise<Appended> {
    const chosen = partition === 'any' ? this.#nextPartition(stream) : partition
    this.#check(stream, chosen)
    this.#checkKeys(stream, records)
    try {
      const offset = await this.#appender.append(this.#names.topic(stream), chosen, records)
      this.#appended(stream, records)
      return { partition: chosen, offset }
    } catch (thrown) {
      const error = kafkaFailure(thrown, `appending to ${stream}`)
      this.#options.events.emit('logWriteFailed', { code: error.code }, error)
      throw error
    }
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    this.#cluster.refuseWhenClosed()
    for (const stream of options.streams) this.partitions(stream)
    const subscription = new KafkaSubscription(this.#ports, options)
    await subscription.start()
    this.#subscriptions.add(subscription)
    return {
      close: async () => {
        await subscription.close()
        this.#subscriptions.delete(subscription)
      },
    }
  }

  async newest(
    stream: string,
    { since = 0n, keys }: NewestWanted = {},
  ): Promise<ReadonlyMap<string, StoredRecord>> {
    const partitions = this.partitions(stream)
    if (!this.#compacted.has(stream)) throw notCompacted(stream)
    return this.#cluster.call(`reading ${stream}`, async () => {
      const found = new Map<string, StoredRecord>()
      for (let partition = 0; partition < partitions; partition++) {
        const place = { topic: this.#names.topic(stream), partition, since }
        await scanPartition(this.#cluster, place, record => {
          if (record.key !== undefined && keys?.has(record.key) !== false) found.set(record.key, record)
        })
      }
      return found
    })
  }

  async lag(group: string, stream: string): Promise<readonly PartitionLag[]> {
    const partitions = this.partitions(stream)
    return this.#cluster.call(`reading the offsets of ${group} on ${stream}`, () =>
      readGroupLag(this.#cluster, this.#names.group(group), this.#names.topic(stream), partitions),
    )
  }

  async ping(): Promise<void> {
    this.#cluster.refuseWhenClosed()
    try {
      const topics = [...this.#streams.keys()].map(stream => this.#names.topic(stream))
      const { topics: found } = await this.#cluster.admin.metadata({ topics, forceUpdate: true })
      const orphans = [...found].filter(([, { partitions }]) => partitions.some(({ leader }) => leader < 0))
      if (orphans.length === 0) return
      throw new WattlineError(
        'broker_unavailable',
        `Partitions of ${orphans[0]?.[0]} currently have no leader.`,
      )
    } catch (error) {
      throw kafkaFailure(error, 'checking the connection')
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#subscriptions].map(subscription => subscription.close()))
    await this.#trimmer.close()
    await this.#cluster.close()
    await this.#appender.close()
  }

  /** The same at every start, as long as groups are joined in the same order. */
  #memberId(group: string): string {
    const { instance } = this.#options
    if (instance === undefined) return randomUUID()
    const number = this.#members.get(group) ?? 0
    this.#members.set(group, number + 1)
    return `${instance}-${number}`
  }

  /** The topic with the state of a group, checked once: it has as many partitions as the stream with the most. */
  #stateTopic(group: string): Promise<string> {
    let made = this.#stateTopics.get(group)
    if (made === undefined) {
      const topic = this.#names.stateTopic(group)
      const partitions = Math.max(...this.#streams.values())
      const wanted = stateTopic(topic, partitions, this.#options.replication)
      made = ensureTopics(this.#cluster, [wanted]).then(() => topic)
      this.#stateTopics.set(group, made)
      made.catch(() => this.#stateTopics.delete(group))
    }
    return made
  }

  #check(stream: string, partition: number): void {
    const partitions = this.partitions(stream)
    if (Number.isInteger(partition) && partition >= 0 && partition < partitions) return
    throw new WattlineError('invariant_broken', `Stream '${stream}' has no partition ${partition}.`)
  }

  #checkKeys(stream: string, records: readonly NewRecord[]): void {
    if (this.#compacted.has(stream) && records.some(({ key }) => key === undefined)) throw keyMissing(stream)
  }

  #nextPartition(stream: string): number {
    const turn = ((this.#turns.get(stream) ?? -1) + 1) % this.partitions(stream)
    this.#turns.set(stream, turn)
    return turn
  }

  #appended(stream: string, records: readonly NewRecord[]): void {
    const bytes = records.reduce((sum, record) => sum + record.value.length, 0)
    this.#options.events.emit('recordAppended', { stream, amount: records.length })
    this.#options.events.emit('recordBytesAppended', { stream, amount: bytes })
  }
}
