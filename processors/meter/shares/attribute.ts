/** Gives the energy of one closed window of one host to its workloads: the rows of stream `energy`. */

import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import { apportion } from '../../../core/model/apportion.ts'
import { divideHalfEven } from '../../../core/model/decimal.ts'
import { divideUp, larger, smaller, sumOf } from '../../../core/model/integers.ts'
import { type Quality, worstQuality } from '../../../core/model/quality.ts'
import { type Split, split } from '../../../core/model/split.ts'
import type { EnergyRow } from '../../../core/model/streams/ledger.ts'
import { windowStartNano, windowStartSeconds } from '../../../core/model/window.ts'
import { workloadKey } from '../samples/keys.ts'
import { MINUTE_NS } from '../samples/samples.ts'
import type { HostState } from '../state/host-state.ts'
import { zoneAt } from '../state/host-zone.ts'
import type { LateSlice, WindowSlice } from '../windows/integrate.ts'
import { aggregateWindow, type WindowUse, type WorkloadUse } from './aggregate.ts'
import { type ComponentEnergy, componentsOf, type HostEnergy } from './components.ts'
import { type Described, describeWorkloads } from './described.ts'
import { apartFromRequests, NOTHING_RESERVED, type Reserved, reservedBy } from './requests.ts'
import { finestWorkloads, isOverBusy, type WorkloadName, withoutRepeats, workloadName } from './workloads.ts'

/** How idle energy is told from active energy, see core/model/split.ts. */
export interface Attribution {
  readonly method: 'ratio' | 'baseline'
  /** Calibrated idle power of a host, µW; only for `baseline`. */
  readonly idleMicrowatts: bigint
}

const NO_WORKLOAD: WorkloadName = { kind: '', id: '', name: '', namespace: '', labels: {} }
/** A host without any meter: its workloads' use is known, their energy is not. */
const UNMETERED = {
  component: 'cpu',
  energyUj: 0n,
  coveredNs: 0,
  quality: 'none',
  sources: [],
  errorUj: null,
} as const

type MeteredComponent = ComponentEnergy | typeof UNMETERED

interface Attributed {
  readonly rows: EnergyRow[]
  /** What was metered and cannot be. */
  readonly leftOut: LateSlice[]
}

/** @throws WattlineError `invariant_broken` when the rows do not sum to what was metered. */
export function attributeWindow(
  host: HostState,
  window: number,
  slices: readonly WindowSlice[],
  attribution: Attribution,
): Attributed {
  const { requests, used } = apartFromRequests(slices)
  const described = describeWorkloads(host, used)
  const aggregated = aggregateWindow(described.slices)
  const leftOut = aggregated.impossible.map(slice => impossiblePart(slice))
  const metered = componentsOf(aggregated.domains)
  const use = usesOf(aggregated, described.labelsOf, requests)
  if (metered.components.length === 0 && use.capacityUs === 0n && use.workloads.length === 0) {
    return { rows: [], leftOut }
  }
  const rows = rowsOf(host, window, use, metered, attribution)
  const sum = sumOf(rows.map(row => row.EnergyUj))
  if (sum !== metered.meteredUj) {
    const figures = `host ${host.host}, window ${window}: rows sum to ${sum} µJ, the meters to ${metered.meteredUj} µJ`
    throw new WattlineError('invariant_broken', `Energy is not conserved: ${figures}.`)
  }
  return { rows, leftOut }
}

const impossiblePart = ({ series, window, amount }: WindowSlice): LateSlice => ({
  series,
  window,
  amount,
  timeNano: windowStartNano(window),
  reason: 'implausible',
})

type NamedUse = WindowUse & {
  readonly names: readonly WorkloadName[]
  /** Whether workloads showed more CPU time than the host was busy. */
  readonly isOverBusy: boolean
  /** In the order of workloads; null: nothing. */
  readonly reserved: readonly Reserved[] | null
}

function usesOf(
  aggregated: WindowUse,
  labelsOf: Described['labelsOf'],
  requests: readonly WindowSlice[],
): NamedUse {
  const { workloads, capacityUs, busyUs } = aggregated
  const names = workloads.map(use => workloadName(use, labelsOf(workloadKey(use.kind, use.id))))
  const finest = finestWorkloads({ workloads, names })
  const over = capacityUs > 0n && isOverBusy(finest.workloads, busyUs)
  const counted = over ? withoutRepeats(finest, busyUs) : finest
  return { ...aggregated, ...counted, isOverBusy: over, reserved: reservedBy(counted, requests, labelsOf) }
}

function rowsOf(
  host: HostState,
  window: number,
  use: NamedUse,
  metered: HostEnergy,
  attribution: Attribution,
): EnergyRow[] {
  const components: readonly MeteredComponent[] =
    metered.components.length > 0 ? metered.components : [UNMETERED]
  const memoryAt = components.some(({ component }) => component === 'dram')
    ? 'dram'
    : components[0]!.component
  const baselines = baselineOf(metered, attribution)
  const rows: EnergyRow[] = []
  for (const [index, component] of components.entries()) {
    const row = rowMaker(host, window, use, component, metered.boundary)
    const reports = { cpu: index === 0, memory: component.component === memoryAt }
    const shares = splitComponent(component, use, baselines?.[index])
    rows.push(...workloadRows(row, use, shares, reports), ...hostRows(row, use, shares, reports.cpu))
    if (component.component === 'other' && metered.skewUj !== 0n) {
      rows.push(row(NO_WORKLOAD, 'skew', metered.skewUj, { method: 'none', errorUj: component.errorUj }))
    }
  }
  return rows
}

/** A host's idle power, by the time its meters saw, shared over its components by their energy. */
function baselineOf(
  { components }: HostEnergy,
  { method, idleMicrowatts }: Attribution,
): bigint[] | undefined {
  const energies = components.map(({ energyUj }) => energyUj)
  const total = sumOf(energies)
  if (method !== 'baseline' || total === 0n) return undefined
  const coveredNs = Math.max(...components.map(part => part.coveredNs))
  const idleUj = divideHalfEven(idleMicrowatts * BigInt(coveredNs), 1_000_000_000n)
  return apportion(smaller(idleUj, total), energies)
}

function splitComponent(part: MeteredComponent, use: WindowUse, baselineUj: bigint | undefined): Split {
  const { busyUs, capacityUs } = use
  const workloadsUs = use.workloads.map(({ cpuUs }) => cpuUs)
  if (part.component === 'gpu') {
    // CPU time does not tell who used the device: its energy stays unattributed until GPU time is metered.
    return split({ energyUj: part.energyUj, busyUs: 0n, capacityUs: 0n, workloadsUs })
  }
  const byteSeconds = use.workloads.map(({ hasMemory, byteSeconds: used }) => (hasMemory ? used : null))
  return split({
    energyUj: part.energyUj,
    busyUs,
    capacityUs,
    workloadsUs,
    activity: use.activity,
    ...(part.component === 'dram' ? { byteSeconds } : {}),
    ...(baselineUj === undefined ? {} : { baselineUj }),
  })
}

interface RowDetails {
  readonly method: string
  readonly cpuUs?: bigint
  readonly byteSeconds?: bigint
  readonly quality?: Quality
  readonly reserved?: Reserved
  /** Where it does not follow from the energy. */
  readonly errorUj?: bigint | null
}

type RowMaker = (who: WorkloadName, share: string, energyUj: bigint, details: RowDetails) => EnergyRow

function rowMaker(
  host: HostState,
  window: number,
  use: WindowUse,
  part: MeteredComponent,
  boundary: string,
): RowMaker {
  const fixed = {
    Tenant: host.tenant,
    Host: host.host,
    HostName: host.hostName,
    WindowStart: windowStartSeconds(window),
    Component: part.component,
    Coverage: Math.min(1, part.coveredNs / MINUTE_NS),
    EnergySource: part.sources.join('+'),
    IdlePolicy: 'none',
    Boundary: boundary,
    CapacityUs: use.capacityUs,
    Zone: zoneAt(host, window),
  }
  const errorOf = (energyUj: bigint): bigint | null =>
    part.errorUj === null || energyUj === 0n
      ? part.errorUj && 0n
      : divideUp(energyUj * part.errorUj, part.energyUj)
  return (who, share, energyUj, details) => {
    const { method, cpuUs = 0n, byteSeconds = 0n, quality = 'measured' } = details
    const { reserved = NOTHING_RESERVED, errorUj = errorOf(energyUj) } = details
    return {
      ...fixed,
      WorkloadKind: who.kind,
      WorkloadId: who.id,
      WorkloadName: who.name,
      Namespace: who.namespace,
      Share: share,
      EnergyUj: energyUj,
      CpuUs: cpuUs,
      MemoryByteSeconds: byteSeconds,
      GpuUs: 0n,
      EnergyQuality: part.quality === 'none' ? 'none' : worstQuality([part.quality, quality, use.cpuQuality]),
      Method: method,
      Labels: who.labels,
      EnergyErrorUj: errorUj,
      OverBusy: method.endsWith(OVER_BUSY),
      CpuRequestUs: reserved.cpu_request,
      MemoryRequestByteSeconds: reserved.memory_request,
      GpuRequestUs: reserved.gpu_request,
      IdleSharedUj: 0n,
      IdleBeforeUj: 0n,
    }
  }
}

const OVER_BUSY = '+over_busy'

/** Said on the row: what workloads got there follows from more CPU time than there was. */
const methodOf = ({ method }: Split, { isOverBusy }: NamedUse): string =>
  isOverBusy && method !== 'none' ? `${method}${OVER_BUSY}` : method

/** CPU time stands on the rows of one component only, memory likewise, so that sums over components count them once. */
function workloadRows(
  row: RowMaker,
  use: NamedUse,
  shares: Split,
  reports: { cpu: boolean; memory: boolean },
): EnergyRow[] {
  return use.workloads.flatMap((workload: WorkloadUse, index) => {
    const energyUj = shares.activeUj[index]!
    const cpuUs = reports.cpu ? workload.cpuUs : 0n
    const byteSeconds = reports.memory ? workload.byteSeconds : 0n
    const reserved =
      reports.cpu || reports.memory ? reservedOn(reports, use.reserved?.[index]) : NOTHING_RESERVED
    if (energyUj === 0n && cpuUs === 0n && byteSeconds === 0n && isNothing(reserved)) return []
    const details = { method: methodOf(shares, use), cpuUs, byteSeconds, quality: workload.quality, reserved }
    return [row(use.names[index]!, 'active', energyUj, details)]
  })
}

/** Requests stand beside the use of the same thing. */
function reservedOn(
  { cpu, memory }: { cpu: boolean; memory: boolean },
  reserved: Reserved = NOTHING_RESERVED,
): Reserved {
  if (cpu && memory) return reserved
  const { cpu_request, memory_request, gpu_request } = reserved
  return cpu
    ? { cpu_request, memory_request: 0n, gpu_request }
    : { ...NOTHING_RESERVED, memory_request: memory ? memory_request : 0n }
}

const isNothing = ({ cpu_request, memory_request, gpu_request }: Reserved): boolean =>
  cpu_request === 0n && memory_request === 0n && gpu_request === 0n

/** The idle row is always there: it says that the host was metered, also when it drew nothing. */
function hostRows(row: RowMaker, use: NamedUse, shares: Split, cpu: boolean): EnergyRow[] {
  const { idleUj, unattributedUj } = shares
  const method = methodOf(shares, use)
  const known = sumOf(use.workloads.map(({ cpuUs }) => cpuUs))
  const cpuUs = cpu ? larger(use.busyUs - known, 0n) : 0n
  const rows = shares.method === 'none' ? [] : [row(NO_WORKLOAD, 'idle', idleUj, { method })]
  if (unattributedUj !== 0n || cpuUs !== 0n || shares.method === 'none') {
    rows.push(row(NO_WORKLOAD, 'unattributed', unattributedUj, { method, cpuUs }))
  }
  return rows
}
