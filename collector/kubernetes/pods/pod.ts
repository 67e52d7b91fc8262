/** What is kept of a pod: a few hundred bytes of what the API says, so that 50,000 pods fit into memory. */
import type { KubeContainer, KubeContainerStatus, KubePod } from '../api/objects.ts'
import { type Owner, ownersOf } from './owner.ts'
import { containerRequests, NO_REQUESTS, type Requests, requestsOfPod } from './requests.ts'

/** One run of a container: a restart gives it another id. */
export interface ContainerRun {
  readonly id: string
  readonly name: string
  readonly startedMs: number
  /** null: it runs. */
  readonly finishedMs: number | null
  readonly requests: Requests
  /** Up to when readings of it have been made, ms; null: there are none yet. */
  describedTo: number | null
}

/** A pod that has been given to a node. */
export interface Pod {
  readonly uid: string
  readonly name: string
  readonly namespace: string
  readonly node: string
  readonly createdMs: number
  /** null: not known. */
  readonly gatesOpenedMs: number | null
  readonly scheduledMs: number | null
  readonly startedMs: number | null
  /** Those labels and annotations that the configuration allows, by attribute. */
  readonly attributes: Readonly<Record<string, string>>
  /** From its controller upwards, as far as the pod itself says. */
  readonly owners: readonly Owner[]
  /** What it reserves beside its containers. */
  readonly requests: Requests
  readonly runs: readonly ContainerRun[]
  describedTo: number | null
  isLatencyTold: boolean
}

/** Attributes of a pod by its labels and annotations. */
export type Allowed = (pod: KubePod) => Readonly<Record<string, string>>

/**
 * null: it runs nowhere yet, or lacks what every pod has.
 * @param before the same pod as known before: what has been described of it stays so
 */
export function podOf(object: KubePod, allowed: Allowed, before?: Pod): Pod | null {
  const { metadata = {}, spec = {}, status = {} } = object
  const { name, namespace } = metadata
  const uid = uidOf(object)
  if (!uid || !name || !namespace || !spec.nodeName) return null
  const runs = runsOf(object)
  for (const run of runs) {
    run.describedTo = before?.runs.find(({ id }) => id === run.id)?.describedTo ?? null
  }
  const started = runs.map(({ startedMs }) => startedMs)
  return {
    uid,
    name,
    namespace,
    node: spec.nodeName,
    createdMs: parseTime(metadata.creationTimestamp) ?? 0,
    gatesOpenedMs: before?.gatesOpenedMs ?? null,
    scheduledMs: parseTime(
      status.conditions?.find(({ type, status: is }) => type === 'PodScheduled' && is === 'True')
        ?.lastTransitionTime,
    ),
    startedMs: before?.startedMs ?? (started.length === 0 ? null : Math.min(...started)),
    attributes: allowed(object),
    owners: ownersOf(metadata),
    requests: requestsOfPod(spec),
    runs,
    describedTo: before?.describedTo ?? null,
    isLatencyTold: before?.isLatencyTold ?? false,
  }
}

/**
 * Under which uid it runs. The object of a static pod is a mirror with a uid of its own; control groups have the hash that the
 * kubelet gave it.
 */
export const uidOf = ({ metadata }: KubePod): string =>
  metadata?.annotations?.['kubernetes.io/config.mirror'] ||
  metadata?.annotations?.['kubernetes.io/config.hash'] ||
  metadata?.uid ||
  ''

function runsOf({ spec = {}, status = {} }: KubePod): ContainerRun[] {
  const specs = new Map<string, KubeContainer>()
  for (const some of [spec.containers, spec.initContainers, spec.ephemeralContainers])
    for (const one of some ?? []) specs.set(one.name ?? '', one)
  const runs = new Map<string, ContainerRun>()
  const all = [status.containerStatuses, status.initContainerStatuses, status.ephemeralContainerStatuses]
  for (const one of all.flatMap(some => some ?? [])) {
    for (const run of runsIn(one, specs.get(one.name ?? ''))) runs.set(run.id, run)
  }
  return [...runs.values()]
}

/** The run of now, and the one before a restart. */
function* runsIn(status: KubeContainerStatus, spec: KubeContainer | undefined): Iterable<ContainerRun> {
  const requests = status.resources ?? spec?.resources
  for (const state of [status.lastState, status.state]) {
    const run = state?.running ?? state?.terminated
    // Only what has ended says its id in its state.
    const id = idOf(state?.terminated?.containerID ?? (state === status.state ? status.containerID : ''))
    const startedMs = parseTime(run?.startedAt)
    if (run === undefined || id === '' || startedMs === null) continue
    yield {
      id,
      name: status.name ?? '',
      startedMs,
      finishedMs: parseTime(run.finishedAt),
      requests: requests === undefined ? NO_REQUESTS : containerRequests(requests),
      describedTo: null,
    }
  }
}

/** `containerd://3f2a...` is the container 3f2a... */
const idOf = (text: string | undefined): string => (text ?? '').replace(/^[a-z0-9.-]+:\/\//, '')

/** Milliseconds; null for what is not a time. */
export function parseTime(text: string | undefined): number | null {
  const ms = Date.parse(text ?? '')
  return Number.isNaN(ms) ? null : ms
}
