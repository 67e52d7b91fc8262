/**
 * Who is who, against the real API server: some 500 pods of every kind of owner on 20 made-up nodes, whose control groups and counters
 * our own sensors read. Pods are created, moved and deleted; the API is away for an hour of a made-up clock, for us at first, then for
 * everybody, and containers are restarted meanwhile. In the end every joule stands under namespace, owner and account, once.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startKubernetes } from '../../../collector/kubernetes/kubernetes.ts'
import type { Reading } from '../../../collector/readings/reading.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import type { Arrival } from '../../books/scenes.ts'
import { NOON } from '../../processors/meter/support.ts'
import { openRig } from '../../processors/recompute/rig.ts'
import type { ControlPlane } from '../plane/control-plane.ts'
import type { Report } from '../report.ts'
import { checkBooks } from './identity/books.ts'
import { MadeUpClock } from './identity/clock.ts'
import { MadeUpCluster } from './identity/cluster.ts'
import { MadeUpNode } from './identity/node.ts'
import { startProxy } from './identity/proxy.ts'
import { createWorkloads, deploymentWith, namerToken } from './identity/workloads.ts'

/** Nodes, and the part of all pods: a tenth of the scenario shows in minutes whether it still holds. */
const WHOLE = { nodes: 20, part: 1, outageMinutes: 60 }
const SMALL = { nodes: 6, part: 0.1, outageMinutes: 20 }
const STEP_SECONDS = 30
const START_MS = Number(NOON / 1_000_000n)
const RULES = [
  { match: { namespace: 'lab' }, account: '${label:k8s.owner.name}' },
  { match: { namespace: '*' }, account: 'team-${namespace}' },
]

export const identityLeg = (plane: ControlPlane, report: Report): Promise<void> =>
  identity(plane, report, WHOLE)

/** The same with 50 pods, and 20 minutes without the API. */
export const smallIdentityLeg = (plane: ControlPlane, report: Report): Promise<void> =>
  identity(plane, report, SMALL)

async function identity(plane: ControlPlane, report: Report, size: typeof WHOLE): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'wattline-identity-'))
  const nodes = Array.from(
    { length: size.nodes },
    (_, number) => new MadeUpNode(join(folder, `node-${number}`), number),
  )
  const scenario = await Scenario.open(plane, folder, nodes, size)
  try {
    await report.check(`pods of 6 kinds of owner run on ${size.nodes} nodes`, () => scenario.begin())
    await report.check('pods are moved and deleted', () => scenario.move())
    await report.check(`the API is away for ${size.outageMinutes} minutes of the made-up clock`, () =>
      scenario.outage(),
    )
    await report.check('it is back, and pods go on being moved', () => scenario.after())
    const rig = await openRig(undefined, { workloads: { rules: RULES } })
    try {
      await checkBooks(rig, report, scenario.facts())
    } finally {
      await rig.close()
    }
  } finally {
    await scenario.close()
    await rm(folder, { recursive: true, force: true })
  }
}

class Scenario {
  readonly #plane: ControlPlane
  readonly #nodes: readonly MadeUpNode[]
  readonly #cluster: MadeUpCluster
  readonly #clock = new MadeUpClock(START_MS)
  readonly #proxy: Awaited<ReturnType<typeof startProxy>>
  readonly #arrivals: Arrival[] = []
  #follower: Awaited<ReturnType<typeof startKubernetes>> | null = null
  readonly #size: typeof WHOLE
  #failures = 0
  #mostPods = 0

  private constructor(
    plane: ControlPlane,
    nodes: readonly MadeUpNode[],
    proxy: Awaited<ReturnType<typeof startProxy>>,
    size: typeof WHOLE,
  ) {
    this.#size = size
    this.#plane = plane
    this.#nodes = nodes
    this.#cluster = new MadeUpCluster(plane, nodes)
    this.#proxy = proxy
  }

  static async open(
    plane: ControlPlane,
    folder: string,
    nodes: readonly MadeUpNode[],
    size: typeof WHOLE,
  ): Promise<Scenario> {
    const scenario = new Scenario(plane, nodes, await startProxy(plane.server), size)
    await scenario.#cluster.registerNodes()
    await createWorkloads(plane, size.part)
    const kubeconfig = join(folder, 'namer.kubeconfig')
    await writeFile(kubeconfig, await namerToken(plane, scenario.#proxy.url))
    const config = configSchema.parse({
      kubernetes: { mode: 'cluster', kubeconfig, labels: ['owner'], cluster_name: 'made-up' },
    })
    const clock = scenario.#clock
    scenario.#follower = await startKubernetes({
      config: config.kubernetes,
      own: { tenant: 'default', host: 'namer', hostName: 'namer' },
      aliases: new Map(),
      dataDir: folder,
      append: async readings => scenario.#arrive(readings),
      events: { emit: name => scenario.#heard(name) },
      now: () => clock.nowMs,
      wait: (ms, signal) => clock.wait(ms, signal),
    })
    return scenario
  }

  #count(pods: number): number {
    return Math.round(pods * this.#size.part)
  }

  #heard(event: string): void {
    if (event === 'kubernetesFailed') this.#failures += 1
  }

  async begin(): Promise<string> {
    await this.#settle()
    await this.#untilFollowed()
    await this.#minutes(10)
    return `${this.#mostPods} pods, ${this.#follower?.pods()} followed`
  }

  async move(): Promise<string> {
    await this.#cluster.drain('node-1')
    await this.#cluster.drain('node-2')
    await this.#plane.kubectl('scale', `--replicas=${this.#count(30)}`, '-n', 'shop', 'deployment/cart')
    await this.#settle()
    await this.#untilFollowed()
    await this.#minutes(10)
    return `${this.#cluster.size} pods`
  }

  async outage(): Promise<string> {
    this.#proxy.cut()
    await this.#minutes(2)
    // The cluster goes on without us: pods begin that we cannot see, others end.
    await this.#plane.apply([deploymentWith('shop', 'api', this.#count(40))])
    await this.#plane.kubectl('scale', `--replicas=${this.#count(20)}`, '-n', 'shop', 'deployment/cart')
    await this.#cluster.drain('node-3')
    await this.#settle()
    await this.#minutes(this.#size.outageMinutes / 6 - 2)
    await this.#plane.stopServer()
    await this.#minutes(this.#size.outageMinutes / 6)
    this.#cluster.restart(this.#count(60), this.#clock.nowMs)
    await this.#minutes((this.#size.outageMinutes * 2) / 3)
    const failures = this.#failures
    await this.#plane.startServer()
    this.#proxy.mend()
    await this.#settle()
    await this.#untilFollowed()
    await this.#minutes(1)
    if (failures === 0) throw new Error('nothing failed while the API was away')
    return `${failures} failures reported, ${this.#count(60)} containers restarted, ${this.#cluster.size} pods`
  }

  async after(): Promise<string> {
    await this.#minutes(5)
    await this.#cluster.drain('node-4')
    await this.#plane.kubectl('scale', `--replicas=${this.#count(10)}`, '-n', 'shop', 'deployment/api')
    await this.#settle()
    await this.#untilFollowed()
    await this.#minutes(5)
    return `${this.#arrivals.length} readings in ${(this.#clock.nowMs - START_MS) / 60_000} minutes`
  }

  facts() {
    const minutes = (this.#clock.nowMs - START_MS) / 60_000
    return { arrivals: this.#arrivals, truth: this.#cluster.truth, nodes: this.#nodes, minutes }
  }

  async close(): Promise<void> {
    await this.#follower?.stop()
    await this.#proxy.stop()
    await this.#plane.kubectl('delete', 'namespace', 'shop', 'lab', 'ops', '--wait=false').catch(() => '')
    await this.#plane.kubectl('delete', 'nodes', '--all').catch(() => '')
  }

  /** Until controllers want nothing more. */
  async #settle(): Promise<void> {
    let quiet = 0
    for (let pass = 0; quiet < 3 && pass < 200; pass++) {
      quiet = (await this.#cluster.pass(this.#clock.nowMs)) === 0 ? quiet + 1 : 0
      await new Promise(resolve => setTimeout(resolve, 400))
    }
    this.#mostPods = Math.max(this.#mostPods, this.#cluster.size)
  }

  async #untilFollowed(): Promise<void> {
    for (let tries = 0; tries < 600; tries++) {
      if (this.#follower?.pods() === this.#cluster.size) break
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    if (this.#follower?.pods() !== this.#cluster.size)
      throw new Error(`${this.#follower?.pods()} of ${this.#cluster.size} pods are followed`)
    // Statuses come after the pods.
    await new Promise(resolve => setTimeout(resolve, 1_000))
  }

  async #minutes(count: number): Promise<void> {
    for (let step = 0; step < (count * 60) / STEP_SECONDS; step++) {
      const nowMs = this.#clock.nowMs + STEP_SECONDS * 1_000
      for (const node of this.#nodes) node.run(STEP_SECONDS)
      await this.#clock.passTo(nowMs)
      for (const node of this.#nodes) this.#arrive(node.read(BigInt(nowMs) * 1_000_000n))
    }
  }

  #arrive(readings: readonly Reading[]): void {
    const arrives = (this.#clock.nowMs - START_MS) / 1_000
    // Pods are as old as the real clock says; what they waited for has no place in the made-up time.
    for (const row of readings) if (row.Quantity !== 'sched_latency') this.#arrivals.push({ arrives, row })
  }
}
