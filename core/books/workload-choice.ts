/**
 * Decides which sources count for a host's CPU time: of two that describe the same CPU, one counts, never both. A
 * workload that sources name differently (a container by its id, and by its pod and name) is one, under the finer name.
 */

import { chooseNamed, choosePods, chooseUnplaced, joinNames } from './container-choice.ts'
import { type DescribedWorkload, familiesOf, isContainer } from './described-workload.ts'
import { familyOf } from './sources.ts'
import { isWorseName } from './workload-names.ts'

export type { DescribedWorkload, ToldCpu } from './described-workload.ts'

interface WorkloadChoice {
  /** Index of the workload that this one equals; its own index if it equals no other; null: left out. */
  readonly asOf: readonly (number | null)[]
  /** Whether this source's report about that workload counts. */
  readonly counts: (workload: number, source: string) => boolean
  /** Labels of each workload, including those that other sources knew. */
  readonly labels: readonly Readonly<Record<string, string>>[]
}

/** Families that know which processes are in containers, and report each CPU second once. */
const WHOLE_HOST: ReadonlySet<string> = new Set(['sensors', 'kepler'])

interface WorkloadSource {
  readonly workloadKind: string
  readonly workloadId: string
  readonly source: string
}

/**
 * Whether there is nothing to choose or join, because one family reports everything. This is nearly always so, and is
 * checked quickly.
 */
export function isOneDescription(told: readonly WorkloadSource[]): boolean {
  let [source, family] = ['', '']
  for (const { workloadKind, workloadId, source: by } of told) {
    if (workloadKind === '') continue
    if (isWorseName(workloadKind, workloadId)) return false
    if (by === source) continue
    source = by
    if (family !== '' && familyOf(by) !== family) return false
    family = familyOf(by)
  }
  return true
}

/** Decides which sources count for each workload of one host and which names stand for the same workload. */
export function chooseWorkloads(workloads: readonly DescribedWorkload[]): WorkloadChoice {
  const families = familiesOf(workloads)
  const someNamed = workloads.some(({ kind, id }) => isWorseName(kind, id))
  if (families.size <= 1 && !someNamed) return everything(workloads)
  const asOf: (number | null)[] = workloads.map((_, index) => index)
  const labels = workloads.map(workload => workload.labels)
  joinNames(workloads, asOf, labels)
  choosePods(workloads, asOf, labels)
  chooseUnplaced(workloads, asOf)
  chooseNamed(
    workloads.map((one, index) => ({ ...one, labels: labels[index]! })),
    asOf,
  )
  const outside = outsideContainers(workloads, families)
  return {
    asOf,
    labels,
    counts: (index, source) => isContainer(workloads[index]!.kind) || outside(familyOf(source)),
  }
}

function everything(workloads: readonly DescribedWorkload[]): WorkloadChoice {
  return {
    asOf: workloads.map((_, index) => index),
    labels: workloads.map(workload => workload.labels),
    counts: () => true,
  }
}

const RANKS: Readonly<Record<string, number>> = { estimated: 1, simulated: 2 }

interface SourceFamily {
  readonly name: string
  readonly rank: number
  readonly us: bigint
}

/**
 * Chooses the family that reports workloads outside containers (processes, units, machines, jobs): the sensors of this
 * product, which see units and jobs, unless another family saw twice as much, which means that the sensors run inside a
 * container. A family that does not know which processes are in containers counts only where no other reports
 * containers.
 */
function outsideContainers(
  workloads: readonly DescribedWorkload[],
  families: ReadonlySet<string>,
): (family: string) => boolean {
  if (families.size <= 1) return () => true
  const found = new Map<string, SourceFamily>()
  for (const { kind, told } of workloads) {
    if (isContainer(kind)) continue
    for (const { source, quality, us } of told) {
      const name = familyOf(source)
      const { rank = 0, us: known = 0n } = found.get(name) ?? {}
      if (us > 0n) found.set(name, { name, rank: Math.max(rank, RANKS[quality] ?? 0), us: known + us })
    }
  }
  const best = bestFamily([...found.values()])
  const isTold = workloads.some(
    ({ kind, told }) =>
      isContainer(kind) && told.some(({ source, us }) => us > 0n && familyOf(source) !== best?.name),
  )
  // A source that reports only memory does not compete.
  if (best === undefined) return () => true
  if (isTold && !WHOLE_HOST.has(best.name)) return family => !found.has(family)
  return family => family === best.name || !found.has(family)
}

function bestFamily(families: readonly SourceFamily[]): SourceFamily | undefined {
  const ranked = families.toSorted((a, b) => {
    if (a.rank !== b.rank) return a.rank - b.rank
    if (a.us !== b.us) return a.us > b.us ? -1 : 1
    return a.name < b.name ? -1 : 1
  })
  const [most] = ranked
  const sensors = ranked.find(({ name, rank }) => name === 'sensors' && rank === most!.rank)
  return sensors !== undefined && sensors.us * 2n >= most!.us ? sensors : most
}
