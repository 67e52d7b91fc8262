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
}

/** What a row says beside its energy. */
export interface RowDetails {
  readonly method: string
  readonly cpuUs?: bigint
  readonly byteSeconds?: bigint
  readonly quality?: Quality
  readonly reserved?: Reserved
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
  use: WindowUse,
  part: RowComponent,
  { boundary, policy }: { readonly boundary: string; readonly policy: IdlePolicy },
): RowMaker {
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
    const { reserved = NOTHING_RESERVED, ofIdle } = details
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
      GpuUs: 0n,
      EnergyQuality: part.quality === 'none' ? 'none' : worstQuality([part.quality, quality, use.cpuQuality]),
      Method: method,
      Labels: who.labels,
      EnergyErrorUj: errorUj,
      OverBusy: method.endsWith(OVER_BUSY),
      CpuRequestUs: reserved.cpu_request,
      MemoryRequestByteSeconds: reserved.memory_request,
      GpuRequestUs: reserved.gpu_request,
      IdleSharedUj: ofIdle?.wholeUj ?? 0n,
      IdleBeforeUj: ofIdle?.beforeUj ?? 0n,
      GpuReservedIdleUs: 0n,
      GpuCapacityUs: 0n,
      GpuIdlePower: '',
    }
  }
}

const OVER_BUSY = '+over_busy'

/** Said on the row: what workloads got there follows from more CPU time than there was. */
const methodOf = ({ method }: Split, { isOverBusy }: NamedUse): string =>
  isOverBusy && method !== 'none' ? `${method}${OVER_BUSY}` : method

/** CPU time stands on the rows of one component only, memory likewise, so that sums over components count them once. */
export function workloadRows(
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

/** Of idle energy, and of busy time that belongs to no known workload. */
export function hostRows(
  row: RowMaker,
  use: NamedUse,
  shares: Split,
  idle: IdleShares | null,
  cpu: boolean,
): EnergyRow[] {
  const { idleUj, unattributedUj } = shares
  const method = methodOf(shares, use)
  const known = sumOf(use.workloads.map(({ cpuUs }) => cpuUs))
  const cpuUs = cpu ? larger(use.busyUs - known, 0n) : 0n
  const rows = shares.method === 'none' ? [] : idleRows(row, use, { idleUj, idle, method })
  if (unattributedUj !== 0n || cpuUs !== 0n || shares.method === 'none') {
    rows.push(row(NO_WORKLOAD, 'unattributed', unattributedUj, { method, cpuUs }))
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

/** Of nobody in particular: the host itself. */
export const NO_WORKLOAD: WorkloadName = { kind: '', id: '', name: '', namespace: '', labels: {} }
