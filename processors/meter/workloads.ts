/** Which workloads of a window are billed, and what they are called. */
import type { Labels } from './described.ts'
import type { WorkloadUse } from './gather.ts'

export interface Named {
  readonly kind: string
  readonly id: string
  readonly name: string
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
}

export function named({ kind, id }: { kind: string; id: string }, labels: Labels = {}): Named {
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
    for (const pod of podIdsOf(labels)) podsWithContainers.add(pod)
  }
  const stays = people.map(({ kind, id, labels }) => {
    if (kind === 'pod') return ![id, ...podIdsOf(labels)].some(pod => podsWithContainers.has(pod))
    return kind !== 'process' || !containers.has(labels['container.id'] ?? '')
  })
  return {
    workloads: workloads.filter((_, index) => stays[index]),
    people: people.filter((_, index) => stays[index]),
  }
}

/** By uid, and by namespace and name, as sources call it that do not know the uid. */
function podIdsOf(labels: Labels): readonly string[] {
  const [namespace, name] = [labels['k8s.namespace.name'], labels['k8s.pod.name']]
  const byName = namespace && name ? [`${namespace}/${name}`] : []
  return labels['k8s.pod.uid'] ? [labels['k8s.pod.uid'], ...byName] : byName
}
