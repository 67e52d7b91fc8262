/** What a scheduler and kubelets do: gives pods to nodes, runs their containers there, says so in their status, and ends them. */
import { randomBytes } from 'node:crypto'
import type { KubePod } from '../../../../collector/kubernetes/api/objects.ts'
import type { ControlPlane } from '../../plane/control-plane.ts'
import type { MadeUpNode } from './node.ts'

/** Who pays for a container, as the scenario knows it. */
export interface Truth {
  readonly namespace: string
  readonly owner: string
  readonly pod: string
  readonly node: string
}

interface Running {
  readonly uid: string
  readonly pod: string
  readonly namespace: string
  readonly node: MadeUpNode
  readonly sandbox: string
  container: string
  startedMs: number
  previous: { readonly id: string; readonly startedMs: number; readonly finishedMs: number } | null
  isTold: boolean
}

const OWNER_LABELS = ['owner']
const AT_ONCE = 8

export class MadeUpCluster {
  readonly #plane: ControlPlane
  readonly #nodes: ReadonlyMap<string, MadeUpNode>
  readonly #running = new Map<string, Running>()
  readonly #cordoned = new Set<string>()
  /** By container id, also of sandboxes and of those that have ended. */
  readonly truth = new Map<string, Truth>()
  #next = 0

  constructor(plane: ControlPlane, nodes: readonly MadeUpNode[]) {
    this.#plane = plane
    this.#nodes = new Map(nodes.map(node => [node.name, node]))
  }

  get size(): number {
    return this.#running.size
  }

  async registerNodes(): Promise<void> {
    for (const { name, machineId } of this.#nodes.values()) {
      const labels = {
        'kubernetes.io/hostname': name,
        'topology.kubernetes.io/region': 'eu-central-1',
        'topology.kubernetes.io/zone': 'eu-central-1a',
        'node.kubernetes.io/instance-type': 'm5.4xlarge',
      }
      await this.#plane.call('POST', '/api/v1/nodes', {
        metadata: { name, labels },
        spec: { providerID: `aws:///eu-central-1a/${name}` },
      })
      const status = {
        allocatable: { cpu: '64', memory: '64Gi', pods: '110' },
        capacity: { cpu: '64', memory: '64Gi', pods: '110' },
        conditions: [{ type: 'Ready', status: 'True' }],
        nodeInfo: nodeInfo(machineId),
      }
      await this.#patch(`/api/v1/nodes/${name}/status`, { status })
      // Every new node is tainted until a controller, which does not run here, sees it ready.
      await this.#patch(`/api/v1/nodes/${name}`, { spec: { taints: null } })
    }
  }

  /** No new pods there; those that are there are deleted, and their controllers make others elsewhere. */
  async drain(node: string): Promise<void> {
    this.#cordoned.add(node)
    const moved = [...this.#running.values()].filter(one => one.node.name === node && one.namespace !== 'ops')
    await inTurns(moved, ({ namespace, pod }) => this.#delete(`/api/v1/namespaces/${namespace}/pods/${pod}`))
  }

  /** The containers of some pods end and begin again under other ids; nobody is told as long as the API is away. */
  restart(count: number, nowMs: number): void {
    for (const one of [...this.#running.values()].slice(0, count)) {
      one.previous = { id: one.container, startedMs: one.startedMs, finishedMs: nowMs }
      one.node.end(one.container)
      this.#begin(one, nowMs)
    }
  }

  /** Once: gives to nodes, starts, tells and ends what there is. Resolves with how much there was to do. */
  async pass(nowMs: number): Promise<number> {
    const { items } = await this.#plane.call<{ items: KubePod[] }>('GET', '/api/v1/pods?limit=2000')
    const there = new Set(items.map(({ metadata }) => metadata?.uid ?? ''))
    let done = 0
    for (const [uid, one] of this.#running) {
      if (there.has(uid)) continue
      one.node.end(one.container)
      one.node.end(one.sandbox)
      this.#running.delete(uid)
      done += 1
    }
    await inTurns(items, async pod => {
      if (await unlessGone(this.#attend(pod, nowMs))) done += 1
    })
    return done
  }

  async #attend(pod: KubePod, nowMs: number): Promise<boolean> {
    const { name = '', namespace = '', uid = '', deletionTimestamp } = pod.metadata ?? {}
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`
    if (deletionTimestamp !== undefined) {
      await this.#delete(path)
      return true
    }
    const known = this.#running.get(uid)
    if (known !== undefined) {
      if (!known.isTold) await this.#tell(known, path)
      return false
    }
    const node = pod.spec?.nodeName ?? this.#choose(pod)
    if (pod.spec?.nodeName === undefined) {
      const target = { apiVersion: 'v1', kind: 'Node', name: node }
      await this.#plane.call('POST', `${path}/binding`, { metadata: { name }, target })
    }
    await this.#start(pod, node, nowMs)
    return true
  }

  async #start(pod: KubePod, nodeName: string, nowMs: number): Promise<void> {
    const { name = '', namespace = '', uid = '', labels = {} } = pod.metadata ?? {}
    const node = this.#nodes.get(nodeName)
    if (node === undefined) throw new Error(`no node ${nodeName}`)
    const owner = OWNER_LABELS.map(label => labels[label]).find(Boolean) ?? ''
    const one: Running = {
      ...{ uid, pod: name, namespace, node, sandbox: id(), container: '', startedMs: nowMs },
      ...{ previous: null, isTold: false },
    }
    this.truth.set(one.sandbox, { namespace, owner, pod: name, node: nodeName })
    node.begin(one.sandbox, uid, 1)
    this.#begin(one, nowMs)
    this.#running.set(uid, one)
    await this.#tell(one, `/api/v1/namespaces/${namespace}/pods/${name}`)
    this.truth.set(one.container, { namespace, owner, pod: name, node: nodeName })
  }

  #begin(one: Running, nowMs: number): void {
    const before = this.truth.get(one.container)
    one.container = id()
    one.startedMs = nowMs
    one.isTold = false
    if (before !== undefined) this.truth.set(one.container, before)
    one.node.begin(one.container, one.uid, 5 + (this.#next++ % 40))
  }

  async #tell(one: Running, path: string): Promise<void> {
    const iso = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
    const state = { running: { startedAt: iso(one.startedMs) } }
    const lastState =
      one.previous === null
        ? {}
        : {
            terminated: {
              exitCode: 1,
              containerID: `containerd://${one.previous.id}`,
              startedAt: iso(one.previous.startedMs),
              finishedAt: iso(one.previous.finishedMs),
            },
          }
    const container = {
      ...{
        name: 'main',
        image: 'none',
        imageID: 'none',
        ready: true,
        started: true,
        restartCount: one.previous === null ? 0 : 1,
      },
      ...{ containerID: `containerd://${one.container}`, state, lastState },
    }
    const conditions = [
      { type: 'Ready', status: 'True' },
      { type: 'ContainersReady', status: 'True' },
    ]
    const status = {
      phase: 'Running',
      startTime: iso(one.startedMs),
      conditions,
      containerStatuses: [container],
    }
    await this.#patch(`${path}/status`, { status }, 'application/strategic-merge-patch+json')
    one.isTold = true
  }

  /** At once. Controllers delete pods, too. */
  async #delete(path: string): Promise<void> {
    await unlessGone(this.#plane.call('DELETE', `${path}?gracePeriodSeconds=0`))
  }

  /** Where the DaemonSet wants it, else the next node that takes pods. */
  #choose(pod: KubePod): string {
    const wanted = /"metadata\.name","operator":"In","values":\["([^"]+)"\]/.exec(JSON.stringify(pod.spec))
    if (wanted?.[1] !== undefined) return wanted[1]
    const names = [...this.#nodes.keys()].filter(name => !this.#cordoned.has(name))
    const name = names[this.#next++ % names.length]
    if (name === undefined) throw new Error('every node is cordoned')
    return name
  }

  #patch(path: string, body: unknown, contentType = 'application/merge-patch+json'): Promise<unknown> {
    return this.#plane.call('PATCH', path, body, { contentType })
  }
}

const id = (): string => randomBytes(32).toString('hex')

const nodeInfo = (machineID: string) => ({
  ...{ machineID, systemUUID: machineID, bootID: 'b', kernelVersion: '6', osImage: 'none' },
  ...{ containerRuntimeVersion: 'containerd://2', kubeletVersion: 'v1.36.3', kubeProxyVersion: '' },
  ...{ operatingSystem: 'linux', architecture: 'amd64' },
})

/** Others delete and change pods at the same time: what is gone or was changed is looked at in the next pass. */
async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Error && /: (404|409) /.test(error.message)) return undefined
    throw error
  }
}

/** Eight at once. */
async function inTurns<T>(all: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
  const left = [...all]
  const worker = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}
