/**
 * Mappings of Kepler: 0.11, and the names of versions up to 0.9. Energy that it has already shared out to processes or
 * pods is ignored: Wattline shares energy by its own rule, and using both would count it twice.
 */
import { own } from './labels.ts'
import type { IgnoredReason, Located, Mapping, PointContext } from './mapping.ts'
import { JOULES, row, SECONDS, WATTS } from './prometheus-row.ts'
import { raplZone } from './rapl-zones.ts'
import { containerId, workload } from './workload.ts'

/**
 * The counter of a GPU board is repeated for every pod that shares it; without a workload the copies are one series.
 */
export const gpuBoard = ({ point }: PointContext): Located | IgnoredReason => {
  const uuid = own(point, 'UUID', 'uuid', 'gpu_uuid')
  return uuid === '' ? 'no_device' : { domain: `gpu-${uuid}` }
}

/** Every process is listed, so a container's time is the sum of its processes', distinguished by process id. */
const keplerProcess = ({ point }: PointContext): Located | IgnoredReason => {
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

/** The BMC's readings of the whole machine; several meters (chassis, supplies) are parts. */
const platform = ({ point }: PointContext): Located => ({
  domain: 'host',
  device: [own(point, 'bmc_id'), own(point, 'chassis_id'), own(point, 'source_id')].filter(Boolean).join('/'),
})

/** Up to 0.9 a zone's energy consists of two counters, `dynamic` and `idle`. */
const byMode =
  (zone: 'package' | 'core' | 'uncore' | 'dram' | 'platform') =>
  ({ point }: PointContext): Located | IgnoredReason => {
    const mode = own(point, 'mode')
    const device = mode === 'dynamic' || mode === 'idle' ? mode : ''
    if (mode !== '' && device === '') return 'label'
    return { domain: zone === 'platform' ? 'host' : `${zone}-${own(point, 'package') || '0'}`, device }
  }

const kepler = row('kepler', ['node_name'])
const keplerOld = row('kepler', [])

/** Part of `PROMETHEUS_MAPPINGS`. */
export const KEPLER_MAPPINGS: readonly Mapping[] = [
  kepler('kepler_node_cpu_joules_total', 'energy', JOULES, raplZone('zone')),
  kepler('kepler_node_cpu_active_joules_total', 'energy_active', JOULES, raplZone('zone')),
  kepler('kepler_node_cpu_idle_joules_total', 'energy_idle', JOULES, raplZone('zone')),
  kepler('kepler_node_gpu_joules_total', 'energy', JOULES, gpuBoard),
  kepler('kepler_process_cpu_seconds_total', 'cpu_time', SECONDS, keplerProcess),
  kepler('kepler_platform_watts', 'power', WATTS, platform, { zeroIsNone: true }),
  keplerOld('kepler_node_package_joules_total', 'energy', JOULES, byMode('package')),
  keplerOld('kepler_node_core_joules_total', 'energy', JOULES, byMode('core')),
  keplerOld('kepler_node_uncore_joules_total', 'energy', JOULES, byMode('uncore')),
  keplerOld('kepler_node_dram_joules_total', 'energy', JOULES, byMode('dram')),
  keplerOld('kepler_node_platform_joules_total', 'energy', JOULES, byMode('platform')),
]
