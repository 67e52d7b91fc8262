import type { HostRules } from '../../core/books/host-join.ts'
import {
  type AssignedPartition,
  RECORD_CORRUPT,
  RECORD_KIND,
  type StoredRecord,
} from '../../core/broker/broker.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import { readRecord } from '../../core/columns/record-reader.ts'
import { encodeRows } from '../../core/columns/rows.ts'
import { FORWARDED_HEADER } from '../../core/model/forwarding.ts'
import { energy, lateReadings, readings } from '../../core/model/streams/index.ts'
import type { EnergyRow } from '../../core/model/streams/ledger.ts'
import { ERASE_KIND, tenantOfErasure } from '../loop/erasure.ts'
import { assertReadable } from '../loop/readable.ts'
import type { PartitionWorker, Processor } from '../loop/runner.ts'
import type { Step } from '../loop/step.ts'
import { decodeHostState, derivedOf, encodeNumbers } from './codec/codec.ts'
import type { Flush, Meter, Metering } from './meter.ts'
import { BOOKED_KIND, NAMES_KIND } from './names/host-names.ts'
import { Joiner } from './names/joiner.ts'
import { hostKey, isNamesKey, namesKey } from './samples/keys.ts'
import type { StateBudget } from './state/budget.ts'
import type { HostState, HostStates } from './state/host-state.ts'
import { OwnTime } from './state/own-time.ts'
import { HostClocks } from './windows/host-clocks.ts'
import type { LateRow } from './windows/late.ts'

/** Value of the header `kind` of the record that tells that a host has fallen silent. */
export const FLUSH_KIND = 'flush'
/** Name of the consumer group. */
export const METER = 'meter'

interface MeterProcessorOptions {
  readonly meter: Meter
  /** Age beyond which receivers refuse readings. */
  readonly retentionNano: bigint
  readonly events: Events
  /** What the states of all partitions may take in memory. */
  readonly budget: StateBudget
  /** Appends a control record each to a partition of `readings`; resolves when all are durable. */
  readonly appendFlushes: (partition: number, flushes: readonly Flush[]) => Promise<void>
  /** How much longer hosts behind a forwarding node may be silent, ms: what they have measured may be waiting there. */
  readonly forwardedPatienceMs?: number
  /** Partitions of stream `readings`. */
  readonly partitions: number
  /** What the configuration says about names of hosts. */
  readonly rules?: HostRules
}

/** Distance in record time of two looks for hosts that are gone. */
const SWEEP_NANO = 3_600_000_000_000n
/** Flushes that one tick appends: however many hosts fall silent at once, records of others are taken in between. */
const FLUSHES_A_TICK = 1_000

/** Brings the verb and the log together: one energy record and one state write per host and poll, in one transaction. */
export function createMeterProcessor(options: MeterProcessorOptions): Processor {
  return {
    name: METER,
    streams: [readings.name],
    poll: { maxRecords: 64, maxBytes: 16 * 1024 * 1024, maxWaitMs: 2_000 },
    open: partition => openWorker(options, partition),
  }
}

async function openWorker(
  options: MeterProcessorOptions,
  partition: AssignedPartition,
): Promise<PartitionWorker> {
  const states: HostStates = new Map()
  const stored = await partition.loadState()
  for (const [key, numbers] of stored) {
    if (!isNamesKey(key)) states.set(key, decodeHostState({ numbers, names: stored.get(namesKey(key)) }))
  }
  // Counted only once all states could be read: from here on a worker exists that releases them.
  const lengthOf = (key: string): number => stored.get(key)?.length ?? 0
  for (const [key, state] of states) options.budget.note(state, lengthOf(key) + lengthOf(namesKey(key)))
  return new MeterWorker(options, partition.partition, states, stored)
}

class MeterWorker implements PartitionWorker {
  readonly #options: MeterProcessorOptions
  readonly #partition: number
  readonly #states: HostStates
  readonly #joiner: Joiner
  readonly #clocks: HostClocks
  /** Names as they are stored, by host key. */
  readonly #stored: Map<string, Uint8Array>
  /** What the records of this poll have given so far. */
  #energy: EnergyRow[] = []
  #late: LateRow[] = []
  #changed = new Map<string, HostState>()
  /** Hosts that were erased in this poll. */
  #erased = new Set<string>()
  #timestampMs = 0
  /** Largest record time of any host of this partition, and when to look for hosts that are gone. */
  #newestNano = 0n
  #nextSweepNano = 0n
  readonly #ownTime = new OwnTime()
  /** Hosts whose flush is in the log already. */
  readonly #flushed = new Set<string>()

  constructor(
    options: MeterProcessorOptions,
    partition: number,
    states: HostStates,
    stored: ReadonlyMap<string, Uint8Array>,
  ) {
    this.#joiner = new Joiner(options, stored)
    this.#clocks = new HostClocks(options.events, stored)
    this.#options = options
    this.#partition = partition
    this.#states = states
    this.#stored = new Map()
    for (const [key, { derived }] of states) if (derived !== null) this.#stored.set(key, derived.names)
  }

  apply(record: StoredRecord): void {
    if (record.headers[RECORD_KIND] === ERASE_KIND) {
      this.#erase(record)
      return
    }
    const result = this.#meter(record)
    if (result !== null) this.#keep(result)
    this.#timestampMs = record.timestampMs
  }

  #keep(result: Metering): void {
    this.#energy.push(...result.energy)
    this.#late.push(...result.late)
    for (const [key, state] of result.changed) this.#changed.set(key, state)
  }

  finish(step: Step): void {
    const timestampMs = this.#timestampMs
    for (const key of this.#erased) {
      step.state.set(key, null)
      step.state.set(namesKey(key), null)
    }
    this.#erased = new Set()
    if (this.#energy.length > 0) {
      step.emit(energy.name, this.#partition, { value: encodeRows(energy, this.#energy), timestampMs })
    }
    if (this.#late.length > 0) {
      step.emit(lateReadings.name, this.#partition, {
        value: encodeRows(lateReadings, this.#late),
        timestampMs,
      })
    }
    this.#joiner.finish(this.#changed.values(), timestampMs, step)
    this.#clocks.finish(this.#partition, timestampMs, step)
    for (const [key, state] of this.#changed) {
      const { names } = derivedOf(state)
      // Written again only when they are others than those that are stored.
      if (this.#stored.get(key) !== names) step.state.set(namesKey(key), names)
      this.#stored.set(key, names)
      const numbers = encodeNumbers(state)
      step.state.set(key, numbers)
      this.#options.budget.note(state, names.length + numbers.length)
      if (state.recordNano > this.#newestNano) this.#newestNano = state.recordNano
    }
    this.#forgetOldHosts(step)
    this.#report()
    this.#energy = []
    this.#late = []
    this.#changed = new Map()
  }

  async tick(nowMs: number): Promise<void> {
    const silent = this.#options.meter.silent(this.#states, nowMs, this.#ownTime.at(nowMs))
    const due = silent.filter(flush => this.#isDue(flush, nowMs)).slice(0, FLUSHES_A_TICK)
    if (due.length === 0) return
    await this.#options.appendFlushes(this.#partition, due)
    for (const flush of due) this.#flushed.add(keyOf(flush))
  }

  #isDue(flush: Flush, nowMs: number): boolean {
    const key = keyOf(flush)
    const state = this.#states.get(key)
    return !this.#flushed.has(key) && (state === undefined || !this.#joiner.awaits(state, nowMs))
  }

  close(): void {
    for (const state of this.#states.values()) this.#options.budget.release(state)
  }

  /** Also drops what this poll has produced for the tenant and not yet stored. */
  #erase(record: StoredRecord): void {
    assertReadable(record)
    const tenant = tenantOfErasure(record)
    for (const [key, state] of this.#states) {
      if (state.tenant !== tenant) continue
      this.#states.delete(key)
      this.#options.budget.release(state)
      for (const known of [this.#stored, this.#changed, this.#flushed]) known.delete(key)
      this.#erased.add(key)
    }
    this.#joiner.erase(tenant)
    this.#clocks.erase(tenant)
    this.#energy = this.#energy.filter(row => row.Tenant !== tenant)
    this.#late = this.#late.filter(row => row.Tenant !== tenant)
    this.#timestampMs = record.timestampMs
  }

  /** Null: nothing was metered. */
  #meter(record: StoredRecord): Metering | null {
    // The unreadable record may have been a flush: flushes that are still due are written again.
    if (record.headers[RECORD_CORRUPT] !== undefined) this.#flushed.clear()
    assertReadable(record)
    if (record.headers[RECORD_KIND] === FLUSH_KIND) {
      const flush = JSON.parse(Buffer.from(record.value).toString()) as Flush
      this.#flushed.delete(keyOf(flush))
      return this.#options.meter.flush(this.#states, flush)
    }
    if (record.headers[RECORD_KIND] === NAMES_KIND) {
      for (const [key, state] of this.#joiner.applyClaims(record, this.#states)) this.#changed.set(key, state)
      return null
    }
    if (record.headers[RECORD_KIND] === BOOKED_KIND) {
      for (const state of this.#joiner.applyBooked(record, this.#states)) {
        this.#keep(this.#options.meter.resume(state))
      }
      return null
    }
    const kept = this.#joiner.keep(record, readRecord(readings, record.value))
    if (kept === null) return null
    const isForwarded = record.headers[FORWARDED_HEADER] !== undefined
    const result = this.#options.meter.apply(this.#states, kept, {
      timestampMs: record.timestampMs,
      own: this.#ownTime.now,
      patienceMs: isForwarded ? (this.#options.forwardedPatienceMs ?? 0) : 0,
      capacityOf: this.#options.budget.capacityOf,
      staysOpen: (state, arrivedMs) => this.#joiner.awaits(state, arrivedMs),
    })
    this.#clocks.saw(result.changed, record.timestampMs, isForwarded)
    return result
  }

  /**
   * A host that is gone leaves behind which windows were closed, so that readings sent again cannot be metered again. That
   * is forgotten too once receivers would refuse such readings for their age.
   */
  #forgetOldHosts(step: Step): void {
    if (this.#newestNano < this.#nextSweepNano) return
    this.#nextSweepNano = this.#newestNano + SWEEP_NANO
    const oldest = this.#newestNano - this.#options.retentionNano
    this.#joiner.forget(Number(oldest / 1_000_000n))
    for (const [key, state] of this.#states) {
      if (state.series.size > 0 || state.recordNano >= oldest) continue
      this.#states.delete(key)
      this.#options.budget.release(state)
      this.#stored.delete(key)
      this.#clocks.forget(key)
      step.state.set(key, null)
      step.state.set(namesKey(key), null)
    }
  }

  #report(): void {
    const windows = new Set(this.#energy.map(row => `${row.Tenant}\u0000${row.Host}\u0000${row.WindowStart}`))
    if (windows.size > 0) this.#options.events.emit('windowClosed', { amount: windows.size })
    const late = new Map<string, number>()
    for (const { Reason } of this.#late) late.set(Reason, (late.get(Reason) ?? 0) + 1)
    for (const [reason, amount] of late) this.#options.events.emit('readingLate', { reason, amount })
  }
}

const keyOf = ({ tenant, host }: Flush): string => hostKey(tenant, host)
