/**
 * `npm run bench:pods [-- COUNT]`: memory and CPU time of naming all pods of a cluster from one process (`kubernetes.mode: cluster`):
 * what a pod of two containers takes in the table, and what a round costs that describes all of them.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { KubePod } from '../../collector/kubernetes/api/objects.ts'
import { Describer } from '../../collector/kubernetes/describe/describer.ts'
import { Jobs } from '../../collector/kubernetes/pods/jobs.ts'
import { NamespaceTable } from '../../collector/kubernetes/pods/namespaces.ts'
import { NodeTable } from '../../collector/kubernetes/pods/nodes.ts'
import { PodTable } from '../../collector/kubernetes/pods/pod-table.ts'
import { nodeObject, podObject } from '../collector/kubernetes/objects.ts'

const PAGE = 500
const ROUNDS = 4
const PODS_OF_NODE = 100
const INTERVAL_MS = 30_000
const nowMs = 1_800_000_000_000
const count = Number(process.argv[2] ?? 50_000)

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
const heapMb = (): number => {
  collectGarbage()
  return process.memoryUsage().heapUsed / 1e6
}
const cpuSince = (before: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

const nodeOf = (pod: number): string =>
  `ip-10-0-${pod % (count / PODS_OF_NODE)}.eu-central-1.compute.internal`

/** A pod as a server sends it: most of it is of no interest here. */
function podOf(number: number): KubePod {
  const pod = podObject({
    ...{ number, namespace: `team-${number % 200}`, node: nodeOf(number) },
    ...{ createdMs: nowMs - 3_600_000, startedMs: nowMs - 3_590_000 },
    labels: { 'app.kubernetes.io/name': 'checkout', team: 'shop', 'pod-template-hash': '7d9f8b6c5d' },
    owner: { kind: 'ReplicaSet', name: `checkout-${number >> 4}-7d9f8b6c5d` },
  })
  const [main] = pod.status?.containerStatuses ?? []
  const sidecar = {
    ...main,
    name: 'sidecar',
    containerID: `containerd://${number.toString(16).padStart(64, 'd')}`,
  }
  const managedFields = Array.from({ length: 6 }, () => ({ manager: 'kube', fieldsV1: 'y'.repeat(500) }))
  return {
    ...pod,
    metadata: { ...pod.metadata, ...{ managedFields } },
    status: { ...pod.status, containerStatuses: [...(pod.status?.containerStatuses ?? []), sidecar] },
  }
}

const nodes = new NodeTable(['*'])
for (let number = 0; number < count / PODS_OF_NODE; number++)
  nodes.put(nodeObject(nodeOf(number), number.toString(16).padStart(32, '0')))
const allowed = ({ metadata }: KubePod) => ({ 'k8s.pod.label.team': metadata?.labels?.['team'] ?? '' })
const pods = new PodTable({ allowed, now: () => nowMs, changed: () => undefined })
const before = heapMb()
pods.listing()
for (let page = 0; page < count; page += PAGE) {
  const text = JSON.stringify(Array.from({ length: PAGE }, (_, index) => podOf(page + index)))
  for (const pod of JSON.parse(text) as KubePod[]) pods.put(pod)
}
pods.listed()
pods.inSync()
const table = heapMb() - before
console.log(
  `${pods.size} pods: ${table.toFixed(0)} MB, ${((table * 1e6) / pods.size).toFixed(0)} bytes a pod`,
)

let readings = 0
const describer = new Describer({
  tables: { pods, nodes, namespaces: new NamespaceTable([]) },
  jobs: new Jobs({
    ...{ api: null, signal: new AbortController().signal },
    ...{ failed: () => undefined, changed: () => undefined },
  }),
  cluster: 'prod',
  hostOf: node => ({ tenant: 'default', host: node, hostName: node }),
  append: async rows => {
    readings += rows.length
  },
  intervalMs: INTERVAL_MS,
  sinceMs: () => nowMs - 60_000,
})
for (let round = 0; round < ROUNDS; round++) {
  readings = 0
  const used = process.cpuUsage()
  await describer.round(nowMs + round * INTERVAL_MS, 'all')
  console.log(
    `round ${round}: ${readings} readings, ${cpuSince(used).toFixed(2)} s of CPU, then ${(heapMb() - before).toFixed(0)} MB; most resident ${(process.resourceUsage().maxRSS / 1e3).toFixed(0)} MB`,
  )
}
