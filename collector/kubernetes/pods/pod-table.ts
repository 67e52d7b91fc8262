/** The pods that are known, fed by a watch or by lists. */
import type { ListSink } from '../api/list-watch.ts'
import type { KubePod } from '../api/objects.ts'
import { type Allowed, type Pod, podOf, uidOf } from './pod.ts'

interface PodTableOptions {
  readonly allowed: Allowed
  readonly now: () => number
  /** Something is new of which there are no readings yet. */
  readonly changed: () => void
}

/** Most pods of which it is known how long their gates were closed. */
const MOST_GATED = 10_000

/** A pod that was there and is gone is described once more, up to its end. */
export class PodTable implements ListSink<KubePod> {
  readonly #options: PodTableOptions
  readonly #pods = new Map<string, Pod>()
  /** Gone since the last round. */
  #gone: Pod[] = []
  /** Pods that waited at a scheduling gate: when they were last seen there, or when the gates had opened. */
  readonly #gates = new Map<string, { readonly openedMs: number | null }>()
  #listed: Set<string> | null = null
  #syncedMs = 0
  #hasSynced = false

  constructor(options: PodTableOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#pods.size
  }

  /** Up to when everything is known, ms; null: nothing was heard yet. */
  get syncedMs(): number | null {
    return this.#hasSynced ? this.#syncedMs : null
  }

  pods(): Iterable<Pod> {
    return this.#pods.values()
  }

  get(uid: string): Pod | undefined {
    return this.#pods.get(uid)
  }

  /** Pods that are gone, each once. */
  takeGone(): readonly Pod[] {
    const gone = this.#gone
    this.#gone = []
    return gone
  }

  listing(): void {
    this.#listed = new Set()
  }

  put(object: KubePod): void {
    const uid = uidOf(object)
    this.#listed?.add(uid)
    const before = this.#pods.get(uid)
    const gatesOpenedMs = this.#gatesOf(uid, object)
    const made = podOf(object, this.#options.allowed, before)
    if (made === null) return
    const pod = gatesOpenedMs === null ? made : { ...made, gatesOpenedMs }
    this.#pods.set(uid, pod)
    if (pod.describedTo === null || pod.runs.some(({ describedTo }) => describedTo === null))
      this.#options.changed()
  }

  removed(object: KubePod): void {
    // The last state may say what ended when.
    this.put(object)
    this.#remove(uidOf(object))
  }

  listed(): void {
    const listed = this.#listed ?? new Set()
    for (const uid of this.#pods.keys()) if (!listed.has(uid)) this.#remove(uid)
    this.#listed = null
  }

  inSync(): void {
    this.#syncedMs = this.#options.now()
    this.#hasSynced = true
  }

  #remove(uid: string): void {
    const pod = this.#pods.get(uid)
    this.#gates.delete(uid)
    if (pod === undefined) return
    this.#pods.delete(uid)
    const endMs = this.#options.now()
    const runs = pod.runs.map(run => ({ ...run, finishedMs: run.finishedMs ?? endMs }))
    this.#gone.push({ ...pod, runs })
  }

  /** The object does not say when its gates opened: that is when it was first seen without them. */
  #gatesOf(uid: string, { spec = {} }: KubePod): number | null {
    const known = this.#gates.get(uid)
    if ((spec.schedulingGates?.length ?? 0) > 0) {
      if (known === undefined && this.#gates.size < MOST_GATED) this.#gates.set(uid, { openedMs: null })
      return null
    }
    if (known === undefined) return null
    const openedMs = known.openedMs ?? this.#options.now()
    this.#gates.set(uid, { openedMs })
    return openedMs
  }
}
