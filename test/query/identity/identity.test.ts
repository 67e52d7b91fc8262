/**
 * Guarantees: lists of hosts and workloads join names as the books do, and say by which rule; names that several hosts claim, and
 * descriptions that do not count, are shown as such.
 */
import { expect, test } from 'vitest'
import { renderHosts, renderWorkloads } from '../../../cli/hosts.ts'
import { hostsAnswer, machinesIn } from '../../../query/identity/hosts.ts'
import type { NameRow, WorkloadRow } from '../../../query/identity/statements.ts'
import { workloadAnswers } from '../../../query/identity/workloads.ts'

const RULES = { aliases: { 'bmc-1': 'node-1' }, separate: [] }
const row = (host: string, name: string, source = '', alias = 0): NameRow => ({
  host,
  name,
  alias,
  meters: source === '' ? [] : [[source.startsWith('ipmi') ? 'host' : 'package-0', source]],
  last_ms: '1796006400000',
})
const NAMES: readonly NameRow[] = [
  row('id-1', 'node-1', 'rapl'),
  row('node-1', 'node-1', 'kepler:kepler_node_cpu_joules_total'),
  row('node-1', '10.0.0.1', '', 1),
  row('10.0.0.1', '10.0.0.1', 'node_exporter:node_rapl_package_joules_total'),
  row('bmc-1', 'bmc-1', 'ipmi_exporter:ipmi_dcmi_power_consumption_watts'),
  row('localhost', 'localhost', 'x'),
  row('node-8', 'localhost', '', 1),
  row('node-9', 'localhost', '', 1),
]

test('a machine is listed once, with every name and the rule of each step', () => {
  const answer = hostsAnswer(NAMES, RULES)
  expect(answer.hosts.map(({ host, host_name: name }) => [host, name])).toEqual([
    ['id-1', 'node-1'],
    ['localhost', 'localhost'],
  ])
  expect(answer.hosts[0]!.names).toEqual([
    {
      name: '10.0.0.1',
      steps: [
        { to: 'node-1', by: 'alias' },
        { to: 'id-1', by: 'name' },
      ],
    },
    {
      name: 'bmc-1',
      steps: [
        { to: 'node-1', by: 'configuration' },
        { to: 'id-1', by: 'name' },
      ],
    },
    { name: 'node-1', steps: [{ to: 'id-1', by: 'name' }] },
  ])
  expect(answer.hosts[0]!.meters.map(({ domain, sources }) => [domain, sources.length])).toEqual([
    ['host', 1],
    ['package-0', 3],
  ])
  expect(answer.contested).toEqual([{ name: 'localhost', hosts: ['node-8', 'node-9'] }])
  expect(machinesIn(NAMES, RULES)[0]).toEqual({
    host: 'id-1',
    stored: ['10.0.0.1', 'bmc-1', 'id-1', 'node-1'],
  })
  const text = renderHosts(answer, 'table')
  expect(text).toContain('10.0.0.1 (alias, name) bmc-1 (configuration, name) node-1 (name)')
  expect(text).toContain('localhost stands for none: node-8 and node-9 claim it.')
  expect(JSON.parse(renderHosts(answer, 'json'))).toEqual(answer)
})

test('a workload is listed with its other ids, and with the descriptions that do not count', () => {
  const told = (
    kind: string,
    id: string,
    source: string,
    labels: Record<string, string>,
    fact = 0,
  ): WorkloadRow => ({
    host: 'node-1',
    kind,
    id,
    source,
    quality: 'measured',
    us: fact === 1 ? '0' : '1000000',
    fact,
    labels,
  })
  const pod = { 'k8s.pod.uid': 'u-1', 'k8s.container.name': 'web' }
  const found = workloadAnswers('id-1', [
    told('container', 'c1', 'cgroup2', { ...pod, 'workload.name': 'web' }),
    told('container', 'u-1/web', 'otlp:container.cpu.time', { ...pod, 'workload.namespace': 'shop' }),
    told('process', 'nginx', 'otlp:process.cpu.time', {}),
    told('vm', 'instance-1', 'cgroup2', {}),
    told('vm', 'instance-1', 'libvirt_exporter:libvirt_domain_info_meta', { 'workload.name': 'db' }, 1),
  ])
  expect(found.map(({ id, name, also, state }) => [id, name, also, state])).toEqual([
    ['c1', 'web', ['u-1/web'], 'counted'],
    ['u-1/web', 'u-1/web', [], 'joined'],
    ['nginx', 'nginx', [], 'left_out'],
    ['instance-1', 'db', [], 'counted'],
  ])
  expect(found[0]!.namespace).toBe('shop')
  expect(renderWorkloads({ workloads: found, total: 9 }, 'table')).toContain('5 more: name a host.')
  expect(renderWorkloads({ workloads: [], total: 0 }, 'table')).toContain('No workload')
})
