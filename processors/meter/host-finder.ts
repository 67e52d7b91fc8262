import { hostKey } from './samples/keys.ts'
import { isBelow, nanoOf } from './samples/samples.ts'
import type { CapacityOf } from './state/budget.ts'
import { type HostState, type HostStates, newHostState } from './state/host-state.ts'
import { HostLookup, type Readings, type TextSymbols } from './state/lookup.ts'
import type { ElapsedTime } from './state/own-time.ts'
import { recordArrived } from './windows/host-clock.ts'

interface HostIngestion {
  readonly symbols: TextSymbols
  readonly changed: Map<string, HostState>
  readonly capacityOf: CapacityOf
  readonly arrivedMs: number
  readonly silentFromMs: number
  readonly own: ElapsedTime
}

/** Which host a row is about, and what its rows tell of the host itself: record time and name. */
export class HostFinder {
  readonly #states: HostStates
  readonly #columns: Readings['columns']
  readonly #ingestion: HostIngestion
  readonly #found = new Map<number, HostLookup>()
  #tenantId = -1
  #hostId = -1
  #current: HostLookup | null = null

  constructor(states: HostStates, { columns }: Readings, ingestion: HostIngestion) {
    this.#states = states
    this.#columns = columns
    this.#ingestion = ingestion
  }

  at(row: number): HostLookup {
    const { Tenant, Host } = this.#columns
    const host = this.#current
    const isSame = host !== null && Tenant.ids[row] === this.#tenantId && Host.ids[row] === this.#hostId
    return isSame ? host : this.#find(row)
  }

  /** The row has another name than the one before. */
  hasOtherName(host: HostLookup, row: number): boolean {
    return this.#columns.HostName.ids[row] !== host.nameId
  }

  /** The name of the host that a row says. */
  nameOf(row: number): string {
    return this.#columns.HostName.get(row)
  }

  sawName(host: HostLookup, row: number, minute: number, ns: number): void {
    const { HostName } = this.#columns
    host.isHeard = true
    if (HostName.ids[row] !== host.nameId) {
      updateHostName(host, HostName.ids[row]!, HostName.get(row), minute, ns)
    } else if (isBelow(host.nameMinute, host.nameNs, minute, ns)) {
      host.nameMinute = minute
      host.nameNs = ns
    }
  }

  /** Writes the times back into the states. */
  finish(): void {
    for (const host of this.#found.values()) {
      const { state, isHeard, minute, ns, nameMinute, nameNs } = host
      state.cameMs = host.cameMinute < 0 ? null : host.cameMinute * 60_000 + Math.floor(host.cameNs / 1e6)
      state.recordNano = nanoOf(minute, ns)
      state.hostNameNano = nanoOf(nameMinute, nameNs)
      // Not the largest: a clock that was ahead and is set back must not hold up the host's flush until then.
      if (!isHeard) continue
      state.lastRecordMs = this.#ingestion.silentFromMs
      state.heard = this.#ingestion.own
    }
  }

  #find(row: number): HostLookup {
    const { Tenant, Host } = this.#columns
    this.#tenantId = Tenant.ids[row]!
    this.#hostId = Host.ids[row]!
    const number = this.#tenantId * Host.dictionary.length + this.#hostId
    let host = this.#found.get(number)
    if (host === undefined) {
      host = this.#open(Tenant.get(row), Host.get(row))
      this.#found.set(number, host)
    }
    this.#current = host
    return host
  }

  #open(tenant: string, name: string): HostLookup {
    const { generation } = this.#ingestion.symbols
    const key = hostKey(tenant, name)
    const capacity = this.#ingestion.capacityOf(tenant)
    const known = this.#states.get(key)
    const state = known ?? newHostState(tenant, name)
    recordArrived(state, this.#ingestion.arrivedMs)
    // A new host of a tenant without capacity lives as long as the record.
    if (known !== undefined || capacity === 'all') {
      this.#states.set(key, state)
      this.#ingestion.changed.set(key, state)
    }
    if (state.lookup?.generation !== generation) state.lookup = new HostLookup(generation, state)
    state.lookup.begin(capacity)
    return state.lookup
  }
}

/** The newest name, and of two at one time the larger, so that the order of readings does not matter. */
function updateHostName(host: HostLookup, id: number, name: string, minute: number, ns: number): void {
  const { state } = host
  if (name === '') return
  // A sender that repeats the id has no name: it never replaces a name, and any name replaces it.
  const [says, knows] = [name !== state.host, state.hostName !== state.host && state.hostName !== '']
  if (knows && !says) return
  if (knows === says) {
    if (isBelow(minute, ns, host.nameMinute, host.nameNs)) return
    if (minute === host.nameMinute && ns === host.nameNs && name < state.hostName) return
  }
  host.nameId = id
  host.nameMinute = minute
  host.nameNs = ns
  if (name === state.hostName) return
  state.hostName = name
  state.derived = null
}
