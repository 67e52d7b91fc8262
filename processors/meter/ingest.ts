/**
 * Puts the readings of a record into the series of their hosts. The hot path: no object and no text per row, and the
 * series is found by comparing with what came last time (lookup.ts).
 */

import { HostFinder } from './host-finder.ts'
import { hostKey, meterKey, seriesKey, workloadKey } from './samples/keys.ts'
import { isBelow, minuteOfParts, nanoOf, nsOfParts } from './samples/samples.ts'
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
import { appendSample, int32PartsOf, updateRange } from './state/entry-values.ts'
import type { HostState, HostStates } from './state/host-state.ts'
import { LabelUpdater } from './state/labels.ts'
import {
  ENTRY_STRIDE,
  type HostLookup,
  NOT_METERED,
  RANGE_HIGH,
  RANGE_LOW,
  type Readings,
  type RowEntry,
  SERIES,
  type TextSymbols,
  WORKLOAD,
} from './state/lookup.ts'
import type { ElapsedTime } from './state/own-time.ts'
import { settle } from './state/settle.ts'
import { dropDisproved, holdAhead, latestAt } from './windows/ahead.ts'
import { isWronglyDated, type LateRow, lateRow } from './windows/late.ts'

interface IngestContext {
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
export function ingestReadings(states: HostStates, record: Readings, ingestion: IngestContext): void {
  ingestion.symbols.limit(states)
  const rows = new RowIngester(states, record, ingestion)
  for (let row = 0; row < record.rows; row++) rows.ingest(row)
  rows.finish()
}

/** Further names of a host that one record may say. */
const MOST_ALIASES = 8

/** Takes in the rows of one record, one after the other. */
class RowIngester {
  readonly #ingestion: IngestContext
  readonly #latest: { readonly minute: number; readonly ns: number }
  readonly #hosts: HostFinder
  readonly #entries: EntryFinder
  readonly #labels: LabelUpdater
  readonly #ignored = new Map<string, LateRow>()
  readonly #times: Int32Array
  readonly #amounts: Int32Array
  readonly #ranges: Int32Array
  /** The last row whose labels were looked at, with its host, workload and time. */
  #labelled = { row: -1, host: null as HostLookup | null, workload: -1, low: 0, high: 0 }

  constructor(states: HostStates, record: Readings, ingestion: IngestContext) {
    this.#ingestion = ingestion
    this.#latest = latestAt(ingestion.arrivedMs)
    this.#hosts = new HostFinder(states, record, ingestion)
    this.#entries = new EntryFinder(record, ingestion)
    this.#labels = new LabelUpdater(record, ingestion.symbols)
    const { Timestamp, Value, RangeMax } = record.columns
    this.#times = int32PartsOf(Timestamp.values)
    this.#amounts = int32PartsOf(Value.values)
    this.#ranges = int32PartsOf(RangeMax.values)
  }

  ingest(row: number): void {
    const host = this.#hosts.at(row)
    let at = this.#entries.expected(host, row)
    if (at < 0) {
      const entry = this.#entries.find(host, row)
      if (!entry.isKept) this.#leaveOut(host, entry, row)
      at = entry.at
    }
    if (at < 0) return
    if (host.numbers[at * ENTRY_STRIDE + SERIES] !== NOT_METERED) this.#take(host, at, row)
    else if (host.entries[at]!.isIdentity) this.#takeIdentity(host, at, row)
  }

  /** Says who a workload is, or by which further name the host is known. */
  #takeIdentity(host: HostLookup, at: number, row: number): void {
    const { workload } = host.entries[at]!
    if (workload === null) {
      if (host.state.aliases.size < MOST_ALIASES) host.state.aliases.add(this.#hosts.nameOf(row))
    } else if (host.capacity !== 'least') {
      const [minute, ns] = this.#timeOf(row)
      this.#labels.addFacts(host.state, workload, row, minute, ns)
    }
  }

  /** Writes times back into the states, and tells what was left out. */
  finish(): void {
    this.#hosts.finish()
    this.#ingestion.late.push(...this.#ignored.values())
  }

  /** Nearly every row comes after all of its series: then its sample goes into the journal, and the series is not touched. */
  #take(host: HostLookup, at: number, row: number): void {
    const { numbers } = host
    const from = at * ENTRY_STRIDE
    const [low, high] = [this.#times[2 * row]!, this.#times[2 * row + 1]!]
    const [rangeLow, rangeHigh] = [this.#ranges[2 * row]!, this.#ranges[2 * row + 1]!]
    if (rangeLow !== numbers[from + RANGE_LOW] || rangeHigh !== numbers[from + RANGE_HIGH]) {
      updateRange(host, at, rangeHigh, rangeLow)
    }
    const isOtherTime = low !== host.timeLow || high !== host.timeHigh
    if (isOtherTime && !this.#sawTime(host, low, high)) {
      this.#takeAhead(host, at, row)
      return
    }
    if (isOtherTime || this.#hosts.hasOtherName(host, row)) {
      this.#hosts.sawName(host, row, host.timeMinute, host.timeNs)
    }
    this.#takeLabels(host, at, row, low, high)
    const [valueLow, valueHigh] = [this.#amounts[2 * row]!, this.#amounts[2 * row + 1]!]
    if (!host.isPlain || !appendSample(host, from, at, low, high, valueLow, valueHigh)) {
      this.#insert(host, host.entries[at]!.series!, valueHigh, valueLow >>> 0)
    }
  }

  /** False: the row is ahead of its arrival. */
  #sawTime(host: HostLookup, low: number, high: number): boolean {
    const minute = minuteOfParts(high, low)
    const ns = nsOfParts(high, low, minute)
    if (isBelow(host.cameMinute, host.cameNs, minute, ns)) {
      host.cameMinute = minute
      host.cameNs = ns
    }
    if (isBelow(this.#latest.minute, this.#latest.ns, minute, ns)) return false
    host.timeLow = low
    host.timeHigh = high
    host.timeMinute = minute
    host.timeNs = ns
    if (isBelow(host.minute, host.ns, minute, ns)) {
      host.minute = minute
      host.ns = ns
    }
    return true
  }

  /** Rows of one workload come together, and all say the same of it. */
  #takeLabels(host: HostLookup, at: number, row: number, low: number, high: number): void {
    const workload = host.numbers[at * ENTRY_STRIDE + WORKLOAD]!
    if (workload < 0 && this.#labels.isBare(row)) return
    const before = this.#labelled
    const isSame = before.row === row - 1 && before.host === host && before.workload === workload
    const isRepeated =
      isSame && workload >= 0 && before.low === low && before.high === high && this.#labels.repeats(row)
    before.row = row
    if (isRepeated) return
    before.host = host
    before.workload = workload
    before.low = low
    before.high = high
    this.#updateLabels(host, at, row, host.timeMinute, host.timeNs)
  }

  #updateLabels(host: HostLookup, at: number, row: number, minute: number, ns: number): void {
    const entry = host.entries[at]!
    const { workload } = entry
    if (workload === null) {
      const zone = this.#labels.zoneOfHost(entry, row)
      if (zone !== '') host.zone.said(zone, 'host', minute, ns)
    } else if (host.capacity !== 'least') {
      const zone = this.#labels.update(host.state, workload, row, minute, ns)
      if (zone !== '') host.zone.said(zone, 'workload', minute, ns)
    }
  }

  #insert(host: HostLookup, series: Series, high: number, low: number): void {
    const { state, timeMinute: minute, timeNs: ns } = host
    settle(state)
    if (series.ahead.length > 0) dropDisproved(state, series, { minute, ns, high, low }, this.#ingestion.late)
    const insertion = insertSample(series, minute, ns, high, low, mostSamples(host.capacity))
    if (insertion === 'kept') {
      const { clockMs } = state
      if (series.heardMs !== clockMs) heard(series, clockMs, host.frontSeconds - (minute * 60 + ns / 1e9))
    } else if (insertion !== 'between' && insertion !== 'duplicate') {
      this.#ignore(state, series, reasonOf(insertion, state, minute), minute, ns)
    }
  }

  #takeAhead(host: HostLookup, at: number, row: number): void {
    const { state } = host
    const series = host.entries[at]!.series!
    const [high, low] = [this.#amounts[2 * row + 1]!, this.#amounts[2 * row]! >>> 0]
    const [minute, ns] = this.#timeOf(row)
    settle(state)
    if (series.ahead.length > 0 && !series.isGauge) {
      dropDisproved(state, series, { minute, ns, high, low }, this.#ingestion.late)
    }
    this.#hosts.sawName(host, row, this.#latest.minute, this.#latest.ns)
    this.#labelled.row = -1
    this.#updateLabels(host, at, row, this.#latest.minute, this.#latest.ns)
    state.hasAhead = true
    host.isPlain = false
    const isHeld = holdAhead(series, minute, ns, high, low)
    if (!isHeld) this.#ignore(state, series, 'ahead', minute, ns)
  }

  #leaveOut(host: HostLookup, { series }: RowEntry, row: number): void {
    if (series === null) return
    const [minute, ns] = this.#timeOf(row)
    this.#ignore(host.state, series, 'no_room', minute, ns)
  }

  #timeOf(row: number): readonly [minute: number, ns: number] {
    const [low, high] = [this.#times[2 * row]!, this.#times[2 * row + 1]!]
    const minute = minuteOfParts(high, low)
    return [minute, nsOfParts(high, low, minute)]
  }

  #ignore(
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
    this.#ignored.set(
      place,
      lateRow(state, series, { window: minute, value: 0n, timeNano: nanoOf(minute, ns), reason }),
    )
  }
}

/** How many samples a series may hold, given what its tenant may still add. */
export const mostSamples = (capacity: Capacity): number => (capacity === 'least' ? FEW_SAMPLES : MAX_SAMPLES)

/** What lies inside an interval that was booked in part is late itself where its window is closed. */
const reasonOf = (insertion: Insertion, { closedBefore }: HostState, minute: number): Insertion =>
  insertion === 'out_of_order' && minute < (closedBefore ?? 0) ? 'closed' : insertion
