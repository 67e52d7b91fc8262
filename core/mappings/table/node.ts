/** Exporters of one machine: node_exporter and Scaphandre. */
import type { BuiltInRow } from '../row.ts'
import { rowsOf } from './builder.ts'

const node = rowsOf('node_exporter')
const scaphandre = rowsOf('scaphandre')
const rapl = (name: string) => ({ reader: 'rapl_zone', args: ['', name] }) as const

/**
 * Among the power sensors of a machine, only the ACPI meter (`ACPI000D`) measures the whole machine; others are boards
 * and supplies.
 */
const acpi = {
  when: { chip: '/acpi000d|power_meter/i' },
  domain: 'host',
  device: '{sensor|""}',
  zero_is_none: true,
} as const

export const NODE_ROWS: readonly BuiltInRow[] = [
  scaphandre('scaph_host_energy_microjoules', 'energy', 'uJ', { domain: 'host' }),
  scaphandre('scaph_host_power_microwatts', 'power', 'uW', { domain: 'host' }),
  scaphandre('scaph_socket_power_microwatts', 'power', 'uW', { domain: 'package-{socket_id}' }),
  node('node_rapl_package_joules_total', 'energy', 'J', rapl('package')),
  node('node_rapl_core_joules_total', 'energy', 'J', rapl('core')),
  node('node_rapl_uncore_joules_total', 'energy', 'J', rapl('uncore')),
  node('node_rapl_dram_joules_total', 'energy', 'J', rapl('dram')),
  node('node_rapl_psys_joules_total', 'energy', 'J', rapl('psys')),
  node('node_rapl_joules_total', 'energy', 'J', { reader: 'rapl_zone', args: ['rapl_zone'] }),
  node('node_hwmon_power_average_watt', 'power', 'W', acpi),
  node('node_hwmon_power_watt', 'power', 'W', acpi),
  node('node_hwmon_energy_joule_total', 'energy', 'J', acpi),
  // A container's own name, which Docker makes of its id, is not the machine's.
  node('node_uname_info', 'identity', '1', {
    value: '1',
    when: { nodename: '/^(?![0-9a-f]{12}$)./' },
    host: '{nodename}',
    elsewhere: true,
    alias: '{instance|service.instance.id}',
  }),
  node('node_cpu_seconds_total', 'cpu_time', 's', { reader: 'cpu_mode', args: ['mode'] }),
]
