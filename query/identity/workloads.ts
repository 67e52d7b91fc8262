/** Workloads with their names, joined and chosen as in the meter. */

import type { WorkloadAnswer } from '../../core/api/answers.ts'
import { chooseWorkloads } from '../../core/books/workload-choice.ts'
import type { WorkloadRow } from './statements.ts'

/** Workloads of one machine; `host`: its name in the books. */
export function workloadAnswers(host: string, rows: readonly WorkloadRow[]): readonly WorkloadAnswer[] {
  const groups = [...Map.groupBy(rows, ({ kind, id }) => `${kind}\u0000${id}`)]
    .filter(([, group]) => group.some(({ fact }) => fact === 0))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, group]) => group)
  const described = groups.map(group => ({
    kind: group[0]!.kind,
    id: group[0]!.id,
    labels: labelsOf(group),
    told: group
      .filter(({ fact }) => fact === 0)
      .map(({ source, quality, us }) => ({ source, quality, us: BigInt(us) })),
  }))
  const { asOf, counts, labels } = chooseWorkloads(described)
  return described.map(({ kind, id, told }, index) => {
    const known = labels[index]!
    const isCounted = asOf[index] === index && told.some(({ source }) => counts(index, source))
    return {
      host,
      kind,
      id,
      name: known['workload.name'] || id,
      namespace: known['workload.namespace'] || known['k8s.namespace.name'] || '',
      also: described.flatMap((other, at) => (at !== index && asOf[at] === index ? [other.id] : [])),
      sources: told.map(({ source }) => source).sort(),
      state: isCounted ? 'counted' : asOf[index] === null || asOf[index] === index ? 'left_out' : 'joined',
    }
  })
}

/** What is said of a workload as such counts more than what its measurements say in passing. */
function labelsOf(group: readonly WorkloadRow[]): Readonly<Record<string, string>> {
  const sorted = group.toSorted((a, b) => a.fact - b.fact || richness(a) - richness(b))
  return Object.assign({}, ...sorted.map(({ labels }) => labels)) as Record<string, string>
}

const richness = ({ labels }: WorkloadRow): number => Number('workload.namespace' in labels)
