/**
 * Restates the ledger when intensities are revised: entries that were rated by another value than holds now get corrections,
 * appended to stream `ledger`, whose sum with them is what `rate` would give today.
 *
 * Each piece of work is one transaction of the log: corrections and how far the pass is become visible together. A pass
 * reads the tables only when they hold everything that was rated by the old value. To that end a revision is announced in the
 * streams of what is rated: what comes after the announcement is rated by the new value, and a pass waits until the groups that
 * rate have read past it, and the tables hold what they made of it. There are passes until one finds no stale entries but those of
 * the pass before.
 */
import {
  type AssignedPartition,
  type Broker,
  type OutputRecord,
  RECORD_CORRUPT,
  RECORD_KIND,
  type StoredRecord,
} from '../../core/broker/broker.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import type { IntensityBook } from '../../core/factors/intensity-book.ts'
import { partitionOf } from '../../core/model/partition.ts'
import { factors } from '../../core/model/streams/factors.ts'
import { lateReadings, ledger } from '../../core/model/streams/index.ts'
import { qualified } from '../../core/warehouse/tables/ddl.ts'
import type { Statements } from '../../core/warehouse/warehouse.ts'
import { CatchingUp } from '../loop/catching-up.ts'
import { NEXT_OFFSET, nextOffsetEntry } from '../loop/next-offset.ts'
import type { PartitionWorker, Processor } from '../loop/runner.ts'
import type { Step } from '../loop/step.ts'
import { encodeRequest, REQUEST_KIND } from '../recompute/requests.ts'
import { STORE } from '../store/token.ts'
import { announce, type Raters } from './announce.ts'
import { coverage } from './coverage.ts'
import {
  type DirtyRange,
  dayOf,
  decodeRange,
  dirtyKey,
  encodeRange,
  type UnitCursor,
  withDay,
} from './dirty.ts'
import { revisedRates } from './revised-rates.ts'
import { selectRecord } from './select-record.ts'
import {
  corrections,
  INTENSITY_REVISED,
  plannedWorkloads,
  type RestatedRange,
  staleFingerprint,
} from './statement.ts'
import {
  cursorOf,
  type PlannedUnit,
  type PlannedWorkload,
  UNIT,
  UNIT_AS_TEXT,
  type UnitLimits,
  unitsOf,
} from './units.ts'

/** Name of the consumer group, also in metrics and in `/api/v1/lag`. */
export const RESTATE = 'restate'

/** What the restating processor works with. */
export interface RestateOptions {
  readonly broker: Pick<Broker, 'lag' | 'partitions'>
  readonly statements: Statements
  /** See `selectRecord`. */
  readonly folder: string | null
  /** With all that is in the log now. */
  readonly book: () => Promise<IntensityBook>
  readonly raters: Raters
  readonly events: Events
  /** Wall clock, unix ms. */
  readonly now: () => number
  /** Default: `UNIT`, or `UNIT_AS_TEXT` without a folder. */
  readonly limits?: UnitLimits
}

/** Revisions come many at a time; and by then what was being rated is booked as a rule. Nothing but the pace depends on it. */
const SETTLE_MS = 5_000
/** Longest that a tick works before the loop listens for revisions again. */
const BUSY_MS = 500
/** Workloads that a pass plans at a time. */
const PLANNED = 20_000

/** A fingerprint of no entries. */
const NOTHING = '0/0'

/** Reads stream `factors` and appends corrections to stream `ledger`: see the head of this file. */
export const createRestate = (options: RestateOptions): Processor => ({
  name: RESTATE,
  streams: [factors.name],
  poll: { maxRecords: 64, maxBytes: 16 * 1024 * 1024, maxWaitMs: 1_000 },
  open: async partition => new RestateWorker(options, partition, await partition.loadState()),
})

/** A pass over a range. */
interface RestatePass {
  readonly key: string
  readonly sinceMs: number
  /** What was rated before the revision was known, and what was in the ledger's stream then. */
  readonly tables: CatchingUp
  /** Null: the tables do not have all of that yet. */
  plan: RestatePlan | null
}

interface RestatePlan {
  readonly range: RestatedRange
  /** What is left of it. */
  readonly units: PlannedUnit[]
  /** Where the next plan begins; null: there are no more workloads. */
  readonly next: UnitCursor | null
}

class RestateWorker implements PartitionWorker {
  readonly #options: RestateOptions
  readonly #partition: AssignedPartition
  readonly #dirty = new Map<string, DirtyRange>()
  #next = 0n
  #pass: RestatePass | null = null
  /** Where revisions were announced last. */
  #announced: Step | null = null

  constructor(options: RestateOptions, partition: AssignedPartition, state: ReadonlyMap<string, Uint8Array>) {
    this.#options = options
    this.#partition = partition
    for (const [key, value] of state) {
      if (key === NEXT_OFFSET) this.#next = BigInt(Buffer.from(value).toString())
      else this.#dirty.set(key, decodeRange(value))
    }
  }

  apply(record: StoredRecord, step: Step): void {
    this.#next = record.offset + 1n
    step.state.set(...nextOffsetEntry(this.#next))
    if (record.headers[RECORD_CORRUPT] !== undefined) return
    const day = dayOf(record.key)
    if (day === null) this.#passOn(record, step)
    else this.#note(day, step)
  }

  #note(day: NonNullable<ReturnType<typeof dayOf>>, step: Step): void {
    this.#announce(step)
    const key = dirtyKey(day)
    const range = withDay(this.#dirty.get(key), day, this.#options.now())
    this.#dirty.set(key, range)
    step.state.set(key, encodeRange(range))
  }

  /** Prices and PUE are for processor `recompute`, which has every host in one of its partitions. */
  #passOn({ key, value, offset }: StoredRecord, step: Step): void {
    const { broker, now } = this.#options
    const nowMs = now()
    const range = revisedRates(key, value, nowMs)
    if (range === null) return
    this.#announce(step)
    const id = `factors-${offset}`
    const [tenant, host, reason] = [null, null, 'factors_revised'] as const
    const request = { id, tenant, host, ...range, reason, notBeforeMs: nowMs + SETTLE_MS }
    for (let partition = 0; partition < broker.partitions(lateReadings.name); partition += 1) {
      const headers = { [RECORD_KIND]: REQUEST_KIND }
      step.emit(lateReadings.name, partition, { value: encodeRequest(request), headers, timestampMs: nowMs })
    }
  }

  /** Once for all records of a step: it becomes visible with the offset behind them. */
  #announce(step: Step): void {
    if (this.#announced === step) return
    this.#announced = step
    const { broker, now, raters } = this.#options
    announce(step, raters, broker, now())
  }

  async tick(nowMs: number): Promise<void> {
    const untilMs = performance.now() + BUSY_MS
    while (performance.now() < untilMs && !this.#partition.revoked.aborted) {
      const found = [...this.#dirty].find(([, { sinceMs }]) => nowMs - sinceMs >= SETTLE_MS)
      if (found === undefined || !(await this.#work(...found))) return
    }
  }

  /** One piece of work; false when there is nothing to do but wait. */
  async #work(key: string, dirty: DirtyRange): Promise<boolean> {
    const pass = this.#passOver(key, dirty)
    if (pass.plan === null) {
      if (!(await pass.tables.isDone())) return false
      const range = { ...dirty, factors: coverage(await this.#options.book(), dirty) }
      if (dirty.passing === null) return await this.#beginPass(key, dirty, range)
      pass.plan = await this.#planOf(range, dirty.cursor)
    }
    const { range, units, next } = pass.plan
    const unit = units[0]
    if (unit !== undefined) {
      await this.#restate(key, dirty, range, unit)
      units.shift()
    } else if (next === null) {
      await this.#keep(key, { ...dirty, cursor: null, passing: null, restated: dirty.passing })
      this.#pass = null
    } else pass.plan = await this.#planOf(range, next)
    return true
  }

  async #beginPass(key: string, dirty: DirtyRange, range: RestatedRange): Promise<boolean> {
    const passing = await this.#fingerprint(range)
    // Nothing is stale, or what is has been restated: nothing more was rated by the old values since.
    const isDone = passing === NOTHING || passing === dirty.restated
    await this.#keep(key, isDone ? null : { ...dirty, passing })
    if (isDone) this.#pass = null
    return true
  }

  #passOver(key: string, { sinceMs }: DirtyRange): RestatePass {
    if (this.#pass?.key === key && this.#pass.sinceMs === sinceMs) return this.#pass
    const { broker, raters } = this.#options
    const rated = raters.map(([group, stream]) => [group, stream.name] as const)
    const tables = new CatchingUp(broker, [rated, [[STORE, ledger.name]]])
    this.#pass = { key, sinceMs, tables, plan: null }
    return this.#pass
  }

  async #fingerprint(range: RestatedRange): Promise<string> {
    const [found] = await this.#options.statements.query<{ fingerprint: string }>(
      staleFingerprint(this.#table, range),
    )
    return found?.fingerprint ?? NOTHING
  }

  async #planOf(range: RestatedRange, after: UnitCursor | null): Promise<RestatePlan> {
    const { statements, folder, limits = folder === null ? UNIT_AS_TEXT : UNIT } = this.#options
    const workloads = await statements.query<PlannedWorkload>(
      plannedWorkloads(this.#table, range, { after, limit: PLANNED }),
    )
    const last = workloads.length < PLANNED ? undefined : workloads.at(-1)
    return {
      range,
      units: unitsOf(workloads, limits),
      next: last === undefined ? null : cursorOf(last),
    }
  }

  /** A record has hosts of one partition of the ledger. */
  async #restate(key: string, dirty: DirtyRange, range: RestatedRange, unit: PlannedUnit): Promise<void> {
    const { statements, folder, broker, events, now } = this.#options
    const outputs: OutputRecord[] = []
    let amount = 0
    const partitions = Map.groupBy(unit.hosts, host =>
      partitionOf(unit.Tenant, host, broker.partitions(ledger.name)),
    )
    for (const [partition, hosts] of partitions) {
      const select = corrections(this.#table, range, { unit, hosts })
      const made = await selectRecord(statements, ledger, select, folder)
      if (made === null) continue
      amount += made.rows
      outputs.push({ stream: ledger.name, partition, record: { value: made.value, timestampMs: now() } })
    }
    await this.#keep(key, { ...dirty, cursor: unit.to }, outputs)
    if (amount > 0) events.emit('entriesRestated', { reason: INTENSITY_REVISED, amount })
  }

  /** Writes down how far a range is; null: it is done with. What is appended becomes visible with it. */
  async #keep(key: string, range: DirtyRange | null, outputs: readonly OutputRecord[] = []): Promise<void> {
    const state = new Map([[key, range === null ? null : encodeRange(range)]])
    await this.#partition.transact({ outputs, state, nextOffset: this.#next })
    if (range === null) this.#dirty.delete(key)
    else this.#dirty.set(key, range)
  }

  get #table(): string {
    return qualified(this.#options.statements.dialect, ledger.name)
  }
}
