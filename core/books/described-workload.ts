/** A host's workloads as sources name them, and which sources see the CPU from one place. */
import { sumOf } from '../model/integers.ts'
import { familyOf } from './sources.ts'

/** One workload of a host as its sources name it, in some interval. */
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
  /** µs; 0n if the source reports only memory. */
  readonly us: bigint
}

/** Whether the workload kind runs inside a container runtime. */
export const isContainer = (kind: string): boolean => kind === 'container' || kind === 'pod'

/** Container ids contain no slash; pod and name do. */
export const isNamed = (id: string): boolean => id.includes('/')

/** Families that report CPU time of these workloads. */
export const familiesOf = (workloads: readonly DescribedWorkload[]): ReadonlySet<string> =>
  new Set(
    workloads.flatMap(({ told }) => told.filter(({ us }) => us > 0n).map(({ source }) => familyOf(source))),
  )

/** The source that reports the most counts: sources of one workload are alternatives. */
export function usedBy({ told }: DescribedWorkload): bigint {
  const bySource = Map.groupBy(told, ({ source }) => source)
  const sums = [...bySource.values()].map(some => sumOf(some.map(({ us }) => us)))
  return sums.toSorted((a, b) => (a > b ? -1 : 1))[0] ?? 0n
}
