/**
 * Shares what workloads used in a minute over the spans that ran there: rows of `request_energy`.
 *
 * It keeps nothing of its own. What has been shared stands in the tables (`request_minutes`: what spans and entries there were),
 * and so does what there is; where the two differ, the minute is shared again, and the difference is appended through the log.
 * Rows and receipt of a minute are one transaction, one worker writes all of them, and it looks only once the tables hold
 * everything that it has written: after a stop at any moment nothing is missing and nothing is there twice.
 */
import type { AssignedPartition, Broker, StoredRecord } from '../../core/broker/broker.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import { requestEnergy, requestMinutes } from '../../core/model/streams/index.ts'
import { qualified } from '../../core/warehouse/tables/ddl.ts'
import type { Statements } from '../../core/warehouse/warehouse.ts'
import type { PartitionWorker, Processor } from '../loop/runner.ts'
import { STORE } from '../store/token.ts'
import { type LookLimits, LookSchedule } from './looks.ts'
import { type SharingContext, shareMinute } from './minute.ts'
import { type StaleMinute, staleMinutes } from './stale-statement.ts'
import type { RequestTables, SharingRules } from './statement.ts'

/** Name of the consumer group, also in metrics and in `/api/v1/lag`. */
export const REQUESTS = 'requests'

/** What the processor works with. */
export interface RequestsProcessorOptions extends LookLimits {
  readonly broker: Pick<Broker, 'lag'>
  readonly statements: Statements
  /** See `selectRecords`. */
  readonly folder: string | null
  readonly sharing: SharingRules
  /** False: what others have shared is read, and nothing is. */
  readonly enabled: boolean
  readonly events: Events
  /** Wall clock, unix ms. */
  readonly now: () => number
}

/** Longest that a tick works before the loop polls again. */
const BUSY_MS = 500
/** Minutes that were looked for and are shared one after the other take at most this share of the time; fresh ones all of it. */
const OLD_SHARE = 0.25
const OLD_SECONDS = 86_400
/** Spans that one statement works on: its memory grows by about 1 KiB for each. */
const SPANS_A_PART = 400_000
const MOST_PARTS = 256
/** A statement that fails is tried again with a quarter of the workloads at a time, so often. */
const TRIES = 4

/** Reads its own stream `request_energy`, to be the one worker of its first partition; see the head of this file. */
export const createRequests = (options: RequestsProcessorOptions): Processor => ({
  name: REQUESTS,
  streams: [requestEnergy.name],
  poll: { maxRecords: 64, maxBytes: 8 * 1024 * 1024, maxWaitMs: 250 },
  open: async partition => {
    const lag = await options.broker.lag(REQUESTS, requestEnergy.name)
    const committed = lag.find(one => one.partition === partition.partition)?.committed ?? 0n
    return options.enabled && partition.partition === 0
      ? new RequestsWorker(options, partition, committed)
      : READER
  },
})

/** Of partitions that nothing is written to here. */
const READER: PartitionWorker = { apply: () => undefined }

/** The tables by the names that an engine knows them by. */
export const requestTables = ({ dialect }: Pick<Statements, 'dialect'>): RequestTables => ({
  spans: qualified(dialect, 'otel_traces'),
  ledger: qualified(dialect, 'ledger'),
  requests: qualified(dialect, requestEnergy.table.name),
  minutes: qualified(dialect, requestMinutes.table.name),
})

class RequestsWorker implements PartitionWorker {
  readonly #options: RequestsProcessorOptions
  readonly #partition: AssignedPartition
  readonly #schedule: LookSchedule
  readonly #context: SharingContext
  #next: bigint
  /** Stale minutes of the last look, the newest first. */
  #stale: StaleMinute[] = []
  #tries = 0
  #restUntilMs = 0

  constructor(options: RequestsProcessorOptions, partition: AssignedPartition, committed: bigint) {
    const { statements, folder, sharing, now } = options
    this.#options = options
    this.#partition = partition
    this.#next = committed
    this.#schedule = new LookSchedule(options)
    this.#context = { statements, folder, sharing, now, tables: requestTables(statements) }
  }

  apply(record: StoredRecord): void {
    this.#next = record.offset + 1n
  }

  async tick(nowMs: number): Promise<void> {
    const untilMs = performance.now() + BUSY_MS
    while (performance.now() < untilMs && !this.#partition.revoked.aborted) {
      if (!(await this.#work(nowMs / 1000))) return
    }
  }

  /** One piece of work; false when there is nothing to do but wait. */
  async #work(nowSeconds: number): Promise<boolean> {
    const stale = this.#stale[0]
    if (stale === undefined) return await this.#look(nowSeconds)
    const isOld = stale.minute < nowSeconds - OLD_SECONDS
    if (isOld && performance.now() < this.#restUntilMs) return await this.#lookAtFresh(nowSeconds)
    const startedMs = performance.now()
    await this.#share(stale)
    this.#stale.shift()
    if (isOld) this.#restUntilMs = performance.now() + (performance.now() - startedMs) * (1 / OLD_SHARE - 1)
    return true
  }

  /** Old minutes, of which there may be thousands, do not hold up new ones. */
  async #lookAtFresh(nowSeconds: number): Promise<boolean> {
    const look = this.#schedule.nextFresh(nowSeconds)
    if (look === null || !(await this.#tablesHaveAll())) return false
    this.#stale = [...(await this.#find(look)), ...this.#stale]
    this.#schedule.looked(look)
    return true
  }

  async #look(nowSeconds: number): Promise<boolean> {
    const look = this.#schedule.next(nowSeconds)
    if (look === null || !(await this.#tablesHaveAll())) return false
    this.#stale = [...(await this.#find(look))]
    this.#schedule.looked(look)
    return true
  }

  async #find(look: Parameters<typeof staleMinutes>[1]): Promise<readonly StaleMinute[]> {
    const { statements } = this.#options
    const found = await statements.query<Omit<StaleMinute, 'isFirst'> & { readonly isFirst: number }>(
      staleMinutes(this.#context.tables, look),
    )
    return found.map(one => ({ ...one, isFirst: one.isFirst === 1 }))
  }

  /** What was written last is read back before anything is compared with it. */
  async #tablesHaveAll(): Promise<boolean> {
    const { broker } = this.#options
    const lags = await Promise.all([requestEnergy, requestMinutes].map(({ name }) => broker.lag(STORE, name)))
    return lags.flat().every(({ committed, end }) => committed >= end)
  }

  async #share(stale: StaleMinute): Promise<void> {
    const { events } = this.#options
    const parts = Math.ceil(Math.max(1, stale.spans) / SPANS_A_PART) * 4 ** this.#tries
    try {
      const { outputs, rows } = await shareMinute(this.#context, stale, Math.min(parts, MOST_PARTS))
      await this.#partition.transact({ outputs, state: new Map(), nextOffset: this.#next })
      this.#tries = 0
      events.emit('requestsShared', { amount: rows, kind: stale.isFirst ? 'original' : 'correction' })
    } catch (error) {
      this.#tries += 1
      if (this.#tries >= TRIES) {
        this.#tries = 0
        this.#stale.shift()
        events.emit('requestsNotShared', { minute: new Date(stale.minute * 1000).toISOString() }, error)
      }
      throw error
    }
  }
}
