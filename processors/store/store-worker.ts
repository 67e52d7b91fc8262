/**
 * One partition on its way into its table. Inserts happen in `finish`, since a poll's small records become one. What is
 * inserted together is planned first (insert-plan.ts): a replay makes the same inserts under the same tokens.
 */

import { type AssignedPartition, RECORD_KIND, type StoredRecord } from '../../core/broker/broker.ts'
import { asWattlineError, WattlineError } from '../../core/catalogue/errors/errors.ts'
import { readColumn } from '../../core/columns/record-reader.ts'
import { factors } from '../../core/model/streams/factors.ts'
import { billing } from '../../core/model/streams/invoices.ts'
import type { StreamDeclaration } from '../../core/model/streams/stream.ts'
import { assertReadable } from '../loop/readable.ts'
import type { PartitionWorker } from '../loop/runner.ts'
import { setAside } from '../loop/set-aside.ts'
import type { Step } from '../loop/step.ts'
import { storeBilling } from './billing.ts'
import { combine } from './combined.ts'
import { storeFactors } from './factors.ts'
import { decodePlan, encodePlan, INSERTS, type InsertPlan, type OffsetRange } from './insert-plan.ts'
import type { StoreOptions } from './options.ts'
import { Pace } from './pace.ts'
import type { Rewinding } from './rewinding.ts'
import { rangeTokenOf, STORE, tokenOf } from './token.ts'
import { freeUnits, plannedUnits, type Unit } from './units.ts'

/**
 * Inserts between two commits at most. What a crash repeats, the tokens hold back: far below the window of 1,000. So many records
 * an owner before may also have inserted alone, without a plan.
 */
export const INSERTS_A_COMMIT = 16

/** Stores the records of one partition. */
export class StoreWorker implements PartitionWorker {
  readonly #options: StoreOptions
  readonly #partition: AssignedPartition
  readonly #stream: StreamDeclaration
  /** Null: nothing is read again. */
  #rewinding: Rewinding | null
  readonly #pace = new Pace()
  /** Polled and not stored yet, in order. */
  #waiting: StoredRecord[] = []
  /** What is to be inserted next; null: not decided yet. */
  #units: Unit[] | null = null
  #plan: InsertPlan | null
  /** How many records that no plan names are inserted alone first, see INSERTS_A_COMMIT. */
  #alone = INSERTS_A_COMMIT
  /** Offset after the last one that is stored and not noted yet; null: none. */
  #stored: bigint | null = null
  #sinceCommit = 0

  constructor(
    options: StoreOptions,
    partition: AssignedPartition,
    stream: StreamDeclaration,
    {
      rewinding,
      state,
    }: { readonly rewinding: Rewinding | null; readonly state: ReadonlyMap<string, Uint8Array> },
  ) {
    this.#options = options
    this.#partition = partition
    this.#stream = stream
    this.#rewinding = rewinding
    this.#plan = decodePlan(state)
  }

  apply(record: StoredRecord): void {
    this.#waiting.push(record)
  }

  /** Gives the offset of the first record that is not stored: where a planned range is still to be read to its end. */
  async finish(step: Step): Promise<bigint | undefined> {
    if (this.#options.combines === true) this.#pace.begin(this.#waiting)
    while (this.#waiting.length > 0 && !this.#partition.revoked.aborted) {
      if (this.#sinceCommit >= INSERTS_A_COMMIT) await this.#commit(step, this.#waiting[0]!.offset)
      this.#units ??= await this.#next(step)
      const unit = this.#units[0]
      if (unit === undefined) break
      if (!(await this.#store(unit, step))) continue
      this.#units.shift()
      if (this.#units.length === 0) this.#units = null
      this.#waiting.splice(0, unit.records.length)
      this.#stored = unit.records.at(-1)!.offset + 1n
      this.#sinceCommit += 1
    }
    if (this.#stored !== null) await this.#note(this.#stored, step)
    this.#units = null
    this.#sinceCommit = 0
    // Their bytes are the log's until the next poll only.
    this.#waiting = this.#waiting.map(record => ({ ...record, value: record.value.slice() }))
    return this.#waiting[0]?.offset
  }

  async tick(): Promise<void> {
    await this.#pace.rest(this.#partition.revoked)
  }

  /** Decides what is inserted next; where records are combined, the plan is durable when this resolves. */
  async #next(step: Step): Promise<Unit[]> {
    const first = this.#waiting[0]!.offset
    if (this.#plan !== null && first < this.#plan.until) return plannedUnits(this.#plan, this.#waiting)
    const { holds } = this.#stream
    if (this.#options.combines !== true || this.#rewinding !== null || holds !== undefined) {
      return this.#waiting.map(record => ({ records: [record], range: null, combined: null }))
    }
    const units = freeUnits(this.#waiting, {
      stream: this.#stream,
      originOf: offset => this.#partition.originOf(offset),
      alone: this.#alone,
    })
    const ranges = units.flatMap(({ range }) => (range === null ? [] : [range]))
    if (ranges.length > 0) {
      const plan = { until: this.#waiting.at(-1)!.offset + 1n, ranges }
      await this.#commit(step, first, plan)
      this.#plan = plan
    }
    this.#alone = Math.max(0, this.#alone - this.#waiting.length)
    return units
  }

  /** Inserts a unit. False: it could not be stored as one, and its records are to be stored alone. */
  async #store({ records, range, combined }: Unit, step: Step): Promise<boolean> {
    const by = { processor: STORE, stream: this.#stream.name, partition: this.#partition.partition }
    try {
      if (range === null) await this.#insertAlone(records[0]!)
      else await this.#insertRange(records, range, combined)
      return true
    } catch (thrown) {
      const error = asWattlineError(thrown, 'invariant_broken')
      if (error.disposition !== 'quarantine') throw thrown
      if (range !== null) await this.#divide(range, step)
      else setAside(records[0]!, error, by, { step, events: this.#options.events })
      return range === null
    }
  }

  /** The engine refuses a range for what is in it, so before anything of it is written: its records come alone. */
  async #divide([from]: OffsetRange, step: Step): Promise<void> {
    const plan = this.#plan
    if (plan === null) throw new WattlineError('invariant_broken', 'A range was inserted without a plan.')
    const without = { ...plan, ranges: plan.ranges.filter(([start]) => start !== from) }
    await this.#commit(step, from, without)
    this.#plan = without
    this.#units = null
  }

  async #insertRange(
    records: readonly StoredRecord[],
    range: OffsetRange,
    combined: Uint8Array | null,
  ): Promise<void> {
    const { warehouse, events, rowAges } = this.#options
    const { name } = this.#stream
    const token = rangeTokenOf(
      name,
      this.#partition.partition,
      range,
      this.#partition.originOf(records[0]!.offset),
    )
    const values = records.map(record => record.value)
    const value = combined ?? combine(this.#stream, values)
    await warehouse.insert(this.#stream, value, token)
    for (const _ of records) events.emit('recordStored', { stream: name })
    rowAges?.stored(this.#stream, value, readColumn)
  }

  async #insertAlone(record: StoredRecord): Promise<void> {
    if (this.#rewinding?.passesOver(record.offset) === true) return
    assertReadable(record)
    if (record.headers[RECORD_KIND] !== undefined) return
    const { warehouse, events, rowAges } = this.#options
    const { name } = this.#stream
    if (name === factors.name) await storeFactors(warehouse, record)
    else if (name === billing.name) await storeBilling(warehouse, record)
    else {
      const { partition } = this.#partition
      const token = tokenOf(name, partition, record.offset, this.#partition.originOf(record.offset))
      await warehouse.insert(this.#stream, record.value, token)
      await this.#rewinding?.stored(record, token)
    }
    events.emit('recordStored', { stream: name })
    const isTelemetry = name !== factors.name && name !== billing.name
    if (isTelemetry && this.#rewinding === null) rowAges?.stored(this.#stream, record.value, readColumn)
  }

  /** Makes durable that everything below `next` is stored, and what is to be inserted together from there on. */
  async #commit(step: Step, next: bigint, plan?: InsertPlan): Promise<void> {
    if (this.#stored !== null) await this.#note(this.#stored, step)
    if (plan !== undefined) step.state.set(INSERTS, encodePlan(plan))
    const [outputs, state] = [[...step.outputs], new Map(step.state)]
    if (step.isEmpty) await this.#partition.commit(next)
    else await this.#partition.transact({ outputs, state, nextOffset: next })
    step.clear()
    this.#sinceCommit = 0
  }

  /** Tells the tables how far they have the log, before that is committed. */
  async #note(next: bigint, step: Step): Promise<void> {
    if (this.#rewinding !== null && (await this.#rewinding.finish(next, step))) this.#rewinding = null
    const place = `${this.#stream.name}/${this.#partition.partition}`
    const stored = { origin: this.#partition.originOf(next - 1n), next }
    const { files } = this.#options.warehouse
    // How far the tables have been does not go back while the log is read again.
    if (this.#rewinding === null) files?.noteStored(place, stored)
    else files?.noteStoredForward(place, stored)
    this.#stored = null
  }
}
