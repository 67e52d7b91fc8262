/**
 * Messages of receivers that have more of them waiting than their share of the memory: they are in the state of the group alone, and are
 * read from there once the receiver has taken most of what is in memory. So a receiver that is away does not hold up others.
 */
import type { PendingMessage, PendingMessages } from './pending.ts'

/** Messages of a partition in memory; each receiver has an equal share. */
const IN_MEMORY = 20_000
/** Messages of a partition in all, in memory and in the state; more stay in the log. */
export const MOST_WAITING = 100_000

/** Puts messages into memory, or remembers that they are only in the state. */
export class Overflow {
  readonly #pending: PendingMessages
  readonly #share: number
  /** By receiver: how many there are, and the place that those in memory end with. */
  readonly #left = new Map<string, { readonly count: number; readonly after: string }>()
  /** By receiver: place of the last message in memory. */
  readonly #last = new Map<string, string>()
  #size = 0

  /** @param receivers that are configured */
  constructor(pending: PendingMessages, receivers: number, inMemory = IN_MEMORY) {
    this.#pending = pending
    this.#share = Math.max(1, Math.floor(inMemory / Math.max(1, receivers)))
  }

  /** Messages in memory and beyond. */
  get size(): number {
    return this.#pending.size + this.#size
  }

  /** A message that is in the state, in the order of places. Those of a receiver stay in order. */
  add(one: PendingMessage): void {
    const { receiver } = one.message
    const left = this.#left.get(receiver)
    if (left !== undefined) this.#leave(receiver, { ...left, count: left.count + 1 })
    else if (this.#pending.countOf(receiver) >= this.#share) {
      this.#leave(receiver, { count: 1, after: this.#last.get(receiver) ?? '' })
    } else {
      this.#pending.add(one)
      this.#last.set(receiver, one.place)
    }
  }

  /** Receivers that have room for more of their messages. */
  get hungry(): boolean {
    for (const receiver of this.#left.keys()) if (this.#hasRoom(receiver)) return true
    return false
  }

  /** Takes into memory what fits now. @param stored all messages in the state, in the order of places */
  refill(stored: readonly PendingMessage[]): void {
    const lefts = new Map([...this.#left].filter(([receiver]) => this.#hasRoom(receiver)))
    for (const [receiver, { count }] of lefts) {
      this.#left.delete(receiver)
      this.#size -= count
    }
    for (const one of stored) {
      const left = lefts.get(one.message.receiver)
      if (left !== undefined && one.place > left.after) this.add(one)
    }
  }

  /** After the state has lost messages: counts again what is only there. */
  recount(stored: readonly PendingMessage[]): void {
    const lefts = new Map(this.#left)
    this.#left.clear()
    this.#size = 0
    for (const { message, place } of stored) {
      const left = lefts.get(message.receiver)
      if (left === undefined || place <= left.after) continue
      const count = (this.#left.get(message.receiver)?.count ?? 0) + 1
      this.#left.set(message.receiver, { count, after: left.after })
      this.#size += 1
    }
  }

  /** Messages of the state that are not in memory. */
  beyond(stored: readonly PendingMessage[]): readonly PendingMessage[] {
    return stored.filter(({ message, place }) => {
      const left = this.#left.get(message.receiver)
      return left !== undefined && place > left.after
    })
  }

  get isEmpty(): boolean {
    return this.#left.size === 0
  }

  /** Half of its share is free: reading the state costs as much however little is taken. */
  #hasRoom(receiver: string): boolean {
    return this.#pending.countOf(receiver) <= this.#share / 2
  }

  #leave(receiver: string, left: { readonly count: number; readonly after: string }): void {
    this.#left.set(receiver, left)
    this.#size += 1
  }
}
