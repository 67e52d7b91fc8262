/**
 * Guarantees: two agents that see one machine give the books of one, to the microjoule and the microsecond: energy, CPU time,
 * workloads, and what belongs to none. Each pair is sent as its metrics, through recogniser, log and meter.
 */
import { describe, expect, test } from 'vitest'
import { createRecogniser } from '../../collector/readings/recogniser.ts'
import type { LabelMap } from '../../core/model/label-text.ts'
import type { EnergyRow } from '../../core/model/streams/ledger.ts'
import { CONTEXT } from '../collector/otlp/decode/support.ts'
import { recognisedIn, requestOf } from '../collector/readings/recognising.ts'
import { fleet, NOON_MS } from '../processors/meter/fleet.ts'
import { at, energyAt, modeAt, type Reading, reading } from '../processors/meter/support.ts'

const ANY_TIME = { ...CONTEXT, limits: { ...CONTEXT.limits, futureNano: 1n << 62n } }
const POD = '0a1b2c3d-1111-2222-3333-444455556666'
const C1 = 'c'.repeat(64)
const GPU = 'GPU-5fd4f087-86f3-7a43-b711-4771313afc50'
const MACHINE_ID = '4c4c4544004b'
const PODS = `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${POD.replaceAll('-', '_')}.slice`
const OF_POD = { 'k8s.pod.uid': POD, 'k8s.pod.name': 'web-1', 'k8s.namespace.name': 'shop' }

/** What an agent sends at an instant: readings of its own, or metrics. */
type Agent = (seconds: number) => readonly Reading[]

interface Sent {
  readonly name: string
  readonly labels?: LabelMap
  readonly resource?: LabelMap
  readonly perSecond?: number
  readonly value?: number
  readonly offset?: number
  readonly start?: number
}

/** An agent that sends metrics. A collector of its own learns from what it sees. */
function sending(metrics: readonly Sent[]): Agent {
  const recogniser = createRecogniser()
  return seconds => {
    const body = requestOf(
      metrics.map(({ name, labels = {}, resource = {}, perSecond, value, offset = 0, start }) => {
        // Prometheus has no types here.
        const isSum = perSecond !== undefined && name.includes('.')
        return {
          name,
          kind: isSum ? 'sum' : 'gauge',
          temporality: isSum ? 2 : 0,
          monotonic: isSum,
          resource,
          points: [
            {
              timeUnixNano: at(seconds),
              startTimeUnixNano: start === undefined ? 0n : at(start),
              value: value ?? offset + (perSecond ?? 0) * seconds,
              attributes: labels,
            },
          ],
        }
      }),
    )
    return recognisedIn(body, ANY_TIME, recogniser).readings.map(row => ({ ...row, Tenant: 'default' }))
  }
}

/** 60 W, 8 CPUs of which 2 are busy; a container uses 0.5 of them, a unit 0.5, the kernel the rest. */
const own: Agent = seconds => {
  const base = { Host: MACHINE_ID, HostName: 'node-1', BootId: 'boot' }
  const us = (cpus: number): bigint => BigInt(Math.round(seconds * cpus * 1e6))
  const used = (kind: string, id: string, labels: LabelMap): Reading =>
    reading({
      ...base,
      Quantity: 'cpu_time',
      WorkloadKind: kind,
      WorkloadId: id,
      Value: us(0.5),
      Source: 'cgroup2',
      Timestamp: at(seconds),
      Attributes: labels,
    })
  return [
    energyAt(seconds, BigInt(seconds) * 60_000_000n, { ...base, Source: 'rapl' }),
    modeAt(seconds, 'user', us(2), { ...base, Source: 'proc' }),
    modeAt(seconds, 'idle', us(6), { ...base, Source: 'proc' }),
    used('container', C1, { 'workload.name': 'cccc', 'container.id': C1, 'k8s.pod.uid': POD }),
    used('systemd_unit', 'nginx.service', { 'workload.name': 'nginx.service' }),
  ]
}

const kepler = sending([
  {
    name: 'kepler_node_cpu_joules_total',
    labels: { node_name: 'node-1', zone: 'package', path: '/sys/class/powercap/intel-rapl:0' },
    perSecond: 60,
    offset: 1_000,
  },
  {
    name: 'kepler_node_cpu_active_joules_total',
    labels: { node_name: 'node-1', zone: 'package', path: '/sys/class/powercap/intel-rapl:0' },
    perSecond: 15,
  },
  {
    name: 'kepler_process_cpu_seconds_total',
    labels: { node_name: 'node-1', pid: '7', comm: 'web', container_id: C1 },
    perSecond: 0.5,
    offset: 3,
  },
  {
    name: 'kepler_process_cpu_seconds_total',
    labels: { node_name: 'node-1', pid: '8', comm: 'nginx' },
    perSecond: 0.5,
  },
])

const otel = (resource: LabelMap, start?: number): Agent =>
  sending(
    [
      { name: 'hw.energy', labels: { 'hw.type': 'cpu', 'hw.id': '0' }, perSecond: 60, offset: 500 },
      { name: 'system.cpu.time', labels: { state: 'user' }, perSecond: 2 },
      { name: 'system.cpu.time', labels: { state: 'idle' }, perSecond: 6 },
      {
        name: 'process.cpu.time',
        labels: { state: 'user', 'process.pid': '8', 'process.executable.name': 'nginx' },
        perSecond: 0.5,
      },
    ].map(one => ({ ...one, resource, ...(start === undefined ? {} : { start }) })),
  )

const NODE = { instance: '10.0.0.1:9100' }
const nodeExporter = sending([
  {
    name: 'node_rapl_package_joules_total',
    labels: { ...NODE, index: '0', path: '/sys/class/powercap/intel-rapl:0' },
    perSecond: 60,
  },
  { name: 'node_cpu_seconds_total', labels: { ...NODE, cpu: '0', mode: 'user' }, perSecond: 2 },
  { name: 'node_cpu_seconds_total', labels: { ...NODE, cpu: '0', mode: 'idle' }, perSecond: 6 },
  { name: 'node_uname_info', labels: { ...NODE, nodename: 'node-1' }, value: 1 },
])

const cadvisor = sending([
  {
    name: 'container_cpu_usage_seconds_total',
    labels: {
      node: 'node-1',
      id: `${PODS}/cri-containerd-${C1}.scope`,
      container: 'web',
      pod: 'web-1',
      namespace: 'shop',
      cpu: 'total',
    },
    perSecond: 0.5,
    offset: 11,
  },
  {
    name: 'container_cpu_usage_seconds_total',
    labels: { node: 'node-1', id: PODS, pod: 'web-1', namespace: 'shop', cpu: 'total' },
    perSecond: 0.5,
  },
])
const kubeletstats = sending([
  {
    name: 'container.cpu.time',
    resource: { 'k8s.node.name': 'node-1', ...OF_POD, 'k8s.container.name': 'web' },
    perSecond: 0.5,
    offset: 4,
  },
  { name: 'k8s.pod.cpu.time', resource: { 'k8s.node.name': 'node-1', ...OF_POD }, perSecond: 0.5 },
])
const kubeletResource = sending([
  {
    name: 'container_cpu_usage_seconds_total',
    labels: { node: 'node-1', container: 'web', pod: 'web-1', namespace: 'shop' },
    perSecond: 0.5,
  },
  {
    name: 'pod_cpu_usage_seconds_total',
    labels: { node: 'node-1', pod: 'web-1', namespace: 'shop' },
    perSecond: 0.5,
  },
])
const scaphandre = sending([
  { name: 'scaph_host_energy_microjoules', labels: { instance: 'node-1:8080' }, perSecond: 100_000_000 },
  {
    name: 'scaph_process_power_consumption_microwatts',
    labels: { instance: 'node-1:8080', pid: '7' },
    value: 5_000_000,
  },
])
const dcgm = sending([
  ...['a', 'b'].map(pod => ({
    name: 'DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION',
    labels: { Hostname: 'node-1', UUID: GPU, exported_pod: pod, exported_namespace: 'ml' },
    perSecond: 30_000,
  })),
  { name: 'DCGM_FI_DEV_POWER_USAGE', labels: { Hostname: 'node-1', UUID: GPU }, value: 30 },
])

/** When an agent sends: every so many seconds, from this second on. */
interface Rhythm {
  readonly every: number
  readonly phase: number
}

const EACH_15_S: Rhythm = { every: 15, phase: 0 }

/** Rows of the fourth minute, without the names that a further agent may add. */
async function booked(
  agents: readonly Agent[],
  partitions: number,
  rhythms: readonly Rhythm[] = [],
): Promise<string[]> {
  const { record, flush, rows } = await fleet(partitions)
  const hosts = new Set<string>()
  for (let seconds = 0; seconds <= 300; seconds++) {
    for (const [index, agent] of agents.entries()) {
      const { every, phase } = rhythms[index] ?? EACH_15_S
      if (seconds % every !== phase) continue
      const readings = agent(seconds)
      for (const { Host } of readings) hosts.add(Host)
      await record(readings, seconds)
    }
  }
  for (const host of hosts) await flush(host, 420)
  return rows
    .filter(row => row.WindowStart === NOON_MS / 1000 + 180)
    .map(line)
    .sort()
}

const line = (row: EnergyRow): string =>
  [row.Component, row.Share, row.WorkloadKind, row.WorkloadId, row.EnergyUj, row.CpuUs, row.Boundary].join(
    ' ',
  )

const OWN_BOOKS = [
  `cpu active container ${C1} 225000000 30000000 components`,
  'cpu active systemd_unit nginx.service 225000000 30000000 components',
  'cpu idle   2700000000 0 components',
  'cpu unattributed   450000000 60000000 components',
]

describe.each([3])('over %i partitions', partitions => {
  test('the sensors alone', async () => {
    expect(await booked([own], partitions)).toEqual(OWN_BOOKS)
  })

  test.each<readonly [string, Agent]>([
    ['Kepler', kepler],
    [
      'an OpenTelemetry agent that knows the machine id',
      otel({ 'host.id': MACHINE_ID, 'host.name': 'node-1' }),
    ],
    ['an OpenTelemetry agent that knows the name', otel({ 'host.name': 'node-1' })],
    ['node_exporter', nodeExporter],
    ['cAdvisor', cadvisor],
  ])('the sensors and %s', async (_, other) => {
    expect(await booked([own, other], partitions)).toEqual(OWN_BOOKS)
    expect(await booked([other, own], partitions)).toEqual(OWN_BOOKS)
  })

  const PAIRS: readonly (readonly [string, Agent, Agent])[] = [
    ['the sensors and Kepler', own, kepler],
    ['the sensors and an OpenTelemetry agent', own, otel({ 'host.name': 'node-1' })],
    ['the sensors and node_exporter', own, nodeExporter],
    ['the sensors and cAdvisor', own, cadvisor],
  ]
  const RHYTHMS: readonly (readonly [string, Rhythm, Rhythm])[] = [
    ['5 s beside 30 s', { every: 5, phase: 0 }, { every: 30, phase: 4 }],
    ['10 s beside 60 s out of step', { every: 10, phase: 3 }, { every: 60, phase: 7 }],
  ]
  test.each(PAIRS.flatMap(pair => RHYTHMS.map(rhythm => [pair[0], rhythm[0], pair, rhythm] as const)))(
    '%s, %s',
    async (_name, _rhythm, [, one, other], [, ofOne, ofOther]) => {
      expect(await booked([one, other], partitions, [ofOne, ofOther])).toEqual(OWN_BOOKS)
      expect(await booked([other, one], partitions, [ofOther, ofOne])).toEqual(OWN_BOOKS)
    },
  )

  // Nothing links a control group to a name: the description with names counts, with the same amounts.
  test.each<readonly [string, Agent, string]>([
    ['the kubelet receiver', kubeletstats, `${POD}/web`],
    ['the kubelet’s own metrics', kubeletResource, 'shop/web-1/web'],
  ])('the sensors and %s, which know containers by name', async (_, other, name) => {
    const named = OWN_BOOKS.map(text => text.replace(C1, name)).sort()
    expect(await booked([own, other], partitions)).toEqual(named)
    expect(await booked([other, own], partitions)).toEqual(named)
  })

  test('two collectors of one machine, started at different times', async () => {
    const resource = { 'host.name': 'node-1' }
    const alone = await booked([otel(resource, -1000)], partitions)
    expect(alone).toHaveLength(3)
    const two = [otel(resource, -1000), otel(resource, -500)]
    expect(await booked(two, partitions)).toEqual(alone)
    const [, ...rhythms] = RHYTHMS[1]!
    expect(await booked(two, partitions, rhythms)).toEqual(alone)
  })

  test('cAdvisor and the kubelet receiver, on a machine that OpenTelemetry meters', async () => {
    const host = sending([
      {
        name: 'hw.energy',
        labels: { 'hw.type': 'cpu', 'hw.id': '0' },
        resource: { 'host.name': 'node-1' },
        perSecond: 60,
      },
      {
        name: 'system.cpu.time',
        labels: { state: 'user' },
        resource: { 'host.name': 'node-1' },
        perSecond: 2,
      },
      {
        name: 'system.cpu.time',
        labels: { state: 'idle' },
        resource: { 'host.name': 'node-1' },
        perSecond: 6,
      },
    ])
    const alone = await booked([host, cadvisor], partitions)
    expect(alone).toContain(`cpu active container ${C1} 225000000 30000000 components`)
    expect(await booked([host, cadvisor, kubeletstats], partitions)).toEqual(alone)
    expect(await booked([host, kubeletstats, cadvisor, kubeletResource], partitions)).toEqual(alone)
    const [, ...rhythms] = RHYTHMS[1]!
    const three = [EACH_15_S, ...rhythms]
    expect(await booked([host, cadvisor, kubeletstats], partitions, three)).toEqual(alone)
  })

  test('Scaphandre and DCGM: the machine once, and its board once', async () => {
    const energies = async (agents: readonly Agent[], rhythms: readonly Rhythm[] = []) => {
      const lines = await booked(agents, partitions, rhythms)
      const sum = (of: readonly string[]): bigint =>
        of.reduce((total, text) => total + BigInt(/ (-?\d+) \d+ \w+$/.exec(text)![1]!), 0n)
      return [sum(lines), sum(lines.filter(text => text.startsWith('gpu ')))]
    }
    expect((await energies([scaphandre]))[0]).toBe(6_000_000_000n)
    expect((await energies([dcgm]))[1]).toBe(1_800_000_000n)
    for (const both of [
      [scaphandre, dcgm],
      [dcgm, scaphandre],
    ]) {
      for (const [, ...rhythms] of [['', EACH_15_S, EACH_15_S] as const, RHYTHMS[1]!]) {
        expect(await energies(both, rhythms)).toEqual([6_000_000_000n, 1_800_000_000n])
      }
    }
  })
})
