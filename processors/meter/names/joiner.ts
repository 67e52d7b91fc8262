/** What one worker of the meter does about hosts with several names: hears of them, tells of them, passes readings on. */
import { type NewRecord, RECORD_KIND, type StoredRecord } from '../../../core/broker/broker.ts'
import type { Events } from '../../../core/catalogue/events/events.ts'
import type { RecordView } from '../../../core/columns/record-reader.ts'
import { FORWARDED_HEADER } from '../../../core/model/forwarding.ts'
import { partitionOf } from '../../../core/model/partition.ts'
import { readings } from '../../../core/model/streams/index.ts'
import { Outbox } from '../../loop/outbox.ts'
import type { Step } from '../../loop/step.ts'
import { hostKey } from '../samples/keys.ts'
import type { HostState, HostStates } from '../state/host-state.ts'
import { type Changes, type Claim, HostNameClaims, JOINED_KIND, NAMES_KIND } from './host-names.ts'
import { divide, moveSamples } from './join.ts'

export interface JoinerOptions {
  readonly events: Events
  /** Partitions of stream `readings`. */
  readonly partitions: number
  /** Closes all windows of a host that its readings lie in. */
  readonly close: (state: HostState) => void
}

export class Joiner {
  readonly #names: HostNameClaims
  readonly #options: JoinerOptions
  /** Readings of hosts that are elsewhere: those that a forwarding node sent, and the others. */
  readonly #forwarded = new Outbox()
  readonly #direct = new Outbox()
  #moved: { readonly partition: number; readonly value: Uint8Array }[] = []
  #changes: Changes = new Map()

  constructor(options: JoinerOptions, stored: ReadonlyMap<string, Uint8Array>) {
    this.#options = options
    this.#names = new HostNameClaims(stored)
  }

  /** What of a record is of hosts of this partition; null: nothing. */
  keep(record: StoredRecord, view: RecordView<typeof readings>): RecordView<typeof readings> | null {
    if (record.headers[RECORD_KIND] === JOINED_KIND) return view
    const outbox = record.headers[FORWARDED_HEADER] === undefined ? this.#direct : this.#forwarded
    return divide(view, this.#names, (from, rows, tenant, host) => {
      outbox.add(readings, this.#partitionOf(tenant, host), from, rows, { Host: host })
    })
  }

  /** Takes a record that tells names. Returns the hosts whose states have changed. */
  applyClaims({ value, timestampMs }: StoredRecord, states: HostStates): readonly [string, HostState][] {
    const claims = JSON.parse(Buffer.from(value).toString()) as readonly Claim[]
    return claims.flatMap(claim => {
      const { tenant, name } = claim
      const before = this.#names.claimants(tenant, name)
      this.#names.claim(claim, timestampMs, this.#changes)
      const now = this.#names.claimants(tenant, name)
      if (now.length > before.length && now.length > 1) {
        this.#options.events.emit('hostNameShared', { tenant, host_name: name, hosts: now.join(' ') })
      }
      const key = hostKey(tenant, name)
      const state = states.get(key)
      const host = this.#names.hostOf(tenant, name)
      if (host === null || state === undefined || state.series.size === 0) return []
      // A host of that id, which says another name for itself.
      if (state.hostName !== state.host) return []
      if (state.closedBefore !== null) this.#options.close(state)
      const left = moveSamples(state, host)
      if (left !== null) this.#moved.push({ partition: this.#partitionOf(tenant, host), value: left })
      return [[key, state] as const]
    }) as readonly [string, HostState][]
  }

  /** Writes what there is to tell and to pass on. `changed`: hosts that the records of this step spoke of. */
  finish(changed: Iterable<HostState>, timestampMs: number, step: Step): void {
    const emit = (partition: number, value: Uint8Array, headers: NewRecord['headers']): void =>
      step.emit(readings.name, partition, { value, headers: headers ?? {}, timestampMs })
    for (const [outbox, headers] of [
      [this.#direct, {}],
      [this.#forwarded, { [FORWARDED_HEADER]: '1' }],
    ] as const) {
      for (const { partition, value } of outbox.take()) {
        emit(partition, value, { ...headers, [RECORD_KIND]: JOINED_KIND })
      }
    }
    for (const { partition, value } of this.#moved) emit(partition, value, { [RECORD_KIND]: JOINED_KIND })
    for (const [partition, claims] of this.#claimsOf(changed, timestampMs)) {
      emit(partition, Buffer.from(JSON.stringify(claims)), { [RECORD_KIND]: NAMES_KIND })
    }
    for (const [key, bytes] of this.#changes) step.state.set(key, bytes)
    this.#moved = []
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

  #claimsOf(changed: Iterable<HostState>, nowMs: number): Map<number, Claim[]> {
    const found = new Map<number, Claim[]>()
    for (const { tenant, host, hostName } of changed) {
      const claim = this.#names.toAnnounce(tenant, host, hostName, nowMs, this.#changes)
      if (claim === null) continue
      const partition = this.#partitionOf(tenant, claim.name)
      found.set(partition, [...(found.get(partition) ?? []), claim])
    }
    return found
  }

  #partitionOf(tenant: string, host: string): number {
    return partitionOf(tenant, host, this.#options.partitions)
  }
}
