/**
 * Guarantees: every row of the table of mappings gives its reading, in integers of the quantity; points that are not
 * readings are counted by a reason from the closed list; the worked example of the accounting page, sent as OTLP, gives
 * exactly its microjoules and microseconds.
 */

import { describe, expect, test } from 'vitest'
import { IGNORED_REASONS } from '../../../collector/readings/mappings/mapping.ts'
import { MAPPINGS } from '../../../collector/readings/mappings/mappings.ts'
import type { Reading } from '../../../collector/readings/reading.ts'
import { createRecogniser } from '../../../collector/readings/recogniser.ts'
import { isCounter } from '../../../core/books/quantities.ts'
import { CEILOMETER_ROWS } from '../../../core/mappings/table/ceilometer.ts'
import type { LabelMap } from '../../../core/model/label-text.ts'
import { CONTEXT } from '../otlp/decode/support.ts'
import { EXPORTER_METRICS } from './exporter-names.ts'
import { type Recognised, recognisedIn, requestOf, type SentMetric } from './recognising.ts'

const T = 1_700_000_000_000_000_000n
const CONTAINER = 'c'.repeat(64)
const POD = '0a1b2c3d-1111-2222-3333-444455556666'
const RESOURCE: LabelMap = { 'host.id': 'h1', 'host.name': 'node-1' }

type Sent = {
  readonly name: string
  readonly unit?: string
  readonly value: bigint | number
  readonly labels?: LabelMap
  readonly resource?: LabelMap
  readonly kind?: 'gauge' | 'sum'
  readonly temporality?: number
  readonly monotonic?: boolean
  readonly time?: bigint
  readonly start?: bigint
}

/** Nothing is too old or too far ahead. */
const ANY_TIME = { ...CONTEXT, limits: { ...CONTEXT.limits, futureNano: T } }
const recognise = (metric: SentMetric, tenant: string): Recognised =>
  recognisedIn(requestOf([metric]), { ...ANY_TIME, tenant })

function metric(sent: Sent): SentMetric {
  const kind = sent.kind ?? 'sum'
  return {
    name: sent.name,
    unit: sent.unit ?? '',
    kind,
    temporality: sent.temporality ?? (kind === 'sum' ? 2 : 0),
    monotonic: sent.monotonic ?? kind === 'sum',
    resource: sent.resource ?? RESOURCE,
    points: [
      {
        timeUnixNano: sent.time ?? T,
        startTimeUnixNano: sent.start ?? 5n,
        value: sent.value,
        attributes: sent.labels ?? {},
      },
    ],
  }
}

const place = (reading: Reading): string =>
  [reading.Quantity, reading.Domain, reading.Device, reading.WorkloadKind, reading.WorkloadId]
    .join(' ')
    .trim()

const container = { 'container.id': CONTAINER, 'k8s.container.name': 'web', 'k8s.namespace.name': 'shop' }
const byName = { 'k8s.pod.uid': POD, 'k8s.container.name': 'web' }
const pod = { 'k8s.pod.uid': POD, 'k8s.pod.name': 'web-1', 'k8s.namespace.name': 'shop' }
const cadvisor = {
  id: `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${POD.replaceAll('-', '_')}.slice/cri-containerd-${CONTAINER}.scope`,
  container: 'web',
  namespace: 'shop',
  pod: 'web-1',
}
const zone = (name: string, path: string): LabelMap => ({ zone: name, path: `/sys/class/powercap/${path}` })
const old = (mode: string): LabelMap => ({ source: 'rapl-sysfs', package: '1', mode })
const request = (resource: string): LabelMap => ({
  resource,
  namespace: 'shop',
  pod: 'web-1',
  uid: POD,
  container: 'web',
  node: 'n7',
})

const flow = {
  'k8s.src.namespace': 'shop',
  'k8s.src.name': 'web-1',
  'k8s.src.type': 'Pod',
  'k8s.dst.name': 'db-0',
}

/** name, point labels, value sent, what and where, value read. */
const OTLP_COUNTERS: readonly [string, LabelMap, bigint | number, string, bigint][] = [
  ['hw.energy', { 'hw.type': 'cpu', 'hw.id': '0' }, 1000, 'energy package-0', 1_000_000_000n],
  ['hw.energy', { 'hw.type': 'cpu', 'hw.id': 'package-1' }, 2n, 'energy package-1', 2_000_000n],
  ['hw.energy', { 'hw.type': 'cpu', 'hw.id': '0', 'hw.parent': 'board' }, 2n, 'energy package-0', 2_000_000n],
  [
    'hw.energy',
    { 'hw.type': 'cpu', 'hw.id': 'core-0', 'hw.parent': 'package-0' },
    2n,
    'energy core-0 core-0',
    2_000_000n,
  ],
  [
    'hw.energy',
    { 'hw.type': 'cpu', 'hw.id': 'x', 'hw.name': 'uncore', 'hw.parent': '1' },
    2n,
    'energy uncore-1 x',
    2_000_000n,
  ],
  ['hw.energy', { 'hw.type': 'cpu', 'hw.id': 'x', 'hw.parent': 'cpu0' }, 2n, 'energy core-0 x', 2_000_000n],
  ['hw.energy', { 'hw.type': 'memory', 'hw.id': '0' }, 2n, 'energy dram-0', 2_000_000n],
  ['hw.energy', { 'hw.type': 'gpu', 'hw.id': 'GPU-a' }, 2n, 'energy gpu-GPU-a', 2_000_000n],
  ['hw.host.energy', {}, 2.5, 'energy host', 2_500_000n],
  ['system.cpu.time', { 'cpu.mode': 'user', 'cpu.logical_number': '3' }, 1.25, 'cpu_time user 3', 1_250_000n],
  ['system.cpu.time', { state: 'wait', cpu: 'cpu3' }, 1.25, 'cpu_time iowait cpu3', 1_250_000n],
  [
    'process.cpu.time',
    { 'cpu.mode': 'user', 'process.executable.name': 'nginx', 'process.pid': '7' },
    1,
    'cpu_time user 7 process nginx',
    1_000_000n,
  ],
  ['container.cpu.time', container, 60, `cpu_time   container ${CONTAINER}`, 60_000_000n],
  [
    'container.cpu.time',
    { 'container.id': `containerd://${CONTAINER}`, 'cpu.mode': 'user' },
    60,
    `cpu_time user  container ${CONTAINER}`,
    60_000_000n,
  ],
  ['k8s.pod.cpu.time', pod, 60, `cpu_time   pod ${POD}`, 60_000_000n],
  ['container.cpu.usage.total', container, 60_000n, `cpu_time   container ${CONTAINER}`, 60n],
  [
    'process.cpu.time',
    { state: 'user', 'process.pid': '7', 'process.cgroup': '0::/system.slice/nginx.service' },
    1,
    'cpu_time user 7 systemd_unit nginx.service',
    1_000_000n,
  ],
  [
    'k8s.pod.network.io',
    { ...pod, interface: 'eth0', direction: 'receive' },
    9n,
    `network_io receive eth0 pod ${POD}`,
    9n,
  ],
  [
    'container.network.io',
    { ...container, 'network.io.direction': 'transmit' },
    9n,
    `network_io transmit  container ${CONTAINER}`,
    9n,
  ],
  ['obi.network.flow.bytes', flow, 9n, 'network_io transmit db-0 pod shop/web-1', 9n],
  ['beyla.network.flow.bytes', flow, 9n, 'network_io transmit db-0 pod shop/web-1', 9n],
]

const OTLP_GAUGES: readonly [string, LabelMap, bigint | number, string, bigint][] = [
  ['hw.gpu.utilization', { 'hw.id': 'GPU-a' }, 0.25, 'gpu_utilization gpu-GPU-a', 250_000n],
  [
    'hw.gpu.utilization',
    { 'hw.id': 'GPU-a', 'hw.gpu.task': 'general' },
    1n,
    'gpu_utilization gpu-GPU-a',
    1_000_000n,
  ],
  ['hw.power', { 'hw.type': 'cpu', 'hw.id': '0' }, 60.5, 'power package-0', 60_500n],
  ['hw.host.power', {}, 220n, 'power host', 220_000n],
  ['container.memory.working_set', container, 1024n, `memory working_set  container ${CONTAINER}`, 1024n],
  ['container.memory.usage', container, 2048n, `memory usage  container ${CONTAINER}`, 2048n],
  ['k8s.pod.memory.working_set', pod, 1024n, `memory working_set  pod ${POD}`, 1024n],
  ['k8s.pod.memory.usage', pod, 1024n, `memory usage  pod ${POD}`, 1024n],
  ['k8s.pod.memory.rss', pod, 1024n, `memory rss  pod ${POD}`, 1024n],
  ['container.memory.rss', container, 1024n, `memory rss  container ${CONTAINER}`, 1024n],
  ['container.memory.usage.total', container, 1024n, `memory usage  container ${CONTAINER}`, 1024n],
  [
    'process.memory.usage',
    { 'process.command': 'nginx', 'process.pid': '7' },
    5n,
    'memory rss 7 process nginx',
    5n,
  ],
  ['process.memory.physical_usage', { 'process.command': 'nginx' }, 5n, 'memory rss  process nginx', 5n],
  ['k8s.container.cpu.request.current', byName, 0.25, `cpu_request current  container ${POD}/web`, 250n],
  ['k8s.container.cpu.request.desired', byName, 2n, `cpu_request desired  container ${POD}/web`, 2000n],
  ['k8s.container.cpu.request', byName, 2n, `cpu_request desired  container ${POD}/web`, 2000n],
  ['k8s.container.cpu_request', byName, 2n, `cpu_request desired  container ${POD}/web`, 2000n],
  ['k8s.container.memory.request.current', byName, 64n, `memory_request current  container ${POD}/web`, 64n],
  ['k8s.container.memory.request.desired', byName, 64n, `memory_request desired  container ${POD}/web`, 64n],
  ['k8s.container.memory.request', byName, 64n, `memory_request desired  container ${POD}/web`, 64n],
  ['k8s.container.memory_request', byName, 64n, `memory_request desired  container ${POD}/web`, 64n],
]

const PROMETHEUS: readonly [string, LabelMap, bigint | number, string, bigint][] = [
  ['kepler_node_cpu_joules_total', zone('package', 'intel-rapl:1'), 3, 'energy package-1', 3_000_000n],
  ['kepler_node_cpu_joules_total', zone('dram', 'intel-rapl:1:2'), 3, 'energy dram-1', 3_000_000n],
  ['kepler_node_cpu_joules_total', zone('psys', 'intel-rapl:2'), 3, 'energy psys 2', 3_000_000n],
  ['kepler_node_cpu_joules_total', zone('package-0-die-1', ''), 3, 'energy package-0-die-1', 3_000_000n],
  ['kepler_node_cpu_active_joules_total', zone('package', ''), 3, 'energy_active package-0', 3_000_000n],
  ['kepler_node_cpu_idle_joules_total', zone('package', ''), 3, 'energy_idle package-0', 3_000_000n],
  ['kepler_platform_watts', { chassis_id: '1', source_id: 'a' }, 300, 'power host 1/a', 300_000n],
  ['kepler_node_package_joules_total', old('dynamic'), 3, 'energy package-1 dynamic', 3_000_000n],
  ['kepler_node_package_joules_total', old('idle'), 3, 'energy package-1 idle', 3_000_000n],
  ['kepler_node_package_joules_total', { package: '0' }, 3, 'energy package-0', 3_000_000n],
  ['kepler_node_core_joules_total', old('dynamic'), 3, 'energy core-1 dynamic', 3_000_000n],
  ['kepler_node_uncore_joules_total', old('dynamic'), 3, 'energy uncore-1 dynamic', 3_000_000n],
  ['kepler_node_dram_joules_total', old('idle'), 3, 'energy dram-1 idle', 3_000_000n],
  ['kepler_node_platform_joules_total', { mode: 'idle' }, 3, 'energy host idle', 3_000_000n],
  ['kepler_node_gpu_joules_total', { gpu_uuid: 'GPU-a', gpu: '0' }, 3, 'energy gpu-GPU-a', 3_000_000n],
  [
    'kepler_process_cpu_seconds_total',
    { pid: '9', comm: 'nginx' },
    3,
    'cpu_time  9 process nginx',
    3_000_000n,
  ],
  [
    'kepler_process_cpu_seconds_total',
    { pid: '9', comm: 'nginx', container_id: CONTAINER },
    3,
    `cpu_time  9 container ${CONTAINER}`,
    3_000_000n,
  ],
  [
    'kepler_process_cpu_seconds_total',
    { pid: '9', comm: 'qemu', vm_id: 'vm-1' },
    3,
    'cpu_time  9 vm vm-1',
    3_000_000n,
  ],
  ['scaph_host_energy_microjoules', {}, 12_345n, 'energy host', 12_345n],
  ['scaph_host_power_microwatts', {}, 60_500_499n, 'power host', 60_500n],
  ['scaph_socket_power_microwatts', { socket_id: '1' }, 60_500_501n, 'power package-1', 60_501n],
  ['DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION', { UUID: 'GPU-a', pod: 'a' }, 7n, 'energy gpu-GPU-a', 7000n],
  ['DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION', { uuid: 'GPU-a', pod: 'b' }, 7n, 'energy gpu-GPU-a', 7000n],
  ['DCGM_FI_DEV_POWER_USAGE', { UUID: 'GPU-a' }, 70.12, 'power gpu-GPU-a', 70_120n],
  [
    'node_rapl_package_joules_total',
    { index: '1', path: '/sys/class/powercap/intel-rapl:2' },
    1,
    'energy package-1',
    1_000_000n,
  ],
  [
    'node_rapl_core_joules_total',
    { index: '0', path: '/sys/class/powercap/intel-rapl:1:0' },
    1,
    'energy core-1',
    1_000_000n,
  ],
  ['node_rapl_uncore_joules_total', { index: '1' }, 1, 'energy uncore-1', 1_000_000n],
  [
    'node_rapl_dram_joules_total',
    { path: '/sys/class/powercap/intel-rapl:0:1' },
    1,
    'energy dram-0',
    1_000_000n,
  ],
  ['node_rapl_psys_joules_total', {}, 1, 'energy psys', 1_000_000n],
  ['node_rapl_package_0_die_1_joules_total', { index: '0' }, 1, 'energy package-0-die-1', 1_000_000n],
  ['node_rapl_package_1_die_joules_total', { index: '3' }, 1, 'energy package-1-die-3', 1_000_000n],
  ['node_rapl_package_12_joules_total', {}, 1, 'energy package-12', 1_000_000n],
  [
    'node_rapl_joules_total',
    { rapl_zone: 'package-1-die-0', index: '0' },
    1,
    'energy package-1-die-0',
    1_000_000n,
  ],
  [
    'node_hwmon_power_average_watt',
    { chip: 'lnxsybus:00_acpi000d:00', sensor: 'power1' },
    9,
    'power host power1',
    9000n,
  ],
  ['node_hwmon_power_watt', { chip: 'power_meter-acpi-0', sensor: 'power1' }, 9, 'power host power1', 9000n],
  ['ipmi_dcmi_power_consumption_watts', {}, 300, 'power host', 300_000n],
  ['node_rapl_joules_total', { rapl_zone: 'package-0', index: '0' }, 1, 'energy package-0', 1_000_000n],
  ['node_cpu_seconds_total', { cpu: '2', mode: 'irq' }, 1, 'cpu_time interrupt 2', 1_000_000n],
  [
    'container_cpu_usage_seconds_total',
    { ...cadvisor, cpu: 'total' },
    1,
    `cpu_time   container ${CONTAINER}`,
    1_000_000n,
  ],
  [
    'container_cpu_usage_seconds_total',
    { id: `/docker/${CONTAINER}`, name: 'db', cpu: 'cpu01' },
    1,
    `cpu_time  cpu01 container ${CONTAINER}`,
    1_000_000n,
  ],
  [
    'container_cpu_usage_seconds_total',
    { id: `/kubepods/besteffort/pod${POD}/${CONTAINER}` },
    1,
    `cpu_time   container ${CONTAINER}`,
    1_000_000n,
  ],
  [
    'container_cpu_usage_seconds_total',
    { id: `/kubepods/besteffort/pod${POD}` },
    1,
    `cpu_time   pod ${POD}`,
    1_000_000n,
  ],
  [
    'container_memory_working_set_bytes',
    { id: `/kubepods.slice/kubepods-pod${POD.replaceAll('-', '_')}.slice` },
    9,
    `memory working_set  pod ${POD}`,
    9n,
  ],
  ['container_memory_working_set_bytes', cadvisor, 9, `memory working_set  container ${CONTAINER}`, 9n],
  [
    'kube_pod_container_resource_requests',
    request('cpu'),
    0.5,
    `cpu_request desired  container ${POD}/web`,
    500n,
  ],
  [
    'kube_pod_container_resource_requests',
    request('memory'),
    64,
    `memory_request desired  container ${POD}/web`,
    64n,
  ],
  [
    'kube_pod_container_resource_requests',
    request('nvidia_com_gpu'),
    1,
    `gpu_request desired  container ${POD}/web`,
    1000n,
  ],
]

const only = (sent: Sent): Reading => {
  const { readings, ignored } = recognise(metric(sent), 'acme')
  expect([...ignored]).toEqual([])
  expect(readings).toHaveLength(1)
  return readings[0]!
}

const reasonOf = (sent: Sent): string => {
  const { readings, ignored } = recognise(metric(sent), 'acme')
  expect(readings).toEqual([])
  expect([...ignored.values()]).toEqual([1])
  return [...ignored.keys()][0]!
}

describe('the table of mappings', () => {
  test.each(OTLP_COUNTERS)('%s %j %s', (name, labels, value, where, expected) => {
    const reading = only({ name, value, labels })
    expect([place(reading), reading.Value, reading.BootId]).toEqual([where, expected, 'otlp:5'])
  })

  test.each(OTLP_GAUGES)('%s %j %s', (name, labels, value, where, expected) => {
    for (const sent of [
      { name, value, labels, kind: 'gauge' } as const,
      { name, value, labels, monotonic: false },
    ]) {
      const reading = only(sent)
      expect([place(reading), reading.Value, reading.BootId]).toEqual([where, expected, ''])
    }
  })

  test.each(PROMETHEUS)('%s %j %s, with and without type', (name, labels, value, where, expected) => {
    for (const kind of ['gauge', 'sum'] as const) {
      const reading = only({ name, value, labels, kind })
      expect([place(reading), reading.Value]).toEqual([where, expected])
    }
  })

  test('every row is one of those tested here, and those of Ceilometer with its endpoint', () => {
    const names = [...OTLP_COUNTERS, ...OTLP_GAUGES, ...PROMETHEUS].map(([name]) => name)
    const tested = new Set([
      ...names.filter(name => !/^node_rapl_package_\d/.test(name)),
      ...EXPORTER_METRICS,
      ...CEILOMETER_ROWS.map(({ metric }) => metric),
    ])
    expect([...new Set(MAPPINGS.map(row => row.metric))].sort()).toEqual([...tested].sort())
  })

  test('points with names in no row are neither readings nor counted', () => {
    for (const name of ['http.server.duration', 'container.cpu.usage', 'constructor', '__proto__', '']) {
      const { readings, ignored } = recognise(metric({ name, value: 1 }), 'acme')
      expect([readings, ignored.size]).toEqual([[], 0])
    }
  })
})

const cpu = { 'hw.type': 'cpu', 'hw.id': '0' }
const IGNORED: readonly [string, Sent][] = [
  ['delta_temporality', { name: 'hw.energy', value: 1, labels: cpu, temporality: 1 }],
  ['delta_temporality', { name: 'kepler_node_cpu_joules_total', value: 1, temporality: 1 }],
  ['not_a_counter', { name: 'hw.energy', value: 1, labels: cpu, kind: 'gauge' }],
  ['not_a_counter', { name: 'hw.energy', value: 1, labels: cpu, monotonic: false }],
  ['not_a_gauge', { name: 'hw.power', value: 1, labels: cpu }],
  ['no_time', { name: 'hw.energy', value: 1, labels: cpu, time: 0n }],
  ['no_host', { name: 'hw.energy', value: 1, labels: cpu, resource: { 'service.name': 'x' } }],
  ['no_device', { name: 'hw.energy', value: 1, labels: { 'hw.type': 'cpu' } }],
  ['no_device', { name: 'DCGM_FI_DEV_POWER_USAGE', value: 1 }],
  ['no_device', { name: 'scaph_socket_power_microwatts', value: 1 }],
  ['hw_type', { name: 'hw.energy', value: 1, labels: { 'hw.type': 'fan', 'hw.id': '1' } }],
  ['no_mode', { name: 'system.cpu.time', value: 1 }],
  ['no_mode', { name: 'node_cpu_seconds_total', value: 1 }],
  ['inside_container', { name: 'process.cpu.time', value: 1, labels: { 'container.id': CONTAINER } }],
  ['not_cpu_time', { name: 'process.cpu.time', value: 1, labels: { 'cpu.mode': 'wait' } }],
  ['no_workload', { name: 'process.cpu.time', value: 1, labels: { 'cpu.mode': 'user' } }],
  ['no_workload', { name: 'container.cpu.time', value: 1, labels: { 'k8s.container.name': 'web' } }],
  ['no_workload', { name: 'k8s.pod.cpu.time', value: 1, labels: { 'k8s.pod.name': 'web' } }],
  [
    'no_workload',
    { name: 'container_cpu_usage_seconds_total', value: 1, labels: { ...cadvisor, container: '' } },
  ],
  [
    'no_workload',
    { name: 'container_cpu_usage_seconds_total', value: 1, labels: { ...cadvisor, container: 'POD' } },
  ],
  ['no_workload', { name: 'container_cpu_usage_seconds_total', value: 1, labels: { id: '/' } }],
  [
    'no_workload',
    {
      name: 'container_cpu_usage_seconds_total',
      value: 1,
      labels: { id: `/kubepods/pod${POD}`, pod: 'web-1', namespace: 'shop' },
    },
  ],
  ['no_workload', { name: 'kepler_process_cpu_seconds_total', value: 1 }],
  ['no_host', { name: 'kube_pod_container_resource_requests', value: 1, labels: { resource: 'cpu' } }],
  [
    'no_workload',
    { name: 'kube_pod_container_resource_requests', value: 1, labels: { resource: 'cpu', node: 'n7' } },
  ],
  ['zone', { name: 'kepler_node_cpu_joules_total', value: 1, labels: zone('__proto__', '') }],
  ['label', { name: 'kepler_node_package_joules_total', value: 1, labels: old('other') }],
  ['not_host_meter', { name: 'node_hwmon_power_average_watt', value: 1, labels: { chip: 'amdgpu' } }],
  ['sentinel', { name: 'ipmi_dcmi_power_consumption_watts', value: 0 }],
  ['unit', { name: 'hw.energy', value: 1, labels: cpu, unit: 'W' }],
  ['unit', { name: 'hw.energy', value: 1, labels: cpu, unit: 'furlong' }],
  ['unit', { name: 'hw.energy', value: 1, labels: cpu, unit: 'J'.repeat(1000) }],
  ['unit', { name: 'hw.energy', value: 1, labels: cpu, unit: '1' }],
  ['unit', { name: 'kepler_node_cpu_joules_total', value: 1, labels: zone('package', ''), unit: 'kJ' }],
  ['unit', { name: 'kube_pod_container_resource_requests', value: 1, labels: request('cpu'), unit: 's' }],
  ['label', { name: 'hw.gpu.utilization', value: 1, labels: { 'hw.id': 'a', 'hw.gpu.task': 'encoder' } }],
  ['zone', { name: 'node_rapl_joules_total', value: 1, labels: { rapl_zone: 'accelerator' } }],
  ['label', { name: 'kube_pod_container_resource_requests', value: 1, labels: request('hugepages_2Mi') }],
  ['not_finite', { name: 'hw.energy', value: Number.NaN, labels: cpu }],
  ['negative', { name: 'hw.energy', value: -1n, labels: cpu }],
  ['sentinel', { name: 'DCGM_FI_DEV_POWER_USAGE', value: 9_223_372_036_854_775_794n, labels: { UUID: 'a' } }],
  ['out_of_range', { name: 'hw.energy', value: 1e15, labels: cpu }],
]

/** name, unit, value sent, value read. */
const UNITS: readonly [string, string, bigint | number, bigint][] = [
  ['hw.energy', '', 600n, 600_000_000n],
  ['hw.energy', 'J', 600n, 600_000_000n],
  ['hw.energy', 'mJ', 600_000n, 600_000_000n],
  ['hw.energy', 'uJ', 600_000_000n, 600_000_000n],
  ['hw.energy', '\u00b5J', 600_000_000n, 600_000_000n],
  ['hw.energy', 'kJ', 0.6, 600_000_000n],
  ['hw.energy', 'MJ', 3n, 3_000_000_000_000n],
  ['hw.energy', 'Wh', 1n, 3_600_000_000n],
  ['hw.energy', 'mW.h', 1n, 3_600_000n],
  ['hw.energy', 'kW.h', 0.000166, 597_600_000n],
  ['hw.energy', 'kWh', 0.5, 1_800_000_000_000n],
  ['hw.energy', 'W.s', 5n, 5_000_000n],
  ['hw.energy', 'joules', 5n, 5_000_000n],
  ['hw.energy', 'nJ', 1500n, 2n],
  ['hw.power', 'W', 60n, 60_000n],
  ['hw.power', 'mW', 60n, 60n],
  ['hw.power', 'kW', 0.06, 60_000n],
  ['hw.power', 'uW', 2500n, 2n],
  ['system.cpu.time', 's', 1.5, 1_500_000n],
  ['system.cpu.time', 'ms', 1500n, 1_500_000n],
  ['system.cpu.time', 'us', 1500n, 1500n],
  ['system.cpu.time', 'ns', 1500n, 2n],
  ['system.cpu.time', 'min', 2n, 120_000_000n],
  ['container.memory.working_set', 'By', 5n, 5n],
  ['container.memory.working_set', 'KiBy', 5n, 5120n],
  ['container.memory.working_set', 'MBy', 5n, 5_000_000n],
  ['k8s.container.cpu.request.current', '{cpu}', 0.25, 250n],
  ['k8s.container.cpu.request.current', '1', 2n, 2000n],
  ['k8s.container.cpu.request.current', 'millicores', 250n, 250n],
  ['DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION', 'mJ', 7n, 7000n],
  ['DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION', 'J', 7n, 7_000_000n],
  ['kepler_node_cpu_joules_total', 'joules', 3, 3_000_000n],
]
const UNIT_LABELS: LabelMap = {
  ...{ 'hw.type': 'cpu', 'hw.id': '0', 'cpu.mode': 'user', UUID: 'GPU-a' },
  ...{ ...container, 'k8s.pod.uid': POD, ...zone('package', 'intel-rapl:0') },
}

describe('the unit that a sender states', () => {
  test.each(UNITS)('%s in %j: %s', (name, unit, value, expected) => {
    const kind = isCounter(MAPPINGS.find(row => row.metric === name)!.quantity) ? 'sum' : 'gauge'
    expect(only({ name, unit, value, kind, labels: UNIT_LABELS }).Value).toBe(expected)
  })

  test('is stored with the identity: one series in two units is read in each', () => {
    const recogniser = createRecogniser()
    const sent = { name: 'hw.host.energy', value: 1n }
    const values = ['J', 'kJ', 'J', '', 'furlong', 'mJ'].map(
      unit => recognisedIn(requestOf([metric({ ...sent, unit })]), ANY_TIME, recogniser).readings[0]?.Value,
    )
    expect(values).toEqual([1_000_000n, 1_000_000_000n, 1_000_000n, 1_000_000n, undefined, 1000n])
  })

  test('the right units are still read, however many units a sender makes up', () => {
    for (let index = 0; index < 100; index++) {
      expect(reasonOf({ name: 'hw.host.energy', value: 1, unit: `u${index}` })).toBe('unit')
    }
    expect(only({ name: 'hw.host.energy', value: 1n, unit: 'GJ' }).Value).toBe(1_000_000_000_000_000n)
  })
})

test('a package read through two kernel interfaces is one meter of two sources', () => {
  const [msr, mmio] = ['intel-rapl:0', 'intel-rapl-mmio:0'].map(path =>
    only({ name: 'node_rapl_package_joules_total', value: 1, labels: { index: '0', path } }),
  )
  expect([msr!.Domain, mmio!.Domain]).toEqual(['package-0', 'package-0'])
  expect([msr!.Source, mmio!.Source]).toEqual([
    'node_exporter:node_rapl_package_joules_total',
    'node_exporter:node_rapl_package_joules_total:mmio',
  ])
})

describe('points that are not readings', () => {
  test.each(IGNORED)('%s', (reason, sent) => {
    expect(reasonOf(sent)).toBe(reason)
  })

  test('every reason of the list is one of those tested here', () => {
    expect([...new Set(IGNORED.map(([reason]) => reason))].sort()).toEqual([...IGNORED_REASONS].sort())
  })

  test('a bad point does not affect the good ones of its metric', () => {
    const sent = metric({ name: 'hw.host.energy', value: 1 })
    const point = sent.points[0]!
    const { readings, ignored } = recognise(
      { ...sent, points: [point, { ...point, value: -1 }, { ...point, value: Number.NaN }, point] },
      'acme',
    )
    expect(readings).toHaveLength(2)
    expect(Object.fromEntries(ignored)).toEqual({ negative: 1, not_finite: 1 })
  })
})

describe('identities and places', () => {
  test.each<[LabelMap, LabelMap, string, string, string]>([
    [{ 'host.id': 'h', 'host.name': 'n', 'k8s.node.name': 'k' }, {}, 'hw.host.energy', 'h', 'n'],
    [{ 'host.name': 'n', 'k8s.node.name': 'k' }, {}, 'hw.host.energy', 'n', 'n'],
    [{ 'k8s.node.name': 'k' }, {}, 'hw.host.energy', 'k', 'k'],
    [{ 'host.id': 'h' }, {}, 'hw.host.energy', 'h', 'h'],
    [{ 'host.name': 'where-ksm-runs' }, request('cpu'), 'kube_pod_container_resource_requests', 'n7', 'n7'],
    [{}, { ...zone('package', 'intel-rapl:0'), node_name: 'n8' }, 'kepler_node_cpu_joules_total', 'n8', 'n8'],
    [{}, { UUID: 'a', Hostname: 'gpu-1' }, 'DCGM_FI_DEV_POWER_USAGE', 'gpu-1', 'gpu-1'],
    [
      {},
      { UUID: 'a', hostname: 'x', exported_hostname: 'gpu-2' },
      'DCGM_FI_DEV_POWER_USAGE',
      'gpu-2',
      'gpu-2',
    ],
    [{}, { index: '0', instance: '10.0.0.7:9100' }, 'node_rapl_package_joules_total', '10.0.0.7', '10.0.0.7'],
    [
      { 'service.instance.id': 'n9:9100', 'service.name': 'node' },
      { index: '0' },
      'node_rapl_package_joules_total',
      'n9',
      'n9',
    ],
  ])('resource %j, labels %j: %s', (resource, labels, name, host, hostName) => {
    const reading = only({ name, value: 1, labels, resource })
    expect([reading.Host, reading.HostName]).toEqual([host, hostName])
  })

  describe('an address that an exporter says is a node’s', () => {
    const cpu: Sent = { name: 'node_cpu_seconds_total', value: 1, labels: { mode: 'user', cpu: '0' } }
    const at = (instance: string, sent: Sent = cpu): Sent => ({
      ...sent,
      labels: { ...sent.labels, instance },
      resource: {},
      kind: 'gauge',
    })
    const uname = (nodename: string): Sent => ({ name: 'node_uname_info', value: 1, labels: { nodename } })
    const reader = (separate: readonly string[] = []) => {
      const recogniser = createRecogniser({ separate })
      return (sent: Sent): string[] =>
        recognisedIn(requestOf([metric(sent)]), ANY_TIME, recogniser).readings.map(
          row => `${row.Quantity} ${row.Host} ${row.HostName}`,
        )
    }

    test('is that node, and the machine whose name that is, also for earlier series', () => {
      const read = reader()
      expect(read(at('10.0.0.7:9100'))).toEqual(['cpu_time 10.0.0.7 10.0.0.7'])
      expect(read(at('10.0.0.7:9100', uname('node-7')))).toEqual(['identity node-7 10.0.0.7'])
      expect(read(at('10.0.0.7:9100'))).toEqual(['cpu_time node-7 node-7'])
      expect(
        read({ name: 'hw.host.energy', value: 1, resource: { 'host.id': 'id-7', 'host.name': 'node-7' } }),
      ).toEqual(['energy id-7 node-7'])
      expect(read(at('10.0.0.7:9100'))).toEqual(['cpu_time id-7 node-7'])
      expect(read(at('10.0.0.7:9290', { name: 'ipmi_dcmi_power_consumption_watts', value: 300 }))).toEqual([
        'power id-7 node-7',
      ])
    })

    test('is said again after two minutes, not with every scrape', () => {
      const read = reader()
      const sent = at('10.0.0.7:9100', uname('node-7'))
      const times = [0, 15, 119, 121, 200].map(
        seconds => read({ ...sent, time: T + BigInt(seconds) * 10n ** 9n }).length,
      )
      expect(times).toEqual([1, 0, 0, 1, 0])
    })

    test('is nobody’s when two nodes have it, when the node is a container, and when the configuration says so', () => {
      const read = reader()
      read(at('localhost:9100', uname('node-7')))
      read(at('localhost:9100', uname('node-8')))
      expect(read(at('localhost:9100'))).toEqual(['cpu_time localhost localhost'])
      expect(read(at('10.0.0.9:9100', uname('3f2a9c0b1d2e')))).toEqual([])
      const separate = reader(['10.0.0.7'])
      separate(at('10.0.0.7:9100', uname('node-7')))
      expect(separate(at('10.0.0.7:9100'))).toEqual(['cpu_time 10.0.0.7 10.0.0.7'])
    })

    test('two names for each other lead nowhere', () => {
      const read = reader()
      read(at('a', uname('b')))
      read(at('b', uname('a')))
      expect([read(at('a')), read(at('b'))]).toEqual([['cpu_time b b'], ['cpu_time a a']])
    })
  })

  describe('the name of a machine with a known id', () => {
    const kepler = {
      name: 'kepler_node_cpu_joules_total',
      value: 1,
      labels: { ...zone('package', ''), node_name: 'node-1' },
    }
    const byName = (recogniser = createRecogniser()) => {
      const hostOf = (sent: Sent, tenant = 'acme'): string => {
        const { readings } = recognisedIn(requestOf([metric(sent)]), { ...ANY_TIME, tenant }, recogniser)
        return `${readings[0]!.Host} ${readings[0]!.HostName}`
      }
      return hostOf
    }
    const said = (id: string, more: LabelMap = {}): Sent => ({
      name: 'hw.host.energy',
      value: 1,
      resource: { 'host.id': id, 'host.name': 'node-1', ...more },
    })

    test('is that machine, also for earlier series, and only within its tenant', () => {
      const hostOf = byName()
      expect(hostOf({ ...kepler, resource: {} })).toBe('node-1 node-1')
      expect(hostOf(said('id-1'))).toBe('id-1 node-1')
      expect(hostOf({ ...kepler, resource: {} })).toBe('id-1 node-1')
      expect(hostOf({ ...kepler, resource: {} }, 'other')).toBe('node-1 node-1')
    })

    test('is neither of two machines with the same name', () => {
      const hostOf = byName()
      hostOf(said('id-1'))
      expect(hostOf({ ...kepler, resource: {} })).toBe('id-1 node-1')
      hostOf(said('id-2'))
      expect(hostOf({ ...kepler, resource: {} })).toBe('node-1 node-1')
    })

    test('is also the machine of its Kubernetes node, and the machine it runs on', () => {
      const hostOf = byName()
      hostOf(said('id-1', { 'host.name': 'ip-10-0-0-1', 'k8s.node.name': 'node-1' }))
      expect(hostOf({ ...kepler, resource: {} })).toBe('id-1 node-1')
      const recogniser = createRecogniser()
      recogniser.learn('acme', 'node-1', 'machine-id')
      expect(byName(recogniser)({ ...kepler, resource: {} })).toBe('machine-id node-1')
    })
  })

  test('tenant, source, time and quality are on the reading; an unknown start is no epoch', () => {
    expect(only({ name: 'hw.host.energy', value: 1, start: 0n })).toMatchObject({
      Tenant: 'acme',
      BootId: '',
      Timestamp: T,
      RangeMax: 0n,
      Source: 'otlp:hw.host.energy',
      Quality: 'measured',
      Attributes: {},
    })
  })

  test('attributes of a workload are kept for account rules, others are not, and their number is limited', () => {
    const labels = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`k8s.pod.label.l${index}`, 'v']),
    )
    const resource = {
      ...RESOURCE,
      ...container,
      'service.name': 'shop',
      'cloud.account.id': '42',
      'container.image.name': 'x'.repeat(1000),
      secret: 'no',
    }
    const plain = only({ name: 'container.cpu.time', value: 1, resource }).Attributes
    expect(plain).toEqual({
      'cloud.account.id': '42',
      'container.id': CONTAINER,
      'container.image.name': 'x'.repeat(256),
      'k8s.container.name': 'web',
      'k8s.namespace.name': 'shop',
      'service.name': 'shop',
      'workload.name': 'web',
      'workload.namespace': 'shop',
    })
    const many = only({ name: 'container.cpu.time', value: 1, resource, labels }).Attributes
    expect(Object.keys(many)).toHaveLength(34)
  })

  test('labels renamed by a scrape are the exporter’s own', () => {
    const { Attributes } = only({
      name: 'container_cpu_usage_seconds_total',
      value: 1,
      labels: { ...cadvisor, namespace: 'monitoring', exported_namespace: 'shop' },
    })
    expect(Attributes['workload.namespace']).toBe('shop')
  })
})

test('readings marked as simulated by the sender are never treated as measured', () => {
  const sent = { name: 'hw.energy', value: 1, labels: { 'hw.type': 'cpu', 'hw.id': '0' } }
  expect(only(sent)).toMatchObject({ Source: 'otlp:hw.energy', Quality: 'measured' })
  const simulated = { ...RESOURCE, 'wattline.source': 'simulated' }
  expect(only({ ...sent, resource: simulated })).toMatchObject({
    Source: 'simulated:hw.energy',
    Quality: 'simulated',
  })
  const container = { name: 'container.cpu.time', value: 1, labels: { 'container.id': 'a' } }
  expect(only({ ...container, resource: simulated }).Quality).toBe('simulated')
})

describe('the worked example as OTLP', () => {
  const NOON = 1_767_268_800_000_000_000n
  const MINUTE = 60_000_000_000n
  const resource = { 'host.id': 'example-host' }
  const both = (name: string, labels: LabelMap, from: number, to: number): bigint[] =>
    [from, to].map((value, index) => {
      const reading = only({ name, value, labels, resource, time: NOON + BigInt(index) * MINUTE, start: 1n })
      expect(reading.Host).toBe('example-host')
      return reading.Value
    })

  test('3,600 J, 480 s of capacity, 120 s busy, 60 s and 30 s of the workloads', () => {
    expect(both('hw.energy', { 'hw.type': 'cpu', 'hw.id': '0' }, 1000, 4600)).toEqual([
      1_000_000_000n,
      4_600_000_000n,
    ])
    expect(both('system.cpu.time', { 'cpu.mode': 'user' }, 500, 620)).toEqual([500_000_000n, 620_000_000n])
    expect(both('system.cpu.time', { 'cpu.mode': 'idle' }, 100, 460)).toEqual([100_000_000n, 460_000_000n])
    expect(both('container.cpu.time', { 'container.id': 'a' }, 10, 70)).toEqual([10_000_000n, 70_000_000n])
    expect(both('container.cpu.time', { 'container.id': 'b' }, 10, 40)).toEqual([10_000_000n, 40_000_000n])
  })

  test('a sample sent twice is the same reading twice', () => {
    const sent = metric({ name: 'hw.energy', value: 4600, labels: { 'hw.type': 'cpu', 'hw.id': '0' } })
    expect(recognise(sent, 'acme')).toEqual(recognise(sent, 'acme'))
  })
})

test('the account of a token is on readings of workloads, whatever the sender says, and separate from other senders', () => {
  const recogniser = createRecogniser()
  const sent = [
    metric({
      name: 'container.cpu.time',
      value: 1,
      resource: { ...RESOURCE, ...container, 'wattline.account': 'mine' },
    }),
    metric({ name: 'system.cpu.time', value: 1, labels: { 'cpu.mode': 'user' } }),
  ]
  const accounts = (account?: string) =>
    recognisedIn(requestOf(sent), { ...ANY_TIME, account }, recogniser).readings.map(
      ({ Attributes }) => Attributes['wattline.account'],
    )
  expect(accounts('web')).toEqual(['web', undefined])
  expect(accounts()).toEqual([undefined, undefined])
  expect(accounts('mobile')).toEqual(['mobile', undefined])
  expect(accounts('web')).toEqual(['web', undefined])
})

test('the zone of the host is on its readings and on those of its workloads', () => {
  const resource = { ...RESOURCE, 'cloud.provider': 'aws', 'cloud.region': 'eu-north-1' }
  const sent = [
    metric({ name: 'container.cpu.time', value: 1, resource: { ...resource, ...container } }),
    metric({ name: 'hw.energy', value: 1, labels: { 'hw.type': 'cpu', 'hw.id': '0' }, resource }),
  ]
  const { readings } = recognisedIn(requestOf(sent), ANY_TIME)
  expect(readings.map(({ Attributes }) => Attributes['wattline.zone'])).toEqual(['SE-SE3', 'SE-SE3'])
})

test('each unknown region is reported once', () => {
  const told: string[] = []
  const recogniser = createRecogniser({ regionUnknown: region => told.push(region) })
  for (const region of ['mars-1', 'mars-1', 'mars-2']) {
    const resource = { ...RESOURCE, 'cloud.provider': 'aws', 'cloud.region': region }
    for (const mode of ['user', 'idle']) {
      const sent = metric({ name: 'system.cpu.time', value: 1, labels: { 'cpu.mode': mode }, resource })
      recognisedIn(requestOf([sent]), ANY_TIME, recogniser)
    }
  }
  expect(told).toEqual(['aws mars-1', 'aws mars-2'])
})
