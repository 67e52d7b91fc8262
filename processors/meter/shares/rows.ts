/** Rows of stream `energy` of one host and window: a component's energy with who it belongs to, and how well all of it is known. */
import { divideUp, larger, sumOf } from '../../../core/model/integers.ts'
import { type Quality, worstQuality } from '../../../core/model/quality.ts'
import { sharedPart } from '../../../core/model/shared-part.ts'
import type { Split } from '../../../core/model/split.ts'
import type { EnergyRow } from '../../../core/model/streams/ledger.ts'
import { windowStartSeconds } from '../../../core/model/window.ts'
import { MINUTE_NS } from '../samples/samples.ts'
import type { HostState } from '../state/host-state.ts'
import { zoneAt } from '../state/host-zone.ts'
import type { Metered, WindowUse, WorkloadUse } from './aggregate.ts'
import type { WindowGpus } from './gpus.ts'
import type { IdlePolicy, IdleShares } from './idle-shares.ts'
import { NOTHING_RESERVED, type Reserved } from './requests.ts'
import type { WorkloadName } from './workloads.ts'

/** What a component's rows are made of; `none`: use is known, energy is not. */
export type RowComponent = Omit<Metered, 'quality'> & {
  readonly component: string
  readonly quality: Quality | 'none'
}

/** What a window is split by, with names and requests of its workloads. */
export type NamedUse = WindowUse & {
  readonly names: readonly WorkloadName[]
  /** Whether workloads showed more CPU time than the host was busy. */
  readonly isOverBusy: boolean
  /** In the order of workloads; null: nothing. */
  readonly reserved: readonly Reserved[] | null
  readonly gpus: WindowGpus | null
}

/** Shares of a component: by CPU time, or of GPUs by GPU time. */
export type RowShares = Omit<Split, 'method'> & { readonly method: string }

/** What stands on the rows of a component beside its energy. */
interface Reports {
  readonly cpu: boolean
  readonly memory: boolean
  readonly gpu: boolean
  /** On the rows of GPUs, or of the first component where there are none. */
  readonly gpuRequests: boolean
}

/** What a row says beside its energy. */
export interface RowDetails {
  readonly method: string
  readonly cpuUs?: bigint
  readonly byteSeconds?: bigint
  readonly quality?: Quality
  readonly reserved?: Reserved
  readonly gpuUs?: bigint
  readonly gpuReservedIdleUs?: bigint
  /** Where it does not follow from the energy. */
  readonly errorUj?: bigint | null
  /** Of shared idle energy: all of it, and the shares before this one. */
  readonly ofIdle?: IdlePlace
}

interface IdlePlace {
  readonly wholeUj: bigint
  readonly beforeUj: bigint
}

/** Makes a row of one host, window and component. */
export type RowMaker = (who: WorkloadName, share: string, energyUj: bigint, details: RowDetails) => EnergyRow

/** For rows of the given component. */
export function rowMaker(
  host: HostState,
  window: number,
  use: WindowUse & { readonly gpus: WindowGpus | null },
  part: RowComponent,
  { boundary, policy }: { readonly boundary: string; readonly policy: IdlePolicy },
): RowMaker {
  const gpus = part.component === 'gpu' ? use.gpus : null
  const useQuality = gpus?.quality ?? use.cpuQuality
  const fixed = {
    Tenant: host.tenant,
    Host: host.host,
    HostName: host.hostName,
    WindowStart: windowStartSeconds(window),
    Component: part.component,
    Coverage: Math.min(1, part.coveredNs / MINUTE_NS),
    EnergySource: part.sources.join('+'),
    IdlePolicy: policy,
    Boundary: boundary,
    CapacityUs: use.capacityUs,
    GpuCapacityUs: gpus?.capacityUs ?? 0n,
    GpuIdlePower: gpus?.idlePower ?? '',
    Zone: zoneAt(host, window),
  }
  const errorOf = (energyUj: bigint): bigint | null =>
    part.errorUj === null || energyUj === 0n
      ? part.errorUj && 0n
      : divideUp(energyUj * part.errorUj, part.energyUj)
  /** Sharing does not widen the band. */
  const errorOfShare = (own: bigint, { wholeUj: whole, beforeUj: before }: IdlePlace): bigint | null => {
    const errorUj = errorOf(whole)
    return errorUj === null ? null : sharedPart(errorUj, { whole, before, own })
  }
  return (who, share, energyUj, details) => {
    const { method, cpuUs = 0n, byteSeconds = 0n, quality = 'measured' } = details
    const { reserved = NOTHING_RESERVED, gpuUs = 0n, gpuReservedIdleUs = 0n, ofIdle } = details
    const { errorUj = ofIdle === undefined ? errorOf(energyUj) : errorOfShare(energyUj, ofIdle) } = details
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
      GpuUs: gpuUs,
      EnergyQuality: part.quality === 'none' ? 'none' : worstQuality([part.quality, quality, useQuality]),
      Method: method,
      Labels: who.labels,
      EnergyErrorUj: errorUj,
      OverBusy: method.endsWith(OVER_BUSY),
      CpuRequestUs: reserved.cpu_request,
      MemoryRequestByteSeconds: reserved.memory_request,
      GpuRequestUs: reserved.gpu_request,
      IdleSharedUj: ofIdle?.wholeUj ?? 0n,
      IdleBeforeUj: ofIdle?.beforeUj ?? 0n,
      GpuReservedIdleUs: gpuReservedIdleUs,
    }
  }
}

const OVER_BUSY = '+over_busy'

/** Said on the row: what workloads got there follows from more CPU time than there was. */
const methodOf = ({ method }: RowShares, { isOverBusy }: NamedUse, { gpu }: Reports): string =>
  isOverBusy && !gpu && method !== 'none' ? `${method}${OVER_BUSY}` : method

/** CPU time stands on the rows of one component only, memory likewise, so that sums over components count them once. */
export function workloadRows(row: RowMaker, use: NamedUse, shares: RowShares, reports: Reports): EnergyRow[] {
  const gpus = reports.gpu ? use.gpus?.shares : undefined

  return use.workloads.flatMap((workload: WorkloadUse, index) => {
    const energyUj = shares.activeUj[index]!
    const cpuUs = reports.cpu ? workload.cpuUs : 0n
    const byteSeconds = reports.memory ? workload.byteSeconds : 0n
    const reserved = reservedOn(reports, use.reserved?.[index])
    const gpuUs = gpus?.usedUs[index] ?? 0n
    const gpuReservedIdleUs = gpus?.reservedIdleUs[index] ?? 0n
    const amounts = [energyUj, cpuUs, byteSeconds, gpuUs, gpuReservedIdleUs]
    if (amounts.every(amount => amount === 0n) && isNothing(reserved)) return []
    // The quality of a workload is that of its CPU time and memory.
    const quality = reports.gpu && cpuUs === 0n && byteSeconds === 0n ? 'measured' : workload.quality
    const details = {
      method: methodOf(shares, use, reports),
      ...{ cpuUs, byteSeconds, gpuUs, gpuReservedIdleUs, quality, reserved },
    }
    return [row(use.names[index]!, 'active', energyUj, details)]
  })
}

/** Requests stand beside the use of the same thing. */
function reservedOn({ cpu, memory, gpuRequests }: Reports, reserved: Reserved = NOTHING_RESERVED): Reserved {
  if (cpu && memory && gpuRequests) return reserved
  return {
    cpu_request: cpu ? reserved.cpu_request : 0n,
    memory_request: memory ? reserved.memory_request : 0n,
    gpu_request: gpuRequests ? reserved.gpu_request : 0n,
  }
}

const isNothing = ({ cpu_request, memory_request, gpu_request }: Reserved): boolean =>
  cpu_request === 0n && memory_request === 0n && gpu_request === 0n

/** Of idle energy, and of busy time that belongs to no known workload. */
export function hostRows(
  row: RowMaker,
  use: NamedUse,
  shares: RowShares,
  idle: IdleShares | null,
  reports: Reports,
): EnergyRow[] {
  const { idleUj, unattributedUj } = shares
  const method = methodOf(shares, use, reports)
  const gpus = reports.gpu ? use.gpus?.shares : undefined
  const [gpuUs, gpuReservedIdleUs] = [gpus?.unknownUs ?? 0n, gpus?.unknownReservedUs ?? 0n]
  const known = sumOf(use.workloads.map(({ cpuUs }) => cpuUs))
  const cpuUs = reports.cpu ? larger(use.busyUs - known, 0n) : 0n
  const unknown = [unattributedUj, cpuUs, gpuUs, gpuReservedIdleUs]
  const rows = shares.method === 'none' ? [] : idleRows(row, use, { idleUj, idle, method })
  if (unknown.some(amount => amount !== 0n) || shares.method === 'none') {
    const details = { method, cpuUs, gpuUs, gpuReservedIdleUs }
    rows.push(row(NO_WORKLOAD, 'unattributed', unattributedUj, details))
  }
  return rows
}

/**
 * One row where idle energy is not shared: it is there also when the host drew nothing, and says that the host was metered. Else
 * the shares of workloads, then what stays with the operator.
 */
function idleRows(
  row: RowMaker,
  { names }: NamedUse,
  {
    idleUj,
    idle,
    method,
  }: { readonly idleUj: bigint; readonly idle: IdleShares | null; readonly method: string },
): EnergyRow[] {
  if (idle === null) return [row(NO_WORKLOAD, 'idle', idleUj, { method })]
  let beforeUj = 0n
  const rows: EnergyRow[] = []
  for (const [index, ownUj] of [...idle.workloadsUj, idle.restUj].entries()) {
    if (ownUj === 0n) continue
    rows.push(
      row(names[index] ?? NO_WORKLOAD, 'idle', ownUj, { method, ofIdle: { wholeUj: idleUj, beforeUj } }),
    )
    beforeUj += ownUj
  }
  return rows
}

/** No workload: the host itself. */
export const NO_WORKLOAD: WorkloadName = { kind: '', id: '', name: '', namespace: '', labels: {} }
