/**
 * Membership in a consumer group by the protocol of KIP-848, where Kafka assigns and members report. A partition moves
 * to its next owner only after this member has reported that it released it, so work can finish first, and no other
 * member stops.
 *
 * Implemented here because the client reports a partition as released as soon as it is revoked.
 */
import { randomUUID } from 'node:crypto'
import { consumerGroupHeartbeatV1 } from '@platformatic/kafka'
import type { WattlineError } from '../../catalogue/errors/errors.ts'
import { backoffMs, sleep } from '../../runtime/backoff.ts'
import type { Cluster } from './cluster.ts'
import { kafkaFailure, startFailure, TakenOver } from './failure.ts'
import type { Committer } from './offsets.ts'

/** A partition by its names in Kafka. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** With the id of the topic, which distinguishes it from another topic with the same name. */
export interface AssignedTopicPartition extends TopicPartition {
  readonly topicId: string
}

interface MembershipPorts {
  readonly cluster: Cluster
  /** Name of the group in Kafka. */
  readonly group: string
  /** A process that joins with the name of a member that is gone takes its place at once. */
  readonly memberId: string
  readonly topics: readonly string[]
  /** The partitions of this member, including those it is about to release. */
  readonly held: () => readonly TopicPartition[]
  /** Called with the partitions that it should have. */
  readonly assigned: (partitions: readonly AssignedTopicPartition[]) => void
  /** The group has forgotten this member: release everything; resolves when that is done. */
  readonly lost: () => Promise<void>
  readonly failed: (error: WattlineError) => void
}

/** Time to finish current work before Kafka gives a partition to the next owner anyway. */
const REBALANCE_TIMEOUT_MS = 120_000
/** Heartbeats are at least this frequent, so that a partition moves within about two of them. */
const HEARTBEAT_MS = 1000
/** Without an answer for this long, the group may have forgotten this member: it gives up its partitions by itself. */
const SILENCE_MS = 40_000
const FIRST_RETRY_MS = 100
const MAX_RETRY_MS = 2000

const JOINING = 0
const LEAVING = -1

/** Sends heartbeats for one member and reports the partitions it holds. Kafka decides the assignment. */
export class Membership {
  readonly #ports: MembershipPorts
  readonly #leaving = new AbortController()
  #memberId: string
  #epoch = JOINING
  #intervalMs = HEARTBEAT_MS
  #heardMs = Date.now()
  #wake = new AbortController()
  #running: Promise<void> | null = null

  constructor(ports: MembershipPorts) {
    this.#ports = ports
    this.#memberId = ports.memberId
  }

  get committer(): Committer {
    return { group: this.#ports.group, memberId: this.#memberId, memberEpoch: this.#epoch }
  }

  /** Joins; rejects when Kafka permanently refuses or does not answer. */
  async start(): Promise<void> {
    const { cluster, group } = this.#ports
    await cluster.call(`joining group ${group}`, () => this.#beat(), { asFailure: startFailure })
    this.#running = this.#run()
  }

  /** The held partitions have changed: report them now. */
  report(): void {
    this.#wake.abort()
  }

  /** Leaves the group; all partitions must have been released. */
  async leave(): Promise<void> {
    this.#leaving.abort()
    this.#wake.abort()
    await this.#running
    if (this.#epoch > JOINING) {
      this.#epoch = LEAVING
      // If it fails, Kafka notices the missing heartbeats.
      await this.#heartbeat([]).catch(() => {})
    }
  }

  async #run(): Promise<void> {
    for (let attempt = 0; !this.#leaving.signal.aborted; ) {
      await sleep(
        attempt === 0 ? this.#intervalMs : backoffMs(attempt, FIRST_RETRY_MS, MAX_RETRY_MS),
        this.#wake.signal,
      )
      if (this.#leaving.signal.aborted) return
      this.#wake = new AbortController()
      try {
        await this.#beat()
        attempt = 0
      } catch (error) {
        attempt += 1
        await this.#recover(error)
      }
    }
  }

  async #recover(thrown: unknown): Promise<void> {
    const error = kafkaFailure(thrown, `keeping membership in group ${this.#ports.group}`)
    const forgotten = error instanceof TakenOver
    if (!forgotten) this.#ports.failed(error)
    this.#ports.cluster.forget()
    if (!forgotten && Date.now() - this.#heardMs < SILENCE_MS) return
    await this.#ports.lost()
    // Not with the old name: if another process uses it by mistake, both would keep taking each other's place.
    this.#memberId = randomUUID()
    this.#epoch = JOINING
    this.#heardMs = Date.now()
  }

  async #beat(): Promise<void> {
    const { cluster, topics, held, assigned } = this.#ports
    const metadata = await cluster.metadata(topics)
    const idOf = (topic: string): string => metadata.topics.get(topic)?.id ?? ''
    const nameOf = new Map(topics.map(topic => [idOf(topic), topic]))
    const owned = [...Map.groupBy(held(), ({ topic }) => topic)].map(([topic, partitions]) => ({
      topicId: idOf(topic),
      partitions: partitions.map(({ partition }) => partition),
    }))
    const answer = await this.#heartbeat(owned)
    this.#heardMs = Date.now()
    this.#epoch = answer.memberEpoch
    this.#intervalMs = Math.min(HEARTBEAT_MS, answer.heartbeatIntervalMs)
    if (answer.assignment === null) return
    assigned(
      answer.assignment.topicPartitions.flatMap(({ topicId, partitions }) => {
        const topic = nameOf.get(topicId)
        return topic === undefined ? [] : partitions.map(partition => ({ topic, topicId, partition }))
      }),
    )
  }

  async #heartbeat(owned: { topicId: string; partitions: number[] }[]) {
    const { cluster, group, topics } = this.#ports
    const connection = await cluster.coordinator(group)
    return consumerGroupHeartbeatV1.api.async(
      connection,
      group,
      this.#memberId,
      this.#epoch,
      null,
      null,
      REBALANCE_TIMEOUT_MS,
      [...topics],
      null,
      null,
      owned,
    )
  }
}
