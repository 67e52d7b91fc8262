/** Virtual machines: exporters of libvirt, some of which name the instance of OpenStack that a domain is. */
import type { BuiltInRow } from '../row.ts'
import { rowsOf } from './builder.ts'

/** Spellings of Tinkoff's, inovex's and OpenStack-Ansible's exporters, and of those derived from them. */
const libvirt = rowsOf('libvirt_exporter', {
  workload: {
    kind: 'vm',
    id: '{instanceId|instance_id|uuid|domain}',
    name: '{instanceName|instance_name|domain}',
    namespace: '{projectName|project_name|""}',
    labels: {
      'libvirt.domain': '{domain}',
      project_id: '{projectId|project_id|project_uuid}',
      'host.type': '{flavorName|flavor}',
    },
  },
})

export const VM_ROWS: readonly BuiltInRow[] = [
  libvirt('libvirt_domain_info_cpu_time_seconds_total', 'cpu_time', 's', {}),
  libvirt('libvirt_domain_info_memory_usage_bytes', 'memory', 'By', { domain: 'usage' }),
  libvirt('libvirt_domain_memory_stats_rss_bytes', 'memory', 'By', { domain: 'rss' }),
  libvirt('libvirt_domain_info_virtual_cpus', 'cpu_request', '1', { domain: 'current' }),
  libvirt('libvirt_domain_info_maximum_memory_bytes', 'memory_request', 'By', { domain: 'current' }),
  libvirt('libvirt_domain_interface_stats_receive_bytes_total', 'network_io', 'By', {
    domain: 'receive',
    device: '{target_device|""}',
  }),
  libvirt('libvirt_domain_interface_stats_transmit_bytes_total', 'network_io', 'By', {
    domain: 'transmit',
    device: '{target_device|""}',
  }),
]
