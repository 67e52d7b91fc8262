/** A working member of a group: one `work` per assigned partition, started, drained and reported as Kafka assigns. */

import { WattlineError } from '../../catalogue/errors/errors.ts'
import { sleep } from '../../runtime/backoff.ts'
import type { SubscribeOptions, Subscription } from '../broker.ts'
import { KafkaConsumer, type KafkaConsumerPorts } from './consumer.ts'
import { type AssignedTopicPartition, Membership, type TopicPartition } from './membership.ts'

/** What a subscription needs in addition to what it creates itself. */
export type SubscriptionPorts = Omit<KafkaConsumerPorts, 'group' | 'committer' | 'stateTopic'> & {
  readonly memberId: (group: string) => string
  readonly stateTopic: (group: string) => Promise<string>
  readonly onMemberFailed: (group: string, error: WattlineError) => void
  /** How long a close waits for work to end before it leaves the group anyway. */
  readonly leaveAfterMs: number
}

/** If two writers keep shutting each other out, they do so no faster than this. */
const AGAIN_MS = 500

interface HeldPartition extends AssignedTopicPartition {
  /** Null: the work has ended by itself; the partition stays with this member, without work. */
  consumer: KafkaConsumer | null
  ended: Promise<void>
}

/** Runs `work` for each assigned partition and releases a partition only after its work has ended. */
export class KafkaSubscription implements Subscription {
  readonly #ports: SubscriptionPorts
  readonly #options: SubscribeOptions
  readonly #membership: Membership
  readonly #held = new Map<string, HeldPartition>()
  /** The latest assignment of the group. */
  #target = new Set<string>()
  #closing: Promise<void> | null = null
  /** Aborts when everything is released. */
  #stopped = new AbortController()

  constructor(ports: SubscriptionPorts, options: SubscribeOptions) {
    this.#ports = ports
    this.#options = options
    const { names, cluster } = ports
    this.#membership = new Membership({
      cluster,
      group: names.group(options.group),
      memberId: ports.memberId(options.group),
      topics: options.streams.map(stream => names.topic(stream)),
      held: () => [...this.#held.values()],
      assigned: partitions => this.#assigned(partitions),
      lost: () => this.#letGo(),
      failed: error => ports.onMemberFailed(options.group, error),
    })
  }

  /** Resolves when the group has accepted this member. */
  async start(): Promise<void> {
    await this.#membership.start()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /**
   * Work that hangs does not keep its partitions from others: the new owners fence its writes, and the tables know what
   * has been inserted.
   */
  async #close(): Promise<void> {
    const ended = new AbortController()
    const letGo = this.#letGo().finally(() => ended.abort())
    await Promise.race([letGo, sleep(this.#ports.leaveAfterMs, ended.signal)])
    await this.#membership.leave()
    await letGo
  }

  async #letGo(): Promise<void> {
    this.#target = new Set()
    this.#stopped.abort()
    this.#stopped = new AbortController()
    for (const { consumer } of this.#held.values()) consumer?.revoke()
    await Promise.all([...this.#held.values()].map(({ ended }) => ended))
    this.#held.clear()
  }

  #assigned(partitions: readonly AssignedTopicPartition[]): void {
    if (this.#closing !== null) return
    this.#target = new Set(partitions.map(nameOf))
    for (const [name, held] of this.#held) {
      if (this.#target.has(name)) continue
      if (held.consumer !== null) held.consumer.revoke()
      else if (this.#held.delete(name)) this.#membership.report()
    }
    const begun = partitions.filter(partition => !this.#held.has(nameOf(partition)))
    for (const partition of begun) this.#begin(partition)
    if (begun.length > 0) this.#membership.report()
  }

  #begin({ topic, topicId, partition }: AssignedTopicPartition): void {
    const { names } = this.#ports
    const stream = this.#options.streams.find(one => names.topic(one) === topic)
    if (stream === undefined) return
    const { group } = this.#options
    const consumer = new KafkaConsumer(
      {
        ...this.#ports,
        group,
        committer: () => this.#membership.committer,
        stateTopic: () => this.#ports.stateTopic(group),
      },
      { stream, partition, topicId },
    )
    const held: HeldPartition = { topic, topicId, partition, consumer, ended: Promise.resolve() }
    this.#held.set(nameOf(held), held)
    held.ended = this.#run(held, consumer)
  }

  async #run(held: HeldPartition, consumer: KafkaConsumer): Promise<void> {
    // The subscriber gets its Subscription before its work begins.
    await new Promise(setImmediate)
    try {
      if (!consumer.revoked.aborted) await this.#options.work(consumer)
    } catch (error) {
      // Errors because a partition was taken away are transient, not failures of the work.
      const passing = error instanceof WattlineError && error.disposition === 'retry'
      if (!(consumer.revoked.aborted && passing)) this.#options.onFailure(consumer, error)
    }
    const revoked = consumer.revoked.aborted
    await consumer.end()
    held.consumer = null
    if (revoked || !this.#target.has(nameOf(held))) await this.#released(held)
  }

  /**
   * After a revocation: reports it, or, if the partition is still ours (another writer intervened), restarts the work.
   */
  async #released(held: HeldPartition): Promise<void> {
    const name = nameOf(held)
    if (this.#closing === null && this.#target.has(name)) await sleep(AGAIN_MS, this.#stopped.signal)
    if (this.#held.get(name) !== held) return
    this.#held.delete(name)
    if (this.#closing === null && this.#target.has(name)) this.#begin(held)
    else this.#membership.report()
  }
}

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`
