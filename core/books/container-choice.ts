/**
 * Finds which containers and pods from different sources are the same: joined where labels say so; otherwise one
 * description is chosen.
 */
import { larger, sumOf } from '../model/integers.ts'
import { type DescribedWorkload, familiesOf, isContainer, isNamed, usedBy } from './described-workload.ts'
import { familyOf } from './sources.ts'
import { joinedNames, nameKeys } from './workload-names.ts'

/** Pod and name of a container, which sources use that do not know its id; '' where they are not known. */
function podAndName({
  'k8s.pod.uid': uid,
  'k8s.container.name': name,
}: Readonly<Record<string, string>>): string {
  return uid && name ? `${uid}/${name}` : ''
}

/** A workload whose id is a worse name of another one is that other one, and has told what it is called. */
export function joinNames(
  workloads: readonly DescribedWorkload[],
  asOf: (number | null)[],
  labels: Readonly<Record<string, string>>[],
): void {
  for (const [index, as] of joinedNames(workloads).entries()) {
    if (as === index) continue
    asOf[index] = as
    for (const other of as === null ? sharersOf(workloads, index) : [as]) {
      labels[other] = { ...workloads[index]!.labels, ...labels[other] }
    }
  }
}

/** Those that have a name of the workload. */
function sharersOf(workloads: readonly DescribedWorkload[], index: number): readonly number[] {
  const names = new Set(nameKeys(workloads[index]!))
  return workloads.flatMap((other, at) =>
    at !== index && nameKeys(other).some(name => names.has(name)) ? [at] : [],
  )
}

/**
 * Containers of one pod that some sources report by id and others by name, without a link between them: two
 * descriptions of the same CPU. The one with names stays, unless it covers clearly less.
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
 * Containers that a source knows by id but not by pod (Kepler), next to containers or pods of other sources without a
 * link between them: two descriptions of the same CPU. Those with known pods stay, unless they cover less than half.
 */
export function chooseUnplaced(workloads: readonly DescribedWorkload[], asOf: (number | null)[]): void {
  const linked = standIns(asOf)
  const unplaced = new Map<string, number[]>()
  const placed = new Map<string, number[]>()
  for (const [index, { kind, labels, told }] of workloads.entries()) {
    const families = familiesOf([workloads[index]!])
    // Reports of several sources under one id are linked.
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

/**
 * Containers whose pod one source knows by its uid alone (control groups), next to those whose pod another knows by its name alone
 * (the kubelet's own metrics), without anybody who knows both: two descriptions of the same CPU. Those with names stay, unless
 * they cover less than half.
 */
export function chooseNamed(workloads: readonly DescribedWorkload[], asOf: (number | null)[]): void {
  const byUid: number[] = []
  const byName: number[] = []
  for (const [index, { kind, id, labels }] of workloads.entries()) {
    if (!isContainer(kind) || asOf[index] !== index) continue
    const hasUid = Boolean(labels['k8s.pod.uid']) || (kind === 'pod' && !isNamed(id))
    const hasName = Boolean(labels['k8s.pod.name'] && labels['k8s.namespace.name'])
    if (hasUid && !hasName) byUid.push(index)
    else if (hasName && !hasUid) byName.push(index)
  }
  if (byUid.length === 0 || byName.length === 0) return
  const all = [...byUid, ...byName]
  if (isOneFamily(workloads, all)) return
  const [uidUs, nameUs] = [byUid, byName].map(some => finestUs(workloads, some))
  for (const index of nameUs! * 2n >= uidUs! ? byUid : byName) asOf[index] = null
}

/** Which workloads count as others, and which others count as them. */
function standIns(asOf: readonly (number | null)[]): ReadonlySet<number> {
  const found = new Set<number>()
  for (const [index, as] of asOf.entries()) {
    if (as === index) continue
    found.add(index)
    if (as !== null) found.add(as)
  }
  return found
}

/** The time of a pod includes that of its containers. */
function finestUs(workloads: readonly DescribedWorkload[], some: readonly number[]): bigint {
  const used = (isPod: boolean): bigint =>
    sumOf(
      some
        .filter(index => (workloads[index]!.kind === 'pod') === isPod)
        .map(index => usedBy(workloads[index]!)),
    )
  return larger(used(true), used(false))
}

/** Labels that are the same for all containers of a pod and that account rules need. */
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
