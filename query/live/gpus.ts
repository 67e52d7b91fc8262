/** GPUs in the live view: who used a board in an interval, by the rules of the books. */
import { type IdlePowers, idleEnergy } from '../../core/books/gpu-idle.ts'
import { type GpuShares, sharesOfBoards } from '../../core/books/gpu-shares.ts'
import { splitBoard } from '../../core/books/gpu-split.ts'
import { boardUse, type GpuAmount } from '../../core/books/gpu-use.ts'
import { type Counter, countBySources, type LiveSpan, type ReadingSource, sourcesOf } from './sources.ts'

/** Readings of the use of boards, prepared for every interval. */
export interface LiveGpus {
  readonly uses: readonly GpuMeter[]
  /** Number of a workload by its key. */
  readonly numberOf: (workload: string) => number | undefined
  readonly idlePowers: IdlePowers
}

/** One quantity of one source about one workload on one board. */
interface GpuMeter extends Pick<GpuAmount, 'quantity' | 'device' | 'workload' | 'source' | 'quality'> {
  readonly domain: string
  readonly by: ReadingSource
}

/** Key of a workload among those of a host. */
export const gpuWorkloadKey = (kind: string, id: string): string =>
  kind === '' ? '' : JSON.stringify([kind, id])

/** Whether a counter tells the use of a board. */
export const isGpuUse = ({ row }: Counter): boolean => row.Quantity.startsWith('gpu_')

/** Groups the counters of use by what they are of. */
export function gpuMeters(counters: readonly Counter[]): readonly GpuMeter[] {
  const things = Map.groupBy(counters.filter(isGpuUse), ({ row }) =>
    JSON.stringify([row.Quantity, row.Domain, row.Device, row.WorkloadKind, row.WorkloadId]),
  )
  return [...things.values()].flatMap(some => {
    const { Quantity, Domain, Device, WorkloadKind, WorkloadId } = some[0]!.row
    return sourcesOf(some, false).map(by => ({
      quantity: Quantity,
      domain: Domain,
      device: Device,
      workload: gpuWorkloadKey(WorkloadKind, WorkloadId),
      source: by.source,
      quality: by.quality,
      by,
    }))
  })
}

/**
 * Shares of the energy of all boards in a span; `energies`: of each board, µJ, by domain.
 * @param workloads number of them
 */
export function gpuShares(
  { uses, numberOf, idlePowers }: LiveGpus,
  energies: ReadonlyMap<string, bigint>,
  span: LiveSpan,
  workloads: number,
): GpuShares {
  const spanNs = (span.toMs - span.fromMs) * 1e6
  const splits = [...energies].map(([domain, energyUj]) => {
    const amounts = uses
      .filter(use => use.domain === domain)
      .flatMap((use): GpuAmount[] => {
        const counted = countBySources([use.by], span, false)
        return counted === undefined ? [] : [{ ...use, us: counted.amount, seenNs: counted.seenMs * 1e6 }]
      })
    const idle = idlePowers.get(domain)
    const idleUj = idle === undefined ? null : idleEnergy(idle, spanNs)
    return splitBoard({ energyUj, idleUj }, boardUse(amounts, numberOf, spanNs), workloads)
  })
  return sharesOfBoards(splits, workloads)
}
