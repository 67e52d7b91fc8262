/** A host's workloads as sources call them, and which sources see the CPU from one place. */
import { sumOf } from '../model/integers.ts'
import { familyOf } from './sources.ts'

/** One workload of a host as its sources call it, in some time. */
export interface DescribedWorkload {
  readonly kind: string
  readonly id: string
  readonly labels: Readonly<Record<string, string>>
  readonly told: readonly ToldCpu[]
}

/** CPU time of a workload as one source reports it. */
export interface ToldCpu {
  readonly source: string
  readonly quality: string
  /** µs; 0n where the source reports memory alone. */
  readonly us: bigint
}

/** Whether the workload kind runs inside a container runtime. */
export const isContainer = (kind: string): boolean => kind === 'container' || kind === 'pod'

/** Ids of containers hold no slash: what does is a pod and a name. */
export const isNamed = (id: string): boolean => id.includes('/')

/** Families that report CPU time of these. */
export const familiesOf = (workloads: readonly DescribedWorkload[]): ReadonlySet<string> =>
  new Set(
    workloads.flatMap(({ told }) => told.filter(({ us }) => us > 0n).map(({ source }) => familyOf(source))),
  )

/** By the source that tells the most: sources of one thing are alternatives. */
export function usedBy({ told }: DescribedWorkload): bigint {
  const bySource = Map.groupBy(told, ({ source }) => source)
  const sums = [...bySource.values()].map(some => sumOf(some.map(({ us }) => us)))
  return sums.toSorted((a, b) => (a > b ? -1 : 1))[0] ?? 0n
}
