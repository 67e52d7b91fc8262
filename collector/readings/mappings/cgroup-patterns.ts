/**
 * Maps control groups to workloads: a small table of the names that container runtimes, libvirt, SLURM and systemd use.
 * Pure: path in, workload out.
 */

/** The workload that a control group belongs to. */
export interface CgroupWorkload {
  readonly kind: 'container' | 'systemd_unit' | 'vm' | 'slurm_job'
  readonly id: string
  readonly name: string
  /**
   * The control group that contains the whole workload: the path up to the matching segment, without a trailing slash.
   */
  readonly path: string
  readonly attributes: Readonly<Record<string, string>>
}

interface Pattern {
  readonly kind: CgroupWorkload['kind']
  readonly segment: RegExp
  /** A segment that must also occur somewhere above. */
  readonly under?: RegExp
  /** Runtime with OpenTelemetry's name; empty when the path does not show it. */
  readonly runtime?: string
}

const ID = '(?<id>[0-9a-f]{64})'

/**
 * Billed workloads, finest first if several match one path. The deepest match wins, so a container inside a container,
 * or inside a job, is separate. A runtime's monitor (`crio-conmon-...`) is not the container.
 */
const BILLED: readonly Pattern[] = [
  { kind: 'container', segment: new RegExp(`^docker-${ID}\\.scope$`), runtime: 'docker' },
  { kind: 'container', segment: new RegExp(`^cri-containerd-${ID}\\.scope$`), runtime: 'containerd' },
  { kind: 'container', segment: new RegExp(`^nerdctl-${ID}\\.scope$`), runtime: 'containerd' },
  { kind: 'container', segment: new RegExp(`^crio-${ID}(\\.scope)?$`), runtime: 'cri-o' },
  { kind: 'container', segment: new RegExp(`^libpod-${ID}(\\.scope)?$`), runtime: 'podman' },
  { kind: 'container', segment: new RegExp(`^${ID}$`), under: /^docker$/, runtime: 'docker' },
  { kind: 'container', segment: new RegExp(`^${ID}$`) },
  { kind: 'container', segment: /^lxc\.payload\.(?<id>.+)$/, runtime: 'lxc' },
  // systemd writes `-` in a machine's name as \x2d; the number changes with every start of the machine.
  { kind: 'vm', segment: /^machine-qemu\\x2d\d+\\x2d(?<id>.+)\.scope$/ },
  { kind: 'vm', segment: /^(?:qemu-\d+-)?(?<id>.+)\.libvirt-qemu$/ },
  { kind: 'slurm_job', segment: /^job_(?<id>\d+)$/, under: /slurm/ },
]

const UNIT: Pattern = { kind: 'systemd_unit', segment: /^(?<id>.+\.(?:service|scope))$/ }

const POD = /^(?:kubepods.*-)?pod(?<uid>[0-9a-f]{8}(?:[-_]?[0-9a-f]{4}){3}[-_]?[0-9a-f]{12})(?:\.slice)?$/

/** The finest workload to which a control group path belongs; undefined if there is none. */
export function classifyCgroup(path: string): CgroupWorkload | undefined {
  const segments = path.split('/').filter(segment => segment !== '')
  return deepest(segments, BILLED) ?? deepest(segments, [UNIT])
}

function deepest(segments: readonly string[], patterns: readonly Pattern[]): CgroupWorkload | undefined {
  for (let depth = segments.length - 1; depth >= 0; depth--) {
    const above = segments.slice(0, depth)
    for (const pattern of patterns) {
      if (pattern.under !== undefined && !above.some(segment => pattern.under!.test(segment))) continue
      const id = pattern.segment.exec(segments[depth]!)?.groups?.['id']
      if (id !== undefined) return workloadOf(pattern, unescapeUnit(id), segments.slice(0, depth + 1))
    }
  }
  return undefined
}

function workloadOf(pattern: Pattern, id: string, segments: readonly string[]): CgroupWorkload {
  const path = `/${segments.join('/')}`
  const { kind } = pattern
  if (kind !== 'container') return { kind, id, name: id, path, attributes: {} }
  const uid = podUid(segments)
  return {
    kind,
    id,
    name: /^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : id,
    path,
    attributes: {
      'container.id': id,
      ...(pattern.runtime === undefined ? {} : { 'container.runtime.name': pattern.runtime }),
      ...(uid === undefined ? {} : { 'k8s.pod.uid': uid }),
    },
  }
}

/** Uid of the pod if the path is a pod's own control group; otherwise undefined. */
export const podUidOf = (path: string): string | undefined =>
  podUid([path.split('/').findLast(segment => segment !== '') ?? ''])

/**
 * `kubepods-burstable-pod0a1b2c3d_....slice` and `pod0a1b2c3d-...` both contain the uid; systemd cannot write its `-`.
 */
function podUid(segments: readonly string[]): string | undefined {
  for (const segment of segments.toReversed()) {
    const uid = POD.exec(segment)?.groups?.['uid']
    if (uid !== undefined) return uid.replaceAll('_', '-')
  }
  return undefined
}

const unescapeUnit = (text: string): string =>
  text.replace(/\\x([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
