/** A host's workloads in the live view: which of them count, and their names, as in the books. */
import { heirOf, staysAsFinest } from '../../core/books/finest.ts'
import { chooseWorkloads } from '../../core/books/workload-choice.ts'
import type { LabelMap } from '../../core/model/label-text.ts'
import { gpuWorkloadKey, isGpuUse } from './gpus.ts'
import { type Counter, type ReadingSource, sourcesOf } from './sources.ts'

/** A workload as the chart names it. */
export interface LiveWorkload {
  readonly kind: string
  readonly id: string
  readonly name: string
  readonly namespace: string
}

interface CountedWorkload extends LiveWorkload {
  readonly sources: readonly ReadingSource[]
  /** Keys of all that it counts as on GPUs. */
  readonly gpuKeys: readonly string[]
}

/** In order of kind and id, which breaks ties of apportioning. */
export function countedWorkloads(counters: readonly Counter[]): readonly CountedWorkload[] {
  const byWorkload = Map.groupBy(counters, ({ row }) => JSON.stringify([row.WorkloadKind, row.WorkloadId]))
  const groups = [...byWorkload].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group)
  const described = groups.map(group => ({
    kind: group[0]!.row.WorkloadKind,
    id: group[0]!.row.WorkloadId,
    labels: labelsOf(group),
    told: group.map(({ row, steps }) => ({
      source: row.Source,
      quality: row.Quality,
      us: isGpuUse({ row, steps }) ? 0n : steps.reduce((sum, { amount }) => sum + (amount ?? 0n), 0n),
    })),
  }))
  const { asOf, counts, labels } = chooseWorkloads(described)
  const counted = groups.map((_, index) =>
    groups.flatMap((group, other) =>
      asOf[other] === index ? group.filter(({ row }) => counts(other, row.Source)) : [],
    ),
  )
  const found = described.flatMap(({ kind, id }, index) =>
    counted[index]!.length === 0 ? [] : [{ kind, id, labels: labels[index]!, counters: counted[index]! }],
  )
  const stays = staysAsFinest(found)
  const usesGpu = found.map(one => one.counters.some(isGpuUse))
  const heirs = found.map((_, index) =>
    usesGpu[index] && !stays[index] ? heirOf(found, stays, index) : undefined,
  )
  return found.flatMap(({ kind, id, labels: said, counters: own }, index) => {
    const isKept = stays[index] || (usesGpu[index] && heirs[index] === undefined)
    if (!isKept) return []
    const counted = [index, ...found.keys()].filter((other, at) => at === 0 || heirs[other] === index)
    return [
      {
        kind,
        id,
        name: nameOf(said) ?? id,
        namespace:
          said['workload.namespace'] ?? said['k8s.namespace.name'] ?? said['service.namespace'] ?? '',
        // One that stays for its GPU alone is counted elsewhere for its CPU time.
        sources: stays[index]
          ? sourcesOf(
              own.filter(counter => !isGpuUse(counter)),
              false,
            )
          : [],
        gpuKeys: counted.flatMap(other =>
          found[other]!.counters.map(({ row }) => gpuWorkloadKey(row.WorkloadKind, row.WorkloadId)),
        ),
      },
    ]
  })
}

/** Number of a workload by the key that readings of GPUs have. */
export function workloadNumbers(workloads: readonly CountedWorkload[]): (key: string) => number | undefined {
  const numbers = new Map(
    workloads.flatMap(({ gpuKeys }, index) => gpuKeys.map(key => [key, index] as const)),
  )
  return key => numbers.get(key)
}

/** Labels of the newest reading with a namespace, otherwise of the newest one: the same choice as in the meter. */
function labelsOf(group: readonly Counter[]): LabelMap {
  const all = group.map(({ row }) => row.Attributes)
  return all.findLast(labels => 'workload.namespace' in labels) ?? all.at(-1)!
}

/** Attributes with names, most meaningful first. */
const NAMES = [
  'workload.name',
  'k8s.container.name',
  'container.name',
  'k8s.pod.name',
  'process.executable.name',
] as const

const nameOf = (labels: LabelMap): string | undefined =>
  NAMES.map(key => labels[key]).find(text => text !== undefined && text !== '')
