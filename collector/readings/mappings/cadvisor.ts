/**
 * Workloads of cAdvisor's rows: from their labels, or, where a runtime gives no labels (k3s, cri-dockerd), from their
 * path alone.
 */

import type { LabelMap } from '../../../core/model/label-text.ts'
import { classifyCgroup, podUidOf } from './cgroup-patterns.ts'
import { own } from './labels.ts'
import type { IgnoredReason, Located, PointContext } from './mapping.ts'
import { workload } from './workload.ts'

/** Attributes of a container in a pod, with OpenTelemetry's names. */
const inPod = (point: LabelMap, container: string, uid: string): LabelMap => ({
  'k8s.container.name': container,
  'k8s.namespace.name': own(point, 'namespace'),
  'k8s.pod.name': own(point, 'pod'),
  'k8s.pod.uid': uid,
})

/** Rows of pods (`container=""`) and sandboxes (`POD`) repeat their containers' time, or have nearly none. */
export function cadvisorContainer({ point }: PointContext): Located | IgnoredReason {
  const path = own(point, 'id')
  const container = own(point, 'container')
  const found = classifyCgroup(path)
  const isLabelled = own(point, 'pod', 'namespace') !== ''
  const cpu = own(point, 'cpu')
  const place = { domain: '', device: cpu === 'total' ? '' : cpu }
  if (container === 'POD') return 'no_workload'
  if (path === '') return containerByName(place, point)
  if (found?.kind !== 'container') return podByPath(place, path, isLabelled || container !== '')
  const uid = found.attributes['k8s.pod.uid'] ?? ''
  if (container === '' && uid !== '' && isLabelled) return 'no_workload'
  const name = container || own(point, 'name') || found.name
  return {
    ...place,
    workload: workload('container', found.id, name, own(point, 'namespace'), {
      ...inPod(point, container, uid),
      'container.id': found.id,
      'container.name': own(point, 'name'),
    }),
  }
}

/** The kubelet's own metrics (`/metrics/resource`) have the names of cAdvisor's, but know no control groups. */
function containerByName(place: Omit<Located, 'workload'>, point: LabelMap): Located | IgnoredReason {
  const [namespace, pod, container] = [own(point, 'namespace'), own(point, 'pod'), own(point, 'container')]
  if (namespace === '' || pod === '' || container === '') return 'no_workload'
  const id = `${namespace}/${pod}/${container}`
  const named = workload('container', id, container, namespace, inPod(point, container, ''))
  // Another source of the same counters: both may be scraped.
  return { ...place, interface: 'resource', workload: named }
}

/** Network counters belong to whole pods; rows of machines and other control groups are left out. */
export function cadvisorPod({ point }: PointContext): Located | IgnoredReason {
  const [namespace, pod] = [own(point, 'namespace'), own(point, 'pod')]
  const found = classifyCgroup(own(point, 'id'))
  const uid = found?.attributes['k8s.pod.uid'] ?? podUidOf(own(point, 'id')) ?? ''
  const id = uid || (namespace !== '' && pod !== '' ? `${namespace}/${pod}` : '')
  if (id === '') return 'no_workload'
  const attributes = { 'k8s.namespace.name': namespace, 'k8s.pod.name': pod, 'k8s.pod.uid': uid }
  return { domain: '', workload: workload('pod', id, pod || id, namespace, attributes) }
}

/** A pod gives way to its containers (processors/meter), so it counts only if they are not reported. */
function podByPath(
  place: { readonly domain: string; readonly device: string },
  path: string,
  isLabelled: boolean,
): Located | IgnoredReason {
  const uid = isLabelled ? undefined : podUidOf(path)
  if (uid === undefined) return 'no_workload'
  return { ...place, workload: workload('pod', uid, uid, '', { 'k8s.pod.uid': uid }) }
}
