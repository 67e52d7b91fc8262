/**
 * Whose CPU time a host's sources tell: of two that describe the same CPU one counts, never both. A thing that sources call
 * by different names (a container by its id, and by its pod and name) is one, under the finer name.
 */

/** One workload of a host as its sources call it, in some time. */
export interface DescribedWorkload {
  readonly kind: string
  readonly id: string
  readonly labels: Readonly<Record<string, string>>
  readonly told: readonly ToldCpu[]
}

export interface ToldCpu {
  readonly source: string
  readonly quality: string
  /** µs; 0n where the source tells of memory alone. */
  readonly us: bigint
}

export interface WorkloadChoice {
  /** Number of the workload that this one is, among those asked about; itself where it is nobody else; null: left out. */
  readonly asOf: readonly (number | null)[]
  /** Whether what this source tells of that workload counts. */
  readonly counts: (workload: number, source: string) => boolean
  /** Labels of each workload, with what others knew of the same thing. */
  readonly labels: readonly Readonly<Record<string, string>>[]
}

/** Sources that see the CPU of a host from one place, so that what they tell of its workloads never overlaps. */
const SENSORS: ReadonlySet<string> = new Set(['proc', 'cgroup1', 'cgroup2'])

export function familyOf(source: string): string {
  if (SENSORS.has(source)) return 'sensors'
  // Of OpenTelemetry each metric may come from another agent; an exporter of Prometheus is one program.
  return source.startsWith('otlp:') || source.startsWith('simulated:') ? source : source.replace(/:.*$/, '')
}

/** Families that know which processes are in containers, and tell of each CPU second once. */
const WHOLE_HOST: ReadonlySet<string> = new Set(['sensors', 'kepler'])

const isContainer = (kind: string): boolean => kind === 'container' || kind === 'pod'

interface Identified {
  readonly workloadKind: string
  readonly workloadId: string
  readonly source: string
}

/** Whether there is nothing to choose from or to join: one family tells all. Nearly always so, and quickly found. */
export function isOneDescription(told: readonly Identified[]): boolean {
  let [source, family] = ['', '']
  for (const { workloadKind, workloadId, source: by } of told) {
    if (workloadKind === '') continue
    if (workloadKind === 'container' && isNamed(workloadId)) return false
    if (by === source) continue
    source = by
    if (family !== '' && familyOf(by) !== family) return false
    family = familyOf(by)
  }
  return true
}

export function chooseWorkloads(workloads: readonly DescribedWorkload[]): WorkloadChoice {
  const families = familiesOf(workloads)
  const someNamed = workloads.some(({ kind, id }) => kind === 'container' && isNamed(id))
  if (families.size <= 1 && !someNamed) return everything(workloads)
  const asOf: (number | null)[] = workloads.map((_, index) => index)
  const labels = workloads.map(workload => workload.labels)
  joinContainers(workloads, asOf, labels)
  choosePods(workloads, asOf, labels)
  const outside = outsideContainers(workloads, families)
  return {
    asOf,
    labels,
    counts: (index, source) => isContainer(workloads[index]!.kind) || outside(familyOf(source)),
  }
}

function everything(workloads: readonly DescribedWorkload[]): WorkloadChoice {
  return {
    asOf: workloads.map((_, index) => index),
    labels: workloads.map(workload => workload.labels),
    counts: () => true,
  }
}

const familiesOf = (workloads: readonly DescribedWorkload[]): ReadonlySet<string> =>
  new Set(
    workloads.flatMap(({ told }) => told.filter(({ us }) => us > 0n).map(({ source }) => familyOf(source))),
  )

/** Ids of containers hold no slash: what does is a pod and a name. */
const isNamed = (id: string): boolean => id.includes('/')

/** Pod and name of a container, as sources that do not know its id call it; '' where they are not known. */
function podAndName({
  'k8s.pod.uid': uid,
  'k8s.container.name': name,
}: Readonly<Record<string, string>>): string {
  return uid && name ? `${uid}/${name}` : ''
}

/** A container called by pod and name is the one of that pod and name whose id is known. */
function joinContainers(
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
    // Of a container that was started anew there are two: both are told by their ids already.
    asOf[index] = same.length === 1 ? same[0]! : null
    for (const other of same) labels[other] = { ...said, ...labels[other] }
  }
}

/**
 * Containers of one pod, some told by id and others by name, that nothing links: two descriptions of the same CPU. The one
 * with names stays, unless it saw clearly less.
 */
function choosePods(
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

const sumOf = (values: readonly bigint[]): bigint => values.reduce((sum, value) => sum + value, 0n)

/** By the source that tells the most: sources of one thing are alternatives. */
function usedBy({ told }: DescribedWorkload): bigint {
  const bySource = Map.groupBy(told, ({ source }) => source)
  const sums = [...bySource.values()].map(some => sumOf(some.map(({ us }) => us)))
  return sums.toSorted((a, b) => (a > b ? -1 : 1))[0] ?? 0n
}

const RANKS: Readonly<Record<string, number>> = { estimated: 1, simulated: 2 }

interface Family {
  readonly name: string
  readonly rank: number
  readonly us: bigint
}

/**
 * Which family tells what runs outside of containers (processes, units, machines, jobs). The sensors of this product, which
 * see units and jobs, unless another saw twice as much: then they look out of a container. A family that does not know
 * which of its processes are in containers counts only where no other tells of containers.
 */
function outsideContainers(
  workloads: readonly DescribedWorkload[],
  families: ReadonlySet<string>,
): (family: string) => boolean {
  if (families.size <= 1) return () => true
  const found = new Map<string, Family>()
  for (const { kind, told } of workloads) {
    if (isContainer(kind)) continue
    for (const { source, quality, us } of told) {
      const name = familyOf(source)
      const { rank = 0, us: known = 0n } = found.get(name) ?? {}
      if (us > 0n) found.set(name, { name, rank: Math.max(rank, RANKS[quality] ?? 0), us: known + us })
    }
  }
  const best = bestFamily([...found.values()])
  const isTold = workloads.some(
    ({ kind, told }) =>
      isContainer(kind) && told.some(({ source, us }) => us > 0n && familyOf(source) !== best?.name),
  )
  // Who tells of memory alone is no rival.
  if (best === undefined) return () => true
  if (isTold && !WHOLE_HOST.has(best.name)) return family => !found.has(family)
  return family => family === best.name || !found.has(family)
}

function bestFamily(families: readonly Family[]): Family | undefined {
  const ranked = families.toSorted((a, b) => {
    if (a.rank !== b.rank) return a.rank - b.rank
    if (a.us !== b.us) return a.us > b.us ? -1 : 1
    return a.name < b.name ? -1 : 1
  })
  const [most] = ranked
  const sensors = ranked.find(({ name, rank }) => name === 'sensors' && rank === most!.rank)
  return sensors !== undefined && sensors.us * 2n >= most!.us ? sensors : most
}
