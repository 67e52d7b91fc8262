/** Batch clusters: CEEMS, and exporters of control groups of SLURM jobs. */
import type { BuiltInRow } from '../row.ts'
import { type RowRest, rowsOf } from './builder.ts'

const ceems = rowsOf('ceems', { host: '{hostname}' })
const cgroups = rowsOf('cgroup_exporter')

/** CEEMS calls the scheduler a manager, and its jobs, VMs and pods compute units. */
const unit = (manager: string, kind: 'slurm_job' | 'vm' | 'pod', rest: RowRest): RowRest => ({
  when: { manager },
  ...rest,
  workload: {
    kind,
    id: '{uuid}',
    namespace: '{project|account|""}',
    labels: { project_id: '{project|account}', 'user.name': '{user}' },
  },
})
/** Jobs of other schedulers are jobs too: their kind keeps the name of the first one. */
const MANAGERS = [
  ['slurm', 'slurm_job'],
  ['lsf', 'slurm_job'],
  ['openpbs', 'slurm_job'],
  ['libvirt', 'vm'],
  ['k8s', 'pod'],
] as const

const units = (
  metric: string,
  quantity: BuiltInRow['quantity'],
  of: string,
  rest: RowRest,
): readonly BuiltInRow[] =>
  MANAGERS.map(([manager, kind]) => ceems(metric, quantity, of, unit(manager, kind, rest)))

/** An exporter lists jobs, their steps and their tasks: only whole jobs are taken. */
const job = (domain?: string): RowRest => ({
  reader: 'cgroup',
  args: ['cgroup'],
  ...(domain === undefined ? {} : { domain }),
})

/** Counters of HPE Cray nodes, by what they measure. */
const cray = (metric: string, quantity: 'energy' | 'power', of: string): readonly BuiltInRow[] => [
  ceems(metric, quantity, of, { when: { domain: 'node' }, domain: 'host' }),
  ceems(metric, quantity, of, { when: { domain: 'cpu' }, domain: 'package-0' }),
  ceems(metric, quantity, of, { when: { domain: 'memory' }, domain: 'dram-0' }),
  ceems(metric, quantity, of, { when: { domain: '/^accel_?(?<board>\\d+)$/' }, domain: 'gpu-{board}' }),
]

export const CLUSTER_ROWS: readonly BuiltInRow[] = [
  ceems('ceems_rapl_package_joules_total', 'energy', 'J', { reader: 'rapl_zone', args: ['', 'package'] }),
  ceems('ceems_rapl_dram_joules_total', 'energy', 'J', { reader: 'rapl_zone', args: ['', 'dram'] }),
  // Older versions, and newer ones.
  ...['ceems_ipmi_dcmi_current_watts', 'ceems_ipmi_dcmi_power_current_watts'].map(metric =>
    ceems(metric, 'power', 'W', { domain: 'host', zero_is_none: true }),
  ),
  ...['ceems_redfish_current_watts', 'ceems_redfish_power_current_watts'].map(metric =>
    ceems(metric, 'power', 'W', { domain: 'host', device: '{chassis|""}', zero_is_none: true }),
  ),
  ...cray('ceems_cray_pm_counters_energy_joules', 'energy', 'J'),
  ...cray('ceems_cray_pm_counters_power_watts', 'power', 'W'),
  ceems('ceems_cpu_seconds_total', 'cpu_time', 's', { reader: 'cpu_mode', args: ['mode'] }),
  ...units('ceems_compute_unit_cpu_user_seconds_total', 'cpu_time', 's', { domain: 'user' }),
  ...units('ceems_compute_unit_cpu_system_seconds_total', 'cpu_time', 's', { domain: 'system' }),
  ...units('ceems_compute_unit_memory_used_bytes', 'memory', 'By', { domain: 'usage' }),
  ...units('ceems_compute_unit_memory_rss_bytes', 'memory', 'By', { domain: 'rss' }),
  ...units('ceems_compute_unit_cpus', 'cpu_request', '1', { domain: 'current' }),
  ...units('ceems_compute_unit_memory_total_bytes', 'memory_request', 'By', { domain: 'current' }),
  ...units('ceems_compute_unit_gpu_index_flag', 'gpu_held', '1', { value: '1', domain: 'gpu-{gpuuuid}' }),
  cgroups('cgroup_cpu_total_seconds', 'cpu_time', 's', job()),
  cgroups('cgroup_memory_used_bytes', 'memory', 'By', job('usage')),
  cgroups('cgroup_memory_rss_bytes', 'memory', 'By', job('rss')),
  cgroups('cgroup_cpus', 'cpu_request', '1', job('current')),
]
