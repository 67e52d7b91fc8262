/** Which workloads of a window are billed, and what they are called. */
import type { WorkloadUse } from './gather.ts'
import type { WorkloadWords } from './host-state.ts'

export interface Named {
  readonly kind: string
  readonly id: string
  readonly name: string
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
}

export function named({ kind, id }: { kind: string; id: string }, words: WorkloadWords | undefined): Named {
  const labels = words?.attributes ?? {}
  return {
    kind,
    id,
    name: labels['workload.name'] || id,
    namespace:
      labels['workload.namespace'] || labels['k8s.namespace.name'] || labels['service.namespace'] || '',
    labels,
  }
}

/**
 * The finest billed thing wins, so that no CPU time counts twice: a pod steps back for its containers, processes of a
 * container for that container. What the outer one used beyond its parts becomes unattributed.
 */
export function finestWorkloads(workloads: readonly WorkloadUse[], people: readonly Named[]) {
  const podsWithContainers = new Set<string>()
  const containers = new Set<string>()
  for (const { kind, id, labels } of people) {
    if (kind !== 'container') continue
    containers.add(id)
    if (labels['k8s.pod.uid']) podsWithContainers.add(labels['k8s.pod.uid'])
  }
  const stays = people.map(({ kind, id, labels }) => {
    if (kind === 'pod') return !podsWithContainers.has(id)
    return kind !== 'process' || !containers.has(labels['container.id'] ?? '')
  })
  return {
    workloads: workloads.filter((_, index) => stays[index]),
    people: people.filter((_, index) => stays[index]),
  }
}
