/** Identity of workloads from attributes: the finest billed workload that they name. */
import type { LabelMap } from '../../../core/model/label-text.ts'
import type { MappedWorkload, PointContext } from './mapping.ts'

const KEPT_PREFIXES = ['k8s.', 'service.', 'container.', 'openstack.'] as const
const KEPT_NAMES = new Set([
  'process.executable.name',
  'cloud.account.id',
  'project_id',
  'deployment.environment.name',
])
const MAX_ATTRIBUTES = 32
const MAX_VALUE_LENGTH = 256

/** Attributes that account rules and people need, sorted by key, at most 32 of at most 256 characters. */
export function keptAttributes(resource: LabelMap, point: LabelMap = NOTHING): LabelMap {
  const ofResource = keptOfResource(resource)
  const ofPoint = kept(point)
  if (ofPoint.size === 0) return ofResource.first
  return firstInOrder(new Map([...ofResource.all, ...ofPoint]))
}

const NOTHING: LabelMap = {}

interface KeptLabels {
  readonly all: ReadonlyMap<string, string>
  readonly first: LabelMap
}

/** The attributes of a resource apply to all its points, so they are selected once. */
const known = new WeakMap<LabelMap, KeptLabels>()

function keptOfResource(resource: LabelMap): KeptLabels {
  const found = known.get(resource)
  if (found !== undefined) return found
  const all = kept(resource)
  const made = { all, first: firstInOrder(all) }
  known.set(resource, made)
  return made
}

function kept(labels: LabelMap): Map<string, string> {
  const found = new Map<string, string>()
  for (const key of Object.keys(labels)) {
    const value = labels[key]!
    if (value !== '' && isKept(key)) found.set(key, value.slice(0, MAX_VALUE_LENGTH))
  }
  return found
}

const firstInOrder = (all: ReadonlyMap<string, string>): LabelMap =>
  Object.fromEntries([...all].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, MAX_ATTRIBUTES))

const isKept = (key: string): boolean =>
  KEPT_NAMES.has(key) || KEPT_PREFIXES.some(prefix => key.startsWith(prefix))

/** Point attributes override resource attributes of the same name: they are closer to the sample. */
export function attribute(place: PointContext, ...keys: readonly string[]): string {
  for (const key of keys) {
    const value = place.point[key] || place.resource[key]
    if (value) return value
  }
  return ''
}

/** `containerd://3f2a...` is the same container as `3f2a...`. Otherwise the identifier is unchanged. */
export const containerId = (text: string): string => text.replace(/^[a-z0-9.-]+:\/\//, '')

/** A container by its id, otherwise by pod and name. */
export function containerWorkload(place: PointContext): MappedWorkload | undefined {
  const id = containerId(attribute(place, 'container.id'))
  const pod = attribute(place, 'k8s.pod.uid')
  const name = attribute(place, 'k8s.container.name', 'container.name')
  const identity = id || (pod && name ? `${pod}/${name}` : '')
  if (identity === '') return undefined
  return {
    kind: 'container',
    id: identity,
    name: name || shortId(identity),
    namespace: attribute(place, 'k8s.namespace.name', 'service.namespace'),
    attributes: keptAttributes(place.resource, place.point),
  }
}

/** A pod by its uid, otherwise by `namespace/name`; undefined without either. */
export function podWorkload(place: PointContext): MappedWorkload | undefined {
  const uid = attribute(place, 'k8s.pod.uid')
  const name = attribute(place, 'k8s.pod.name')
  const namespace = attribute(place, 'k8s.namespace.name')
  const identity = uid || (name && namespace ? `${namespace}/${name}` : '')
  if (identity === '') return undefined
  return {
    kind: 'pod',
    id: identity,
    name: name || shortId(identity),
    namespace,
    attributes: keptAttributes(place.resource, place.point),
  }
}

/** Processes of one executable are one workload, as in our own sensors; the process id distinguishes its counters. */
export function processWorkload(place: PointContext): MappedWorkload | undefined {
  const name = attribute(place, 'process.executable.name', 'process.command', 'service.name')
  if (name === '') return undefined
  return {
    kind: 'process',
    id: name,
    name,
    namespace: attribute(place, 'service.namespace'),
    attributes: keptAttributes(place.resource, place.point),
  }
}

/** A workload from a source with little information: empty attributes are left out. */
export const workload = (
  kind: MappedWorkload['kind'],
  id: string,
  name: string,
  namespace: string,
  attributes: LabelMap,
): MappedWorkload => ({
  kind,
  id,
  name,
  namespace,
  attributes: Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== '')),
})

const shortId = (id: string): string => (/^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : id)
