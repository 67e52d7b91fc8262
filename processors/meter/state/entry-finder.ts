/** Finds the series that a row belongs to, by comparing with what came last time (lookup.ts). */
import { statedBandPpm, UNKNOWN_BAND } from '../../../core/books/error-bands.ts'
import { maxPowerMwOf } from '../../../core/books/plausible.ts'
import { meterKey, seriesKey, workloadKey } from '../samples/keys.ts'
import {
  ACTIVITY_QUANTITIES,
  COUNTER_QUANTITIES,
  GAUGE_QUANTITIES,
  type MeteredQuantity,
  newSeries,
  REQUEST_QUANTITIES,
  upperBoundOf,
} from '../samples/series.ts'
import { LabelUpdater } from './labels.ts'
import {
  entryKey,
  type HostLookup,
  type Readings,
  type RowEntry,
  type RowSymbols,
  type TextSymbols,
} from './lookup.ts'

/** Longest trusted distance of two samples of a source, ns. */
export type GapOf = (source: string) => number

const METERED: ReadonlySet<string> = new Set([
  ...COUNTER_QUANTITIES,
  ...GAUGE_QUANTITIES,
  ...ACTIVITY_QUANTITIES,
  ...REQUEST_QUANTITIES,
])
const REQUESTS: ReadonlySet<string> = new Set(REQUEST_QUANTITIES)
const isMetered = (quantity: string): quantity is MeteredQuantity => METERED.has(quantity)

/** Which series a row belongs to. */
export class EntryFinder {
  readonly #columns: Readings['columns']
  readonly #gapOf: GapOf
  readonly #at: { readonly [Name in keyof RowSymbols]: ReturnType<TextSymbols['columnOf']> }

  constructor(
    { columns }: Readings,
    { symbols, gapOf }: { readonly symbols: TextSymbols; readonly gapOf: GapOf },
  ) {
    this.#columns = columns
    this.#gapOf = gapOf
    this.#at = {
      workloadId: symbols.columnOf(columns.WorkloadId),
      workloadKind: symbols.columnOf(columns.WorkloadKind),
      quantity: symbols.columnOf(columns.Quantity),
      domain: symbols.columnOf(columns.Domain),
      device: symbols.columnOf(columns.Device),
      bootId: symbols.columnOf(columns.BootId),
      source: symbols.columnOf(columns.Source),
      quality: symbols.columnOf(columns.Quality),
    }
  }

  at(host: HostLookup, row: number): RowEntry {
    const { last } = host
    let entry = last === null ? null : last.next
    if (entry === null || !this.#matches(entry.symbols, row)) {
      entry = this.#find(host, row, entry)
      // The next row must not find it.
      if (!entry.isKept) return entry
      if (last !== null) last.next = entry
    }
    host.last = entry
    return entry
  }

  #matches(symbols: RowSymbols, row: number): boolean {
    const at = this.#at
    return (
      at.workloadId.at(row, symbols.workloadId) === symbols.workloadId &&
      at.quantity.at(row, symbols.quantity) === symbols.quantity &&
      at.domain.at(row, symbols.domain) === symbols.domain &&
      at.bootId.at(row, symbols.bootId) === symbols.bootId &&
      at.workloadKind.at(row, symbols.workloadKind) === symbols.workloadKind &&
      at.device.at(row, symbols.device) === symbols.device &&
      at.source.at(row, symbols.source) === symbols.source &&
      at.quality.at(row, symbols.quality) === symbols.quality
    )
  }

  #find(host: HostLookup, row: number, wrong: RowEntry | null): RowEntry {
    const at = this.#at
    const guess = wrong?.symbols
    const symbols: RowSymbols = {
      workloadId: at.workloadId.at(row, guess?.workloadId ?? -1),
      workloadKind: at.workloadKind.at(row, guess?.workloadKind ?? -1),
      quantity: at.quantity.at(row, guess?.quantity ?? -1),
      domain: at.domain.at(row, guess?.domain ?? -1),
      device: at.device.at(row, guess?.device ?? -1),
      bootId: at.bootId.at(row, guess?.bootId ?? -1),
      source: at.source.at(row, guess?.source ?? -1),
      quality: at.quality.at(row, guess?.quality ?? -1),
    }
    const key = entryKey(symbols)
    const known = host.entries.get(key)
    if (known !== undefined) return known
    const entry = this.#build(host, row, symbols)
    if (entry.isKept) host.entries.set(key, entry)
    return entry
  }

  #build(host: HostLookup, row: number, symbols: RowSymbols): RowEntry {
    const [kind, id] = [this.#columns.WorkloadKind.get(row), this.#columns.WorkloadId.get(row)]
    const { series, isKept } = this.#seriesOf(host, row, kind, id)
    const workload =
      series === null || !isKept || kind === '' ? null : LabelUpdater.workloadOf(host, workloadKey(kind, id))
    return { symbols, series, isKept, workload, rangeHigh: 0, rangeLow: 0, next: null, said: null, zone: '' }
  }

  #seriesOf(
    { state, capacity }: HostLookup,
    row: number,
    workloadKind: string,
    workloadId: string,
  ): Pick<RowEntry, 'series' | 'isKept'> {
    const { Quantity, Domain, Device, BootId, Source, Quality, Attributes } = this.#columns
    const quantity = Quantity.get(row)
    // The memory of the host itself is not energy and belongs to no workload.
    const isOfWorkloads = quantity === 'memory' || REQUESTS.has(quantity)
    if (!isMetered(quantity) || (workloadKind === '' && isOfWorkloads)) {
      return { series: null, isKept: capacity === 'all' }
    }
    const meter = {
      quantity,
      domain: Domain.get(row),
      device: Device.get(row),
      bootId: BootId.get(row),
      source: Source.get(row),
      quality: Quality.get(row),
    }
    const gapNs = this.#gapOf(meter.source)
    const said = workloadKind === '' && quantity !== 'cpu_time' ? Attributes.get(row) : NOTHING
    const maxPowerMw = maxPowerMwOf(said)
    const errorPpm = statedBandPpm(said)
    const key = seriesKey(meterKey(meter), workloadKey(workloadKind, workloadId))
    let series = state.series.get(key)
    if (series === undefined) {
      series = newSeries({ ...meter, workloadKind, workloadId }, gapNs, maxPowerMw)
      if (capacity !== 'all') return { series, isKept: false }
      state.series.set(key, series)
      state.derived = null
    }
    if (series.gapNs !== gapNs) {
      series.gapNs = gapNs
      state.derived = null
    }
    if (series.maxPowerMw !== maxPowerMw && maxPowerMw > 0n) {
      series.maxPowerMw = maxPowerMw
      series.most = upperBoundOf(series.identity, maxPowerMw)
      state.derived = null
    }
    if (series.errorPpm !== errorPpm && errorPpm !== UNKNOWN_BAND) {
      series.errorPpm = errorPpm
      state.derived = null
    }
    return { series, isKept: true }
  }
}

const NOTHING: Readonly<Record<string, string>> = {}
