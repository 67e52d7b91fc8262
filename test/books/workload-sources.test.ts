/**
 * Guarantees: each second of CPU is assigned once to one workload, for any sources and names: containers by id and by
 * pod and name are the same, processes of two agents are alternatives, in any order of arrival.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chooseWorkloads, type DescribedWorkload } from '../../core/books/workload-choice.ts'
import type { LabelMap } from '../../core/model/label-text.ts'
import type { EnergyRow } from '../../core/model/streams/ledger.ts'
import {
  at,
  drive,
  energyAt,
  modeAt,
  NOON_SECONDS,
  type Reading,
  reading,
} from '../processors/meter/support.ts'
import { runs } from '../support/runs.ts'
import { book, counting, exported, orders, type Sent } from './booking.ts'

const POD = '0a1b2c3d-1111-2222-3333-444455556666'
const [C1, C2] = ['c'.repeat(64), 'd'.repeat(64)]
const HOST = { 'host.name': 'node-1' }

/** 60 W, 8 CPUs of which 2 are busy: 900 J of 3,600 J are active. */
const MACHINE: readonly Sent[] = [
  { name: 'hw.energy', labels: { 'hw.type': 'cpu', 'hw.id': '0' }, resource: HOST, samples: counting(0, 60) },
  { name: 'system.cpu.time', labels: { 'cpu.mode': 'user' }, resource: HOST, samples: counting(0, 2) },
  { name: 'system.cpu.time', labels: { 'cpu.mode': 'idle' }, resource: HOST, samples: counting(0, 6) },
]
const kubelet = (cpus: number, container = 'web'): Sent => ({
  name: 'container.cpu.time',
  resource: {
    ...HOST,
    'k8s.pod.uid': POD,
    'k8s.container.name': container,
    'k8s.pod.name': 'web-1',
    'k8s.namespace.name': 'shop',
  },
  samples: counting(0, cpus),
})
const cadvisor = (cpus: number, id: string = C1, container = 'web'): Sent =>
  exported(
    {
      __name__: 'container_cpu_usage_seconds_total',
      node: 'node-1',
      id: `/kubepods/burstable/pod${POD}/${id}`,
      container,
      pod: 'web-1',
      namespace: 'shop',
    },
    counting(3, cpus),
  )
const process = (name: string, cpus: number): Sent => ({
  name: 'process.cpu.time',
  labels: { 'process.executable.name': name, 'process.pid': '7' },
  resource: HOST,
  samples: counting(0, cpus),
})
const kepler = (labels: LabelMap, cpus: number): Sent =>
  exported(
    { __name__: 'kepler_process_cpu_seconds_total', node_name: 'node-1', ...labels },
    counting(9, cpus),
  )

const workloads = (rows: readonly EnergyRow[]): Record<string, number> =>
  Object.fromEntries(
    rows
      .filter(row => row.Share === 'active' || row.Share === 'unattributed')
      .map(row => [row.WorkloadId || row.Share, Number(row.EnergyUj) / 1e6]),
  )

describe('a container', () => {
  test('is one workload when the kubelet gives its pod and name and cAdvisor its id', () => {
    for (const order of orders([...MACHINE.slice(0, 1), kubelet(0.5), cadvisor(0.5)])) {
      const { rows } = book([...MACHINE.slice(1), ...order])
      expect(workloads(rows)).toEqual({ [C1]: 225, unattributed: 675 })
      expect(rows.find(row => row.WorkloadId === C1)).toMatchObject({
        WorkloadName: 'web',
        Namespace: 'shop',
      })
    }
  })

  test('that restarted is two workloads of cAdvisor’s and no additional one of the kubelet’s', () => {
    const { rows } = book([...MACHINE, kubelet(1), cadvisor(0.5, C1), cadvisor(0.5, C2)])
    expect(workloads(rows)).toEqual({ [C1]: 225, [C2]: 225, unattributed: 450 })
  })

  test('is counted itself, not its processes reported by another agent', () => {
    const { rows } = book([...MACHINE, cadvisor(0.5), process('nginx', 0.5)])
    expect(workloads(rows)).toEqual({ [C1]: 225, unattributed: 675 })
  })

  test('keeps the names that decide who pays, whichever source reported last', () => {
    for (const order of orders([kepler({ pid: '7', comm: 'nginx', container_id: C1 }, 0.5), cadvisor(0.5)])) {
      const { rows } = book([...MACHINE, ...order])
      expect(workloads(rows)).toEqual({ [C1]: 225, unattributed: 675 })
      expect(rows.find(row => row.WorkloadId === C1)).toMatchObject({
        WorkloadName: 'web',
        Namespace: 'shop',
      })
    }
  })

  test('known to Kepler only by id is not counted beside the kubelet’s, because nothing links them', () => {
    const byId = kepler({ pid: '7', comm: 'nginx', container_id: C1 }, 0.5)
    for (const order of orders([byId, kubelet(0.5)])) {
      expect(workloads(book([...MACHINE, ...order]).rows)).toEqual({ [`${POD}/web`]: 225, unattributed: 675 })
    }
    const pod: Sent = { ...kubelet(0.5), name: 'k8s.pod.cpu.time' }
    expect(workloads(book([...MACHINE, byId, pod]).rows)).toEqual({ [POD]: 225, unattributed: 675 })
    // A container unknown to Kubernetes used much more.
    const other = kepler({ pid: '8', comm: 'batch', container_id: C2 }, 1)
    expect(workloads(book([...MACHINE, byId, other, kubelet(0.5)]).rows)).toEqual({
      [C1]: 225,
      [C2]: 450,
      unattributed: 225,
    })
    // A container that cAdvisor knows by the same id is linked.
    expect(workloads(book([...MACHINE, byId, cadvisor(0.5), other]).rows)).toEqual({
      [C1]: 225,
      [C2]: 450,
      unattributed: 225,
    })
  })

  test('has the memory that another source reports', () => {
    const memory: Sent = {
      ...kubelet(0),
      name: 'container.memory.working_set',
      kind: 'gauge',
      samples: counting(100, 0),
    }
    const { rows } = book([...MACHINE, memory, cadvisor(0.5)])
    expect(rows.find(row => row.WorkloadId === C1)).toMatchObject({
      CpuUs: 30_000_000n,
      MemoryByteSeconds: 6000n,
    })
  })
})

test('a pod gives way to its containers, however each source names it', () => {
  const pod: Sent = {
    ...kubelet(0.5),
    name: 'k8s.pod.cpu.time',
    resource: { ...HOST, 'k8s.pod.name': 'web-1', 'k8s.namespace.name': 'shop' },
  }
  expect(workloads(book([...MACHINE, pod, cadvisor(0.5)]).rows)).toEqual({ [C1]: 225, unattributed: 675 })
})

describe('Kepler alone', () => {
  const node = (name: string, watts: number): Sent =>
    exported(
      { __name__: `kepler_node_cpu_${name}joules_total`, node_name: 'node-1', zone: 'package', path: '' },
      counting(50, watts),
    )
  const processes = [
    kepler({ pid: '1', comm: 'a' }, 1),
    kepler({ pid: '2', comm: 'b', container_id: C1 }, 0.5),
  ]

  test('gives the active energy itself, without the number of CPUs', () => {
    const { rows, total } = book([node('', 60), node('active_', 15), node('idle_', 45), ...processes])
    expect([workloads(rows), total]).toEqual([{ a: 600, [C1]: 300 }, 3600])
    expect(new Set(rows.map(row => row.Method))).toEqual(new Set(['ratio']))
    expect(rows.find(row => row.Share === 'idle')!.EnergyUj).toBe(2_700_000_000n)
  })

  test('before 0.10 is read by its modes', () => {
    const zone = (mode: string, watts: number): Sent =>
      exported(
        { __name__: 'kepler_node_package_joules_total', instance: 'node-1', mode, package: '0' },
        counting(7, watts),
      )
    expect(workloads(book([zone('dynamic', 15), zone('idle', 45), ...processes]).rows)).toEqual({
      a: 600,
      [C1]: 300,
    })
  })

  test('gives way to CPU times beside it', () => {
    const { rows } = book([...MACHINE, node('active_', 59), node('idle_', 1), ...processes])
    expect(workloads(rows)).toEqual({ a: 450, [C1]: 225, unattributed: 225 })
  })
})

describe('workloads outside containers', () => {
  const sensor = (seconds: number, kind: string, id: string, cpus: number, labels: LabelMap = {}): Reading =>
    reading({
      Quantity: 'cpu_time',
      WorkloadKind: kind,
      WorkloadId: id,
      Source: kind === 'process' ? 'proc' : 'cgroup2',
      Timestamp: at(seconds),
      Value: BigInt(Math.round(cpus * seconds * 1e6)),
      Attributes: { 'workload.name': id, ...labels },
    })
  const told = (
    seconds: number,
    name: string,
    cpus: number,
    source = 'kepler:kepler_process_cpu_seconds_total',
  ) => ({ ...sensor(seconds, 'process', name, cpus), Source: source })
  const rowsOf = (more: (seconds: number) => readonly Reading[]): Record<string, number> => {
    const { record, flush, energy } = drive()
    const machine = (seconds: number): Reading[] => [
      energyAt(seconds, BigInt(seconds) * 60_000_000n),
      modeAt(seconds, 'user', BigInt(seconds) * 2_000_000n),
      modeAt(seconds, 'idle', BigInt(seconds) * 6_000_000n),
    ]
    record([0, 30, 60].flatMap(seconds => [...machine(seconds), ...more(seconds)]))
    flush(120)
    return workloads(energy.filter(row => row.WindowStart === NOON_SECONDS))
  }

  test('come from the sensors or from Kepler, never from both', () => {
    const found = rowsOf(seconds => [
      sensor(seconds, 'systemd_unit', 'app.service', 1),
      sensor(seconds, 'container', C1, 0.5),
      told(seconds, 'node', 0.6),
      told(seconds, 'MainThread', 0.4),
    ])
    expect(found).toEqual({ 'app.service': 450, [C1]: 225, unattributed: 225 })
  })

  test('come from Kepler where the sensors run inside a container', () => {
    const found = rowsOf(seconds => [
      sensor(seconds, 'process', 'wattline', 0.1),
      told(seconds, 'wattline', 0.1),
      told(seconds, 'postgres', 1),
    ])
    expect(found).toEqual({ wattline: 45, postgres: 450, unattributed: 405 })
  })

  test('do not come from a source with impossible values', () => {
    const found = rowsOf(seconds => [
      sensor(seconds, 'systemd_unit', 'app.service', 1),
      told(seconds, 'postgres', 1000),
    ])
    expect(found).toEqual({ 'app.service': 450, unattributed: 450 })
  })

  test('come from the agent that knows containers when another agent does not', () => {
    const found = rowsOf(seconds => [
      told(seconds, 'node', 1, 'otlp:process.cpu.time'),
      sensor(seconds, 'container', C1, 1),
    ])
    expect(found).toEqual({ [C1]: 450, unattributed: 450 })
  })

  test('containers that the sensors know by id and the kubelet by name count once, with the names', () => {
    const attributes = { 'k8s.pod.uid': POD, 'container.id': C1 }
    const found = rowsOf(seconds => [
      sensor(seconds, 'container', C1, 1, attributes),
      {
        ...sensor(seconds, 'container', `${POD}/web`, 1, {
          'k8s.pod.uid': POD,
          'k8s.container.name': 'web',
          'workload.namespace': 'shop',
        }),
        Source: 'otlp:container.cpu.time',
      },
    ])
    expect(found).toEqual({ [`${POD}/web`]: 450, unattributed: 450 })
  })
})

test('the choice is independent of order and assigns each workload to itself or to one that counts', () => {
  const source = fc.constantFrom(
    'proc',
    'cgroup2',
    'kepler:a',
    'cadvisor:b',
    'otlp:container.cpu.time',
    'otlp:process.cpu.time',
  )
  const labels = fc.record(
    { 'k8s.pod.uid': fc.constantFrom('p', 'q'), 'k8s.container.name': fc.constantFrom('x', 'y') },
    { requiredKeys: [] },
  )
  const workload = fc.record({
    kind: fc.constantFrom('container', 'process', 'pod', 'systemd_unit'),
    id: fc.constantFrom('p/x', 'p/y', 'q/x', '1', '2', '3'),
    labels: labels as fc.Arbitrary<Record<string, string>>,
    told: fc.array(
      fc.record({ source, quality: fc.constantFrom('measured', 'estimated'), us: fc.bigInt(0n, 100n) }),
      { minLength: 1, maxLength: 3 },
    ),
  })
  const set = fc.uniqueArray(workload, { selector: ({ kind, id }) => `${kind} ${id}`, maxLength: 8 })
  const keyOf = ({ kind, id }: DescribedWorkload): string => `${kind} ${id}`
  fc.assert(
    fc.property(set, found => {
      const choose = (list: readonly DescribedWorkload[]) => {
        const { asOf, counts } = chooseWorkloads(list)
        return list
          .map((one, index) => {
            const as = asOf[index]
            const taken = one.told.map(({ source: by }) => counts(index, by))
            return `${keyOf(one)} as ${as === null ? 'nobody' : keyOf(list[as!]!)} ${taken}`
          })
          .sort()
      }
      expect(choose(found)).toEqual(choose(found.toReversed()))
      const { asOf } = chooseWorkloads(found)
      for (const as of asOf) if (as !== null) expect(asOf[as!]).toBe(as)
    }),
    { seed: 14, numRuns: runs(200) },
  )
})
