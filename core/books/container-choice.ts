/** Which containers and pods that sources describe are the same: joined where labels say so, else one description is chosen. */
import { larger, sumOf } from '../model/integers.ts'
import { type DescribedWorkload, familiesOf, isContainer, isNamed, usedBy } from './described-workload.ts'
import { familyOf } from './sources.ts'

/** Pod and name of a container, as sources that do not know its id call it; '' where they are not known. */
function podAndName({
  'k8s.pod.uid': uid,
  'k8s.container.name': name,
}: Readonly<Record<string, string>>): string {
  return uid && name ? `${uid}/${name}` : ''
}

/** A container called by pod and name is the one of that pod and name whose id is known. */
export function joinContainers(
  workloads: readonly DescribedWorkload[],
  asOf: (number | null)[],
  labels: Readonly<Record<string, string>>[],
): void {
  const byName = new Map<string, number[]>()
  for (const [index, { kind, id, labels: said }] of workloads.entries()) {
    const name = podAndName(said)
    if (kind === 'container' && name !== '' && !isNamed(id))
      byName.set(name, [...(byName.get(name) ?? []), index])
  }
  for (const [index, { kind, id, labels: said }] of workloads.entries()) {
    const same = kind === 'container' && isNamed(id) ? byName.get(id) : undefined
    if (same === undefined) continue
    // Of a container that was restarted there are two: both are distinguished by their ids already.
    asOf[index] = same.length === 1 ? same[0]! : null
    for (const other of same) labels[other] = { ...said, ...labels[other] }
  }
}

/**
 * Containers of one pod, some reported by id and others by name, that nothing links: two descriptions of the same CPU. The one
 * with names stays, unless it saw clearly less.
 */
export function choosePods(
  workloads: readonly DescribedWorkload[],
  asOf: (number | null)[],
  labels: Readonly<Record<string, string>>[],
): void {
  const pods = new Map<string, { named: number[]; byId: number[]; others: number[] }>()
  for (const [index, { kind, id, labels: said }] of workloads.entries()) {
    const uid = said['k8s.pod.uid']
    if (!uid || !isContainer(kind)) continue
    const pod = pods.get(uid) ?? { named: [], byId: [], others: [] }
    pods.set(uid, pod)
    if (kind === 'pod' || asOf[index] !== index) pod.others.push(index)
    else if (isNamed(id)) pod.named.push(index)
    else if (podAndName(said) === '') pod.byId.push(index)
    else pod.others.push(index)
  }
  for (const { named, byId, others } of pods.values()) {
    const members = [...named, ...byId, ...others]
    const place = placeOf(members.map(index => workloads[index]!.labels))
    for (const index of members) labels[index] = { ...place, ...labels[index] }
    if (named.length === 0 || byId.length === 0 || isOneFamily(workloads, [...named, ...byId])) continue
    const [namedUs, byIdUs] = [named, byId].map(some => sumOf(some.map(index => usedBy(workloads[index]!))))
    const left = namedUs! * 10n >= byIdUs! * 9n ? byId : named
    for (const index of left) asOf[index] = null
  }
}

/**
 * Containers that a source knows by id and not by pod (Kepler), beside containers or pods that others report and nothing links:
 * two descriptions of the same CPU. Those whose pods are known stay, unless they saw less than half.
 */
export function chooseUnplaced(workloads: readonly DescribedWorkload[], asOf: (number | null)[]): void {
  const linked = standIns(asOf)
  const unplaced = new Map<string, number[]>()
  const placed = new Map<string, number[]>()
  for (const [index, { kind, labels, told }] of workloads.entries()) {
    const families = familiesOf([workloads[index]!])
    // What several sources report under one id is linked.
    if (!isContainer(kind) || families.size !== 1 || linked.has(index)) continue
    const [family] = [...families]
    const isPlaced = kind === 'pod' || labels['k8s.pod.uid'] !== undefined
    if (isPlaced === false && !told.some(({ source }) => familyOf(source) === 'kepler')) continue
    const into = isPlaced ? placed : unplaced
    into.set(family!, [...(into.get(family!) ?? []), index])
  }
  for (const [family, some] of unplaced) {
    const others = [...placed].flatMap(([other, indexes]) => (other === family ? [] : indexes))
    if (others.length === 0) continue
    const [placedUs, unplacedUs] = [
      finestUs(workloads, others),
      sumOf(some.map(index => usedBy(workloads[index]!))),
    ]
    for (const index of placedUs * 2n >= unplacedUs ? some : others) asOf[index] = null
  }
}

/** Workloads that count as others, and those that others count as. */
function standIns(asOf: readonly (number | null)[]): ReadonlySet<number> {
  const found = new Set<number>()
  for (const [index, as] of asOf.entries()) {
    if (as === index) continue
    found.add(index)
    if (as !== null) found.add(as)
  }
  return found
}

/** Pods hold their containers' time again. */
function finestUs(workloads: readonly DescribedWorkload[], some: readonly number[]): bigint {
  const used = (isPod: boolean): bigint =>
    sumOf(
      some
        .filter(index => (workloads[index]!.kind === 'pod') === isPod)
        .map(index => usedBy(workloads[index]!)),
    )
  return larger(used(true), used(false))
}

/** What is the same for all of a pod, and what account rules need. */
const PLACE = ['k8s.namespace.name', 'k8s.pod.name', 'workload.namespace'] as const

function placeOf(all: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const place: Record<string, string> = {}
  for (const key of PLACE) {
    const said = all.map(labels => labels[key] ?? '').filter(value => value !== '')
    if (said.length > 0) place[key] = said.toSorted()[0]!
  }
  return place
}

function isOneFamily(workloads: readonly DescribedWorkload[], some: readonly number[]): boolean {
  return familiesOf(some.map(index => workloads[index]!)).size <= 1
}
