/** Guarantees: each rule finds the workload that a resource names, and none finds one where several fit or none does. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { quoteText } from '../../../core/warehouse/tables/column-types.ts'
import { MATCH_RULES } from '../../../processors/requests/match-rules.ts'
import { matchStatement } from '../../../processors/requests/match-statement.ts'
import { openTestWarehouse, type TestWarehouse } from '../../query/support/warehouse.ts'

let store: TestWarehouse
beforeAll(async () => {
  store = await openTestWarehouse()
})
afterAll(() => store.close())

const HEX = 'ab'.repeat(32)
const UID = '0a1b2c3d-0000-0000-0000-00000000000a'
const labels = (pod: string, container: string) => ({
  'k8s.pod.uid': pod === 'two' ? 'uid-two' : UID,
  'k8s.namespace.name': 'shop',
  'k8s.pod.name': pod,
  'k8s.container.name': container,
})
/** Host, its name, kind, id, name, labels. */
const WORKLOADS: readonly (readonly [
  string,
  string,
  string,
  string,
  string,
  Readonly<Record<string, string>>,
])[] = [
  ['h1', 'node-1', 'container', HEX, 'app', labels('one', 'app')],
  ['h1', 'node-1', 'container', 'c-side', 'side', labels('two', 'side')],
  ['h1', 'node-1', 'container', 'c-main', 'main', labels('two', 'main')],
  ['h1', 'node-1', 'container', 'lxc-a', 'lxc-a', {}],
  ['h2', 'node-2', 'container', 'lxc-a', 'lxc-a', {}],
  ['h2', 'node-2', 'pod', 'uid-three', 'three', { 'k8s.namespace.name': 'shop', 'k8s.pod.name': 'three' }],
  ['h1', 'node-1', 'systemd_unit', 'cart.service', 'cart.service', {}],
  ['h2', 'node-2', 'systemd_unit', 'cart.service', 'cart.service', {}],
  ['h1', 'node-1', 'slurm_job', '77', '77', {}],
  ['h1', 'node-1', 'process', 'a-very-long-nam', 'a-very-long-nam', {}],
  ['h2', 'node-2', 'process', 'python3', 'python3', {}],
  ['h2', 'node-2', 'vm', 'guest-7', 'guest-7', {}],
  ['h1', 'node-1', 'function', 'fn-1', 'resize', {}],
  ['h1', 'node-1', 'container', 'c-pay', 'x', { 'service.name': 'payments' }],
]
const map = (entries: Readonly<Record<string, string>>): string =>
  `CAST(map(${Object.entries(entries).flat().map(quoteText).join(', ')}), 'Map(String, String)')`

const CASES = [
  [{ 'container.id': `containerd://${HEX}` }, `container_id h1 container ${HEX}`],
  [
    { 'process.linux.cgroup': `0::/kubepods.slice/kubepods-burstable.slice/cri-containerd-${HEX}.scope` },
    `container_id h1 container ${HEX}`,
  ],
  // A name of two hosts: told apart by the host.
  [{ 'container.id': 'lxc-a' }, 'ambiguous_workload'],
  [{ 'container.id': 'lxc-a', 'host.name': 'node-2' }, 'container_id h2 container lxc-a'],
  [{ 'k8s.pod.uid': 'uid-two', 'k8s.container.name': 'side' }, 'pod_container h1 container c-side'],
  [
    { 'k8s.namespace.name': 'shop', 'k8s.pod.name': 'two', 'k8s.container.name': 'main' },
    'pod_container h1 container c-main',
  ],
  [{ 'service.instance.id': 'shop.two.main' }, 'service_instance h1 container c-main'],
  [{ 'k8s.pod.uid': UID }, `pod h1 container ${HEX}`],
  [{ 'k8s.namespace.name': 'shop', 'k8s.pod.name': 'three' }, 'pod h2 pod uid-three'],
  // Two containers in one pod.
  [{ 'k8s.pod.uid': 'uid-two' }, 'ambiguous_workload'],
  [{ 'host.id': 'h1', 'systemd.unit': 'cart.service' }, 'systemd_unit h1 systemd_unit cart.service'],
  [
    { 'host.name': 'node-2', 'process.linux.cgroup': '0::/system.slice/cart.service' },
    'systemd_unit h2 systemd_unit cart.service',
  ],
  [{ 'host.name': 'node-1', 'slurm.job.id': '77' }, 'slurm_job h1 slurm_job 77'],
  [{ 'faas.name': 'resize' }, 'function h1 function fn-1'],
  [
    { 'host.name': 'node-1', 'process.executable.name': 'a-very-long-name-of-a-program' },
    'process h1 process a-very-long-nam',
  ],
  [{ 'host.name': 'node-2', 'process.executable.path': '/usr/bin/python3' }, 'process h2 process python3'],
  // The same program runs on another host than the one it names.
  [{ 'host.name': 'node-1', 'process.executable.name': 'python3' }, 'no_workload'],
  [{ 'host.name': 'guest-7' }, 'vm h2 vm guest-7'],
  [{ 'service.name': 'cart', 'host.name': 'node-1' }, 'service_name h1 systemd_unit cart.service'],
  [{ 'service.name': 'cart' }, 'ambiguous_workload'],
  [{ 'service.name': 'payments' }, 'service_name h1 container c-pay'],
  // Its container is not metered: another workload of that name is not it.
  [{ 'service.name': 'payments', 'container.id': 'elsewhere' }, 'no_workload'],
  [{}, 'no_workload'],
] as const

/** One statement for all cases: a resource is told by its number. */
let found: ReadonlyMap<number, string>
beforeAll(async () => {
  const resources = CASES.map(([resource], index) => {
    const { 'service.name': service = '', ...rest } = resource as Readonly<Record<string, string>>
    return `SELECT 'default' AS Tenant, ${quoteText(service)} AS Service, toUInt64(${index}) AS Resource, ${map({ x: '', ...rest })} AS r`
  }).join(' UNION ALL ')
  const names = ['Host', 'HostName', 'WorkloadKind', 'WorkloadId', 'WorkloadName', 'Namespace']
  const workloads = WORKLOADS.map(
    ([host, hostName, kind, id, name, l]) =>
      `SELECT 'default' AS Tenant, ${[host, hostName, kind, id, name, ''].map((value, index) => `${quoteText(value)} AS ${names[index]}`).join(', ')}, ${map({ x: '', ...l })} AS l`,
  ).join(' UNION ALL ')
  const rows = await store.warehouse.query<Record<string, string>>(matchStatement(resources, workloads))
  found = new Map(
    rows.map(row => [
      Number(row['Resource']),
      row['Problem'] || `${row['Match']} ${row['Host']} ${row['WorkloadKind']} ${row['WorkloadId']}`,
    ]),
  )
})

it.each(CASES.map(([resource, expected], index) => ({ resource, expected, index })))(
  '$resource: $expected',
  ({ expected, index }) => {
    expect(found.get(index)).toBe(expected)
  },
)

it('has a case for each rule', () => {
  expect(MATCH_RULES.map(({ name }) => name)).toEqual([
    'container_id',
    'pod_container',
    'service_instance',
    'pod',
    'systemd_unit',
    'slurm_job',
    'function',
    'process',
    'vm',
    'service_name',
  ])
})
