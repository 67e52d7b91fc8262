/**
 * Guarantees: readings name each container from its start to its end, once for each instant; what began while the API was away is
 * described from when it began, also after a restart; a round that could not be stored is made again; nothing fails while the API
 * is away.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { kubeApi } from '../../../collector/kubernetes/api/client.ts'
import { startKubernetes } from '../../../collector/kubernetes/kubernetes.ts'
import type { Reading } from '../../../collector/readings/reading.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { type Events, silentEvents } from '../../../core/catalogue/events/events.ts'
import { FakeServer } from './fake-server.ts'
import { containerId, iso, nodeObject, podObject, uidOf } from './objects.ts'

const PODS = '/api/v1/pods'
const NODES = '/api/v1/nodes'
const MACHINE = 'b'.repeat(32)
const START = 1_767_268_800_000

let server: FakeServer
let address: string
let dataDir: string
let nowMs: number
let readings: Reading[]
let failAppends: number
let running: Awaited<ReturnType<typeof startKubernetes>> | null

beforeEach(async () => {
  server = new FakeServer()
  address = await server.start()
  dataDir = await mkdtemp(join(tmpdir(), 'wattline-kubernetes-'))
  nowMs = START
  readings = []
  failAppends = 0
  running = null
  server.open(PODS)
  server.put(NODES, nodeObject('n1', MACHINE))
})

/** Time passes, and another round is made. */
async function pass(ms: number): Promise<void> {
  nowMs += ms
  await new Promise(resolve => setTimeout(resolve, 300))
}
afterEach(async () => {
  await running?.stop()
  await server.stop()
  await rm(dataDir, { recursive: true, force: true })
})

async function start(settings: Record<string, unknown> = {}, events = silentEvents): Promise<void> {
  const config = configSchema.parse({ kubernetes: { mode: 'node', interval: 1, ...settings } }).kubernetes
  const isKubelet = config.mode === 'kubelet'
  const api = kubeApi(address, async () => {})
  running = await startKubernetes({
    // Rounds follow one another in real time, and say when they are in made-up time.
    config: { ...config, interval: 0.25 },
    own: { tenant: 'default', host: 'machine', hostName: 'n1' },
    aliases: new Map([['n2', 'alias-of-n2']]),
    dataDir,
    append: async some => {
      if (failAppends > 0) {
        failAppends -= 1
        throw new Error('log is full')
      }
      readings.push(...some)
    },
    events,
    now: () => nowMs,
    apis: { server: isKubelet ? null : api, kubelet: isKubelet ? api : null },
    firstRetryMs: 1,
  })
}

const of = (number: number): Reading[] =>
  readings.filter(({ WorkloadId }) => WorkloadId === containerId(number))
const secondsOf = (some: readonly Reading[]): number[] =>
  some
    .filter(({ Quantity }) => Quantity === 'cpu_request')
    .map(({ Timestamp }) => Number(Timestamp / 1_000_000n) - START)
const isOnce = (): boolean =>
  new Set(
    readings
      .filter(({ Quantity }) => !Quantity.endsWith('allocatable'))
      .map(row => `${row.WorkloadId} ${row.Quantity} ${row.Domain} ${row.Timestamp}`),
  ).size === readings.filter(({ Quantity }) => !Quantity.endsWith('allocatable')).length

test('names a container as soon as it is known, with its pod, owner, node and what it reserves', async () => {
  server.put(
    PODS,
    podObject({
      number: 1,
      createdMs: START - 9_000,
      labels: { team: 'a', 'pod-template-hash': '5d9' },
      owner: { kind: 'ReplicaSet', name: 'web-5d9' },
    }),
  )
  await start({ labels: ['team'], cluster_name: 'prod' })
  await expect.poll(() => of(1).length).toBeGreaterThan(0)
  await pass(1_000)
  expect(of(1)[0]).toMatchObject({
    Tenant: 'default',
    Host: 'machine',
    HostName: 'n1',
    Quantity: 'cpu_request',
    WorkloadKind: 'container',
    Value: 250n,
    Source: 'kubernetes',
    Attributes: {
      'container.id': containerId(1),
      'k8s.cluster.name': 'prod',
      'k8s.container.name': 'main',
      'k8s.container.cpu.limit': '1',
      'k8s.deployment.name': 'web',
      'k8s.namespace.name': 'shop',
      'k8s.node.name': 'n1',
      'k8s.owner.kind': 'Deployment',
      'k8s.owner.name': 'web',
      'k8s.pod.label.team': 'a',
      'k8s.pod.name': 'pod-1',
      'k8s.pod.uid': uidOf(1),
      'workload.name': 'main',
      'workload.namespace': 'shop',
    },
  })
  expect(of(1).find(({ Quantity }) => Quantity === 'memory_request')?.Value).toBe(67_108_864n)
  const pod = readings.find(
    ({ WorkloadKind, WorkloadId }) => WorkloadKind === 'pod' && WorkloadId === uidOf(1),
  )
  expect(pod).toMatchObject({ Value: 0n, Attributes: { 'k8s.pod.name': 'pod-1', 'k8s.owner.name': 'web' } })
  await expect
    .poll(() => readings.find(({ Quantity }) => Quantity === 'cpu_allocatable'))
    .toMatchObject({
      Host: 'machine',
      WorkloadKind: '',
      Value: 1_930n,
      Attributes: {
        'host.type': 'm5.large',
        'k8s.node.provider_id': 'aws:///eu-central-1a/i-n1',
        'wattline.zone': 'DE',
      },
    })
})

test('how long a pod waited for a node and for its container', async () => {
  await start()
  await expect.poll(() => server.watching).toBe(2)
  nowMs = START + 10_000
  server.put(PODS, podObject({ number: 1, createdMs: START + 1_000, startedMs: START + 6_000 }))
  const waits = (): string[] =>
    readings
      .filter(({ Quantity, WorkloadId }) => Quantity === 'sched_latency' && WorkloadId === uidOf(1))
      .map(
        ({ Domain, Value, Timestamp }) => `${Domain} ${Value} at ${Number(Timestamp / 1_000_000n) - START}`,
      )
  await expect
    .poll(waits)
    .toEqual(['schedule 0 at 1000', 'schedule 1000000 at 2000', 'start 0 at 2000', 'start 4000000 at 6000'])
})

test('a gate that a queue opened is time in the queue', async () => {
  await start({ mode: 'cluster' })
  await expect.poll(() => server.watching).toBe(2)
  const object = podObject({ number: 1, createdMs: START })
  const { nodeName: _, ...unscheduled } = object.spec ?? {}
  const waiting = {
    ...object,
    spec: { ...unscheduled, schedulingGates: [{ name: 'kueue.x-k8s.io/admission' }] },
    status: {},
  }
  server.put(PODS, waiting)
  nowMs = START + 40_000
  await new Promise(resolve => setTimeout(resolve, 30))
  server.put(PODS, { ...waiting, spec: unscheduled })
  await new Promise(resolve => setTimeout(resolve, 30))
  nowMs = START + 50_000
  const conditions = [{ type: 'PodScheduled', status: 'True', lastTransitionTime: iso(START + 41_000) }]
  const started = podObject({ number: 1, createdMs: START, startedMs: START + 45_000 })
  server.put(PODS, { ...started, status: { ...started.status, conditions } })
  await expect
    .poll(() =>
      readings
        .filter(({ Quantity, Value }) => Quantity === 'sched_latency' && Value > 0n)
        .map(({ Domain, Value }) => `${Domain} ${Value}`),
    )
    .toEqual(['queue 40000000', 'schedule 1000000', 'start 4000000'])
})

test('is described to its end when it is removed', async () => {
  server.put(PODS, podObject({ number: 1, createdMs: START - 9_000 }))
  await start()
  await expect.poll(() => of(1).length).toBeGreaterThan(0)
  nowMs = START + 5_005
  server.remove(PODS, podObject({ number: 1 }))
  await expect.poll(() => secondsOf(of(1)).at(-1)).toBe(5_005)
  const { length } = readings
  nowMs = START + 60_000
  await new Promise(resolve => setTimeout(resolve, 100))
  expect(readings.slice(length).filter(({ WorkloadKind }) => WorkloadKind !== '')).toEqual([])
  expect(isOnce()).toBe(true)
})

test('what begins while the API is away is described from its beginning once it is back', async () => {
  server.put(PODS, podObject({ number: 1, createdMs: START - 9_000 }))
  await start()
  await expect.poll(() => of(1).length).toBeGreaterThan(0)
  server.failWith = 503
  server.endWatches()
  nowMs = START + 3_600_000
  server.put(PODS, podObject({ number: 2, createdMs: START + 600_000, startedMs: START + 603_000 }))
  // What is known goes on being said.
  await expect.poll(() => secondsOf(of(1)).at(-1)).toBe(3_600_000)
  expect(of(2)).toEqual([])
  server.failWith = 0
  await expect.poll(() => secondsOf(of(2)).at(-1)).toBe(3_600_000)
  expect(secondsOf(of(2))[0]).toBe(603_000)
  expect(secondsOf(of(2)).length).toBeGreaterThan(500)
  expect(isOnce()).toBe(true)
})

test('also when the process was restarted meanwhile', async () => {
  server.put(PODS, podObject({ number: 1, createdMs: START - 9_000 }))
  await start()
  await expect.poll(() => of(1).length).toBeGreaterThan(0)
  await pass(1_000)
  server.failWith = 503
  await running?.stop()
  readings = []
  nowMs = START + 1_800_000
  await start()
  await new Promise(resolve => setTimeout(resolve, 40))
  nowMs = START + 3_600_000
  server.put(PODS, podObject({ number: 2, createdMs: START + 600_000, startedMs: START + 603_000 }))
  server.failWith = 0
  await expect.poll(() => secondsOf(of(2))[0]).toBe(603_000)
  // What began before is not described twice from its beginning, but from when it was last heard of.
  await expect.poll(() => secondsOf(of(1)).length).toBeGreaterThan(0)
  expect(secondsOf(of(1))[0]).toBeGreaterThanOrEqual(0)
})

test('readings that could not be stored are made again', async () => {
  const failures: string[] = []
  const events: Events = { emit: name => void failures.push(name) }
  failAppends = 2
  server.put(PODS, podObject({ number: 1, createdMs: START - 9_000 }))
  await start({}, events)
  nowMs = START + 2_000
  await expect.poll(() => secondsOf(of(1)).at(-1)).toBe(2_000)
  expect(secondsOf(of(1))[0]).toBeLessThanOrEqual(0)
  expect(failures).toContain('kubernetesFailed')
})

test('all nodes: by machine id, else by name; aliases as configured', async () => {
  server.put(NODES, nodeObject('n3', 'not usable'))
  server.put(PODS, podObject({ number: 1, node: 'n1' }))
  server.put(PODS, podObject({ number: 2, node: 'n2' }))
  server.put(PODS, podObject({ number: 3, node: 'n3' }))
  await start({ mode: 'cluster' })
  await expect
    .poll(() => [1, 2, 3].map(number => of(number).at(-1)?.Host))
    .toEqual([MACHINE, 'alias-of-n2', 'n3'])
  expect(of(1)[0]).toMatchObject({ HostName: 'n1' })
})

test('from the kubelet, which has lists alone', async () => {
  server.objects.set('/pods', { items: [podObject({ number: 1 }), podObject({ number: 2 })] })
  await start({ mode: 'kubelet' })
  await expect.poll(() => [of(1).length > 0, of(2).length > 0]).toEqual([true, true])
  server.objects.set('/pods', { items: [podObject({ number: 2 })] })
  await expect.poll(() => running?.pods()).toBe(1)
})

test('the CronJob of a Job is asked for, and read from its name where that is refused', async () => {
  const minute = Math.floor(START / 60_000) - 1
  server.objects.set('/apis/batch/v1/namespaces/shop/jobs/asked', {
    metadata: {
      name: 'asked',
      creationTimestamp: iso(START - 60_000),
      labels: { 'kueue.x-k8s.io/queue-name': 'gold' },
      ownerReferences: [{ kind: 'CronJob', name: 'nightly', controller: true }],
    },
    status: { startTime: iso(START - 20_000) },
  })
  server.put(PODS, podObject({ number: 1, createdMs: START - 19_000, owner: { kind: 'Job', name: 'asked' } }))
  server.put(
    PODS,
    podObject({ number: 2, createdMs: START - 19_000, owner: { kind: 'Job', name: `weekly-${minute}` } }),
  )
  await start()
  await expect.poll(() => [of(1).length > 0, of(2).length > 0]).toEqual([true, true])
  const said = async (number: number) => {
    await pass(300)
    return of(number).at(-1)?.Attributes
  }
  await expect
    .poll(() => said(1))
    .toMatchObject({
      'k8s.cronjob.name': 'nightly',
      'k8s.job.name': 'asked',
      'k8s.queue.name': 'gold',
    })
  await expect
    .poll(() => said(2))
    .toMatchObject({ 'k8s.cronjob.name': 'weekly', 'k8s.owner.kind': 'CronJob' })
})
