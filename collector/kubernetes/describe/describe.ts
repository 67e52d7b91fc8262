/** Readings that say who a container is: what it reserves, with the names of its pod and its owner as attributes. */
import { idOfProvider } from '../../../core/books/host-ids.ts'
import type { Quantity } from '../../../core/books/quantities.ts'
import type { Reading } from '../../readings/reading.ts'
import { type Owner, ownerAttributes } from '../pods/owner.ts'
import type { ContainerRun, Pod } from '../pods/pod.ts'
import type { Requests } from '../pods/requests.ts'

/** Source of these readings. */
export const SOURCE = 'kubernetes'

/** The host of a node, as its energy is booked. */
export interface NodeHost {
  readonly tenant: string
  readonly host: string
  readonly hostName: string
}

/** What is said of a pod beside what it says itself. */
export interface PodPlace {
  readonly host: NodeHost
  readonly owners: readonly Owner[]
  readonly cluster: string
  /** Attributes of the namespace, the node and the Job. */
  readonly attributes: Readonly<Record<string, string>>
}

type PodAttributes = Readonly<Record<string, string>>

/** Attributes that all containers of a pod have. */
export function podAttributes(pod: Pod, { owners, cluster, attributes }: PodPlace): PodAttributes {
  return {
    ...attributes,
    ...pod.attributes,
    ...(cluster === '' ? {} : { 'k8s.cluster.name': cluster }),
    'k8s.namespace.name': pod.namespace,
    'k8s.node.name': pod.node,
    'k8s.pod.name': pod.name,
    'k8s.pod.uid': pod.uid,
    ...ownerAttributes(owners),
    'workload.namespace': pod.namespace,
    'workload.name': pod.name,
  }
}

/** Attributes of a container, in addition to those of its pod. */
export const containerAttributes = (
  ofPod: PodAttributes,
  { id, name, requests }: ContainerRun,
): PodAttributes => ({
  ...ofPod,
  ...requests.attributes,
  'container.id': id,
  'k8s.container.name': name,
  'workload.name': name,
})

interface DescribedResource {
  readonly host: NodeHost
  readonly kind: 'pod' | 'container'
  readonly id: string
  readonly attributes: PodAttributes
}

/**
 * What the subject reserves at that instant. CPU is always said, also where nothing is reserved: a reading is what carries the
 * names.
 */
export function* requestReadings(
  subject: DescribedResource,
  { cpu, memory, gpu }: Requests,
  ms: number,
): Iterable<Reading> {
  yield readingOf(subject, 'cpu_request', '', cpu, ms)
  if (memory > 0n) yield readingOf(subject, 'memory_request', '', memory, ms)
  if (gpu > 0n) yield readingOf(subject, 'gpu_request', '', gpu, ms)
}

/** What the node can give to pods, and by which id its cloud knows it. */
export function* nodeReadings(
  host: NodeHost,
  { cpu, memory, gpu }: Requests,
  attributes: PodAttributes,
  ms: number,
): Iterable<Reading> {
  const subject = { host, kind: '', id: '', attributes } as const
  yield readingOf(subject, 'cpu_allocatable', '', cpu, ms)
  yield readingOf(subject, 'memory_allocatable', '', memory, ms)
  if (gpu > 0n) yield readingOf(subject, 'gpu_allocatable', '', gpu, ms)
  const cloudId = idOfProvider(attributes['k8s.node.provider_id'] ?? '')
  if (cloudId === '' || cloudId === host.host) return
  const named = { ...subject, host: { ...host, hostName: cloudId }, attributes: {} }
  yield readingOf(named, 'identity', '', 1n, ms)
}

/** From when to when a pod waited, ms, for what: `queue`, `schedule` or `start`. */
export interface Wait {
  readonly phase: 'queue' | 'schedule' | 'start'
  readonly fromMs: number
  readonly toMs: number
}

/**
 * What a pod waited for, in order: its queue to let it pass, a node, its first container. The API gives whole seconds.
 * @param queuedMs when its Job was created and started, where the Job waited instead of the pod
 */
export function waitsOf(
  pod: Pod,
  job: { readonly createdMs: number; readonly startedMs: number } | null,
): Wait[] {
  const { createdMs, gatesOpenedMs, scheduledMs, startedMs } = pod
  const waits: Wait[] = []
  if (gatesOpenedMs !== null) waits.push({ phase: 'queue', fromMs: createdMs, toMs: gatesOpenedMs })
  else if (job !== null && createdMs - job.startedMs < JOB_STARTS_PODS_MS)
    waits.push({ phase: 'queue', fromMs: job.createdMs, toMs: job.startedMs })
  if (scheduledMs === null) return waits
  waits.push({ phase: 'schedule', fromMs: gatesOpenedMs ?? createdMs, toMs: scheduledMs })
  if (startedMs !== null) waits.push({ phase: 'start', fromMs: scheduledMs, toMs: startedMs })
  return waits
}

/** Later pods of a Job, those that replace failed ones, did not wait for its queue. */
const JOB_STARTS_PODS_MS = 10_000

/** A counter of µs that begins at 0 with the wait, and has all of it at the end. */
export function* waitReadings(subject: DescribedResource, { phase, fromMs, toMs }: Wait): Iterable<Reading> {
  const us = BigInt(Math.max(0, Math.round((toMs - fromMs) * 1_000)))
  yield readingOf(subject, 'sched_latency', phase, 0n, fromMs)
  yield readingOf(subject, 'sched_latency', phase, us, Math.max(toMs, fromMs + 1))
}

function readingOf(
  { host, kind, id, attributes }: Omit<DescribedResource, 'kind'> & { readonly kind: string },
  quantity: Quantity,
  domain: string,
  value: bigint,
  ms: number,
): Reading {
  return {
    Tenant: host.tenant,
    Host: host.host,
    HostName: host.hostName,
    BootId: '',
    Timestamp: BigInt(Math.round(ms)) * 1_000_000n,
    Quantity: quantity,
    Domain: domain,
    Device: '',
    WorkloadKind: kind,
    WorkloadId: id,
    Value: value,
    RangeMax: 0n,
    Source: SOURCE,
    Quality: 'measured',
    Attributes: attributes,
  }
}
