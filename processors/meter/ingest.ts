/**
 * Puts the readings of a record into the series of their hosts. The hot path: no object and no text per row, and the
 * series is found by comparing with what came last time (lookup.ts).
 */
import { hostKey, meterKey, seriesKey, workloadKey } from './samples/keys.ts'
import { isBelow, minuteOfParts, nanoOf, nsOfParts, splitNano } from './samples/samples.ts'
import {
  FEW_SAMPLES,
  heard,
  type Insertion,
  insertSample,
  MAX_SAMPLES,
  type Series,
} from './samples/series.ts'
import type { Capacity, CapacityOf } from './state/budget.ts'
import { EntryFinder, type GapOf } from './state/entry-finder.ts'
import { type HostState, type HostStates, newHostState } from './state/host-state.ts'
import { ZoneUpdater } from './state/host-zone.ts'
import { LabelUpdater } from './state/labels.ts'
import type { HostLookup, Readings, RowEntry, TextSymbols } from './state/lookup.ts'
import type { ElapsedTime } from './state/own-time.ts'
import { dropDisproved, holdAhead, latestAt } from './windows/ahead.ts'
import { recordArrived } from './windows/host-clock.ts'
import { isWronglyDated, type LateRow, lateRow } from './windows/late.ts'

interface Ingestion {
  readonly symbols: TextSymbols
  readonly gapOf: GapOf
  readonly changed: Map<string, HostState>
  readonly late: LateRow[]
  readonly capacityOf: CapacityOf
  /** When the record came, ms; 0: unknown. And from when on the silence of its hosts counts. */
  readonly arrivedMs: number
  readonly silentFromMs: number
  /** The same for own time, see silence.ts. */
  readonly own: ElapsedTime
}

/**
 * Readings that came too late to change anything, or that there was no capacity for, are counted as rows of 0: one per window
 * and series of the record.
 */
export function ingestReadings(states: HostStates, record: Readings, ingestion: Ingestion): void {
  ingestion.symbols.limit(states)
  const latest = latestAt(ingestion.arrivedMs)
  const hosts = new HostFinder(states, record, ingestion)
  const entries = new EntryFinder(record, ingestion)
  const labels = new LabelUpdater(record, ingestion.symbols)
  const ignored = new Map<string, LateRow>()
  const { Timestamp, Value, RangeMax } = record.columns
  const [times, amounts, ranges] = [
    int32PartsOf(Timestamp.values),
    int32PartsOf(Value.values),
    int32PartsOf(RangeMax.values),
  ]
  for (let row = 0; row < record.rows; row++) {
    const high = times[2 * row + 1]!
    const minute = minuteOfParts(high, times[2 * row]!)
    const ns = nsOfParts(high, times[2 * row]!, minute)
    const host = hosts.at(row)
    const entry = entries.at(host, row)
    const { series, workload } = entry
    if (series === null) continue
    if (!entry.isKept) {
      ignore(ignored, host.state, series, 'no_room', minute, ns)
      continue
    }
    if (ranges[2 * row] !== entry.rangeLow || ranges[2 * row + 1] !== entry.rangeHigh) {
      updateRange(host.state, series, entry, ranges[2 * row + 1]!, ranges[2 * row]!)
    }
    const [valueHigh, valueLow] = [amounts[2 * row + 1]!, amounts[2 * row]! >>> 0]
    if (isBelow(host.cameMinute, host.cameNs, minute, ns)) {
      host.cameMinute = minute
      host.cameNs = ns
    }
    const isAhead = isBelow(latest.minute, latest.ns, minute, ns)
    if (series.ahead.length > 0 && !(isAhead && series.isGauge)) {
      dropDisproved(host.state, series, { minute, ns, high: valueHigh, low: valueLow }, ingestion.late)
    }
    const [saidMinute, saidNs] = isAhead ? [latest.minute, latest.ns] : [minute, ns]
    hosts.sawName(host, row, saidMinute, saidNs)
    if (workload === null) {
      const zone = labels.zoneOfHost(entry, row)
      if (zone !== '') host.zone.said(zone, 'host', saidMinute, saidNs)
    } else if (host.capacity !== 'least') {
      const zone = labels.update(host.state, workload, row, saidMinute, saidNs)
      if (zone !== '') host.zone.said(zone, 'workload', saidMinute, saidNs)
    }
    if (isAhead) {
      host.state.hasAhead = true
      const isHeld = holdAhead(series, minute, ns, valueHigh, valueLow)
      if (!isHeld) ignore(ignored, host.state, series, 'ahead', minute, ns)
      continue
    }
    hosts.sawTime(host, minute, ns)
    const most = mostSamples(host.capacity)
    const insertion = insertSample(series, minute, ns, valueHigh, valueLow, most)
    if (insertion === 'kept') {
      const { clockMs } = host.state
      if (series.heardMs !== clockMs) heard(series, clockMs, host.frontSeconds - (minute * 60 + ns / 1e9))
    } else if (insertion !== 'between' && insertion !== 'duplicate') {
      ignore(ignored, host.state, series, reasonOf(insertion, host.state, minute), minute, ns)
    }
  }
  hosts.finish()
  ingestion.late.push(...ignored.values())
}

/** 64-bit values as pairs of 32-bit integers: low part, then high part. */
const int32PartsOf = ({ buffer, byteOffset, length }: BigInt64Array | BigUint64Array): Int32Array =>
  new Int32Array(buffer, byteOffset, 2 * length)

function updateRange(state: HostState, series: Series, entry: RowEntry, high: number, low: number): void {
  entry.rangeHigh = high
  entry.rangeLow = low
  const rangeMax = (BigInt(high) << 32n) + BigInt(low >>> 0)
  if (rangeMax <= series.rangeMax) return
  series.rangeMax = rangeMax
  state.derived = null
}

/** How many samples a series may hold, given what its tenant may still add. */
export const mostSamples = (capacity: Capacity): number => (capacity === 'least' ? FEW_SAMPLES : MAX_SAMPLES)

/** What lies inside an interval that was booked in part is late itself where its window is closed. */
const reasonOf = (insertion: Insertion, { closedBefore }: HostState, minute: number): Insertion =>
  insertion === 'out_of_order' && minute < (closedBefore ?? 0) ? 'closed' : insertion

function ignore(
  ignored: Map<string, LateRow>,
  state: HostState,
  series: Series,
  reason: Insertion | 'no_room' | 'ahead',
  minute: number,
  ns: number,
): void {
  const { identity } = series
  const key = seriesKey(meterKey(identity), workloadKey(identity.workloadKind, identity.workloadId))
  // Restating leaves out what is dated wrongly, sample by sample.
  const instant = isWronglyDated(reason) ? `${minute}/${ns}` : minute
  const place = `${hostKey(state.tenant, state.host)} ${instant} ${reason} ${key}`
  ignored.set(
    place,
    lateRow(state, series, { window: minute, value: 0n, timeNano: nanoOf(minute, ns), reason }),
  )
}

/** Which host a row is about, and what its rows tell of the host itself: record time and name. */
class HostFinder {
  readonly #states: HostStates
  readonly #columns: Readings['columns']
  readonly #ingestion: Ingestion
  readonly #found = new Map<number, HostLookup>()
  #tenantId = -1
  #hostId = -1
  #current: HostLookup | null = null

  constructor(states: HostStates, { columns }: Readings, ingestion: Ingestion) {
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

  /** A reading that is metered was taken at that time. */
  sawTime(host: HostLookup, minute: number, ns: number): void {
    if (!isBelow(host.minute, host.ns, minute, ns)) return
    host.minute = minute
    host.ns = ns
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
    if (state.lookup?.generation !== generation) state.lookup = newLookup(generation, state)
    const host = state.lookup
    const [minute, ns] = splitNano(state.recordNano)
    const [nameMinute, nameNs] = splitNano(state.hostNameNano)
    const frontSeconds = minute * 60 + ns / 1e9
    return Object.assign(host, {
      capacity,
      minute,
      ns,
      frontSeconds,
      cameMinute: -1,
      cameNs: 0,
      nameMinute,
      nameNs,
      nameId: -1,
      isHeard: false,
    })
  }
}

const newLookup = (generation: number, state: HostState): HostLookup => ({
  generation,
  state,
  entries: new Map(),
  workloads: new Map(),
  zone: new ZoneUpdater(state),
  last: null,
  capacity: 'all',
  minute: 0,
  ns: 0,
  frontSeconds: 0,
  cameMinute: -1,
  cameNs: 0,
  nameMinute: 0,
  nameNs: 0,
  nameId: -1,
  isHeard: false,
})

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
