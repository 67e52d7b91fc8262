/** All GPUs of a host in one interval: sums over its boards, and what was requested without being held. */
import { apportion } from '../model/apportion.ts'
import { larger, sumOf } from '../model/integers.ts'
import type { GpuSplit } from './gpu-split.ts'

/** Energy of all boards, and their time, by workload. Energy sums to that of the boards. */
export interface GpuShares extends Omit<GpuSplit, 'method' | 'reservedUs'> {
  /** The methods of the boards, joined by `+`. */
  readonly method: string
}

const byWorkload = (
  splits: readonly GpuSplit[],
  of: (split: GpuSplit) => readonly bigint[],
  count: number,
): bigint[] =>
  Array.from({ length: count }, (_, workload) => sumOf(splits.map(split => of(split)[workload]!)))

/** Sums of some boards for `count` workloads. */
export const sharesOfBoards = (splits: readonly GpuSplit[], count: number): GpuShares => ({
  method: [...new Set(splits.map(({ method }) => method))].sort().join('+') || 'none',
  activeUj: byWorkload(splits, split => split.activeUj, count),
  idleUj: sumOf(splits.map(split => split.idleUj)),
  unattributedUj: sumOf(splits.map(split => split.unattributedUj)),
  usedUs: byWorkload(splits, split => split.usedUs, count),
  unknownUs: sumOf(splits.map(split => split.unknownUs)),
  reservedIdleUs: byWorkload(splits, split => split.reservedIdleUs, count),
  unknownReservedUs: sumOf(splits.map(split => split.unknownReservedUs)),
})

/**
 * Requests (µs of boards, by workload) reserve boards that their workloads have not opened. Requests for more than the boards that
 * are left are for shares of a board (time slicing), and reserve no more than is left.
 */
export function withRequests(
  shares: GpuShares,
  splits: readonly GpuSplit[],
  { requestedUs, timeUs }: { readonly requestedUs: readonly bigint[]; readonly timeUs: bigint },
): GpuShares {
  const held = byWorkload(splits, split => split.reservedUs, requestedUs.length)
  const used = sumOf([...shares.usedUs, ...shares.reservedIdleUs, shares.unknownUs, shares.unknownReservedUs])
  const left = larger(timeUs - larger(used, sumOf(held)), 0n)
  const beyond = requestedUs.map((us, workload) =>
    larger(us - larger(held[workload]!, shares.usedUs[workload]!), 0n),
  )
  const more = sumOf(beyond) > left ? apportion(left, beyond) : beyond
  return { ...shares, reservedIdleUs: shares.reservedIdleUs.map((us, workload) => us + more[workload]!) }
}
