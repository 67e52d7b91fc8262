import { apportion } from './apportion.ts'
import { smaller, sumOf } from './integers.ts'

/** What is known about one interval of one host and component. Times are for the whole interval, in µs. */
export interface SplitInput {
  /** Energy counted by the meters, µJ, not negative. */
  readonly energyUj: bigint
  /** CPU time that was not idle. */
  readonly busyUs: bigint
  /** Available CPU time: the sum over all modes. 0n: unknown. */
  readonly capacityUs: bigint
  /** CPU time of each workload; the order decides ties, so sort by workload id. */
  readonly workloadsUs: readonly bigint[]
  /** Byte-seconds of each workload, in the same order, null where unknown: shares memory energy instead of CPU time. */
  readonly byteSeconds?: readonly (bigint | null)[]
  /** How an exporter itself splits the host's energy, µJ: used where the capacity is unknown. */
  readonly activity?: { readonly activeUj: bigint; readonly idleUj: bigint }
  /** Method `baseline`: energy of the idle host in this interval, µJ. Capped at `energyUj`. */
  readonly baselineUj?: bigint
}

/** The sum is exactly the input energy. */
export interface Split {
  /** none: idle and active energy cannot be separated, so all of it is unattributed. */
  readonly method: 'ratio' | 'baseline' | 'none'
  readonly activeUj: readonly bigint[]
  readonly idleUj: bigint
  readonly unattributedUj: bigint
}

/**
 * Splits the energy of an interval (docs/walkthrough-watt.md): first into idle and active, then the active
 * part by use.
 *
 * - `ratio`: active = energy x busy / capacity (busy is capped at the capacity), the rest idle. Where the
 *   capacity is unknown, the active part is what an exporter reports for its own meters.
 * - `baseline`: idle = what the host draws when idle, the rest active.
 * - Active energy goes to workloads by their part of the busy CPU time; busy time of no known workload is
 *   unattributed. When the workloads' counters exceed the host's (they are read a moment apart), they share
 *   all active energy.
 * - Memory energy: the same, but the part of workloads whose memory is known is shared among them by memory x
 *   time.
 *
 * Conservation: active + idle + unattributed = energy, in integers; every division uses the largest
 * remainder.
 */
export function split(input: SplitInput): Split {
  const { energyUj, capacityUs } = input
  if (energyUj < 0n) throw new RangeError(`split: negative energy ${energyUj}`)
  const nothing = input.workloadsUs.map(() => 0n)
  const activity = activeEnergy(input)
  if (activity === null) return { method: 'none', activeUj: nothing, idleUj: 0n, unattributedUj: energyUj }
  const { method, activeUj } = activity
  const idleUj = energyUj - activeUj
  const known = sumOf(input.workloadsUs)
  const busyUs = capacityUs > 0n ? smaller(input.busyUs, capacityUs) : input.busyUs
  const unknown = busyUs > known ? busyUs - known : 0n
  if (activeUj === 0n || known === 0n) {
    return { method, activeUj: nothing, idleUj, unattributedUj: activeUj }
  }
  const shares = shareByUse(activeUj, input, unknown)
  return { method, activeUj: shares.workloads, idleUj, unattributedUj: shares.unattributedUj }
}

function activeEnergy({ energyUj, busyUs, capacityUs, baselineUj, activity }: SplitInput) {
  if (baselineUj !== undefined) {
    return { method: 'baseline', activeUj: energyUj - smaller(baselineUj, energyUj) } as const
  }
  if (capacityUs <= 0n) {
    if (activity === undefined || activity.activeUj + activity.idleUj <= 0n) return null
    const told = [activity.activeUj, activity.idleUj]
    return { method: 'ratio', activeUj: apportion(energyUj, told)[0]! } as const
  }
  const busy = smaller(busyUs, capacityUs)
  return { method: 'ratio', activeUj: apportion(energyUj, [busy, capacityUs - busy])[0]! } as const
}

/**
 * Energy of CPU time by each workload's part of it; energy of memory by memory x time among workloads whose memory is
 * known. `unknownUs` belongs to no workload. Some CPU time must be above 0.
 */
export function shareByUse(
  activeUj: bigint,
  { workloadsUs, byteSeconds }: Pick<SplitInput, 'workloadsUs' | 'byteSeconds'>,
  unknownUs: bigint,
): { readonly workloads: readonly bigint[]; readonly unattributedUj: bigint } {
  if (byteSeconds === undefined || sumOf(byteSeconds.map(value => value ?? 0n)) === 0n) {
    const parts = apportion(activeUj, [...workloadsUs, unknownUs])
    return { workloads: parts.slice(0, -1), unattributedUj: parts.at(-1)! }
  }
  const withMemory = workloadsUs.map((us, index) => (byteSeconds[index] === null ? 0n : us))
  const without = workloadsUs.map((us, index) => (byteSeconds[index] === null ? us : 0n))
  const weights = [sumOf(withMemory), sumOf(without), unknownUs]
  const [byMemoryUj, byCpuUj, unattributedUj] = apportion(activeUj, weights) as [bigint, bigint, bigint]
  const byMemory = apportion(
    byMemoryUj,
    byteSeconds.map(value => value ?? 0n),
  )
  const byCpu = apportion(byCpuUj, without)
  return { workloads: byMemory.map((uj, index) => uj + byCpu[index]!), unattributedUj }
}
