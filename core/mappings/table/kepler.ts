/**
 * Kepler 0.10 and later, and the names of versions up to 0.9. Energy that it has already shared out to processes or pods
 * is ignored: Wattline shares energy by its own rule, and using both would count it twice.
 */
import type { BuiltInRow } from '../row.ts'
import { rowsOf } from './builder.ts'

const kepler = rowsOf('kepler', { host: '{node_name}' })
const old = rowsOf('kepler')
const zone = { reader: 'rapl_zone', args: ['zone'] } as const
/** Up to 0.9 a zone's energy consists of two counters, `dynamic` and `idle`. */
const byMode = (name: string) => ({ reader: 'kepler_mode', args: [name] }) as const

/** Total of the chassis, or its power supplies, which are parts of it. */
const PLATFORM_DEVICE = [
  '{bmc_id}/{chassis_id}/{source_id}',
  '{chassis_id}/{source_id}',
  '{chassis_id}',
  '{source_id|""}',
]

/** Kepler writes its own two pseudo-containers in the place of container ids. */
const IS_CONTAINER = { container_id: '/^(?:[a-z0-9.-]+:\\/\\/)?(?<id>[0-9a-f]{12,64})$/' }
const oldContainer = {
  when: IS_CONTAINER,
  workload: {
    kind: 'container',
    id: '{id}',
    name: '{container_name|id}',
    namespace: '{container_namespace|""}',
    labels: {
      'container.id': '{id}',
      'k8s.container.name': '{container_name}',
      'k8s.namespace.name': '{container_namespace}',
      'k8s.pod.name': '{pod_name}',
    },
  },
} as const
const oldProcess = { reader: 'kepler_process' } as const

export const KEPLER_ROWS: readonly BuiltInRow[] = [
  kepler('kepler_node_cpu_joules_total', 'energy', 'J', zone),
  kepler('kepler_node_cpu_active_joules_total', 'energy_active', 'J', zone),
  kepler('kepler_node_cpu_idle_joules_total', 'energy_idle', 'J', zone),
  kepler('kepler_node_gpu_joules_total', 'energy', 'J', { reader: 'gpu_board' }),
  kepler('kepler_process_cpu_seconds_total', 'cpu_time', 's', { reader: 'kepler_process' }),
  kepler('kepler_platform_watts', 'power', 'W', {
    domain: 'host',
    device: PLATFORM_DEVICE,
    zero_is_none: true,
  }),
  old('kepler_node_package_joules_total', 'energy', 'J', byMode('package')),
  old('kepler_node_core_joules_total', 'energy', 'J', byMode('core')),
  old('kepler_node_uncore_joules_total', 'energy', 'J', byMode('uncore')),
  old('kepler_node_dram_joules_total', 'energy', 'J', byMode('dram')),
  old('kepler_node_platform_joules_total', 'energy', 'J', byMode('platform')),
  old('kepler_container_bpf_cpu_time_ms_total', 'cpu_time', 'ms', oldContainer),
  old('kepler_container_bpf_cpu_time_us_total', 'cpu_time', 'us', oldContainer),
  old('kepler_process_bpf_cpu_time_ms_total', 'cpu_time', 'ms', oldProcess),
  old('kepler_process_bpf_cpu_time_us_total', 'cpu_time', 'us', oldProcess),
  old('kepler_vm_bpf_cpu_time_ms_total', 'cpu_time', 'ms', {
    workload: { kind: 'vm', id: '{vm_id}' },
  }),
]
