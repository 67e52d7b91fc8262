/** Meters of Ceilometer, as its OpenTelemetry publisher names them: dots are underscores (collector/ceilometer). */
import type { BuiltInRow } from '../row.ts'
import { rowsOf } from './builder.ts'

const ceilometer = rowsOf('ceilometer', { when: { 'service.name': 'ceilometer' }, typed: true })
const ofMachine = { host: '{resource_id}', elsewhere: true, domain: 'host' } as const
/** The compute node is not in the sample: the VM stands for itself, unless the sender says where it runs. */
const ofVm = {
  host: ['{host.name}', '{resource_id}'],
  workload: {
    kind: 'vm',
    id: '{resource_id}',
    labels: { 'vm.uuid': '{resource_id}', project_id: '{project_id}', 'user.name': '{user_id}' },
  },
} as const

export const CEILOMETER_ROWS: readonly BuiltInRow[] = [
  ceilometer('hardware_ipmi_node_power', 'power', 'W', { ...ofMachine, zero_is_none: true }),
  ceilometer('power', 'power', 'W', ofMachine),
  ceilometer('energy', 'energy', 'kWh', ofMachine),
  ceilometer('cpu', 'cpu_time', 'ns', ofVm),
  // What Ceilometer calls MB is libvirt's KiB divided by 1024.
  ceilometer('memory_usage', 'memory', 'MiBy', { ...ofVm, unit_as: 'MB', domain: 'usage' }),
  ceilometer('memory_resident', 'memory', 'MiBy', { ...ofVm, unit_as: 'MB', domain: 'rss' }),
  ceilometer('memory', 'memory_request', 'MiBy', { ...ofVm, unit_as: 'MB', domain: 'current' }),
  ceilometer('vcpus', 'cpu_request', '1', { ...ofVm, unit_as: 'vcpu', domain: 'current' }),
]
