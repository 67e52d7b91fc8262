/**
 * What workloads have reserved in a window. Kubernetes tells requests by pod and name; use is told by container ids: both are the
 * same container where labels say so. A request counts while its workload is seen to run: what has ended reserves nothing,
 * though its pod object may go on saying so for days.
 */
import { isContainer } from '../../../core/books/described-workload.ts'
import { nameKeys } from '../../../core/books/workload-names.ts'
import { apportion } from '../../../core/model/apportion.ts'
import { sumOf } from '../../../core/model/integers.ts'
import type { LabelMap } from '../../../core/model/label-text.ts'
import { workloadKey } from '../samples/keys.ts'
import { REQUEST_QUANTITIES, type RequestQuantity } from '../samples/series.ts'
import type { WindowSlice } from '../windows/integrate.ts'
import { bestMeasure, bestSource } from './aggregate.ts'
import type { NamedUses } from './workloads.ts'

/** By quantity: µs of cores, byte-seconds, µs of boards. */
export type Reserved = Readonly<Record<RequestQuantity, bigint>>

/** What a workload without requests reserves. */
export const NOTHING_RESERVED: Reserved = { cpu_request: 0n, memory_request: 0n, gpu_request: 0n }

/** What the node has really set aside, before what the object asks for. */
const REQUEST_MEASURES = ['current', 'desired', '']

const QUANTITIES: ReadonlySet<string> = new Set(REQUEST_QUANTITIES)
const isRequest = ({ series }: WindowSlice): boolean => QUANTITIES.has(series.identity.quantity)

/** Slices of requests apart from those of energy and use; the latter are the same array where there are no requests. */
export function apartFromRequests(slices: readonly WindowSlice[]): {
  readonly requests: readonly WindowSlice[]
  readonly used: readonly WindowSlice[]
} {
  const requests = slices.filter(isRequest)
  return { requests, used: requests.length === 0 ? slices : slices.filter(slice => !isRequest(slice)) }
}

interface Request {
  readonly kind: string
  readonly id: string
  readonly reserved: Reserved
}

/** What each workload has reserved, in their order; null where there are no requests at all. */
export function reservedBy(
  { workloads, names }: NamedUses,
  requests: readonly WindowSlice[],
  labelsOf: (workloadKey: string) => LabelMap,
): readonly Reserved[] | null {
  if (requests.length === 0) return null
  const places = new WorkloadPlaces(names)
  const found: Reserved[] = workloads.map(() => NOTHING_RESERVED)
  const unlinked = new Map<string, Reserved>()
  const linked = new Set<number>()
  for (const { kind, id, reserved } of requestsIn(requests)) {
    const labels = labelsOf(workloadKey(kind, id))
    const index = places.find(kind, id, labels)
    if (index !== undefined) {
      found[index] = sumReserved(found[index]!, reserved)
      linked.add(index)
      continue
    }
    const pod = labels['k8s.pod.uid'] || id.split('/', 1)[0]!
    unlinked.set(pod, sumReserved(unlinked.get(pod) ?? NOTHING_RESERVED, reserved))
  }
  for (const [pod, reserved] of unlinked) {
    const all = places.inPod(pod)
    const others = all.filter(index => !linked.has(index))
    // What the pod reserves as a whole goes to containers without requests of their own, else to all of them.
    const some = others.length > 0 ? others : all
    shareReserved(
      reserved,
      some.map(index => workloads[index]!.cpuUs),
    ).forEach((part, at) => {
      found[some[at]!] = sumReserved(found[some[at]!]!, part)
    })
  }
  return found
}

/** In order of key. */
function requestsIn(slices: readonly WindowSlice[]): readonly Request[] {
  const byWorkload = new Map<string, Request>()
  const places = Map.groupBy(slices, ({ series }) => series.place)
  for (const place of [...places.keys()].sort()) {
    const counted = bestMeasure(bestSource(places.get(place)!), REQUEST_MEASURES)
    const { quantity, workloadKind: kind, workloadId: id } = counted[0]!.series.identity
    const key = workloadKey(kind, id)
    const { reserved = NOTHING_RESERVED } = byWorkload.get(key) ?? {}
    const amount = sumOf(counted.map(slice => slice.amount))
    byWorkload.set(key, { kind, id, reserved: { ...reserved, [quantity]: amount } })
  }
  return [...byWorkload].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, request]) => request)
}

/** Containers of a pod that nothing links to their requests: by the CPU time that they used, evenly where they used none. */
function shareReserved(reserved: Reserved, usedUs: readonly bigint[]): readonly Reserved[] {
  if (usedUs.length === 0) return []
  const weights = sumOf(usedUs) === 0n ? usedUs.map(() => 1n) : usedUs
  const [cpu, memory, gpu] = REQUEST_QUANTITIES.map(name => apportion(reserved[name], weights))
  return usedUs.map((_, at) => ({
    cpu_request: cpu![at]!,
    memory_request: memory![at]!,
    gpu_request: gpu![at]!,
  }))
}

const sumReserved = (a: Reserved, b: Reserved): Reserved => ({
  cpu_request: a.cpu_request + b.cpu_request,
  memory_request: a.memory_request + b.memory_request,
  gpu_request: a.gpu_request + b.gpu_request,
})

/** Finds workloads of a window by what requests call them. */
class WorkloadPlaces {
  readonly #byKey = new Map<string, number>()
  /** By the names that it may be called by; null: there are several. */
  readonly #byName = new Map<string, number | null>()
  readonly #byPod = new Map<string, number[]>()

  constructor(names: NamedUses['names']) {
    for (const [index, { kind, id, labels }] of names.entries()) {
      this.#byKey.set(workloadKey(kind, id), index)
      if (!isContainer(kind)) continue
      const pod = kind === 'pod' ? id : labels['k8s.pod.uid']
      if (pod) this.#byPod.set(pod, [...(this.#byPod.get(pod) ?? []), index])
      for (const name of nameKeys({ kind, id, labels })) {
        this.#byName.set(name, this.#byName.has(name) ? null : index)
      }
    }
  }

  find(kind: string, id: string, labels: LabelMap): number | undefined {
    const found = this.#byKey.get(workloadKey(kind, id))
    if (found !== undefined) return found
    for (const name of nameKeys({ kind, id, labels })) {
      const named = this.#byName.get(name)
      if (named !== undefined) return named ?? undefined
    }
    return undefined
  }

  inPod(pod: string): readonly number[] {
    return this.#byPod.get(pod) ?? []
  }
}
