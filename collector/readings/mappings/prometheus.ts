/**
 * Mappings of Prometheus exporters whose meaning is clear: Kepler (kepler.ts), Scaphandre, DCGM exporter 4.5,
 * node_exporter 1.12, IPMI exporter, cAdvisor and kube-state-metrics 2.20. Energy that an exporter has already shared
 * out to processes or pods is ignored: Wattline shares energy by its own rule, and using both would count it twice.
 */
import { cadvisorContainer, inPod } from './cadvisor.ts'
import { gpuBoard, KEPLER_MAPPINGS } from './kepler.ts'
import { own } from './labels.ts'
import type { IgnoredReason, Located, Mapping, PointContext } from './mapping.ts'
import { cpuMode } from './otlp.ts'
import {
  BYTES,
  JOULES,
  MICROJOULES,
  MICROWATTS,
  MILLIJOULES,
  row,
  SECONDS,
  UNITS,
  WATTS,
} from './prometheus-row.ts'
import { raplZone } from './rapl-zones.ts'
import { workload } from './workload.ts'

const hostCpu = ({ point }: PointContext): Located | IgnoredReason => {
  const mode = own(point, 'mode')
  return mode === '' ? 'no_mode' : { domain: cpuMode(mode), device: own(point, 'cpu') }
}

const socket = ({ point }: PointContext): Located | IgnoredReason => {
  const id = own(point, 'socket_id')
  return id === '' ? 'no_device' : { domain: `package-${id}` }
}

/** kube-state-metrics does not know container ids, so the identity is pod and name. */
const requested = ({ point }: PointContext): Located | IgnoredReason => {
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

const scaphandre = row('scaphandre', [])
const dcgm = row('dcgm', ['Hostname', 'hostname'])
const node = row('node_exporter', [])
const cadvisor = row('cadvisor', ['node', 'kubernetes_io_hostname'])
const kubeState = row('kube_state_metrics', ['node'])
const ipmi = row('ipmi_exporter', [])
const host = (): Located => ({ domain: 'host' })

/**
 * Among the power sensors of a machine, only the ACPI meter (`ACPI000D`) measures the whole machine; others are boards
 * and supplies.
 */
const acpiMeter = ({ point }: PointContext): Located | IgnoredReason =>
  /acpi000d|power_meter/i.test(own(point, 'chip'))
    ? { domain: 'host', device: own(point, 'sensor') }
    : 'not_host_meter'

/** Part of `MAPPINGS`: the first row of a metric that applies to a point wins. */
export const PROMETHEUS_MAPPINGS: readonly Mapping[] = [
  ...KEPLER_MAPPINGS,
  scaphandre('scaph_host_energy_microjoules', 'energy', MICROJOULES, host),
  scaphandre('scaph_host_power_microwatts', 'power', MICROWATTS, host),
  scaphandre('scaph_socket_power_microwatts', 'power', MICROWATTS, socket),
  dcgm('DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION', 'energy', MILLIJOULES, gpuBoard),
  dcgm('DCGM_FI_DEV_POWER_USAGE', 'power', WATTS, gpuBoard),
  node('node_rapl_package_joules_total', 'energy', JOULES, raplZone('', 'package')),
  node('node_rapl_core_joules_total', 'energy', JOULES, raplZone('', 'core')),
  node('node_rapl_uncore_joules_total', 'energy', JOULES, raplZone('', 'uncore')),
  node('node_rapl_dram_joules_total', 'energy', JOULES, raplZone('', 'dram')),
  node('node_rapl_psys_joules_total', 'energy', JOULES, raplZone('', 'psys')),
  node('node_rapl_joules_total', 'energy', JOULES, raplZone('rapl_zone')),
  node('node_hwmon_power_average_watt', 'power', WATTS, acpiMeter, { zeroIsNone: true }),
  node('node_hwmon_power_watt', 'power', WATTS, acpiMeter, { zeroIsNone: true }),
  ipmi('ipmi_dcmi_power_consumption_watts', 'power', WATTS, host, { zeroIsNone: true }),
  node('node_cpu_seconds_total', 'cpu_time', SECONDS, hostCpu),
  cadvisor('container_cpu_usage_seconds_total', 'cpu_time', SECONDS, cadvisorContainer('')),
  cadvisor('container_memory_working_set_bytes', 'memory', BYTES, cadvisorContainer('working_set')),
  kubeState('kube_pod_container_resource_requests', 'cpu_request', UNITS, requested, {
    when: { resource: 'cpu' },
  }),
  kubeState('kube_pod_container_resource_requests', 'memory_request', BYTES, requested, {
    when: { resource: 'memory' },
  }),
  kubeState('kube_pod_container_resource_requests', 'gpu_request', UNITS, requested, {
    when: { resource: 'nvidia_com_gpu' },
  }),
]
