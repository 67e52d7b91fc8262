/**
 * Mappings of Prometheus exporters whose meaning is clear: Kepler 0.11, Scaphandre, DCGM exporter 4.5, node_exporter
 * 1.12, cAdvisor and kube-state-metrics 2.20. Energy that an exporter has already shared out to processes or pods is
 * left alone: Wattline shares by its own rule, and taking both would count it twice.
 */
import { classifyCgroup } from '../sensors/cgroup-patterns.ts'
import type { IgnoredReason, Labels, Located, Mapping, Place, Quantity, Workload } from './mapping.ts'
import { cpuMode } from './mappings-otlp.ts'
import { type Factor, factor } from './scale.ts'
import { containerId } from './workload.ts'

const JOULES = factor(1_000_000n)
const MILLIJOULES = factor(1000n)
const MICROJOULES = factor(1n)
const WATTS = factor(1000n)
const MICROWATTS = factor(1n, 1000n)
const SECONDS = factor(1_000_000n)
const UNITS = factor(1000n)
const BYTES = factor(1n)

type Extra = Pick<Mapping, 'when' | 'hostLabels'>

const row =
  (source: string, hostLabels: readonly string[]) =>
  (
    metric: string,
    quantity: Quantity,
    kind: 'counter' | 'gauge',
    by: Factor,
    locate: Mapping['locate'],
    extra: Extra = {},
  ): Mapping => ({ source, metric, quantity, kind, factor: by, hostLabels, untyped: true, locate, ...extra })

/** A scrape without `honor_labels` renames the exporter's own label to `exported_x` and puts the target's in its place. */
export const own = (labels: Labels, ...names: readonly string[]): string => {
  for (const name of names) {
    const value = labels[`exported_${name}`] || labels[name]
    if (value) return value
  }
  return ''
}

/** Package number of a powercap path: `/sys/class/powercap/intel-rapl:0:2` -> `0`. */
const packageOf = (path: string): string => /intel-rapl(?:-mmio)?:(\d+)/.exec(path)?.[1] ?? '0'

/** RAPL zones by name. The index of a package is in its label; that of a child is its parent's, in the path. */
const raplZone =
  (zoneLabel: string, fixed?: string) =>
  ({ point }: Place): Located | IgnoredReason => {
    const zone = (fixed ?? own(point, zoneLabel)).replace(/[-_]\d+$/, '')
    const path = own(point, 'path')
    if (zone === 'psys') return { domain: 'host' }
    if (zone === 'package') return { domain: `package-${own(point, 'index') || packageOf(path)}` }
    if (zone === 'core' || zone === 'uncore' || zone === 'dram') {
      return { domain: `${zone}-${path === '' ? own(point, 'index') || '0' : packageOf(path)}` }
    }
    return 'zone'
  }

/** One board's counter is repeated for every pod that shares it; without a workload the copies are one series. */
const gpuBoard = ({ point }: Place): Located | IgnoredReason => {
  const uuid = own(point, 'UUID', 'uuid', 'gpu_uuid')
  return uuid === '' ? 'no_device' : { domain: `gpu-${uuid}` }
}

const hostCpu = ({ point }: Place): Located | IgnoredReason => {
  const mode = own(point, 'mode')
  return mode === '' ? 'no_mode' : { domain: cpuMode(mode), device: own(point, 'cpu') }
}

const socket = ({ point }: Place): Located | IgnoredReason => {
  const id = own(point, 'socket_id')
  return id === '' ? 'no_device' : { domain: `package-${id}` }
}

const workload = (
  kind: Workload['kind'],
  id: string,
  name: string,
  namespace: string,
  attributes: Labels,
): Workload => ({
  kind,
  id,
  name,
  namespace,
  attributes: Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== '')),
})

const inPod = (point: Labels, container: string, uid: string): Labels => ({
  'k8s.container.name': container,
  'k8s.namespace.name': own(point, 'namespace'),
  'k8s.pod.name': own(point, 'pod'),
  'k8s.pod.uid': uid,
})

/** Rows of pods (`container=""`) and sandboxes (`POD`) hold their containers' time again. */
const cadvisorContainer =
  (domain: string) =>
  ({ point }: Place): Located | IgnoredReason => {
    const container = own(point, 'container')
    const found = classifyCgroup(own(point, 'id'))
    if (container === 'POD' || found?.kind !== 'container') return 'no_workload'
    const uid = found.attributes['k8s.pod.uid'] ?? ''
    if (container === '' && uid !== '') return 'no_workload'
    const name = container || own(point, 'name') || found.name
    const cpu = own(point, 'cpu')
    return {
      domain,
      device: cpu === 'total' ? '' : cpu,
      workload: workload('container', found.id, name, own(point, 'namespace'), {
        ...inPod(point, container, uid),
        'container.id': found.id,
        'container.name': own(point, 'name'),
      }),
    }
  }

/** kube-state-metrics does not know container ids: the identity is pod and name. */
const requested = ({ point }: Place): Located | IgnoredReason => {
  const uid = own(point, 'uid')
  const container = own(point, 'container')
  if (uid === '' || container === '') return 'no_workload'
  return {
    domain: 'desired',
    workload: workload('container', `${uid}/${container}`, container, own(point, 'namespace'), {
      ...inPod(point, container, uid),
    }),
  }
}

/** Every process is listed, so a container's time is the sum of its processes', told apart by process id. */
const keplerProcess = ({ point }: Place): Located | IgnoredReason => {
  const pid = own(point, 'pid')
  const id = containerId(own(point, 'container_id'))
  const vm = own(point, 'vm_id')
  const comm = own(point, 'comm')
  if (id !== '')
    return {
      domain: '',
      device: pid,
      workload: workload('container', id, id.slice(0, 12).toWellFormed(), '', { 'container.id': id }),
    }
  if (vm !== '') return { domain: '', device: pid, workload: workload('vm', vm, vm, '', {}) }
  if (comm === '') return 'no_workload'
  return {
    domain: '',
    device: pid,
    workload: workload('process', comm, comm, '', { 'process.executable.name': comm }),
  }
}

const kepler = row('kepler', ['node_name'])
const scaphandre = row('scaphandre', [])
const dcgm = row('dcgm', ['Hostname', 'hostname'])
const node = row('node_exporter', [])
const cadvisor = row('cadvisor', ['node', 'kubernetes_io_hostname'])
const kubeState = row('kube_state_metrics', ['node'])
const host = (): Located => ({ domain: 'host' })

export const PROMETHEUS_MAPPINGS: readonly Mapping[] = [
  kepler('kepler_node_cpu_joules_total', 'energy', 'counter', JOULES, raplZone('zone')),
  kepler('kepler_node_gpu_joules_total', 'energy', 'counter', JOULES, gpuBoard),
  kepler('kepler_process_cpu_seconds_total', 'cpu_time', 'counter', SECONDS, keplerProcess),
  scaphandre('scaph_host_energy_microjoules', 'energy', 'counter', MICROJOULES, host),
  scaphandre('scaph_host_power_microwatts', 'power', 'gauge', MICROWATTS, host),
  scaphandre('scaph_socket_power_microwatts', 'power', 'gauge', MICROWATTS, socket),
  dcgm('DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION', 'energy', 'counter', MILLIJOULES, gpuBoard),
  dcgm('DCGM_FI_DEV_POWER_USAGE', 'power', 'gauge', WATTS, gpuBoard),
  node('node_rapl_package_joules_total', 'energy', 'counter', JOULES, raplZone('', 'package')),
  node('node_rapl_core_joules_total', 'energy', 'counter', JOULES, raplZone('', 'core')),
  node('node_rapl_uncore_joules_total', 'energy', 'counter', JOULES, raplZone('', 'uncore')),
  node('node_rapl_dram_joules_total', 'energy', 'counter', JOULES, raplZone('', 'dram')),
  node('node_rapl_psys_joules_total', 'energy', 'counter', JOULES, raplZone('', 'psys')),
  node('node_rapl_joules_total', 'energy', 'counter', JOULES, raplZone('rapl_zone')),
  node('node_cpu_seconds_total', 'cpu_time', 'counter', SECONDS, hostCpu),
  cadvisor('container_cpu_usage_seconds_total', 'cpu_time', 'counter', SECONDS, cadvisorContainer('')),
  cadvisor('container_memory_working_set_bytes', 'memory', 'gauge', BYTES, cadvisorContainer('working_set')),
  kubeState('kube_pod_container_resource_requests', 'cpu_request', 'gauge', UNITS, requested, {
    when: { resource: 'cpu' },
  }),
  kubeState('kube_pod_container_resource_requests', 'memory_request', 'gauge', BYTES, requested, {
    when: { resource: 'memory' },
  }),
  kubeState('kube_pod_container_resource_requests', 'gpu_request', 'gauge', UNITS, requested, {
    when: { resource: 'nvidia_com_gpu' },
  }),
]
