/**
 * Books late energy: minutes of hosts whose readings came after the minute was closed, and ranges that somebody asks for, are computed
 * again from table `readings`, and the differences from the ledger are appended to it.
 *
 * Each piece of work, minutes of one host, is one transaction of the log: corrections and what is left to do. Nothing is compared
 * before the tables hold all that was in the log when the work was taken up, so the same difference is never found twice; and only
 * this worker appends corrections of energy for the hosts of its partition.
 */
import {
  type AssignedPartition,
  type Broker,
  type OutputRecord,
  RECORD_CORRUPT,
  RECORD_KIND,
  type StoredRecord,
} from '../../core/broker/broker.ts'
import { readRecord } from '../../core/columns/record-reader.ts'
import { encodeRows } from '../../core/columns/rows.ts'
import { partitionOf } from '../../core/model/partition.ts'
import { lateReadings, ledger } from '../../core/model/streams/index.ts'
import { WINDOW_SECONDS } from '../../core/model/window.ts'
import { sleep } from '../../core/runtime/backoff.ts'
import type { CatchingUp } from '../loop/catching-up.ts'
import { ERASE_KIND, tenantOfErasure } from '../loop/erasure.ts'
import { FACTORS_REVISED_KIND } from '../loop/factors-revised.ts'
import { NEXT_OFFSET, nextOffsetEntry } from '../loop/next-offset.ts'
import type { PartitionWorker, Processor } from '../loop/runner.ts'
import type { Step } from '../loop/step.ts'
import { RESTATED_REASONS } from '../meter/windows/late.ts'
import {
  bytesOf,
  type DirtyHost,
  type DirtyMinutes,
  decodeDirtyHost,
  dirtyHostKey,
  isDue,
  withMinutes,
} from './dirty.ts'
import { forgetTenant } from './forget.ts'
import { type AskedHost, type HostName, nextHosts } from './hosts.ts'
import { leftOf } from './left.ts'
import type { Recomputations } from './recomputations.ts'
import {
  CANCEL_KIND,
  decodeRequest,
  encodeRequest,
  REQUEST_KIND,
  REQUEST_PREFIX,
  type RequestProgress,
} from './requests.ts'
import { catchingUpForMinutes } from './tables-have.ts'
import { type UnitDone, type UnitOptions, workOff } from './unit.ts'

/** Name of the consumer group, also in metrics and in `/api/v1/lag`. */
export const RECOMPUTE = 'recompute'

/** What the processor works with. */
export interface RecomputeProcessorOptions extends UnitOptions {
  readonly broker: Pick<Broker, 'lag' | 'partitions'>
  /** How long late readings of a host are waited for before its minutes are computed again, ms. */
  readonly settleMs: number
  readonly now: () => number
  readonly requests?: Pick<Recomputations, 'progressed' | 'ended'>
}

/** Late readings that keep coming are waited for this many times as long. */
const MOST_SETTLES = 10
/** Longest that a tick works before the loop takes in late readings again. */
const BUSY_MS = 500
/** Between two looks at whether the tables hold what they are to hold. */
const CATCH_UP_MS = 50
/** Minutes around that of a late reading that an interval to it, or from it, may reach. */
const AROUND_SECONDS = 2 * WINDOW_SECONDS

const RESTATED: ReadonlySet<string> = new Set(RESTATED_REASONS)

/** Reads stream `late_readings` and appends corrections to stream `ledger`: see the head of this file. */
export const createRecompute = (options: RecomputeProcessorOptions): Processor => ({
  name: RECOMPUTE,
  streams: [lateReadings.name],
  poll: { maxRecords: 64, maxBytes: 16 * 1024 * 1024, maxWaitMs: 1_000 },
  open: async partition => new RecomputeWorker(options, partition, await partition.loadState()),
})

/** What was to be done when the tables were asked to catch up. */
interface Pass {
  readonly tables: CatchingUp
  readonly late: Map<string, readonly DirtyMinutes[]>
  /** Hosts of a request, and from where on. */
  readonly asked: { readonly id: string; readonly hosts: AskedHost[]; readonly isLast: boolean } | null
}

class RecomputeWorker implements PartitionWorker {
  readonly #options: RecomputeProcessorOptions
  readonly #partition: AssignedPartition
  /** What has been heard of and is not in the pass, by key of the host. */
  readonly #dirty = new Map<string, DirtyHost>()
  readonly #requests = new Map<string, RequestProgress>()
  #next = 0n
  #pass: Pass | null = null

  constructor(
    options: RecomputeProcessorOptions,
    partition: AssignedPartition,
    state: ReadonlyMap<string, Uint8Array>,
  ) {
    this.#options = options
    this.#partition = partition
    for (const [key, value] of state) {
      if (key === NEXT_OFFSET) this.#next = BigInt(Buffer.from(value).toString())
      else if (key.startsWith(REQUEST_PREFIX)) this.#requests.set(key, decodeRequest(value))
      else this.#dirty.set(key, decodeDirtyHost(value))
    }
  }

  async apply(record: StoredRecord, step: Step): Promise<void> {
    if (record.headers[RECORD_KIND] === FACTORS_REVISED_KIND) await this.#options.tools.catchUp()
    this.#next = record.offset + 1n
    step.state.set(...nextOffsetEntry(this.#next))
    const kind = record.headers[RECORD_KIND]
    if (record.headers[RECORD_CORRUPT] !== undefined) return
    if (kind === undefined) this.#applyLate(record, step)
    else if (kind === ERASE_KIND) this.#forget(record, step)
    else if (kind === REQUEST_KIND || kind === CANCEL_KIND) this.#applyRequest(kind, record, step)
  }

  #applyLate(record: StoredRecord, step: Step): void {
    const { rows, columns } = readRecord(lateReadings, record.value)
    const { settleMs } = this.#options
    const nowMs = this.#options.now()
    const changed = new Set<string>()
    for (let row = 0; row < rows; row += 1) {
      const reason = columns.Reason.get(row)
      if (!RESTATED.has(reason)) continue
      const [tenant, host] = [columns.Tenant.get(row), columns.Host.get(row)]
      const start = columns.WindowStart.get(row)
      const key = dirtyHostKey(tenant, host)
      const known = this.#dirty.get(key) ?? { tenant, host, ranges: [], closedTo: 0 }
      const closedTo = reason === 'closed' ? Math.max(known.closedTo, start + WINDOW_SECONDS) : known.closedTo
      const [from, to] = [start - AROUND_SECONDS, start + WINDOW_SECONDS + AROUND_SECONDS]
      const minutes = { from, to, dueMs: nowMs + settleMs, latestMs: nowMs + MOST_SETTLES * settleMs }
      this.#dirty.set(key, withMinutes({ ...known, closedTo }, minutes))
      changed.add(key)
    }
    for (const key of changed) {
      const host = this.#dirty.get(key)
      if (host !== undefined) step.state.set(key, bytesOf(host, this.#pass?.late.get(key) ?? []))
    }
  }

  #forget(record: StoredRecord, step: Step): void {
    const tenant = tenantOfErasure(record)
    this.#giveBack()
    for (const [key, entry] of forgetTenant(tenant, this.#dirty, this.#requests)) step.state.set(key, entry)
  }

  #applyRequest(kind: string, record: StoredRecord, step: Step): void {
    const request = decodeRequest(record.value)
    const key = REQUEST_PREFIX + request.id
    if (kind === REQUEST_KIND) {
      this.#requests.set(key, request)
      step.state.set(key, encodeRequest(request))
    } else {
      this.#requests.delete(key)
      step.state.set(key, null)
      this.#options.requests?.ended(request.id, this.#partition.partition)
    }
  }

  async tick(nowMs: number): Promise<void> {
    try {
      await this.#work(nowMs)
    } catch (error) {
      // Whether it was written down is not known: what the tables hold then is looked at again.
      this.#giveBack()
      throw error
    }
  }

  #giveBack(): void {
    for (const [key, ranges] of this.#pass?.late ?? []) {
      const host = this.#dirty.get(key)
      if (host !== undefined) this.#dirty.set(key, ranges.reduce(withMinutes, host))
    }
    this.#pass = null
  }

  async #work(nowMs: number): Promise<void> {
    const untilMs = performance.now() + BUSY_MS
    while (performance.now() < untilMs && !this.#partition.revoked.aborted) {
      this.#pass ??= await this.#beginPass(nowMs)
      if (this.#pass === null) return
      if (await this.#pass.tables.isDone()) await this.#workOn(this.#pass, nowMs)
      else await sleep(CATCH_UP_MS, this.#partition.revoked)
    }
  }

  /** One piece of work; ends the pass where there is no more. */
  async #workOn({ late, asked }: Pass, nowMs: number): Promise<void> {
    const [key] = late.keys()
    const next = asked?.hosts[0]
    if (key !== undefined) await this.#workLate(key, late, nowMs)
    else if (asked !== null && next !== undefined) await this.#workAsked(asked.id, asked.hosts, next, nowMs)
    else {
      if (asked?.isLast === true) await this.#endRequest(asked.id)
      this.#pass = null
    }
  }

  /** Takes up what is due; null: nothing is. Late readings go before requests. */
  async #beginPass(nowMs: number): Promise<Pass | null> {
    const { broker } = this.#options
    const late = new Map<string, readonly DirtyMinutes[]>()
    for (const [key, host] of this.#dirty) {
      const ranges = host.ranges.filter(range => isDue(range, nowMs))
      if (ranges.length === 0) continue
      late.set(key, ranges)
      this.#dirty.set(key, { ...host, ranges: host.ranges.filter(range => !isDue(range, nowMs)) })
    }
    if (late.size > 0) return { tables: catchingUpForMinutes(broker), late, asked: null }
    const request = [...this.#requests.values()].find(({ notBeforeMs }) => notBeforeMs <= nowMs)
    if (request === undefined) return null
    return { tables: catchingUpForMinutes(broker), late, asked: await this.#hostsOf(request) }
  }

  async #hostsOf(request: RequestProgress): Promise<Pass['asked']> {
    const { tools, broker } = this.#options
    const count = broker.partitions(lateReadings.name)
    const isMine = ({ tenant, host }: HostName): boolean =>
      partitionOf(tenant, host, count) === this.#partition.partition
    const { hosts, isLast } = await nextHosts(tools.statements, request, isMine, tools.rules)
    return { id: request.id, hosts: [...hosts], isLast }
  }

  async #workLate(key: string, late: Map<string, readonly DirtyMinutes[]>, nowMs: number): Promise<void> {
    const [range, ...others] = late.get(key) ?? []
    const host = this.#dirty.get(key)
    if (range === undefined || host === undefined) return void late.delete(key)
    const { tenant, host: name, closedTo } = host
    const unit = { tenant, host: name, from: range.from, to: range.to, closedTo }
    const done = await workOff(this.#options, { ...unit, reason: 'late_readings' }, nowMs)
    const { rest, more } = leftOf(range, done, nowMs)
    const inPass = [...rest, ...others]
    const after = more.reduce(withMinutes, host)
    await this.#keep(new Map([[key, bytesOf(after, inPass)]]), done, nowMs)
    this.#dirty.set(key, after)
    if (inPass.length > 0) late.set(key, inPass)
    else late.delete(key)
    if (inPass.length + after.ranges.length === 0) this.#dirty.delete(key)
  }

  async #workAsked(
    id: string,
    hosts: AskedHost[],
    { tenant, host, from }: AskedHost,
    nowMs: number,
  ): Promise<void> {
    const key = REQUEST_PREFIX + id
    const request = this.#requests.get(key)
    if (request === undefined) return void hosts.splice(0)
    const { to, reason } = request
    const unit = { tenant, host, from, to, closedTo: 0, reason }
    const done = await workOff(this.#options, unit, nowMs)
    const isDone = done.isOpen || done.to >= to
    const entries = request.entries + done.entries.length
    const progress = { ...request, entries, cursor: { tenant, host, done: isDone ? to : done.to } }
    await this.#keep(new Map([[key, encodeRequest(progress)]]), done, nowMs)
    this.#requests.set(key, progress)
    if (isDone) hosts.shift()
    else hosts[0] = { tenant, host, from: done.to }
    this.#options.requests?.progressed(id, done.entries, { at: done.to, isHost: isDone })
  }

  async #endRequest(id: string): Promise<void> {
    const key = REQUEST_PREFIX + id
    await this.#partition.transact({ outputs: [], state: new Map([[key, null]]), nextOffset: this.#next })
    this.#requests.delete(key)
    this.#options.requests?.ended(id, this.#partition.partition)
  }

  /** Writes down what is left. What is appended becomes visible with it. */
  async #keep(
    state: ReadonlyMap<string, Uint8Array | null>,
    { entries }: UnitDone,
    nowMs: number,
  ): Promise<void> {
    const { partition } = this.#partition
    const outputs: OutputRecord[] = []
    if (entries.length > 0) {
      const value = encodeRows(ledger, entries)
      outputs.push({ stream: ledger.name, partition, record: { value, timestampMs: nowMs } })
    }
    await this.#partition.transact({ outputs, state, nextOffset: this.#next })
    const [first] = entries
    if (first === undefined) return
    const facts = { reason: first.CorrectionReason, tenant: first.Tenant, host: first.Host }
    this.#options.events.emit('entriesRestated', { ...facts, amount: entries.length })
  }
}
