/** Passes readings that came under a machine's name alone on to the host of that name: see host-names.ts. */
import { ERROR_BAND_ATTRIBUTE, PPM, UNKNOWN_BAND } from '../../../core/books/error-bands.ts'
import { type HostStep, isAloneAfter } from '../../../core/books/host-join.ts'
import { copyRows } from '../../../core/columns/copy-rows.ts'
import { createRecordBuilder } from '../../../core/columns/record-builder.ts'
import { readRecord } from '../../../core/columns/record-reader.ts'
import { encodeRows } from '../../../core/columns/rows.ts'
import { divideHalfEven } from '../../../core/model/decimal.ts'
import { sumOf } from '../../../core/model/integers.ts'
import { readings } from '../../../core/model/streams/index.ts'
import type { RowOf } from '../../../core/model/streams/stream.ts'
import { type WindowPart, windowStartNano } from '../../../core/model/window.ts'
import { workloadKey } from '../samples/keys.ts'
import { countOf, STRIDE, timeNanoAt, valueAt } from '../samples/samples.ts'
import type { Series } from '../samples/series.ts'
import type { HostState } from '../state/host-state.ts'
import { zoneAttributes } from '../state/host-zone.ts'
import type { Readings } from '../state/lookup.ts'
import { settle } from '../state/settle.ts'
import { riseFrom } from '../windows/intervals.ts'
import type { HostNameClaims } from './host-names.ts'

/** Takes rows of a record that are readings of the host that the step leads to. */
type PassRows = (record: Readings, rows: readonly number[], tenant: string, step: HostStep) => void

/** What of a record stays; null: nothing. The rest is passed on. Almost always all of it stays, and nothing is copied. */
export function divideByName(record: Readings, names: HostNameClaims, pass: PassRows): Readings | null {
  const targets = names.isEmpty ? NO_TARGETS : targetsOf(record, names)
  if (targets.size === 0) return record
  const { Tenant, Host, HostName, Quantity, WorkloadKind } = record.columns
  const staying: number[] = []
  const going = new Map<HostStep, number[]>()
  for (let row = 0; row < record.rows; row++) {
    const found = targets.get(placeOf(record, row))
    // Who says an id of its own beside that name is not meant.
    const isAlone = HostName.get(row) === Host.get(row)
    const said = found === undefined ? null : isAlone ? found.alone : found.any
    // That the machine has a further id proves here which machine it is.
    const isProof =
      said?.by === 'cloud_id' && !isAlone && Quantity.get(row) === 'identity' && WorkloadKind.get(row) === ''
    const step = isProof ? null : said
    if (step === null) staying.push(row)
    else if (going.has(step)) going.get(step)!.push(row)
    else going.set(step, [row])
  }
  if (going.size === 0) return record
  for (const [step, rows] of going) pass(record, rows, Tenant.get(rows[0]!), step)
  if (staying.length === 0) return null
  const builder = createRecordBuilder(readings)
  copyRows(record, staying, builder, {})
  return readRecord(readings, builder.finish())
}

/** Where rows of a host go: those that say no other name of it, and the others. */
interface Targets {
  readonly alone: HostStep | null
  readonly any: HostStep | null
}

const NO_TARGETS: ReadonlyMap<number, Targets> = new Map()

const placeOf = ({ columns: { Tenant, Host } }: Readings, row: number): number =>
  Tenant.ids[row]! * Host.dictionary.length + Host.ids[row]!

/** By place, where another host is meant. */
function targetsOf(record: Readings, names: HostNameClaims): ReadonlyMap<number, Targets> {
  const { Tenant, Host } = record.columns
  const targets = new Map<number, Targets>()
  const asked = new Set<number>()
  for (let row = 0; row < record.rows; row++) {
    const place = placeOf(record, row)
    if (asked.has(place)) continue
    asked.add(place)
    const [tenant, host] = [Tenant.get(row), Host.get(row)]
    const [alone, any] = [true, false].map(isAlone => names.stepOf(tenant, host, isAlone))
    if (alone !== null || any !== null) targets.set(place, { alone: alone!, any: any! })
  }
  return targets
}

/** The host's columns of readings that take a step: those that know it by a name still say that name. */
export const columnsAfter = (step: HostStep): Readonly<Record<string, string>> =>
  isAloneAfter(step) ? { Host: step.to, HostName: step.to } : { Host: step.to }

/**
 * What a name that turned out to stand for a host has left, as that host's readings: all samples of windows that are open.
 * Forgotten here.
 */
export function moveSamples(state: HostState, step: HostStep): Uint8Array | null {
  settle(state)
  const rows: RowOf<typeof readings>[] = []
  const ofHost = zoneAttributes(state)
  const labelsOf = (kind: string, id: string): Readonly<Record<string, string>> =>
    state.workloads.get(workloadKey(kind, id))?.attributes ?? {}
  for (const series of state.series.values()) {
    const { identity, rangeMax, errorPpm } = series
    const band = errorPpm === UNKNOWN_BAND ? {} : { [ERROR_BAND_ATTRIBUTE]: String(errorPpm / PPM) }
    const { quantity, workloadKind, workloadId } = identity
    for (const { timeNano, value } of leftOf(series, state.closedBefore)) {
      rows.push({
        Tenant: state.tenant,
        Host: step.to,
        HostName: isAloneAfter(step) ? step.to : state.hostName,
        BootId: identity.bootId,
        Timestamp: timeNano,
        Quantity: quantity,
        Domain: identity.domain,
        Device: identity.device,
        WorkloadKind: workloadKind,
        WorkloadId: workloadId,
        Value: value,
        RangeMax: rangeMax,
        Source: identity.source,
        Quality: identity.quality,
        Attributes: workloadKind === '' ? { ...ofHost, ...band } : labelsOf(workloadKind, workloadId),
      })
    }
  }
  state.series.clear()
  state.ordered = null
  state.workloads.clear()
  state.derived = null
  state.lookup = null
  return rows.length === 0 ? null : encodeRows(readings, rows)
}

interface ReportedValue {
  readonly timeNano: bigint
  readonly value: bigint
}

function leftOf(series: Series, closedBefore: number | null): ReportedValue[] {
  const left = [series.samples, series.ahead].flatMap(samples =>
    Array.from({ length: countOf(samples) }, (_, index) => ({
      timeNano: timeNanoAt(samples, index * STRIDE),
      value: valueAt(samples, index * STRIDE),
    })),
  )
  // Part of the first interval is already booked, so the interval starts where that part ends.
  if (series.pending && closedBefore !== null) left[0] = sampleAtEdge(series, closedBefore)
  return left
}

/** What the meter stood at when a window began that its first interval reaches into, as it was booked. */
function sampleAtEdge(series: Series, window: number): ReportedValue {
  const { samples, isGauge } = series
  const timeNano = windowStartNano(window)
  const [before, after] = [valueAt(samples, 0), valueAt(samples, STRIDE)]
  if (isGauge) {
    const [start, end] = [timeNanoAt(samples, 0), timeNanoAt(samples, STRIDE)]
    const value = divideHalfEven(before * (end - timeNano) + after * (timeNano - start), end - start)
    return { timeNano, value }
  }
  const parts = riseFrom(series, 0, Number.POSITIVE_INFINITY).parts ?? []
  const sum = (some: readonly WindowPart[]): bigint => sumOf(some.map(({ amount }) => amount))
  const rest = sum(parts.filter(part => part.window >= window))
  // Below 0 the counter wraps after the edge.
  const value = after >= rest ? after - rest : before + sum(parts.filter(part => part.window < window))
  return { timeNano, value }
}
