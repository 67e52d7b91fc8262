/**
 * Consumer groups in one process: members join and leave, partitions move between them, and a partition starts at its
 * new owner only after the old owner's `work` has returned.
 */
import type { SubscribeOptions, Subscription } from '../broker.ts'
import { assign, partitionName } from './assignment.ts'
import { Consumer, type ConsumerPorts } from './consumer.ts'
import type { PartitionLog } from './partition-log.ts'

interface Member {
  readonly id: number
  readonly options: SubscribeOptions
  readonly streams: ReadonlySet<string>
  readonly givenUp: Set<string>
}

interface RunningConsumer {
  readonly member: Member
  readonly consumer: Consumer
  readonly ended: Promise<void>
}

/** Assigns the partitions of streams to the members of one group, all of them in this process. */
export class ConsumerGroup {
  readonly name: string
  readonly #ports: ConsumerPorts
  readonly #partitionsOf: (stream: string) => readonly PartitionLog[]
  readonly #members: Member[] = []
  readonly #running = new Map<string, RunningConsumer>()
  #nextId = 0

  constructor(name: string, ports: ConsumerPorts, partitionsOf: (stream: string) => readonly PartitionLog[]) {
    this.name = name
    this.#ports = ports
    this.#partitionsOf = partitionsOf
  }

  /** Whether a member reads the stream: if so, retention waits for this group. */
  reads(stream: string): boolean {
    return this.#members.some(member => member.streams.has(stream))
  }

  join(options: SubscribeOptions): Subscription {
    const id = this.#nextId++
    const member: Member = { id, options, streams: new Set(options.streams), givenUp: new Set() }
    for (const stream of member.streams) this.#partitionsOf(stream)
    this.#members.push(member)
    this.#balance()
    return { close: () => this.#leave(member) }
  }

  /** Revokes everything and resolves when every `work` has returned. */
  async close(): Promise<void> {
    await Promise.all([...this.#members].map(member => this.#leave(member)))
  }

  async #leave(member: Member): Promise<void> {
    const index = this.#members.indexOf(member)
    if (index >= 0) this.#members.splice(index, 1)
    const ended = [...this.#running.values()]
      .filter(running => running.member === member)
      .map(running => running.ended)
    this.#balance()
    await Promise.all(ended)
  }

  /** Revokes partitions that have to move and starts free ones. Runs again whenever a `work` returns. */
  #balance(): void {
    const streams = [...new Set(this.#members.flatMap(member => [...member.streams]))].sort()
    const logs = streams.flatMap(stream => this.#partitionsOf(stream))
    const owners = assign(logs, this.#members)
    for (const [name, { member, consumer }] of this.#running) {
      if (owners.get(name) !== member.id) consumer.revoke()
    }
    for (const log of logs) {
      const name = partitionName(log.stream, log.partition)
      const owner = this.#members.find(member => member.id === owners.get(name))
      if (owner !== undefined && !this.#running.has(name)) this.#start(name, owner, log)
    }
  }

  #start(name: string, member: Member, log: PartitionLog): void {
    const consumer = new Consumer(log, this.name, this.#ports)
    this.#running.set(name, { member, consumer, ended: this.#run(name, member, consumer) })
  }

  async #run(name: string, member: Member, consumer: Consumer): Promise<void> {
    // The subscriber gets its Subscription before its work begins.
    await new Promise(setImmediate)
    try {
      if (!consumer.revoked.aborted) await member.options.work(consumer)
      // Work that returns by itself gives up its partition, like work that fails.
      if (!consumer.revoked.aborted) member.givenUp.add(name)
    } catch (error) {
      if (!consumer.revoked.aborted) member.givenUp.add(name)
      member.options.onFailure(consumer, error)
    } finally {
      consumer.end()
      this.#running.delete(name)
      this.#balance()
    }
  }
}
