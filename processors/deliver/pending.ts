/** Messages that wait to be delivered: those of a group of alerts one after the other, in their order. */
import type { AlertMessage } from '../../core/alerts/groups.ts'
import type { StoredRecord } from '../../core/broker/broker.ts'
import type { notifications } from '../../core/model/streams/index.ts'
import type { RowOf } from '../../core/model/streams/stream.ts'
import { DueHeap } from './due-heap.ts'

/** A message with how far its delivery is. */
export interface PendingMessage {
  /** Its record and row in the log, which sort in the order of arrival. */
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

/**
 * In the order in which they came, in memory; the state of the group holds the same. Of each group of alerts only the oldest message
 * can be due: `take` hands it out, and nothing more of its group until it is settled.
 */
export class PendingMessages {
  /** Receiver and group to its messages, the oldest first. */
  readonly #queues = new Map<string, PendingMessage[]>()
  /** By receiver: the oldest messages of its groups that no attempt has taken. */
  readonly #waiting = new Map<string, DueHeap<PendingMessage>>()
  readonly #byReceiver = new Map<string, number>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** How many messages to a receiver wait. */
  countOf(receiver: string): number {
    return this.#byReceiver.get(receiver) ?? 0
  }

  #count(receiver: string, change: number): void {
    this.#size += change
    const count = this.countOf(receiver) + change
    if (count === 0) this.#byReceiver.delete(receiver)
    else this.#byReceiver.set(receiver, count)
  }

  add(pending: PendingMessage): void {
    const key = queueOf(pending)
    const queue = this.#queues.get(key)
    this.#count(pending.message.receiver, 1)
    if (queue === undefined) {
      this.#queues.set(key, [pending])
      this.#wait(pending)
    } else queue.push(pending)
  }

  /** The message that has been due for longest, of receivers that are free; null: none is due. */
  take(nowMs: number, isFree: (receiver: string) => boolean): PendingMessage | null {
    let found: DueHeap<PendingMessage> | null = null
    for (const [receiver, heap] of this.#waiting) {
      const dueMs = heap.first?.dueMs ?? Number.POSITIVE_INFINITY
      if (dueMs <= nowMs && dueMs < (found?.first?.dueMs ?? Number.POSITIVE_INFINITY) && isFree(receiver)) {
        found = heap
      }
    }
    return found?.take() ?? null
  }

  /**
   * Ends an attempt at a message that was taken: `next` takes its place; null: it is done with, and the one behind it is due at
   * `nextDueMs` at the earliest.
   */
  settle(pending: PendingMessage, next: PendingMessage | null, nextDueMs = 0): void {
    const key = queueOf(pending)
    const queue = this.#queues.get(key)
    if (queue?.[0]?.place !== pending.place) return
    if (next !== null) queue[0] = next
    else {
      queue.shift()
      this.#count(pending.message.receiver, -1)
      const [head] = queue
      if (head === undefined) this.#queues.delete(key)
      else if (head.dueMs < nextDueMs) queue[0] = { ...head, dueMs: nextDueMs }
    }
    const [head] = queue
    if (head !== undefined) this.#wait(head)
  }

  /** Whether a message still waits: it does not if its tenant was erased while an attempt was under way. */
  has({ place, ...pending }: PendingMessage): boolean {
    return this.#queues.get(queueOf(pending))?.[0]?.place === place
  }

  /** Removes all messages of a tenant; gives their places. */
  forget(tenant: string): readonly string[] {
    const places: string[] = []
    for (const [key, queue] of this.#queues) {
      if (queue[0]?.tenant !== tenant) continue
      places.push(...queue.map(({ place }) => place))
      this.#queues.delete(key)
      this.#count(queue[0].message.receiver, -queue.length)
    }
    if (places.length === 0) return places
    const waiting = [...this.#waiting].flatMap(([, heap]) => heap.all)
    this.#waiting.clear()
    for (const one of waiting) if (one.tenant !== tenant) this.#wait(one)
    return places
  }

  #wait(pending: PendingMessage): void {
    const { receiver } = pending.message
    const heap = this.#waiting.get(receiver) ?? new DueHeap<PendingMessage>()
    this.#waiting.set(receiver, heap)
    heap.add(pending)
  }
}

const queueOf = ({ tenant, message }: Pick<PendingMessage, 'tenant' | 'message'>): string =>
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
