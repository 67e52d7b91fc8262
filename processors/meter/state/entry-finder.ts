/** Finds the series that a row belongs to, by comparing with what came last time (lookup.ts). */
import { statedBandPpm, UNKNOWN_BAND } from '../../../core/books/error-bands.ts'
import { maxPowerMwOf } from '../../../core/books/plausible.ts'
import { factsKey, meterKey, seriesKey, workloadKey } from '../samples/keys.ts'
import {
  ACTIVITY_QUANTITIES,
  COUNTER_QUANTITIES,
  GAUGE_QUANTITIES,
  GPU_QUANTITIES,
  type MeteredQuantity,
  newSeries,
  REQUEST_QUANTITIES,
} from '../samples/series.ts'
import { upperBoundOf } from '../samples/upper-bound.ts'
import { LabelUpdater } from './labels.ts'
import {
  ENTRY_STRIDE,
  entryKey,
  type HostLookup,
  NEXT,
  type Readings,
  type RowEntry,
  SYMBOLS,
  type TextSymbols,
} from './lookup.ts'
import { settle } from './settle.ts'

/** Longest trusted distance of two samples of a source, ns. */
export type GapOf = (source: string) => number

const METERED: ReadonlySet<string> = new Set([
  ...COUNTER_QUANTITIES,
  ...GAUGE_QUANTITIES,
  ...ACTIVITY_QUANTITIES,
  ...REQUEST_QUANTITIES,
  ...GPU_QUANTITIES,
])
const REQUESTS: ReadonlySet<string> = new Set(REQUEST_QUANTITIES)
const isMetered = (quantity: string): quantity is MeteredQuantity => METERED.has(quantity)

type EntryColumn = ReturnType<TextSymbols['columnOf']>

/** Which series a row belongs to. */
export class EntryFinder {
  readonly #columns: Readings['columns']
  readonly #gapOf: GapOf
  /** In the order of an entry's symbols: those first that tell most rows apart. */
  readonly #workloadId: EntryColumn
  readonly #quantity: EntryColumn
  readonly #domain: EntryColumn
  readonly #bootId: EntryColumn
  readonly #workloadKind: EntryColumn
  readonly #device: EntryColumn
  readonly #source: EntryColumn
  readonly #quality: EntryColumn
  readonly #symbols = new Int32Array(SYMBOLS)

  constructor(
    { columns }: Readings,
    { symbols, gapOf }: { readonly symbols: TextSymbols; readonly gapOf: GapOf },
  ) {
    this.#columns = columns
    this.#gapOf = gapOf
    this.#workloadId = symbols.columnOf('WorkloadId', columns.WorkloadId)
    this.#quantity = symbols.columnOf('Quantity', columns.Quantity)
    this.#domain = symbols.columnOf('Domain', columns.Domain)
    this.#bootId = symbols.columnOf('BootId', columns.BootId)
    this.#workloadKind = symbols.columnOf('WorkloadKind', columns.WorkloadKind)
    this.#device = symbols.columnOf('Device', columns.Device)
    this.#source = symbols.columnOf('Source', columns.Source)
    this.#quality = symbols.columnOf('Quality', columns.Quality)
  }

  /** The place of the row's entry in `host.entries`; null: see `find`. */
  expected(host: HostLookup, row: number): number {
    const { numbers, last } = host
    const at = last < 0 ? -1 : numbers[last * ENTRY_STRIDE + NEXT]!
    if (at < 0 || !this.#matches(numbers, at * ENTRY_STRIDE, row)) return -1
    host.last = at
    return at
  }

  #matches(numbers: Int32Array, from: number, row: number): boolean {
    return (
      this.#workloadId.is(row, numbers[from]!) &&
      this.#quantity.is(row, numbers[from + 1]!) &&
      this.#domain.is(row, numbers[from + 2]!) &&
      this.#bootId.is(row, numbers[from + 3]!) &&
      this.#workloadKind.is(row, numbers[from + 4]!) &&
      this.#device.is(row, numbers[from + 5]!) &&
      this.#source.is(row, numbers[from + 6]!) &&
      this.#quality.is(row, numbers[from + 7]!)
    )
  }

  /** The row's entry, where it is not the expected one. One that is not kept leads nowhere, and the next row looks again. */
  find(host: HostLookup, row: number): RowEntry {
    const entry = this.#find(host, row)
    if (!entry.isKept) return entry
    if (host.last >= 0) host.numbers[host.last * ENTRY_STRIDE + NEXT] = entry.at
    host.last = entry.at
    return entry
  }

  #find(host: HostLookup, row: number): RowEntry {
    const symbols = this.#symbols
    symbols[0] = this.#workloadId.at(row, -1)
    symbols[1] = this.#quantity.at(row, -1)
    symbols[2] = this.#domain.at(row, -1)
    symbols[3] = this.#bootId.at(row, -1)
    symbols[4] = this.#workloadKind.at(row, -1)
    symbols[5] = this.#device.at(row, -1)
    symbols[6] = this.#source.at(row, -1)
    symbols[7] = this.#quality.at(row, -1)
    const known = host.known.get(entryKey(symbols))
    if (known !== undefined) return known
    const [kind, id] = [this.#columns.WorkloadKind.get(row), this.#columns.WorkloadId.get(row)]
    const { series, isKept } = this.#seriesOf(host, row, kind, id)
    const isIdentity = this.#columns.Quantity.get(row) === 'identity'
    const isLabelled = isKept && kind !== '' && (isIdentity || series !== null)
    const key = workloadKey(kind, id)
    const workload = isLabelled ? LabelUpdater.workloadOf(host, isIdentity ? factsKey(key) : key) : null
    const at = isKept ? host.entries.length : -1
    const entry = { at, series, isIdentity, isKept, workload, said: null, zone: '' }
    if (isKept) host.add(symbols, entry)
    return entry
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
      settle(state)
      state.series.set(key, series)
      state.ordered = null
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
