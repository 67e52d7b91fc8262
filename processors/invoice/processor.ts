/**
 * Closes billing periods. Reads requests of stream `billing` and appends bills to the same stream. It has one partition, so one
 * worker of all processes closes periods, and the bills of some accounts, their numbers and what is left to do become visible in
 * one transaction of the log. A closing that was interrupted finds in the tables which bills there are, and makes the others.
 */

import { type CloseRequest, decodeCloseRequest, encodeCloseRequest } from '../../core/billing/request.ts'
import {
  type AssignedPartition,
  type Broker,
  type NewRecord,
  RECORD_CORRUPT,
  RECORD_KIND,
  type StoredRecord,
} from '../../core/broker/broker.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import { billing, CLOSE_REQUEST } from '../../core/model/streams/invoices.ts'
import type { CatchingUp } from '../loop/catching-up.ts'
import { NEXT_OFFSET, nextOffsetEntry } from '../loop/next-offset.ts'
import type { PartitionWorker, Processor } from '../loop/runner.ts'
import type { Step } from '../loop/step.ts'
import { catchingUpForBills } from './behind.ts'
import {
  beginClosing,
  type Closing,
  type ClosingOptions,
  closeRefusal,
  closingRecord,
  nextBills,
  readClosed,
} from './close.ts'
import { dueClosings } from './due.ts'

/** Name of the consumer group, also in metrics and in `/api/v1/lag`. */
export const INVOICE = 'invoice'

/** What the processor works with. */
export interface InvoiceProcessorOptions extends ClosingOptions {
  readonly broker: Pick<Broker, 'lag'>
  readonly events: Events
  /** Wall clock, unix ms. */
  readonly now: () => number
}

/** How often it is looked for periods that close by themselves. */
const LOOK_MS = 60_000
/** So long a request waits for processors that are behind. */
const PATIENCE_MS = 60_000

/** Reads and writes stream `billing`: see the head of this file. */
export const createInvoice = (options: InvoiceProcessorOptions): Processor => ({
  name: INVOICE,
  streams: [billing.name],
  poll: { maxRecords: 64, maxBytes: 16 * 1024 * 1024, maxWaitMs: 1_000 },
  open: async partition => new InvoiceWorker(options, partition, await partition.loadState()),
})

/** A request that is being worked on. */
interface Work {
  readonly request: CloseRequest
  readonly catchingUp: CatchingUp
  readonly sinceMs: number
}

class InvoiceWorker implements PartitionWorker {
  readonly #options: InvoiceProcessorOptions
  readonly #partition: AssignedPartition
  readonly #requests = new Map<string, CloseRequest>()
  #next = 0n
  #work: Work | null = null
  #lookedMs = Number.NEGATIVE_INFINITY
  #due: CloseRequest[] = []

  constructor(
    options: InvoiceProcessorOptions,
    partition: AssignedPartition,
    state: ReadonlyMap<string, Uint8Array>,
  ) {
    this.#options = options
    this.#partition = partition
    for (const [key, value] of state) {
      if (key === NEXT_OFFSET) this.#next = BigInt(Buffer.from(value).toString())
      else this.#requests.set(key, decodeCloseRequest(value))
    }
  }

  apply(record: StoredRecord, step: Step): void {
    const isRequest =
      record.headers[RECORD_KIND] === CLOSE_REQUEST && record.headers[RECORD_CORRUPT] === undefined
    const request = isRequest ? decodeCloseRequest(record.value) : null
    this.#next = record.offset + 1n
    step.state.set(...nextOffsetEntry(this.#next))
    if (request === null) return
    this.#requests.set(request.id, request)
    step.state.set(request.id, encodeCloseRequest(request))
  }

  async tick(nowMs: number): Promise<void> {
    this.#work ??= await this.#find(nowMs)
    while (this.#work !== null && !this.#partition.revoked.aborted) {
      const { request } = this.#work
      try {
        if (!(await this.#proceed(this.#work, nowMs))) return
        this.#work = await this.#find(nowMs)
      } catch (error) {
        // What has become of it the tables tell, once they have what the log has.
        this.#work = this.#begun(request, nowMs)
        throw error
      }
    }
  }

  #begun(request: CloseRequest, nowMs: number): Work {
    return { request, catchingUp: catchingUpForBills(this.#options.broker), sinceMs: nowMs }
  }

  async #find(nowMs: number): Promise<Work | null> {
    const [asked] = this.#requests.values()
    const request = asked ?? (await this.#nextDue(nowMs))
    if (request === null) return null
    return this.#begun(request, nowMs)
  }

  async #nextDue(nowMs: number): Promise<CloseRequest | null> {
    if (!this.#options.config.auto_close) return null
    if (this.#due.length === 0 && nowMs - this.#lookedMs >= LOOK_MS) {
      this.#lookedMs = nowMs
      this.#due = [...(await dueClosings(this.#options, nowMs))]
      // There may be more of the same tenant after these.
      if (this.#due.length > 0) this.#lookedMs = Number.NEGATIVE_INFINITY
    }
    return this.#due.shift() ?? null
  }

  /** False: it has to wait. */
  async #proceed(work: Work, nowMs: number): Promise<boolean> {
    const { request } = work
    const behind = await work.catchingUp.behind()
    if (behind !== null) {
      if (request.origin === 'auto' || nowMs - work.sinceMs < PATIENCE_MS) return false
      await this.#refuse(request, `The tables are not complete: ${behind}. Try again later.`)
      return true
    }
    const { ask } = this.#options
    const closed = await readClosed(ask, request.tenant)
    const isClosed = closed.includes(request.period)
    const reason = isClosed ? null : closeRefusal(this.#options, closed, request.period, nowMs / 1000)
    if (reason !== null) {
      await this.#refuse(request, reason)
      return true
    }
    try {
      const closing = await beginClosing(this.#options, closed, request, nowMs / 1000)
      await this.#bill(request, closing, isClosed)
    } catch (error) {
      if (!(error instanceof WattlineError) || error.code !== 'closing_refused') throw error
      await this.#refuse(request, error.message)
    }
    return true
  }

  async #bill(request: CloseRequest, closing: Closing, isClosed: boolean): Promise<void> {
    const { now, events } = this.#options
    // What a closed period has not been billed for is corrected in the next one.
    while (!isClosed && closing.payers.length > 0) {
      if (this.#partition.revoked.aborted) return
      const records = await nextBills(this.#options, closing, now())
      if (records.length > 0) await this.#append(records, new Map())
    }
    const outcome = { state: 'closed', reason: '', invoices: closing.ofPeriod } as const
    await this.#answer(request, closingRecord(request, outcome, now()))
    if (!isClosed) events.emit('periodClosed', { period: request.period, amount: closing.ofPeriod })
  }

  async #refuse(request: CloseRequest, reason: string): Promise<void> {
    const { now, events } = this.#options
    const outcome = { state: 'refused', reason, invoices: 0 } as const
    events.emit('closingRefused', { period: request.period, reason })
    await this.#answer(request, closingRecord(request, outcome, now()))
  }

  async #answer(request: CloseRequest, record: NewRecord): Promise<void> {
    const wasAsked = this.#requests.has(request.id)
    await this.#append([record], wasAsked ? new Map([[request.id, null]]) : new Map())
    this.#requests.delete(request.id)
  }

  async #append(records: readonly NewRecord[], state: ReadonlyMap<string, null>): Promise<void> {
    const outputs = records.map(record => ({ stream: billing.name, partition: 0, record }))
    await this.#partition.transact({ outputs, state, nextOffset: this.#next })
  }
}
