/** Gives the energy of one closed window of one host to its workloads: the rows of stream `energy`. */

import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import { apportion } from '../../../core/model/apportion.ts'
import { divideHalfEven } from '../../../core/model/decimal.ts'
import { larger, smaller, sumOf } from '../../../core/model/integers.ts'
import { microJoules } from '../../../core/model/quantity.ts'
import { type Split, split } from '../../../core/model/split.ts'
import type { EnergyRow } from '../../../core/model/streams/ledger.ts'
import { windowStartNano } from '../../../core/model/window.ts'
import { workloadKey } from '../samples/keys.ts'
import type { HostState } from '../state/host-state.ts'
import type { LateSlice, WindowSlice } from '../windows/integrate.ts'
import { aggregateWindow, type WindowUse } from './aggregate.ts'
import { componentsOf, type HostEnergy } from './components.ts'
import { type Described, describeWorkloads } from './described.ts'
import { type EstimateOf, withEstimate } from './estimate.ts'
import type { GpuIdleOf } from './gpu-idle.ts'
import { apartFromGpus } from './gpu-use.ts'
import { gpusOf, type WindowGpus } from './gpus.ts'
import { type IdlePolicy, shareIdle } from './idle-shares.ts'
import { apartFromRequests, reservedBy } from './requests.ts'
import { hostRows, type NamedUse, NO_WORKLOAD, type RowComponent, rowMaker, workloadRows } from './rows.ts'
import { finestWorkloads, isOverBusy, withGpuUsers, withoutRepeats, workloadName } from './workloads.ts'

/** How idle energy is separated from active energy, see core/model/split.ts. */
export interface Attribution {
  readonly method: 'ratio' | 'baseline'
  /** Calibrated idle power of a host, µW; only for `baseline`. */
  readonly idleMicrowatts: bigint
  /** Who takes idle energy of a host. */
  readonly idlePolicyOf: (host: HostState) => IdlePolicy
  /** By what the energy of a host without a meter is estimated. */
  readonly estimateOf: EstimateOf
  /** Idle power of a GPU board. */
  readonly gpuIdleOf: GpuIdleOf
}

/** Without a meter: the use of workloads is known, their energy is not. */
const unmetered = (component: 'cpu' | 'gpu'): RowComponent => ({
  component,
  energyUj: microJoules(0n),
  coveredNs: 0,
  quality: 'none',
  sources: [],
  errorUj: null,
})

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
  const { gpus: ofGpus, others } = apartFromGpus(described.slices)
  const aggregated = aggregateWindow(others)
  const leftOut = aggregated.impossible.map(slice => impossiblePart(slice))
  const metered = componentsOf(withEstimate(aggregated, attribution.estimateOf(host)))
  const use = usesOf(aggregated, described.labelsOf, { requests, ofGpus })
  const gpus = gpusOf(host, {
    slices: ofGpus,
    domains: aggregated.domains,
    workloads: use.workloads.length,
    numberOf: use.numberOf,
    requestedUs: use.reserved?.map(({ gpu_request }) => gpu_request) ?? null,
    idleOf: attribution.gpuIdleOf,
  })
  if (
    metered.components.length === 0 &&
    use.capacityUs === 0n &&
    use.workloads.length === 0 &&
    gpus === null
  ) {
    return { rows: [], leftOut }
  }
  const rows = rowsOf(host, window, { ...use, gpus }, metered, attribution)
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

function usesOf(
  aggregated: WindowUse,
  labelsOf: Described['labelsOf'],
  {
    requests,
    ofGpus,
  }: { readonly requests: readonly WindowSlice[]; readonly ofGpus: readonly WindowSlice[] },
): Omit<NamedUse, 'gpus'> & { readonly numberOf: (key: string) => number | undefined } {
  const { capacityUs, busyUs } = aggregated
  const workloads = withGpuUsers(aggregated.workloads, ofGpus)
  const names = workloads.map(use => workloadName(use, labelsOf(workloadKey(use.kind, use.id))))
  const finest = finestWorkloads({ workloads, names })
  const over = capacityUs > 0n && isOverBusy(finest.workloads, busyUs)
  const counted = over ? withoutRepeats(finest, busyUs) : finest
  const reserved = reservedBy(counted, requests, labelsOf)
  return { ...aggregated, ...counted, isOverBusy: over, reserved, numberOf: finest.numberOf }
}

function rowsOf(
  host: HostState,
  window: number,
  use: NamedUse,
  metered: HostEnergy,
  attribution: Attribution,
): EnergyRow[] {
  const components = rowComponents(metered, use.gpus)
  const memoryAt = components.some(({ component }) => component === 'dram')
    ? 'dram'
    : components[0]!.component
  const baselines = baselineOf(metered, use.gpus, attribution)
  const policy = attribution.idlePolicyOf(host)
  const rows: EnergyRow[] = []
  for (const [index, component] of components.entries()) {
    const row = rowMaker(host, window, use, component, { boundary: metered.boundary, policy })
    const isGpu = component.component === 'gpu'
    const gpuRequests = isGpu || (index === 0 && use.gpus === null)
    const reports = { cpu: index === 0, memory: component.component === memoryAt, gpu: isGpu, gpuRequests }
    const shares =
      isGpu && use.gpus !== null ? use.gpus.shares : splitComponent(component, use, baselines?.[index])
    const idle = policy === 'none' ? null : shareIdle(shares.idleUj, policy, component.component, use)
    rows.push(...workloadRows(row, use, shares, reports), ...hostRows(row, use, shares, idle, reports))
    if (component.component === 'other' && metered.skewUj !== 0n) {
      rows.push(row(NO_WORKLOAD, 'skew', metered.skewUj, { method: 'none', errorUj: component.errorUj }))
    }
  }
  return rows
}

/** Those with meters; without one for CPUs or for GPUs that are used, one that shows the use. */
function rowComponents({ components }: HostEnergy, gpus: WindowGpus | null): readonly RowComponent[] {
  const found: readonly RowComponent[] = components.length > 0 ? components : [unmetered('cpu')]
  return gpus === null || found.some(({ component }) => component === 'gpu')
    ? found
    : [...found, unmetered('gpu')]
}

/**
 * A host's idle power, by the time its meters saw, shared over its components by their energy. GPUs have idle power of their own,
 * which is part of the host's.
 */
function baselineOf(
  { components }: HostEnergy,
  gpus: WindowGpus | null,
  { method, idleMicrowatts }: Attribution,
): bigint[] | undefined {
  const energies = components.map(({ component, energyUj }) => (component === 'gpu' ? 0n : energyUj))
  const total = sumOf(energies)
  if (method !== 'baseline' || total === 0n) return undefined
  const coveredNs = Math.max(...components.map(part => part.coveredNs))
  const ofHost = divideHalfEven(idleMicrowatts * BigInt(coveredNs), 1_000_000_000n)
  const idleUj = larger(ofHost - (gpus?.shares.idleUj ?? 0n), 0n)
  return apportion(smaller(idleUj, total), energies)
}

function splitComponent(part: RowComponent, use: WindowUse, baselineUj: bigint | undefined): Split {
  const { busyUs, capacityUs } = use
  const workloadsUs = use.workloads.map(({ cpuUs }) => cpuUs)
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
