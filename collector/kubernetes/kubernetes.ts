/** Names of pods and nodes from Kubernetes, as readings: see README.md. */
import { join } from 'node:path'
import type { Config } from '../../core/catalogue/config/schema.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import { sleep } from '../../core/runtime/backoff.ts'
import type { RegionUnknown } from '../readings/identity/host-zone.ts'
import type { Reading } from '../readings/reading.ts'
import type { KubeApi } from './api/client.ts'
import { followKubelet } from './api/kubelet.ts'
import { followList, type ListSink } from './api/list-watch.ts'
import type { KubeObject } from './api/objects.ts'
import { type Apis, openApis } from './apis.ts'
import type { NodeHost } from './describe/describe.ts'
import { Describer } from './describe/describer.ts'
import { readHeard, writeHeard } from './heard-file.ts'
import { allowedOf } from './pods/allowed.ts'
import { Jobs } from './pods/jobs.ts'
import { NamespaceTable } from './pods/namespaces.ts'
import { NodeTable } from './pods/nodes.ts'
import { PodTable } from './pods/pod-table.ts'

type KubernetesConfig = Config['kubernetes']

interface KubernetesOptions {
  readonly config: KubernetesConfig
  /** This machine as its own sensors name it. */
  readonly own: NodeHost
  readonly aliases: ReadonlyMap<string, string>
  readonly dataDir: string
  /** Resolves when the readings are durable. */
  readonly append: (readings: Reading[]) => Promise<void>
  readonly events: Events
  readonly regionUnknown?: RegionUnknown
  readonly now?: () => number
  /** Ends early when the signal aborts. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>
  /** In place of those that the configuration names. */
  readonly apis?: Apis
  readonly firstRetryMs?: number
}

interface RunningKubernetes {
  /** Pods that are known. */
  pods(): number
  /** Ends all requests; resolves when the round in progress has ended. */
  stop(): Promise<void>
}

/** New pods are described together after this time. */
const GATHER_MS = 1_000
/** Statuses of containers come this much later than the containers begin. */
const STATUS_DELAY_MS = 5 * 60_000

/** Starts to follow pods. Rejects when the configuration of the client cannot be read; waits for no server. */
export async function startKubernetes(options: KubernetesOptions): Promise<RunningKubernetes> {
  const { config, now = Date.now } = options
  const apis = options.apis ?? (await openApis(config))
  const heardPath = join(options.dataDir, 'kubernetes.json')
  const startMs = now()
  const heardMs = (await readHeard(heardPath)) ?? startMs
  const follower = new KubernetesFollower(options, apis, {
    heardPath,
    sinceMs: Math.max(Math.min(heardMs, startMs), startMs - config.backfill * 1_000),
  })
  follower.start()
  return { pods: () => follower.pods, stop: () => follower.stop() }
}

class KubernetesFollower {
  readonly #options: KubernetesOptions
  readonly #apis: Apis
  readonly #heardPath: string
  readonly #stopping = new AbortController()
  readonly #running: Promise<void>[] = []
  readonly #nodes: NodeTable
  readonly #namespaces: NamespaceTable
  readonly #pods: PodTable
  readonly #describer: Describer
  readonly #now: () => number
  /** Resolves the wait of the rounds. */
  #wake = new AbortController()
  #sinceMs: number

  constructor(
    options: KubernetesOptions,
    apis: Apis,
    { heardPath, sinceMs }: { heardPath: string; sinceMs: number },
  ) {
    const { config, now = Date.now, regionUnknown } = options
    this.#options = options
    this.#apis = apis
    this.#heardPath = heardPath
    this.#sinceMs = sinceMs
    this.#now = now
    this.#nodes = new NodeTable(config.node_labels, regionUnknown)
    this.#namespaces = new NamespaceTable(config.namespace_labels)
    const changed = (): void => this.#wake.abort()
    this.#pods = new PodTable({ allowed: allowedOf(config), now, changed })
    this.#describer = new Describer({
      tables: { pods: this.#pods, nodes: this.#nodes, namespaces: this.#namespaces },
      jobs: new Jobs({
        api: apis.server,
        signal: this.#stopping.signal,
        failed: error => this.#failed('jobs', error, 1),
        changed,
      }),
      cluster: config.cluster_name,
      hostOf: node => this.#hostOf(node),
      append: options.append,
      intervalMs: config.interval * 1_000,
      sinceMs: () => this.#sinceMs,
    })
  }

  get pods(): number {
    return this.#pods.size
  }

  start(): void {
    const { config } = this.#options
    const { server, kubelet } = this.#apis
    const node = encodeURIComponent(this.#nodeName)
    const isOne = config.mode === 'node'
    if (server !== null) {
      this.#follow(
        server,
        'pods',
        isOne ? `/api/v1/pods?fieldSelector=spec.nodeName%3D${node}` : '/api/v1/pods',
        this.#pods,
      )
      this.#follow(
        server,
        'nodes',
        isOne ? `/api/v1/nodes?fieldSelector=metadata.name%3D${node}` : '/api/v1/nodes',
        this.#nodes,
      )
      if (config.namespace_labels.length > 0)
        this.#follow(server, 'namespaces', '/api/v1/namespaces', this.#namespaces)
    }
    if (kubelet !== null) {
      const everyMs = Math.min(config.interval * 1_000, 10_000)
      this.#running.push(
        followKubelet({ api: kubelet, sink: this.#pods, everyMs, ...this.#reports('kubelet') }),
      )
    }
    this.#running.push(this.#rounds())
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#wake.abort()
    await Promise.all(this.#running)
  }

  #follow<T extends KubeObject>(api: KubeApi, what: string, path: string, sink: ListSink<T>): void {
    const { firstRetryMs } = this.#options
    const options = { api, path, sink, ...this.#reports(what) }
    this.#running.push(followList(firstRetryMs === undefined ? options : { ...options, firstRetryMs }))
  }

  #reports(what: string) {
    return {
      signal: this.#stopping.signal,
      failed: (error: unknown, inARow: number) => this.#failed(what, error, inARow),
      recovered: () => this.#options.events.emit('kubernetesRecovered', { what }),
    }
  }

  #failed(what: string, error: unknown, inARow: number): void {
    // Every failure is counted; the log hears of the first of a row, and then rarely.
    const event = inARow === 1 || inARow % 60 === 0 ? 'kubernetesFailed' : 'kubernetesStillFails'
    this.#options.events.emit(event, { what, in_a_row: inARow }, error)
  }

  /** At multiples of the interval everything is described, and between them what is new. */
  async #rounds(): Promise<void> {
    const { signal } = this.#stopping
    const { wait = sleep } = this.#options
    const intervalMs = this.#options.config.interval * 1_000
    let dueMs = this.#now()
    while (!signal.aborted) {
      const nowMs = this.#now()
      const isDue = nowMs >= dueMs
      if (isDue) dueMs = (Math.floor(nowMs / intervalMs) + 1) * intervalMs
      await this.#round(nowMs, isDue ? 'all' : 'new')
      await wait(Math.max(0, dueMs - this.#now()), this.#wake.signal)
      if (!this.#wake.signal.aborted) continue
      this.#wake = new AbortController()
      await wait(Math.min(GATHER_MS, Math.max(0, dueMs - this.#now())), signal)
    }
  }

  async #round(nowMs: number, which: 'all' | 'new'): Promise<void> {
    try {
      await this.#describer.round(nowMs, which)
      const heardMs = this.#pods.syncedMs
      if (heardMs === null) return
      this.#sinceMs = Math.max(this.#sinceMs, heardMs - STATUS_DELAY_MS)
      if (which === 'all') await writeHeard(this.#heardPath, heardMs)
    } catch (error) {
      this.#failed('append', error, 1)
    }
  }

  get #nodeName(): string {
    return this.#options.config.node_name ?? this.#options.own.hostName
  }

  /** This machine is what its sensors call it. Others are named by their machine id, as their own sensors do, else by name. */
  #hostOf(node: string): NodeHost {
    const { own, aliases, config } = this.#options
    if (config.mode !== 'cluster') return own
    const machineId = this.#nodes.get(node)?.machineId ?? ''
    const host = machineId === '' || this.#nodes.isShared(machineId) ? node : machineId
    const alias = aliases.get(host) ?? aliases.get(node)
    return alias === undefined
      ? { tenant: own.tenant, host, hostName: node }
      : { tenant: own.tenant, host: alias, hostName: alias }
  }
}
