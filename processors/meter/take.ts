/** Puts the readings of a record into the series of their hosts. */
import type { RecordView } from '../../core/columns/record-reader.ts'
import type { readings } from '../../core/model/streams/index.ts'
import { windowOf } from '../../core/model/window.ts'
import { type HostState, type HostStates, newHostState } from './host-state.ts'
import { hostKey, seriesKey, workloadKey } from './keys.ts'
import { type LateRow, lateRow } from './late.ts'
import {
  COUNTER_QUANTITIES,
  GAUGE_QUANTITIES,
  insertSample,
  type MeteredQuantity,
  type Series,
  type SeriesIdentity,
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
  const ignored = new Map<string, LateRow>()
  const { Timestamp, Quantity, Value, HostName } = record.columns
  for (let row = 0; row < record.rows; row++) {
    const state = hostOf(row)
    const timeNano = Timestamp.values[row]! as bigint
    if (timeNano > state.recordNano) state.recordNano = timeNano
    takeHostName(state, HostName.get(row), timeNano)
    const quantity = Quantity.get(row)
    if (!isMetered(quantity)) continue
    const identity = identityOf(record, row, quantity)
    // The host's own memory is no energy and belongs to nobody.
    if (quantity === 'memory' && identity.workloadKind === '') continue
    const { key, series } = seriesOf(state, identity, taking.gapOf)
    const rangeMax = record.columns.RangeMax.values[row]! as bigint
    if (rangeMax > series.rangeMax) series.rangeMax = rangeMax
    if (identity.workloadKind !== '') takeWords(state, record, row, timeNano)
    const insertion = insertSample(series, timeNano, Value.values[row]! as bigint)
    if (insertion === 'kept' || insertion === 'duplicate') continue
    const window = windowOf(timeNano)
    const part = { window, value: 0n, timeNano, reason: insertion }
    ignored.set(
      `${hostKey(state.tenant, state.host)} ${window} ${insertion} ${key}`,
      lateRow(state, series, part),
    )
  }
  taking.late.push(...ignored.values())
}

/** Rows of one host mostly stand together, and a record speaks of few hosts: found by the numbers of its dictionaries. */
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

/** The newest name, and of two at one time the larger, so that the order of readings does not matter. */
function takeHostName(state: HostState, name: string, timeNano: bigint): void {
  if (timeNano < state.hostNameNano || name === state.hostName || name === '') {
    if (name === state.hostName && timeNano > state.hostNameNano) state.hostNameNano = timeNano
    return
  }
  if (timeNano === state.hostNameNano && name < state.hostName) return
  state.hostName = name
  state.hostNameNano = timeNano
}

function identityOf({ columns }: Readings, row: number, quantity: MeteredQuantity): SeriesIdentity {
  return {
    quantity,
    domain: columns.Domain.get(row),
    device: columns.Device.get(row),
    workloadKind: columns.WorkloadKind.get(row),
    workloadId: columns.WorkloadId.get(row),
    bootId: columns.BootId.get(row),
    source: columns.Source.get(row),
    quality: columns.Quality.get(row),
  }
}

function seriesOf(state: HostState, identity: SeriesIdentity, gapOf: Taking['gapOf']) {
  const key = seriesKey(identity)
  const known = state.series.get(key)
  if (known !== undefined) return { key, series: known }
  const series: Series = {
    identity,
    gapNs: gapOf(identity.source),
    rangeMax: 0n,
    times: [],
    values: [],
    settledNano: -1n,
    carry: null,
  }
  state.series.set(key, series)
  return { key, series }
}

/** Words of the newest reading; of two at one time the larger in text, so that order does not matter. */
function takeWords(state: HostState, { columns }: Readings, row: number, timeNano: bigint): void {
  const key = workloadKey(columns.WorkloadKind.get(row), columns.WorkloadId.get(row))
  const known = state.workloads.get(key)
  if (known !== undefined && timeNano < known.timeNano) return
  const attributes = sorted(columns.Attributes.get(row))
  if (known?.timeNano === timeNano && JSON.stringify(attributes) <= JSON.stringify(known.attributes)) return
  state.workloads.set(key, { timeNano, attributes })
}

const sorted = (attributes: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)))
