/**
 * The verb of processor `meter`: readings in, energy per workload and minute out. A deterministic function of the host's
 * state and the record: no clock, no I/O, so that a replay from any offset gives the same rows and the same state bytes.
 */

import type { Config } from '../../core/catalogue/config/schema.ts'
import type { RecordView } from '../../core/columns/record-reader.ts'
import type { readings } from '../../core/model/streams/index.ts'
import type { EnergyRow } from '../../core/model/streams/ledger.ts'
import { WINDOW_SECONDS, windowOf } from '../../core/model/window.ts'
import { derivedOf } from './codec/codec.ts'
import { ingestReadings, mostSamples } from './ingest.ts'
import { hostKey, isFactsKey, workloadKey } from './samples/keys.ts'
import { STRIDE, splitNano } from './samples/samples.ts'
import { MAX_SAMPLES, type Series } from './samples/series.ts'
import { type Attribution, attributeWindow } from './shares/attribute.ts'
import { createEstimates } from './shares/estimate.ts'
import { bookedGpuIdle, createGpuIdle } from './shares/gpu-idle.ts'
import { createIdlePolicies, type IdlePolicy } from './shares/idle-shares.ts'
import type { CapacityOf } from './state/budget.ts'
import type { HostState, HostStates } from './state/host-state.ts'
import { HOST_LABELS } from './state/host-zone.ts'
import { TextSymbols } from './state/lookup.ts'
import { ALL_TIME, type ElapsedTime, NO_TIME } from './state/own-time.ts'
import { settle } from './state/settle.ts'
import { arrivalOf, dropAhead, ingestDue, latestAt } from './windows/ahead.ts'
import { closableBefore } from './windows/front.ts'
import { isLeapFresh } from './windows/host-clock.ts'
import { type Integrated, integrate, type WindowSlice, windowsNs } from './windows/integrate.ts'
import { type LateRow, lateRows } from './windows/late.ts'
import { type Flush, flushFor, type SilenceLimits } from './windows/silence.ts'
import { cpusOf, openFromStart } from './windows/start.ts'

/** What one record did. `changed`: hosts whose state must be stored again, by host key. */
export interface Metering {
  readonly energy: EnergyRow[]
  readonly late: LateRow[]
  readonly changed: Map<string, HostState>
}

export type { Flush } from './windows/silence.ts'

/** How a minute is booked. */
export interface AsBooked {
  readonly idlePolicy: IdlePolicy | undefined
  /** Idle power of GPUs, as rows have it; undefined: there are none. */
  readonly gpuIdlePower: string | undefined
}

interface Arrival {
  /** When the record came, by the clock that stamped it in the log; 0: unknown. */
  readonly timestampMs: number
  /** How much longer than others its hosts may be silent, ms. */
  readonly patienceMs?: number
  /** The loop's own time, see silence.ts. */
  readonly own?: ElapsedTime
  /** Hosts none of whose windows may be closed yet, as of then; 0: unknown. */
  readonly staysOpen?: (state: HostState, arrivedMs: number) => boolean
}

/** The verbs of the meter, without I/O. States are given in and changed in place. */
export interface Meter {
  /** Applies a record of stream `readings`; hosts that it is the first to speak of are added to `states`. */
  apply(
    states: HostStates,
    record: RecordView<typeof readings>,
    arrival: Arrival & { readonly capacityOf: CapacityOf },
  ): Metering
  /** Closes what may be closed of a host that stayed open until now. */
  resume(state: HostState): Metering
  /** `asBooked`: in place of what is configured and was seen. */
  flush(states: HostStates, flush: Flush & { readonly asBooked?: AsBooked | undefined }): Metering
  /**
   * What hosts that have been silent for `metering.idle_flush` or longer need: the loop appends each to `readings`.
   * `own`: the loop's own time, see silence.ts.
   */
  silent(states: HostStates, nowMs: number, own?: ElapsedTime): Flush[]
}

interface MeterOptions {
  readonly metering: Config['metering']
  /** Whether readings of a Source come from the sensors of this process: their gap is `sensor_gap`. */
  readonly isSensor: (source: string) => boolean
}

/** A workload's counters are forgotten an hour after their last sample, a host's after a day: what comes then is new. */
const FORGET_WORKLOAD_WINDOWS = 60
const FORGET_HOST_WINDOWS = 1440
/** In windows, how far apart two samples of a counter may be for what it rose by to be booked. */
export const COUNTED_WINDOWS = { host: FORGET_HOST_WINDOWS, workload: FORGET_WORKLOAD_WINDOWS } as const
const NS = 1e9

/** A meter for one configuration. It keeps nothing of a host: `states` of the calls does. */
export function createMeter({ metering, isSensor }: MeterOptions): Meter {
  const latenessMs = Math.round(metering.lateness * 1000)
  const gapNs = Math.round(metering.gap * NS)
  const sensorGapNs = Math.round(metering.sensor_gap * NS)
  const gapOf = (source: string): number => (isSensor(source) ? sensorGapNs : gapNs)
  const attribution: Attribution = {
    method: metering.method === 'baseline' && metering.idle_watts !== undefined ? 'baseline' : 'ratio',
    idleMicrowatts: BigInt(Math.round((metering.idle_watts ?? 0) * 1e6)),
    idlePolicyOf: createIdlePolicies(metering),
    estimateOf: createEstimates(metering),
    gpuIdleOf: createGpuIdle(metering),
  }
  const patience: SilenceLimits = {
    idleMs: metering.idle_flush * 1000,
    gapMs: Math.max(metering.idle_flush, metering.gap) * 1000,
    forgetMs: FORGET_HOST_WINDOWS * WINDOW_SECONDS * 1000,
  }
  const symbols = new TextSymbols()
  const closeDue = (state: HostState, arrivedMs: number, result: Metering): void => {
    const { series } = derivedOf(state)
    const until = closableBefore(state, series, { latenessMs, arrivedMs })
    closeWindows(state, until, attribution, result)
  }
  return {
    apply(states, record, { timestampMs, patienceMs = 0, own = NO_TIME, capacityOf, staysOpen }) {
      const result: Metering = { energy: [], late: [], changed: new Map() }
      const { changed, late } = result
      const arrivedMs = arrivalOf(record, timestampMs)
      const arrival = { arrivedMs, silentFromMs: timestampMs + patienceMs, own }
      ingestReadings(states, record, { symbols, gapOf, changed, late, capacityOf, ...arrival })
      const latest = latestAt(arrivedMs)
      for (const state of changed.values()) {
        ingestDue(state, latest, mostSamples(capacityOf(state.tenant)), late)
        if (!isLeapFresh(state) && staysOpen?.(state, arrivedMs) !== true) closeDue(state, arrivedMs, result)
      }
      return result
    },
    resume(state) {
      const changed = new Map([[hostKey(state.tenant, state.host), state]])
      const result: Metering = { energy: [], late: [], changed }
      closeDue(state, state.arrivedMs, result)
      return result
    },
    flush(states, { tenant, host, untilUnixNano, forget: gone, asBooked }) {
      const result: Metering = { energy: [], late: [], changed: new Map() }
      const key = hostKey(tenant, host)
      const state = states.get(key)
      if (state === undefined) return result
      result.changed.set(key, state)
      settle(state)
      const untilNano = BigInt(untilUnixNano)
      const [minute, ns] = splitNano(untilNano)
      ingestDue(state, { minute, ns }, MAX_SAMPLES, result.late)
      const by = asBooked === undefined ? attribution : attributionAsBooked(attribution, asBooked)
      closeWindows(state, windowOf(untilNano), by, result, gone)
      if (gone) {
        dropAhead(state, result.late)
        state.series.clear()
        state.ordered = null
        state.workloads.clear()
        state.derived = null
        state.lookup = null
      }
      return result
    },
    silent: (states, nowMs, own = ALL_TIME) =>
      [...states.values()].flatMap(state => flushFor(state, nowMs, own, patience) ?? []),
  }
}

function attributionAsBooked(attribution: Attribution, { idlePolicy, gpuIdlePower }: AsBooked): Attribution {
  return {
    ...attribution,
    ...(idlePolicy === undefined ? {} : { idlePolicyOf: () => idlePolicy }),
    ...(gpuIdlePower === undefined ? {} : { gpuIdleOf: bookedGpuIdle(gpuIdlePower) }),
  }
}

function closeWindows(
  state: HostState,
  until: number,
  attribution: Attribution,
  result: Metering,
  isLast = false,
): void {
  const from = state.closedBefore ?? 0
  if (until <= from) return
  const integrated: Integrated = { slices: [], late: [] }
  let cpus: number | null = null
  const cpusThen = (): number => {
    cpus ??= cpusOf(state)
    return cpus
  }
  for (const series of derivedOf(state).series) {
    if (!series.integrated && series.samples[0]! < until) openFromStart(state, series, cpusThen)
    integrate(series, { from, until, forgetNs: forgetNs(series), isLast }, integrated)
  }
  state.closedBefore = until
  const byWindow = new Map<number, WindowSlice[]>()
  for (const slice of integrated.slices) {
    const there = byWindow.get(slice.window)
    if (there === undefined) byWindow.set(slice.window, [slice])
    else there.push(slice)
  }
  for (const window of [...byWindow.keys()].sort((a, b) => a - b)) {
    const { rows, leftOut } = attributeWindow(state, window, byWindow.get(window)!, attribution)
    result.energy.push(...rows)
    integrated.late.push(...leftOut)
  }
  result.late.push(...lateRows(state, integrated.late))
  forget(state, until)
}

const forgetNs = ({ identity }: Series): number =>
  windowsNs(identity.workloadKind === '' ? FORGET_HOST_WINDOWS : FORGET_WORKLOAD_WINDOWS)

function forget(state: HostState, until: number): void {
  const gone = [...state.series].filter(([, series]) => isOld(series, until))
  if (gone.length === 0) return
  for (const [key] of gone) state.series.delete(key)
  state.ordered = null
  const used = new Set([HOST_LABELS])
  for (const { identity } of state.series.values()) {
    used.add(workloadKey(identity.workloadKind, identity.workloadId))
  }
  const oldest = until - FORGET_HOST_WINDOWS
  for (const [key, { minute }] of state.workloads) {
    const isKept = isFactsKey(key) ? minute >= oldest : used.has(key)
    if (!isKept) state.workloads.delete(key)
  }
  state.derived = null
  state.lookup = null
}

/** Whether the last sample is further back than intervals are trusted to reach. */
function isOld(series: Series, until: number): boolean {
  const { samples, ahead, identity } = series
  if (samples.length === 0) return ahead.length === 0
  const windows = identity.workloadKind === '' ? FORGET_HOST_WINDOWS : FORGET_WORKLOAD_WINDOWS
  return samples[samples.length - STRIDE]! < until - windows
}
