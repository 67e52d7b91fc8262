/** Makes readings of what is known of pods and nodes, in batches, so that 50,000 pods need no more memory than their table. */
import type { Reading } from '../../readings/reading.ts'
import type { Jobs } from '../pods/jobs.ts'
import type { NamespaceTable } from '../pods/namespaces.ts'
import { type NodeTable, placeAttributes } from '../pods/nodes.ts'
import type { ContainerRun, Pod } from '../pods/pod.ts'
import type { PodTable } from '../pods/pod-table.ts'
import {
  containerAttributes,
  type NodeHost,
  nodeReadings,
  podAttributes,
  requestReadings,
  waitReadings,
  waitsOf,
} from './describe.ts'
import { instantsOf } from './instants.ts'

interface DescriberOptions {
  readonly tables: { readonly pods: PodTable; readonly nodes: NodeTable; readonly namespaces: NamespaceTable }
  readonly jobs: Jobs
  readonly cluster: string
  /** Under which name energy of a node is booked. */
  readonly hostOf: (node: string) => NodeHost
  readonly append: (readings: Reading[]) => Promise<void>
  readonly intervalMs: number
  /** Nothing before is described of what is first seen now. */
  readonly sinceMs: () => number
}

/** What was described, and up to when: known only once the readings are durable. */
interface Done {
  readonly pod: Pod
  readonly run: ContainerRun | null
  readonly toMs: number
}

/** Readings of one append. */
const BATCH = 2_000

/** Describes pods of some table. */
export class Describer {
  readonly #options: DescriberOptions
  #readings: Reading[] = []
  #done: Done[] = []

  constructor(options: DescriberOptions) {
    this.#options = options
  }

  /**
   * Describes everything up to that instant, or only what is new. Rejects when readings could not be appended: they are made again
   * in the next round.
   */
  async round(nowMs: number, which: 'all' | 'new'): Promise<void> {
    const { tables } = this.#options
    this.#readings = []
    this.#done = []
    if (which === 'all') this.#nodes(nowMs)
    for (const pod of tables.pods.takeGone()) {
      this.#pod(pod, nowMs)
      if (this.#readings.length >= BATCH) await this.#flush()
    }
    for (const pod of tables.pods.pods()) {
      if (which === 'new' && !isNew(pod)) continue
      this.#pod(pod, nowMs)
      if (this.#readings.length >= BATCH) await this.#flush()
    }
    await this.#flush()
  }

  async #flush(): Promise<void> {
    const [readings, done] = [this.#readings, this.#done]
    this.#readings = []
    this.#done = []
    // In pieces: a container that was first seen after a day is described a thousand times.
    for (let from = 0; from < readings.length; from += BATCH) {
      await this.#options.append(readings.slice(from, from + BATCH))
    }
    for (const { pod, run, toMs } of done) {
      // The table may have a newer state of the pod by now.
      const known = this.#options.tables.pods.get(pod.uid) ?? pod
      const target = run === null ? known : (known.runs.find(({ id }) => id === run.id) ?? run)
      target.describedTo = toMs
      if (run === null && pod.startedMs !== null) known.isLatencyTold = true
    }
  }

  #nodes(nowMs: number): void {
    const { tables, hostOf, cluster } = this.#options
    for (const node of tables.nodes.nodes()) {
      const attributes = {
        ...node.attributes,
        ...placeAttributes(node),
        'k8s.node.name': node.name,
        ...(cluster === '' ? {} : { 'k8s.cluster.name': cluster }),
      }
      this.#readings.push(...nodeReadings(hostOf(node.name), node.allocatable, attributes, nowMs))
    }
  }

  #pod(pod: Pod, nowMs: number): void {
    const { tables, jobs, cluster, hostOf, intervalMs, sinceMs } = this.#options
    if (pod.describedTo === null && jobs.isPending(pod, nowMs)) return
    const owners = jobs.ownersOf(pod, nowMs)
    const job = jobs.factsOf(pod, nowMs)
    const queue = job?.queue ? { 'k8s.queue.name': job.queue } : {}
    const extra = {
      ...tables.namespaces.attributesOf(pod.namespace),
      ...placeAttributes(tables.nodes.get(pod.node)),
    }
    const host = hostOf(pod.node)
    const ofPod = podAttributes(pod, { host, owners, cluster, attributes: { ...extra, ...queue } })
    const subject = { host, kind: 'pod', id: pod.uid, attributes: ofPod } as const
    const from = pod.startedMs ?? pod.scheduledMs ?? pod.createdMs
    const lasting = { startMs: from, endMs: endOf(pod), describedTo: pod.describedTo }
    for (const ms of instantsOf(lasting, sinceMs(), nowMs, intervalMs))
      this.#readings.push(...requestReadings(subject, pod.requests, ms))
    if (!pod.isLatencyTold && pod.startedMs !== null && pod.startedMs >= sinceMs()) {
      for (const wait of waitsOf(pod, jobWait(job))) this.#readings.push(...waitReadings(subject, wait))
    }
    this.#done.push({ pod, run: null, toMs: nowMs })
    for (const run of pod.runs) {
      const { startedMs: startMs, finishedMs: endMs, describedTo } = run
      const instants = instantsOf({ startMs, endMs, describedTo }, sinceMs(), nowMs, intervalMs)
      if (instants.length === 0) continue
      const attributes = containerAttributes(ofPod, run)
      const container = { host, kind: 'container', id: run.id, attributes } as const
      for (const ms of instants) this.#readings.push(...requestReadings(container, run.requests, ms))
      this.#done.push({ pod, run, toMs: nowMs })
    }
  }
}

const isNew = (pod: Pod): boolean =>
  pod.describedTo === null || pod.runs.some(({ describedTo }) => describedTo === null)

/** null: something of it runs, or will. */
function endOf({ runs }: Pod): number | null {
  const ends = runs.map(({ finishedMs }) => finishedMs)
  return ends.length === 0 || ends.includes(null) ? null : Math.max(...ends.map(end => end ?? 0))
}

const jobWait = (job: ReturnType<Jobs['factsOf']>) =>
  job !== undefined && job.createdMs !== null && job.startedMs !== null
    ? { createdMs: job.createdMs, startedMs: job.startedMs }
    : null
