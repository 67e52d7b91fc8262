/**
 * Guarantees: of a pod is kept who it is, what it reserves and since when, whatever the API leaves out; amounts are exact; owners have
 * the names that people know.
 */
import { expect, test } from 'vitest'
import type { KubePod } from '../../../collector/kubernetes/api/objects.ts'
import { instantsOf } from '../../../collector/kubernetes/describe/instants.ts'
import { allowedOf } from '../../../collector/kubernetes/pods/allowed.ts'
import { NodeTable } from '../../../collector/kubernetes/pods/nodes.ts'
import { cronJobOf, ownerAttributes, ownersOf } from '../../../collector/kubernetes/pods/owner.ts'
import { podOf } from '../../../collector/kubernetes/pods/pod.ts'
import { amountOf } from '../../../collector/kubernetes/pods/quantity.ts'
import { containerRequests, requestsOfPod } from '../../../collector/kubernetes/pods/requests.ts'
import { containerId, iso, nodeObject, podObject, uidOf } from './objects.ts'

const NOTHING = allowedOf({ labels: [], annotations: [] })

test.each([
  ['100m', 1_000n, 100n],
  ['1.5', 1_000n, 1_500n],
  ['2', 1_000n, 2_000n],
  ['1', 1n, 1n],
  ['512Mi', 1n, 536_870_912n],
  ['1.5Gi', 1n, 1_610_612_736n],
  ['128974848', 1n, 128_974_848n],
  ['129e6', 1n, 129_000_000n],
  ['129E', 1n, 9_223_372_036_854_775_807n],
  ['129M', 1n, 129_000_000n],
  ['128974848000m', 1n, 128_974_848n],
  ['1k', 1_000n, 1_000_000n],
  ['100u', 1_000n, 1n],
  ['0', 1_000n, 0n],
  ['1e3', 1_000n, 1_000_000n],
  ['5e-1', 1_000n, 500n],
  ['', 1_000n, 0n],
  ['much', 1_000n, 0n],
  ['1Zi', 1n, 0n],
] as const)('%s in 1/%d is %d', (text, perUnit, amount) => {
  expect(amountOf(text, perUnit)).toBe(amount)
})

test('requests of a container, with boards, parts of boards and other devices', () => {
  const requests = containerRequests({
    requests: {
      cpu: '250m',
      memory: '64Mi',
      'nvidia.com/gpu': 2,
      'nvidia.com/mig-1g.5gb': '1',
      'x.io/fpga': '3',
      'hugepages-2Mi': '4Mi',
    },
    limits: { cpu: '1', memory: '128Mi' },
  })
  expect(requests).toEqual({
    cpu: 250n,
    memory: 67_108_864n,
    gpu: 3_000n,
    attributes: {
      'k8s.container.cpu.limit': '1',
      'k8s.container.memory.limit': '128Mi',
      'k8s.container.request.nvidia.com/gpu': '2',
      'k8s.container.request.nvidia.com/mig-1g.5gb': '1',
      'k8s.container.request.x.io/fpga': '3',
    },
  })
})

test('a pod reserves the overhead of its runtime, and what is reserved for its containers together beyond their own', () => {
  const containers = [{ resources: { requests: { cpu: '500m', memory: '1Gi' } } }, {}]
  expect(requestsOfPod({ containers, overhead: { cpu: '100m' } })).toMatchObject({ cpu: 100n, memory: 0n })
  const resources = { requests: { cpu: '2', memory: '512Mi' } }
  expect(requestsOfPod({ containers, resources })).toMatchObject({ cpu: 1_500n, memory: 0n })
})

test('runs of a container: the present one and the one before it, each with its own id', () => {
  const object = podObject({ number: 1, createdMs: 1_000_000 })
  const status = {
    ...object.status,
    containerStatuses: [
      {
        name: 'main',
        containerID: `containerd://${containerId(2)}`,
        state: { running: { startedAt: iso(1_090_000) } },
        lastState: {
          terminated: {
            containerID: `containerd://${containerId(1)}`,
            startedAt: iso(1_003_000),
            finishedAt: iso(1_080_000),
          },
        },
      },
    ],
    initContainerStatuses: [{ name: 'wait', containerID: '', state: {} }],
  }
  expect(podOf({ ...object, status }, NOTHING)?.runs).toMatchObject([
    {
      id: containerId(1),
      name: 'main',
      startedMs: 1_003_000,
      finishedMs: 1_080_000,
      requests: { cpu: 250n },
    },
    { id: containerId(2), name: 'main', startedMs: 1_090_000, finishedMs: null, requests: { cpu: 250n } },
  ])
})

test('what was resized counts as it is, not as it is wished', () => {
  const object = podObject({ number: 1 })
  const [status] = object.status?.containerStatuses ?? []
  const resized = {
    ...object,
    status: { containerStatuses: [{ ...status, resources: { requests: { cpu: '1' } } }] },
  }
  expect(podOf(resized, NOTHING)?.runs[0]?.requests).toMatchObject({ cpu: 1_000n, memory: 0n })
})

test('a static pod runs under the uid that the kubelet gave it', () => {
  const object = podObject({ number: 1 })
  const annotations = { 'kubernetes.io/config.mirror': 'abc', 'kubernetes.io/config.hash': 'abc' }
  expect(podOf({ ...object, metadata: { ...object.metadata, annotations } }, NOTHING)?.uid).toBe('abc')
})

test.each<[string, KubePod]>([
  ['nothing', {}],
  ['no node yet', { metadata: { name: 'a', namespace: 'b', uid: 'c' }, spec: {} }],
  ['no namespace', { metadata: { name: 'a', uid: 'c' }, spec: { nodeName: 'n' } }],
])('a pod with %s is left out', (_, object) => {
  expect(podOf(object, NOTHING)).toBeNull()
})

test('owners: Deployment, Rollout, CronJob by the name of its Job, and what controls itself', () => {
  const owned = (kind: string, name: string, labels: Record<string, string> = {}) =>
    ownersOf({
      labels,
      ownerReferences: [
        { kind: 'X', name: 'x' },
        { kind, name, controller: true },
      ],
    })
  const deployment = owned('ReplicaSet', 'web-5d9', { 'pod-template-hash': '5d9' })
  expect(ownerAttributes(deployment)).toEqual({
    'k8s.replicaset.name': 'web-5d9',
    'k8s.deployment.name': 'web',
    'k8s.owner.kind': 'Deployment',
    'k8s.owner.name': 'web',
  })
  const rollout = owned('ReplicaSet', 'web-7c', { 'rollouts-pod-template-hash': '7c' })
  expect(ownerAttributes(rollout)).toMatchObject({ 'k8s.owner.kind': 'Rollout', 'k8s.owner.name': 'web' })
  expect(ownerAttributes(owned('ReplicaSet', 'bare'))).toMatchObject({ 'k8s.owner.kind': 'ReplicaSet' })
  expect(ownerAttributes(owned('StatefulSet', 'db'))).toMatchObject({ 'k8s.statefulset.name': 'db' })
  expect(ownerAttributes(owned('RayCluster', 'ray'))).toEqual({
    'k8s.owner.kind': 'RayCluster',
    'k8s.owner.name': 'ray',
  })
  expect(ownerAttributes([])).toEqual({})
  const minute = 29_000_000
  expect(cronJobOf(`night-${minute}`, minute * 60_000 + 2_000)).toEqual({ kind: 'CronJob', name: 'night' })
  expect(cronJobOf('build-20261130', minute * 60_000)).toBeNull()
  expect(cronJobOf('build', minute * 60_000)).toBeNull()
})

test('labels and annotations are kept where they are allowed, and what queues and groups schedulers know', () => {
  const object = podObject({
    number: 1,
    labels: { team: 'a', 'app.kubernetes.io/name': 'web', secret: 'x', 'kueue.x-k8s.io/queue-name': 'gold' },
  })
  const annotated = { ...object, metadata: { ...object.metadata, annotations: { cost: 'c1', other: 'y' } } }
  const allowed = allowedOf({ labels: ['team', 'app.kubernetes.io/*'], annotations: ['cost'] })
  expect(allowed(annotated)).toEqual({
    'k8s.queue.name': 'gold',
    'k8s.pod.label.team': 'a',
    'k8s.pod.label.app.kubernetes.io/name': 'web',
    'k8s.pod.annotation.cost': 'c1',
  })
})

test('nodes: provider, region, type, machine id; an id that two nodes have names neither', () => {
  const nodes = new NodeTable([])
  const machine = 'a'.repeat(32)
  nodes.put(nodeObject('n1', machine))
  expect(nodes.get('n1')).toMatchObject({
    machineId: machine,
    zone: 'DE',
    attributes: {
      'cloud.provider': 'aws',
      'cloud.region': 'eu-central-1',
      'cloud.availability_zone': 'eu-central-1a',
      'host.type': 'm5.large',
      'k8s.node.provider_id': 'aws:///eu-central-1a/i-n1',
    },
    allocatable: { cpu: 1_930n, memory: 7_516_192_768n, gpu: 1_000n },
  })
  expect(nodes.isShared(machine)).toBe(false)
  nodes.put(nodeObject('n2', machine))
  expect(nodes.isShared(machine)).toBe(true)
  nodes.listing()
  nodes.put(nodeObject('n1', machine))
  nodes.listed()
  expect([nodes.isShared(machine), nodes.get('n2')]).toEqual([false, undefined])
})

test('described at once, at multiples of the interval, and at the end', () => {
  const thing = { startMs: 65_000, endMs: null, describedTo: null }
  expect(instantsOf(thing, 0, 70_000, 30_000)).toEqual([65_000])
  expect(instantsOf(thing, 0, 150_000, 30_000)).toEqual([65_000, 90_000, 120_000, 150_000])
  expect(instantsOf({ ...thing, describedTo: 70_000 }, 0, 121_000, 30_000)).toEqual([90_000, 120_000])
  expect(instantsOf({ ...thing, describedTo: 70_000, endMs: 100_000 }, 0, 121_000, 30_000)).toEqual([
    90_000, 100_000,
  ])
  // Began before anything was heard: nothing before is described.
  expect(instantsOf(thing, 100_000, 121_000, 30_000)).toEqual([100_000, 120_000])
  // Ended before that: it is described all the same, once.
  expect(instantsOf({ ...thing, endMs: 80_000 }, 100_000, 121_000, 30_000)).toEqual([80_000])
  expect(instantsOf({ ...thing, describedTo: 121_000 }, 0, 121_000, 30_000)).toEqual([])
})

test('uids of test pods are those of Kubernetes in form', () => {
  expect(uidOf(1)).toMatch(/^[0-9a-f-]{36}$/)
})
