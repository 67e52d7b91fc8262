/** What a pod does not say of its Job: what controls the Job, and which queue the Job waited in. Asked once for each Job. */
import { type KubeApi, KubeError } from '../api/client.ts'
import type { KubeObject } from '../api/objects.ts'
import { queueOf } from './allowed.ts'
import { cronJobOf, type Owner, ownersOf } from './owner.ts'
import type { Pod } from './pod.ts'

/** null stands for what the Job does not have. */
export interface JobFacts {
  readonly owner: Owner | null
  readonly queue: string
  readonly createdMs: number | null
  readonly startedMs: number | null
}

interface JobsOptions {
  /** null: nothing may be asked. */
  readonly api: KubeApi | null
  readonly signal: AbortSignal
  readonly failed: (error: unknown) => void
  /** An answer came. */
  readonly changed: () => void
}

/** Jobs that are remembered, the last ones asked for, and how many are asked for at once. */
const MOST_JOBS = 20_000
const AT_ONCE = 16
/** After an error the server is not asked for that Job before. */
const RETRY_MS = 60_000

/** Jobs by namespace and name. */
export class Jobs {
  readonly #options: JobsOptions
  readonly #known = new Map<string, JobFacts>()
  readonly #failedMs = new Map<string, number>()
  readonly #asking = new Set<string>()

  constructor(options: JobsOptions) {
    this.#options = options
  }

  /** The chain of a pod's owners, with what is known of its Job; asks for the Job where nothing is. */
  ownersOf(pod: Pod, nowMs: number): readonly Owner[] {
    const [controller] = pod.owners
    if (pod.owners.length !== 1 || controller?.kind !== 'Job') return pod.owners
    const facts = this.factsOf(pod, nowMs)
    // Whoever may not ask still sees the minute that a CronJob appends to its name.
    const above = facts === undefined ? cronJobOf(controller.name, pod.createdMs) : facts.owner
    return above === null ? pod.owners : [controller, above]
  }

  /** Whether the pod's Job is not known, but will be in a moment: it is better described then. */
  isPending(pod: Pod, nowMs: number): boolean {
    const [controller] = pod.owners
    if (this.#options.api === null || controller?.kind !== 'Job' || pod.owners.length !== 1) return false
    const key = `${pod.namespace}/${controller.name}`
    if (this.factsOf(pod, nowMs) !== undefined) return false
    return this.#asking.has(key) || !this.#hasFailed(key, nowMs)
  }

  /** undefined: not known yet. */
  factsOf(pod: Pod, nowMs: number): JobFacts | undefined {
    const [controller] = pod.owners
    if (controller?.kind !== 'Job') return undefined
    const key = `${pod.namespace}/${controller.name}`
    const known = this.#known.get(key)
    if (known === undefined) this.#ask(key, pod.namespace, controller.name, nowMs)
    return known
  }

  #ask(key: string, namespace: string, name: string, nowMs: number): void {
    const { api } = this.#options
    if (api === null || this.#asking.has(key) || this.#asking.size >= AT_ONCE) return
    if (this.#hasFailed(key, nowMs)) return
    this.#asking.add(key)
    const path = `/apis/batch/v1/namespaces/${encodeURIComponent(namespace)}/jobs/${encodeURIComponent(name)}`
    api
      .get(path, this.#options.signal)
      .then(
        answer => this.#learn(key, factsOf(answer as KubeObject & KubeJob)),
        (error: unknown) => this.#missed(key, error, nowMs),
      )
      .finally(() => this.#asking.delete(key))
  }

  #hasFailed(key: string, nowMs: number): boolean {
    return nowMs - (this.#failedMs.get(key) ?? Number.NEGATIVE_INFINITY) < RETRY_MS
  }

  #learn(key: string, facts: JobFacts): void {
    this.#known.set(key, facts)
    this.#failedMs.delete(key)
    const [oldest] = this.#known.keys()
    if (this.#known.size > MOST_JOBS && oldest !== undefined) this.#known.delete(oldest)
    this.#options.changed()
  }

  #missed(key: string, error: unknown, nowMs: number): void {
    if (this.#options.signal.aborted) return
    // The Job is gone before its pods. Only its name still shows what controlled it.
    this.#failedMs.set(key, nowMs)
    if (this.#failedMs.size > MOST_JOBS) this.#failedMs.clear()
    if (!(error instanceof KubeError && error.status === 404)) this.#options.failed(error)
    this.#options.changed()
  }
}

interface KubeJob {
  readonly status?: { readonly startTime?: string }
}

function factsOf(job: KubeObject & KubeJob): JobFacts {
  const time = (text: string | undefined): number | null => {
    const ms = Date.parse(text ?? '')
    return Number.isNaN(ms) ? null : ms
  }
  return {
    owner: ownersOf(job.metadata ?? {})[0] ?? null,
    queue: queueOf(job),
    createdMs: time(job.metadata?.creationTimestamp),
    startedMs: time(job.status?.startTime),
  }
}
