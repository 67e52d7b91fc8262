/** All that is known of a workload: what its own readings say, and what others say of it or of its pod. */
import type { LabelMap } from '../../../core/model/label-text.ts'
import { factsKey, workloadKey } from '../samples/keys.ts'
import type { HostState } from './host-state.ts'

const NO_LABELS: LabelMap = {}
/** Names of a pod are not those of its containers. */
const OF_POD_ALONE: ReadonlySet<string> = new Set(['workload.name', 'container.id', 'k8s.container.name'])

/**
 * What is said of a workload as such counts more than what its measurements say in passing. A container has the names of its pod
 * where these are known: one that only its control group names, such as a pod's sandbox, has no others.
 */
export function knownLabels({ workloads }: Pick<HostState, 'workloads'>, key: string): LabelMap {
  const own = workloads.get(key)?.attributes ?? NO_LABELS
  const facts = workloads.get(factsKey(key))?.attributes
  const known = facts === undefined ? own : { ...own, ...facts }
  const uid = known['k8s.pod.uid']
  if (uid === undefined) return known
  const podKey = workloadKey('pod', uid)
  const said = podKey === key ? undefined : workloads.get(factsKey(podKey))?.attributes
  const measured =
    podKey === key || 'workload.namespace' in known ? undefined : workloads.get(podKey)?.attributes
  if (said === undefined && measured === undefined) return known
  const ofPod = Object.entries({ ...measured, ...said }).filter(([name]) => !OF_POD_ALONE.has(name))
  return { ...Object.fromEntries(ofPod), ...known }
}
