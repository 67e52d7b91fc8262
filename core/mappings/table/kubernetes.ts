/** Kubernetes: cAdvisor and the kubelet's own metrics, kube-state-metrics 1 and 2. */
import type { BuiltInRow, MappingWorkload } from '../row.ts'
import { type RowRest, rowsOf } from './builder.ts'

const cadvisor = rowsOf('cadvisor', { host: ['{node}', '{kubernetes_io_hostname}'] })
const kubelet = rowsOf('kubelet', { host: ['{node}', '{kubernetes_io_hostname}'] })
const kubeState = rowsOf('kube_state_metrics', { host: '{node}', elsewhere: true })

const pod = {
  kind: 'pod',
  id: '{namespace}/{pod}',
  name: '{pod}',
  namespace: '{namespace}',
  labels: { 'k8s.namespace.name': '{namespace}', 'k8s.pod.name': '{pod}' },
} as const satisfies MappingWorkload

/** kube-state-metrics knows containers by pod and name, and since version 2 the uid of the pod. */
const container = {
  kind: 'container',
  id: ['{uid}/{container}', '{namespace}/{pod}/{container}'],
  name: '{container}',
  namespace: '{namespace}',
  labels: {
    'k8s.container.name': '{container}',
    'k8s.namespace.name': '{namespace}',
    'k8s.pod.name': '{pod}',
    'k8s.pod.uid': '{uid}',
  },
} as const satisfies MappingWorkload

/** Which attribute names the owner of a pod, by its kind; pods without one of these are only named. */
const OWNERS = [
  ['ReplicaSet', 'k8s.replicaset.name'],
  ['DaemonSet', 'k8s.daemonset.name'],
  ['StatefulSet', 'k8s.statefulset.name'],
  ['Job', 'k8s.job.name'],
  [undefined, undefined],
] as const
const described = (kind: string | undefined, key: string | undefined): RowRest => ({
  value: '1',
  when: { uid: '/./', ...(kind === undefined ? {} : { created_by_kind: kind }) },
  workload: {
    ...pod,
    id: '{uid}',
    labels: {
      ...pod.labels,
      'k8s.pod.uid': '{uid}',
      ...(key === undefined ? {} : { [key]: '{created_by_name}' }),
    },
  },
})

const REQUESTS = 'kube_pod_container_resource_requests'
const desired = { domain: 'desired', workload: container } as const
const resource = (name: string, rest: RowRest = {}): RowRest => ({
  when: { resource: name },
  ...desired,
  ...rest,
})

/** Boards by the names that device plug-ins give them. */
const BOARDS = ['nvidia_com_gpu', 'amd_com_gpu', 'gpu_intel_com_i915', 'gpu_intel_com_xe'] as const
/** A MIG profile says in its name how many of a board's seven slices it has. */
const MIG_SLICES = [1, 2, 3, 4, 7] as const

export const KUBERNETES_ROWS: readonly BuiltInRow[] = [
  cadvisor('container_cpu_usage_seconds_total', 'cpu_time', 's', { reader: 'cadvisor' }),
  cadvisor('container_memory_working_set_bytes', 'memory', 'By', {
    reader: 'cadvisor',
    domain: 'working_set',
  }),
  cadvisor('container_network_receive_bytes_total', 'network_io', 'By', {
    reader: 'cadvisor',
    args: ['pod'],
    domain: 'receive',
    device: '{interface|""}',
  }),
  cadvisor('container_network_transmit_bytes_total', 'network_io', 'By', {
    reader: 'cadvisor',
    args: ['pod'],
    domain: 'transmit',
    device: '{interface|""}',
  }),
  kubelet('pod_cpu_usage_seconds_total', 'cpu_time', 's', { workload: pod }),
  kubelet('pod_memory_working_set_bytes', 'memory', 'By', { domain: 'working_set', workload: pod }),
  kubeState(REQUESTS, 'cpu_request', '1', resource('cpu')),
  kubeState(REQUESTS, 'memory_request', 'By', resource('memory')),
  ...BOARDS.map(name => kubeState(REQUESTS, 'gpu_request', '1', resource(name))),
  ...MIG_SLICES.map(slices =>
    kubeState(
      REQUESTS,
      'gpu_request',
      '1',
      resource(`/^nvidia_com_mig_${slices}g_/`, { scale: `${slices}/7` }),
    ),
  ),
  kubeState('kube_node_info', 'identity', '1', { value: '1', alias: '{internal_ip}' }),
  ...OWNERS.map(([kind, key]) => kubeState('kube_pod_info', 'identity', '1', described(kind, key))),
  kubeState('kube_pod_container_resource_requests_cpu_cores', 'cpu_request', '1', desired),
  kubeState('kube_pod_container_resource_requests_memory_bytes', 'memory_request', 'By', desired),
]
