/** Energy and time of the GPUs of a host in one window, by workload. */
import { idleEnergy, idlePowersText } from '../../../core/books/gpu-idle.ts'
import { type GpuShares, sharesOfBoards, withRequests } from '../../../core/books/gpu-shares.ts'
import { splitBoard } from '../../../core/books/gpu-split.ts'
import { boardUse } from '../../../core/books/gpu-use.ts'
import { componentOf } from '../../../core/books/meter-tree.ts'
import { sumOf } from '../../../core/model/integers.ts'
import { type Quality, worstQuality } from '../../../core/model/quality.ts'
import type { HostState } from '../state/host-state.ts'
import type { WindowSlice } from '../windows/integrate.ts'
import type { Metered } from './aggregate.ts'
import { type GpuIdleOf, learnIdlePower } from './gpu-idle.ts'
import { amountsByBoard, qualitiesOf } from './gpu-use.ts'

/** What a window is split by for component `gpu`. */
export interface WindowGpus {
  readonly shares: GpuShares
  /** Time of all boards. */
  readonly capacityUs: bigint
  /** Idle power by which each board was split. */
  readonly idlePower: string
  /** Quality of the readings of use. */
  readonly quality: Quality
}

interface GpuFacts {
  /** Slices of use. */
  readonly slices: readonly WindowSlice[]
  readonly domains: ReadonlyMap<string, Metered>
  /** Number of workloads of the window, and of each by its key. */
  readonly workloads: number
  readonly numberOf: (workloadKey: string) => number | undefined
  /** Requested board time by workload; null: there are no requests. */
  readonly requestedUs: readonly bigint[] | null
  readonly idleOf: GpuIdleOf
}

const NO_ENERGY = { energyUj: 0n, coveredNs: 0 }

/** Null: the host has no GPUs, as far as its readings say. */
export function gpusOf(host: HostState, facts: GpuFacts): WindowGpus | null {
  const { slices, domains, workloads, numberOf, requestedUs, idleOf } = facts
  const metered = new Set(domains.keys())
  const withEnergy = [...metered].filter(domain => componentOf(domain, metered) === 'gpu')
  if (withEnergy.length === 0 && slices.length === 0) return null
  const byBoard = amountsByBoard(slices)
  const boards = [...new Set([...withEnergy, ...byBoard.keys()])].sort()
  const powers = new Map<string, bigint>()
  let capacityUs = 0n
  const splits = boards.map(domain => {
    const energy = withEnergy.includes(domain) ? domains.get(domain) : undefined
    const { energyUj, coveredNs } = energy ?? NO_ENERGY
    const use = boardUse(byBoard.get(domain) ?? [], numberOf, coveredNs)
    if (energy !== undefined) learnIdlePower(host, domain, energy, use)
    const idle = energy === undefined ? null : idleOf(host, domain)
    if (idle !== null) powers.set(domain, idle)
    capacityUs += use.timeUs
    const idleUj = idle === null ? null : idleEnergy(idle, coveredNs)
    return splitBoard({ energyUj, idleUj }, use, workloads)
  })
  const sums = sharesOfBoards(splits, workloads)
  const shares =
    requestedUs === null || sumOf(requestedUs) === 0n
      ? sums
      : withRequests(sums, splits, { requestedUs, timeUs: capacityUs })
  const quality = worstQuality(qualitiesOf(slices))
  return { shares, capacityUs, idlePower: idlePowersText(powers), quality }
}
