/**
 * Puts the readings of a record into the series of their hosts. The hot path: what is the same for many rows (host, meter)
 * is found once per record, by the numbers of its dictionaries.
 */
import type { RecordView } from '../../core/columns/record-reader.ts'
import type { readings } from '../../core/model/streams/index.ts'
import { windowOf } from '../../core/model/window.ts'
import { type HostState, type HostStates, newHostState } from './host-state.ts'
import { hostKey, meterKey, seriesKey, workloadKey } from './keys.ts'
import { type LateRow, lateRow } from './late.ts'
import {
  COUNTER_QUANTITIES,
  GAUGE_QUANTITIES,
  insertSample,
  type MeteredQuantity,
  type MeterIdentity,
  type Series,
} from './series.ts'

type Readings = RecordView<typeof readings>

const METERED: ReadonlySet<string> = new Set([...COUNTER_QUANTITIES, ...GAUGE_QUANTITIES])
const isMetered = (quantity: string): quantity is MeteredQuantity => METERED.has(quantity)

export interface Taking {
  readonly gapOf: (source: string) => bigint
  readonly changed: Map<string, HostState>
  readonly late: LateRow[]
}

/** Readings that came too late to change anything are counted as rows of 0: one per window and series of the record. */
export function takeReadings(states: HostStates, record: Readings, taking: Taking): void {
  const hostOf = hostFinder(states, record, taking.changed)
  const meterOf = meterFinder(record, taking.gapOf)
  const ignored = new Map<string, LateRow>()
  const { Timestamp, Value, HostName, RangeMax, WorkloadKind, WorkloadId } = record.columns
  for (let row = 0; row < record.rows; row++) {
    const state = hostOf(row)
    const timeNano = Timestamp.values[row]! as bigint
    if (timeNano > state.recordNano) state.recordNano = timeNano
    takeHostName(state, HostName.get(row), timeNano)
    const meter = meterOf(row)
    if (meter === null) continue
    const [kind, id] = [WorkloadKind.get(row), WorkloadId.get(row)]
    // The host's own memory is no energy and belongs to nobody.
    if (kind === '' && meter.identity.quantity === 'memory') continue
    const workload = workloadKey(kind, id)
    const key = seriesKey(meter.key, workload)
    const series = state.series.get(key) ?? newSeries(state, key, meter, kind, id)
    series.gapNs = meter.gapNs
    const rangeMax = RangeMax.values[row]! as bigint
    if (rangeMax > series.rangeMax) series.rangeMax = rangeMax
    if (kind !== '') takeWords(state, record, row, workload, timeNano)
    const insertion = insertSample(series, timeNano, Value.values[row]! as bigint)
    if (insertion === 'kept' || insertion === 'duplicate') continue
    const window = windowOf(timeNano)
    const place = `${hostKey(state.tenant, state.host)} ${window} ${insertion} ${key}`
    ignored.set(place, lateRow(state, series, { window, value: 0n, timeNano, reason: insertion }))
  }
  taking.late.push(...ignored.values())
}

function hostFinder(states: HostStates, { columns }: Readings, changed: Map<string, HostState>) {
  const { Tenant, Host } = columns
  const found = new Map<number, HostState>()
  return (row: number): HostState => {
    const number = Tenant.ids[row]! * Host.values.length + Host.ids[row]!
    const known = found.get(number)
    if (known !== undefined) return known
    const [tenant, host] = [Tenant.get(row), Host.get(row)]
    const key = hostKey(tenant, host)
    const state = states.get(key) ?? newHostState(tenant, host)
    states.set(key, state)
    changed.set(key, state)
    found.set(number, state)
    return state
  }
}

interface Meter {
  readonly key: string
  readonly identity: MeterIdentity
  readonly gapNs: bigint
}

/** Null for quantities that are not metered. Six dictionary numbers make one, unless it would not be exact. */
function meterFinder({ columns, rows }: Readings, gapOf: Taking['gapOf']): (row: number) => Meter | null {
  const { Quantity, Domain, Device, BootId, Source, Quality } = columns
  const meters = new Map<number, Meter | null>()
  const parts = [Quantity, Domain, Device, BootId, Source, Quality]
  const fits = parts.reduce((product, { values }) => product * (values.length + 1), 1) < 2 ** 53
  const numberOf = (row: number): number => {
    let number = 0
    for (const { ids, values } of parts) number = number * values.length + ids[row]!
    return number
  }
  const build = (row: number): Meter | null => {
    const quantity = Quantity.get(row)
    if (!isMetered(quantity)) return null
    const identity = {
      quantity,
      domain: Domain.get(row),
      device: Device.get(row),
      bootId: BootId.get(row),
      source: Source.get(row),
      quality: Quality.get(row),
    }
    return { key: meterKey(identity), identity, gapNs: gapOf(identity.source) }
  }
  if (rows === 0 || !fits) return build
  return row => {
    const number = numberOf(row)
    const known = meters.get(number)
    if (known !== undefined) return known
    const meter = build(row)
    meters.set(number, meter)
    return meter
  }
}

/** The newest name, and of two at one time the larger, so that the order of readings does not matter. */
function takeHostName(state: HostState, name: string, timeNano: bigint): void {
  if (name === '' || timeNano < state.hostNameNano) return
  if (timeNano === state.hostNameNano && name <= state.hostName) return
  state.hostName = name
  state.hostNameNano = timeNano
}

function newSeries(
  state: HostState,
  key: string,
  meter: Meter,
  workloadKind: string,
  workloadId: string,
): Series {
  const series: Series = {
    identity: { ...meter.identity, workloadKind, workloadId },
    gapNs: meter.gapNs,
    rangeMax: 0n,
    times: [],
    values: [],
    settledNano: -1n,
    carry: null,
  }
  state.series.set(key, series)
  return series
}

/** Words of the newest reading; of two at one time the larger in text, so that order does not matter. */
function takeWords(
  state: HostState,
  { columns: { Attributes } }: Readings,
  row: number,
  key: string,
  timeNano: bigint,
): void {
  const known = state.workloads.get(key)
  if (known !== undefined) {
    if (timeNano < known.timeNano) return
    if (sameAttributes(known.attributes, Attributes, row)) {
      known.timeNano = timeNano
      return
    }
  }
  const attributes = sorted(Attributes.get(row))
  if (known?.timeNano === timeNano && JSON.stringify(attributes) < JSON.stringify(known.attributes)) return
  state.workloads.set(key, { timeNano, attributes })
}

/** Without building an object: nearly every reading repeats what is known. */
function sameAttributes(
  known: Readonly<Record<string, string>>,
  { offsets, keys, values }: Readings['columns']['Attributes'],
  row: number,
): boolean {
  const [from, to] = [offsets[row]!, offsets[row + 1]!]
  let names = 0
  for (const _ in known) names++
  if (names !== to - from) return false
  for (let at = from; at < to; at++) {
    if (known[keys.get(at)] !== values.get(at)) return false
  }
  return true
}

const sorted = (attributes: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)))
