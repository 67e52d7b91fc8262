/** What one worker of the meter does about hosts with several names: hears of them, tells of them, passes readings on. */
import { type HostRules, MOST_STEPS, NO_HOST_RULES } from '../../../core/books/host-join.ts'
import { type NewRecord, RECORD_KIND, type StoredRecord } from '../../../core/broker/broker.ts'
import type { Events } from '../../../core/catalogue/events/events.ts'
import type { RecordView } from '../../../core/columns/record-reader.ts'
import { FORWARDED_HEADER } from '../../../core/model/forwarding.ts'
import { partitionOf } from '../../../core/model/partition.ts'
import { readings } from '../../../core/model/streams/index.ts'
import { windowStartSeconds } from '../../../core/model/window.ts'
import { Outbox } from '../../loop/outbox.ts'
import type { Step } from '../../loop/step.ts'
import { hostKey } from '../samples/keys.ts'
import type { HostState, HostStates } from '../state/host-state.ts'
import {
  BOOKED_KIND,
  type BookedName,
  type Changes,
  type Claim,
  HostNameClaims,
  JOINED_KIND,
  NAMES_KIND,
} from './host-names.ts'
import { columnsAfter, divideByName, moveSamples } from './join.ts'

/** Header of readings that were passed on: how often. */
const STEPS_HEADER = 'steps'

interface JoinerOptions {
  readonly events: Events
  /** Partitions of stream `readings`. */
  readonly partitions: number
  readonly rules?: HostRules
}

/** A host's key and its state, which is to be stored. */
type Changed = readonly [key: string, state: HostState]

/**
 * Keeps the name claims of one partition and collects what `finish` writes: claims, and readings that belong to other
 * hosts.
 */
export class Joiner {
  readonly #names: HostNameClaims
  readonly #options: JoinerOptions
  /** Readings of hosts that are elsewhere, by how they came: from a forwarding node or not, and after how many steps. */
  readonly #outboxes = new Map<string, Outbox>()
  #moved: { readonly partition: number; readonly value: Uint8Array }[] = []
  /** Answers, by partition of the host that asked. */
  #booked = new Map<number, BookedName[]>()
  /** What claims that were taken say of other hosts, by partition of the name. */
  #claimed = new Map<number, Claim[]>()
  #changes: Changes = new Map()

  constructor(options: JoinerOptions, stored: ReadonlyMap<string, Uint8Array>) {
    this.#options = options
    this.#names = new HostNameClaims(stored, options.rules ?? NO_HOST_RULES)
  }

  /** What of a record is of hosts of this partition; null: nothing. */
  keep(record: StoredRecord, view: RecordView<typeof readings>): RecordView<typeof readings> | null {
    const steps = record.headers[RECORD_KIND] === JOINED_KIND ? Number(record.headers[STEPS_HEADER] ?? 1) : 0
    if (steps >= MOST_STEPS) return view
    const isForwarded = record.headers[FORWARDED_HEADER] !== undefined
    return divideByName(view, this.#names, (from, rows, tenant, step) => {
      const partition = this.#partitionOf(tenant, step.to)
      this.#outbox(isForwarded, steps + 1).add(readings, partition, from, rows, columnsAfter(step))
    })
  }

  #outbox(isForwarded: boolean, steps: number): Outbox {
    const key = `${isForwarded ? '1' : ''}/${steps}`
    const outbox = this.#outboxes.get(key) ?? new Outbox()
    this.#outboxes.set(key, outbox)
    return outbox
  }

  /** Takes a record that tells names. Returns the hosts whose states have changed. */
  applyClaims({ value, timestampMs }: StoredRecord, states: HostStates): readonly Changed[] {
    const claims = JSON.parse(Buffer.from(value).toString()) as readonly Claim[]
    return claims.flatMap((claim): readonly Changed[] => {
      const { tenant, name } = claim
      if (claim.gone === true) {
        this.#names.withdraw(claim, this.#changes)
        return this.#join({ tenant, name, host: claim.host }, states)
      }
      const before = this.#names.claimants(tenant, name)
      this.#names.claim(claim, timestampMs, this.#changes)
      const now = this.#names.claimants(tenant, name)
      const same = this.#names.sameMachine(claim)
      if (now.length > before.length && now.length > 1 && same.length === 0) {
        this.#options.events.emit('hostNameShared', { tenant, host_name: name, hosts: now.join(' ') })
      }
      for (const { host, name: other } of same) {
        const due = this.#names.toAnnounce(
          { tenant, host, name: other, alias: true },
          timestampMs,
          this.#changes,
        )
        if (due !== null) this.#claim(due)
      }
      if (this.#names.stepOf(tenant, name, false)?.by === 'cloud_id') this.#withdrawNames(tenant, name)
      return this.#join(claim, states)
    })
  }

  /** A cloud's id that stands for a machine is no machine of its own: the names that it had claimed are that machine's alone. */
  #withdrawNames(tenant: string, host: string): void {
    for (const name of this.#names.takeAnnounced(tenant, host, this.#changes))
      this.#claim({ tenant, name, host, gone: true })
  }

  #claim(claim: Claim): void {
    const partition = this.#partitionOf(claim.tenant, claim.name)
    this.#claimed.set(partition, [...(this.#claimed.get(partition) ?? []), claim])
  }

  /**
   * Takes a record that answers claims: what stands in the ledger under a host's name is not booked again under its id. Returns
   * the hosts that were answered.
   */
  applyBooked({ value }: StoredRecord, states: HostStates): readonly HostState[] {
    const answers = JSON.parse(Buffer.from(value).toString()) as readonly BookedName[]
    return answers.flatMap(answer => {
      const { tenant, name, host, before } = answer
      this.#names.answered(answer, this.#changes)
      // Where that host is a name itself, the machine that it stands for must not book those minutes either.
      const further = before === null ? null : this.#names.stepOf(tenant, host, true)
      if (further !== null) this.#answer({ tenant, name: host, host: further.to, before })
      const state = states.get(hostKey(tenant, host))
      if (state === undefined) return []
      if (before !== null && before > (state.closedBefore ?? 0)) {
        state.closedBefore = before
        const until = new Date(windowStartSeconds(before) * 1000).toISOString()
        this.#options.events.emit('hostBookedByName', { tenant, host, host_name: name, until })
      }
      return [state]
    })
  }

  /** Whether windows of a host stay open until it is known what was booked under its name. */
  awaits({ tenant, host, hostName, closedBefore }: HostState, nowMs: number): boolean {
    return closedBefore === null && this.#names.awaits(tenant, host, hostName, nowMs)
  }

  /** Passes on what a name has left, where it stands for one host now. Returns the state that has changed. */
  #join(claim: Claim, states: HostStates): readonly Changed[] {
    const { tenant, name } = claim
    const key = hostKey(tenant, name)
    const step = this.#names.stepOf(tenant, name, true)
    const state = states.get(key)
    // Who says another name for itself is a host of that id, unless the id is the cloud's.
    const isName = step?.by === 'cloud_id' || state?.hostName === state?.host
    const isLeft = step !== null && state !== undefined && isName
    const before = isLeft ? state.closedBefore : null
    const isMoved = isLeft && state.series.size > 0
    if (claim.asks === true) this.#answer({ tenant, name, host: claim.host, before })
    else if (isMoved) this.#answer({ tenant, name, host: step.to, before })
    if (!isMoved) return []
    const left = moveSamples(state, step)
    if (left !== null) this.#moved.push({ partition: this.#partitionOf(tenant, step.to), value: left })
    return [[key, state]]
  }

  #answer(booked: BookedName): void {
    const partition = this.#partitionOf(booked.tenant, booked.host)
    this.#booked.set(partition, [...(this.#booked.get(partition) ?? []), booked])
  }

  /** Writes what there is to tell and to pass on. `changed`: hosts that the records of this step spoke of. */
  finish(changed: Iterable<HostState>, timestampMs: number, step: Step): void {
    const emit = (partition: number, value: Uint8Array, headers: NewRecord['headers']): void =>
      step.emit(readings.name, partition, { value, headers: headers ?? {}, timestampMs })
    for (const [key, outbox] of this.#outboxes) {
      const [isForwarded, steps] = key.split('/')
      const headers = isForwarded === '' ? {} : { [FORWARDED_HEADER]: '1' }
      for (const { partition, value } of outbox.take()) {
        emit(partition, value, { ...headers, [RECORD_KIND]: JOINED_KIND, [STEPS_HEADER]: steps! })
      }
    }
    // Before what was left: it says up to where that is booked.
    for (const [partition, answers] of this.#booked) {
      emit(partition, Buffer.from(JSON.stringify(answers)), { [RECORD_KIND]: BOOKED_KIND })
    }
    for (const { partition, value } of this.#moved) emit(partition, value, { [RECORD_KIND]: JOINED_KIND })
    this.#claimNames(changed, timestampMs)
    for (const [partition, claims] of this.#claimed) {
      emit(partition, Buffer.from(JSON.stringify(claims)), { [RECORD_KIND]: NAMES_KIND })
    }
    for (const [key, bytes] of this.#changes) step.state.set(key, bytes)
    this.#moved = []
    this.#booked = new Map()
    this.#claimed = new Map()
    this.#changes = new Map()
  }

  /** Forgets names of a tenant's hosts. */
  erase(tenant: string): void {
    this.#names.erase(tenant, this.#changes)
  }

  /** Forgets names of hosts that have not been heard of since then. */
  forget(oldestMs: number): void {
    this.#names.forget(oldestMs, this.#changes)
  }

  #claimNames(changed: Iterable<HostState>, nowMs: number): void {
    for (const { tenant, host, hostName, aliases } of changed) {
      const isOther = this.#names.stepOf(tenant, host, false)?.by === 'cloud_id'
      const said: Claim[] = isOther ? [] : [{ tenant, host, name: hostName }]
      for (const name of aliases) said.push({ tenant, host, name, alias: true })
      for (const one of said) {
        const claim = this.#names.toAnnounce(one, nowMs, this.#changes)
        if (claim !== null) this.#claim(claim)
      }
      aliases.clear()
    }
  }

  #partitionOf(tenant: string, host: string): number {
    return partitionOf(tenant, host, this.#options.partitions)
  }
}
