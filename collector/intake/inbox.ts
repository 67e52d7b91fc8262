import type { Broker } from '../../core/broker/broker.ts'
import { partitionOf } from '../../core/model/partition.ts'
import { forwarded } from '../../core/model/streams/index.ts'
import { type AppendQueue, createAppendQueue } from './append-queue.ts'
import type { BrokerHealth } from './broker-health.ts'
import type { Clock } from './clock.ts'

/** Stream `forwarded`: records of other instances, until processor `admit` has put them into their streams. */
export interface Inbox {
  /**
   * Resolves when durable. Records of one source stay in one partition, in the order of their appends, which `admit`
   * needs to recognise duplicates.
   */
  append(source: string, record: Uint8Array, headers: Readonly<Record<string, string>>): Promise<void>
}

/** Appends records that another Wattline has forwarded. */
export function createInbox(options: {
  readonly broker: Pick<Broker, 'append' | 'partitions'>
  readonly health: BrokerHealth
  readonly clock: Clock
}): Inbox {
  const queues = new Map<number, AppendQueue>()
  const queueOf = (partition: number): AppendQueue => {
    const known = queues.get(partition)
    if (known !== undefined) return known
    const queue = createAppendQueue({ ...options, stream: forwarded.name, partition, onFree: () => {} })
    queues.set(partition, queue)
    return queue
  }
  return {
    append: (source, record, headers) => {
      const partition = partitionOf(source, '', options.broker.partitions(forwarded.name))
      return queueOf(partition).append([record], headers)
    },
  }
}
