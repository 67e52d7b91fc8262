/**
 * The finest billed workload wins, so that no CPU time counts twice: a pod gives way to its containers, and processes
 * in a container give way to that container. What the outer one used beyond its parts becomes unattributed.
 */

interface Someone {
  readonly kind: string
  readonly id: string
  readonly labels: Readonly<Record<string, string>>
}

/** Whether each of them stays. */
export function staysAsFinest(people: readonly Someone[]): readonly boolean[] {
  const podsWithContainers = new Set<string>()
  const containers = new Set<string>()
  for (const { kind, id, labels } of people) {
    if (kind !== 'container') continue
    containers.add(id)
    for (const pod of podIdsOf(labels)) podsWithContainers.add(pod)
  }
  return people.map(({ kind, id, labels }) => {
    if (kind === 'pod') return ![id, ...podIdsOf(labels)].some(pod => podsWithContainers.has(pod))
    return kind !== 'process' || !containers.has(labels['container.id'] ?? '')
  })
}

/**
 * Which of those that stay stands for one that does not: of a pod its only container, of a process its container. Undefined: none
 * does, or several could.
 */
export function heirOf(
  people: readonly Someone[],
  stays: readonly boolean[],
  index: number,
): number | undefined {
  const { kind, id, labels } = people[index]!
  const pods = new Set([id, ...podIdsOf(labels)])
  const found = people.flatMap((other, number) => {
    if (!stays[number] || other.kind !== 'container') return []
    const isSame =
      kind === 'process'
        ? other.id === labels['container.id']
        : podIdsOf(other.labels).some(pod => pods.has(pod))
    return isSame ? [number] : []
  })
  return found.length === 1 ? found[0] : undefined
}

/** Its uid, and its namespace and name, which sources use that do not know the uid. */
function podIdsOf(labels: Someone['labels']): readonly string[] {
  const [namespace, name] = [labels['k8s.namespace.name'], labels['k8s.pod.name']]
  const byName = namespace && name ? [`${namespace}/${name}`] : []
  return labels['k8s.pod.uid'] ? [labels['k8s.pod.uid'], ...byName] : byName
}
