/**
 * Delivers messages. A message becomes state of the group in the transaction that commits its record, so it is written down
 * before the first attempt; the result of an attempt and what follows from it are one transaction too. After a crash the last
 * attempt may be made again, under the same id: receivers get every message at least once.
 */
import {
  type AssignedPartition,
  type OutputRecord,
  RECORD_KIND,
  type StoredRecord,
} from '../../core/broker/broker.ts'
import type { Config } from '../../core/catalogue/config/schema.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import { decodeRows, encodeRows } from '../../core/columns/rows.ts'
import { deliveries, notifications } from '../../core/model/streams/index.ts'
import { type AddressFilter, addressFilter } from '../../core/outgoing/addresses.ts'
import { sleep } from '../../core/runtime/backoff.ts'
import { ERASE_KIND, tenantOfErasure } from '../loop/erasure.ts'
import { nextOffsetEntry } from '../loop/next-offset.ts'
import { assertReadable } from '../loop/readable.ts'
import type { PartitionWorker, Processor } from '../loop/runner.ts'
import type { Step } from '../loop/step.ts'
import { signalOutcomes } from '../signal/outcome.ts'
import { type AttemptResult, attemptDelivery } from './attempt.ts'
import { type ReceiverConfig, urlDigest } from './bodies/body.ts'
import { type DeliveryRow, deliveryRow, nextAttempt } from './outcome.ts'
import { MOST_WAITING, Overflow } from './overflow.ts'
import { type PendingMessage, PendingMessages, pendingOf } from './pending.ts'
import { decodeDeliverState, goneEntry, pendingEntry } from './state.ts'

/** Name of the consumer group. */
export const DELIVER = 'deliver'

/** What the deliver processor works with. */
export interface DeliverOptions {
  readonly alerts: Config['alerts']
  readonly events: Events
  /** Wall clock, unix ms. */
  readonly now: () => number
  /** Messages of a partition in memory; for tests. */
  readonly inMemory?: number
}

/** Attempts at a time; a receiver that hangs takes at most `MOST_TO_ONE` of them. */
const MOST_ATTEMPTS = 32
const MOST_TO_ONE = 8
/** Results that one transaction writes down; with fewer than `FEW_RESULTS` it waits a moment for others. */
const MOST_RESULTS = 512
const FEW_RESULTS = 16
const GATHER_MS = 25
/** Longest that a tick waits for attempts before the loop listens for new messages again. */
const BUSY_MS = 1_000
/** Between two looks for what is due, while no more messages fit. */
const FULL_PAUSE_MS = 250

/** Reads stream `notifications`; appends to stream `deliveries`. */
export const createDeliver = (options: DeliverOptions): Processor => ({
  name: DELIVER,
  streams: [notifications.name],
  poll: { maxRecords: 256, maxBytes: 4 * 1024 * 1024, maxWaitMs: 250 },
  open: async partition => new DeliverWorker(options, partition, await partition.loadState()),
})

class DeliverWorker implements PartitionWorker {
  readonly #options: DeliverOptions
  readonly #partition: AssignedPartition
  readonly #receivers: ReadonlyMap<string, ReceiverConfig>
  readonly #isAllowed: AddressFilter
  readonly #pending = new PendingMessages()
  readonly #overflow: Overflow
  readonly #gone: Map<string, string>
  /** By the place of the message. */
  readonly #running = new Map<string, { readonly receiver: string }>()
  readonly #results: SettledAttempt[] = []
  /** Ends the wait for a result. */
  #wake: (() => void) | null = null
  /** Committed offset. */
  #next: bigint
  /** What the records since the last commit have brought. */
  #applied: { next: bigint; added: PendingMessage[] } | null = null

  constructor(
    options: DeliverOptions,
    partition: AssignedPartition,
    entries: ReadonlyMap<string, Uint8Array>,
  ) {
    this.#options = options
    this.#partition = partition
    this.#receivers = new Map(options.alerts.receivers.map(one => [one.name, one]))
    this.#isAllowed = addressFilter(options.alerts.allow_addresses)
    const { next, gone, pending } = decodeDeliverState(entries)
    this.#next = next
    this.#gone = gone
    this.#overflow = new Overflow(this.#pending, this.#receivers.size, options.inMemory)
    for (const one of pending) this.#overflow.add(one)
  }

  async apply(record: StoredRecord, step: Step): Promise<void> {
    assertReadable(record)
    if (record.headers[RECORD_KIND] === ERASE_KIND) return await this.#forget(record, step)
    while (this.#overflow.size >= MOST_WAITING && !this.#partition.revoked.aborted) {
      await this.#work()
      // All wait for another attempt: nothing is to be done until one is due.
      if (this.#running.size === 0) await sleep(FULL_PAUSE_MS, this.#partition.revoked)
    }
    const added = decodeRows(notifications, record.value)
      .map((row, index) => pendingOf(record, row, index))
      .filter(one => this.#isWanted(one))
    for (const one of added) step.state.set(...pendingEntry(one.place, one))
    const next = record.offset + 1n
    step.state.set(...nextOffsetEntry(next))
    this.#applied = { next, added: [...(this.#applied?.added ?? []), ...added] }
  }

  /** What is under way of the tenant may arrive; its result is not written down. */
  async #forget(record: StoredRecord, step: Step): Promise<void> {
    const tenant = tenantOfErasure(record)
    const beyond = this.#overflow.isEmpty ? [] : await this.#stored()
    const isLeft = (one: PendingMessage): boolean => one.tenant !== tenant
    const gone = this.#overflow.beyond(beyond).filter(one => !isLeft(one))
    this.#overflow.recount(beyond.filter(isLeft))
    const applied = this.#applied?.added ?? []
    const erased = applied.filter(one => one.tenant === tenant).map(({ place }) => place)
    for (const place of [...this.#pending.forget(tenant), ...erased, ...gone.map(({ place }) => place)]) {
      step.state.set(...pendingEntry(place, null))
    }
    const next = record.offset + 1n
    step.state.set(...nextOffsetEntry(next))
    this.#applied = { next, added: applied.filter(one => one.tenant !== tenant) }
  }

  async tick(): Promise<void> {
    // A tick comes after the commit: what was applied is durable, and may be sent.
    if (this.#applied !== null) {
      for (const one of this.#applied.added) this.#overflow.add(one)
      this.#next = this.#applied.next
      this.#applied = null
    }
    await this.#work()
  }

  /** Starts what is due and writes down results, for a while. Attempts that are under way go on between ticks. */
  async #work(): Promise<void> {
    const untilMs = performance.now() + BUSY_MS
    const { revoked } = this.#partition
    while (!revoked.aborted) {
      if (this.#overflow.hungry) this.#overflow.refill(await this.#stored())
      this.#startDue()
      if (this.#results.length > 0) {
        // More results come at once as a rule: they share a transaction, and an insert of the tables.
        if (this.#results.length < FEW_RESULTS && this.#running.size > 0) await sleep(GATHER_MS, revoked)
        await this.#commitResults()
        // The next message of a group is due now, and not after the wait for records.
        if (performance.now() < untilMs) continue
      }
      const leftMs = untilMs - performance.now()
      if (leftMs <= 0 || this.#running.size === 0) return
      if (this.#results.length === 0) await this.#nextResult(leftMs)
    }
  }

  /** Messages in the state, as of the last commit. */
  async #stored(): Promise<readonly PendingMessage[]> {
    return decodeDeliverState(await this.#partition.loadState()).pending
  }

  /** Resolves with the next result, or after a time. */
  #nextResult(mostMs: number): Promise<void> {
    const { revoked } = this.#partition
    return new Promise(resolve => {
      const done = (): void => {
        clearTimeout(timer)
        revoked.removeEventListener('abort', done)
        this.#wake = null
        resolve()
      }
      const timer = setTimeout(done, mostMs)
      revoked.addEventListener('abort', done, { once: true })
      this.#wake = done
    })
  }

  #startDue(): void {
    const nowMs = this.#options.now()
    const busy = new Map<string, number>()
    for (const { receiver } of this.#running.values()) busy.set(receiver, (busy.get(receiver) ?? 0) + 1)
    const isFree = (receiver: string): boolean => (busy.get(receiver) ?? 0) < MOST_TO_ONE
    while (this.#running.size < MOST_ATTEMPTS && this.#results.length < MOST_RESULTS) {
      const pending = this.#pending.take(nowMs, isFree)
      if (pending === null) return
      const { receiver } = pending.message
      this.#start(pending, nowMs)
      if (this.#running.has(pending.place)) busy.set(receiver, (busy.get(receiver) ?? 0) + 1)
    }
  }

  #start(pending: PendingMessage, nowMs: number): void {
    const receiver = this.#receivers.get(pending.message.receiver)
    const why = this.#undeliverable(pending, receiver)
    if (receiver === undefined || why !== null) {
      const result: AttemptResult = { outcome: 'gone', status: 0, error: why ?? '', retryAfterMs: null }
      this.#results.push({ pending, result, tookMs: 0 })
      return
    }
    const startedMs = performance.now()
    this.#running.set(pending.place, { receiver: receiver.name })
    void attemptDelivery(pending, receiver, this.#isAllowed, nowMs, this.#partition.revoked).then(result => {
      this.#running.delete(pending.place)
      // Cut off by the end of the assignment: the next owner makes the attempt.
      if (this.#partition.revoked.aborted && result.outcome !== 'delivered') return
      this.#results.push({ pending, result, tookMs: Math.round(performance.now() - startedMs) })
      this.#wake?.()
    })
  }

  #isWanted({ message }: PendingMessage): boolean {
    return message.status === 'firing' || this.#receivers.get(message.receiver)?.send_resolved !== false
  }

  #undeliverable({ message }: PendingMessage, receiver: ReceiverConfig | undefined): string | null {
    if (receiver === undefined) return `receiver ${message.receiver} is not configured any more`
    if (this.#gone.get(receiver.name) !== urlDigest(receiver)) return null
    return 'the receiver answered 410 (gone) before: change its url or name to use it again'
  }

  async #commitResults(): Promise<void> {
    const all = [...this.#results]
    const settled = all.filter(({ pending }) => this.#pending.has(pending))
    const nowMs = this.#options.now()
    const state = new Map<string, Uint8Array | null>()
    const rows: DeliveryRow[] = []
    const after: { readonly pending: PendingMessage; readonly next: PendingMessage | null }[] = []
    const gone: [string, string][] = []
    const ended: OutputRecord[] = []
    for (const { pending, result, tookMs } of settled) {
      const receiver = this.#receivers.get(pending.message.receiver)
      const next = nextAttempt(pending, result, receiver, nowMs)
      if (result.outcome === 'gone' && result.status === 410 && receiver !== undefined) {
        gone.push([receiver.name, urlDigest(receiver)])
      }
      state.set(...pendingEntry(pending.place, next))
      const row = deliveryRow(pending, result, next, tookMs, nowMs)
      rows.push(row)
      after.push({ pending, next })
      if (next !== null) continue
      const outcome = row.Outcome === 'delivered' ? 'delivered' : 'dead'
      ended.push(...signalOutcomes(pending.tenant, pending.message, outcome, nowMs))
    }
    for (const [name, url] of gone) state.set(...goneEntry(name, url))
    const record = { value: encodeRows(deliveries, rows), timestampMs: nowMs }
    if (settled.length > 0)
      await this.#partition.transact({
        outputs: [{ stream: deliveries.name, partition: 0, record }, ...ended],
        state,
        nextOffset: this.#next,
      })
    this.#results.splice(0, all.length)
    for (const { pending, next } of after) {
      // After an outage, messages of a group must not arrive all at once if their receiver takes one in a while.
      const { spacingSeconds } = pending.message
      this.#pending.settle(pending, next, spacingSeconds === undefined ? 0 : nowMs + spacingSeconds * 1000)
    }
    for (const [name, url] of gone) this.#gone.set(name, url)
    this.#report(rows)
  }

  #report(rows: readonly DeliveryRow[]): void {
    for (const { Outcome: outcome, Receiver: receiver, Error: reason } of rows) {
      if (outcome === 'delivered') this.#options.events.emit('messageDelivered', { receiver })
      else if (outcome === 'dead') this.#options.events.emit('messageDead', { receiver, reason })
      else this.#options.events.emit('messageNotDelivered', { receiver, reason })
    }
  }
}

interface SettledAttempt {
  readonly pending: PendingMessage
  readonly result: AttemptResult
  readonly tookMs: number
}
