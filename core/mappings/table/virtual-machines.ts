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

const nova = rowsOf('openstack_exporter', { host: '{hypervisor_hostname}', elsewhere: true })

export const VM_ROWS: readonly BuiltInRow[] = [
  libvirt('libvirt_domain_info_cpu_time_seconds_total', 'cpu_time', 's', {}),
  libvirt('libvirt_domain_info_meta', 'identity', '1', {
    value: '1',
    workload: {
      kind: 'vm',
      id: '{domain}',
      name: '{instance_name|domain}',
      namespace: '{project_name|""}',
      labels: {
        'vm.uuid': '{uuid}',
        'libvirt.domain': '{domain}',
        project_id: '{project_uuid}',
        'host.type': '{flavor}',
        'user.name': '{user_name}',
      },
    },
  }),
  nova('openstack_nova_server_status', 'identity', '1', {
    value: '1',
    when: { instance_libvirt: '/./' },
    workload: {
      kind: 'vm',
      id: '{uuid|id}',
      name: '{name}',
      namespace: '{tenant_id}',
      labels: {
        'vm.uuid': '{uuid|id}',
        'libvirt.domain': '{instance_libvirt}',
        project_id: '{tenant_id}',
        'host.type': '{flavor_id}',
      },
    },
  }),
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
