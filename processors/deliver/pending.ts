/** Messages that wait to be delivered: those of a group of alerts one after the other, in their order. */
import type { AlertMessage } from '../../core/alerts/groups.ts'
import type { StoredRecord } from '../../core/broker/broker.ts'
import type { notifications } from '../../core/model/streams/index.ts'
import type { RowOf } from '../../core/model/streams/stream.ts'

/** A message with how far its delivery is. */
export interface PendingMessage {
  /** Of its record and row in the log: sorts as the messages came. */
  readonly place: string
  readonly tenant: string
  readonly message: AlertMessage
  /** When it was written down, unix ms. */
  readonly createdMs: number
  /** Attempts so far. */
  readonly attempts: number
  /** When the next one is due, unix ms. */
  readonly dueMs: number
}

/** In the order in which they came, in memory; the state of the group holds the same. */
export class PendingMessages {
  /** Receiver and group to its messages, the oldest first. */
  readonly #queues = new Map<string, PendingMessage[]>()
  #size = 0

  get size(): number {
    return this.#size
  }

  add(pending: PendingMessage): void {
    const key = queueOf(pending)
    const queue = this.#queues.get(key)
    if (queue === undefined) this.#queues.set(key, [pending])
    else queue.push(pending)
    this.#size += 1
  }

  /** Heads of queues that are due, the longest due first. */
  due(nowMs: number): readonly PendingMessage[] {
    return [...this.#queues.values()]
      .flatMap(([head]) => (head !== undefined && head.dueMs <= nowMs ? [head] : []))
      .toSorted((a, b) => a.dueMs - b.dueMs)
  }

  /** Puts another attempt in the place of the head of its queue; null: it is done with. */
  settle(pending: PendingMessage, next: PendingMessage | null): void {
    const key = queueOf(pending)
    const queue = this.#queues.get(key)
    if (queue?.[0]?.place !== pending.place) return
    if (next !== null) queue[0] = next
    else {
      queue.shift()
      this.#size -= 1
      if (queue.length === 0) this.#queues.delete(key)
    }
  }
}

const queueOf = ({ tenant, message }: PendingMessage): string =>
  `${tenant}/${message.receiver}/${message.groupKey}`

/** A row of a record as a message that waits for its first attempt. */
export function pendingOf(
  { offset, timestampMs }: Pick<StoredRecord, 'offset' | 'timestampMs'>,
  { Tenant, Message }: RowOf<typeof notifications>,
  index: number,
): PendingMessage {
  const place = `${String(offset).padStart(20, '0')}/${String(index).padStart(6, '0')}`
  const message = JSON.parse(Message) as AlertMessage
  return { place, tenant: Tenant, message, createdMs: timestampMs, attempts: 0, dueMs: 0 }
}
