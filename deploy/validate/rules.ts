/**
 * Rules for the rendered chart that no schema has: its parts find each other, and no pod has more rights than it needs.
 */
import {
  type KubernetesManifest,
  nameOf,
  type PodWorkload,
  podWorkloads,
  selectorMatches,
  selectorOf,
} from './manifest.ts'

/** Folders of a node that the sensors read; only the agents' own data is written. */
const READ_OF_HOST = ['/proc', '/sys/fs/cgroup', '/sys/class', '/sys/devices/virtual', '/etc/machine-id']
/** preStop and the process's own grace period must fit into it, with this to spare. */
const SPARE_SECONDS = 5

/**
 * Every rule that the rendered chart breaks, as sentences. `dataPath`: the agents' folder on the node, which they may
 * write.
 */
export function brokenRules(manifests: readonly KubernetesManifest[], dataPath: string): string[] {
  const workloads = podWorkloads(manifests)
  return [
    ...doubles(manifests),
    ...manifests.flatMap(manifest => selections(manifest, workloads)),
    ...manifests.flatMap(manifest => targets(manifest, manifests)),
    ...workloads.flatMap(workload => [
      ...rights(workload, dataPath),
      ...apiRights(workload, manifests),
      ...mounts(workload, manifests),
      ...graces(workload, manifests),
    ]),
  ]
}

function doubles(manifests: readonly KubernetesManifest[]): string[] {
  const names = manifests.map(nameOf)
  return names.filter((name, index) => names.indexOf(name) < index).map(name => `${name} is there twice`)
}

/** A selector must select the pods of exactly one workload, and a Service must name ports that they have. */
function selections(manifest: KubernetesManifest, workloads: readonly PodWorkload[]): string[] {
  const selector = selectorOf(manifest)
  if (selector === undefined) return []
  const found = workloads.filter(({ labels }) => selectorMatches(selector, labels))
  if (found.length !== 1) return [`${nameOf(manifest)} selects the pods of ${found.length} workloads`]
  if (manifest.kind !== 'Service') return []
  const ports = found[0]!.pod.containers.flatMap(container => container.ports.map(({ name }) => name))
  return (manifest.spec?.ports ?? [])
    .filter(({ targetPort }) => !ports.includes(targetPort))
    .map(({ targetPort }) => `${nameOf(manifest)}: no container has a port ${targetPort}`)
}

function targets(manifest: KubernetesManifest, manifests: readonly KubernetesManifest[]): string[] {
  const target = manifest.spec?.scaleTargetRef?.name
  if (target === undefined) return []
  const scaled = manifests.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === target)
  if (scaled === undefined) return [`${nameOf(manifest)} scales ${target}, which is not there`]
  // If both set the number, they would undo each other's changes.
  return 'replicas' in (scaled.spec ?? {}) ? [`${nameOf(scaled)} has replicas and an autoscaler`] : []
}

function rights({ manifest, pod }: PodWorkload, dataPath: string): string[] {
  const problems: string[] = []
  if (pod.hostPID === true || pod.hostNetwork === true) problems.push('shares a namespace of the node')
  for (const { name, securityContext: security, volumeMounts } of pod.containers) {
    if (security.readOnlyRootFilesystem !== true) problems.push(`${name} may write to its root file system`)
    if (security.allowPrivilegeEscalation !== false) problems.push(`${name} may gain rights`)
    const { drop = [], add = [] } = security.capabilities ?? {}
    if (!drop.includes('ALL') || add.length > 0) problems.push(`${name} has capabilities`)
    for (const { name: mount, readOnly, recursiveReadOnly } of volumeMounts) {
      const host = pod.volumes.find(volume => volume.name === mount)?.hostPath?.path
      if (host === undefined || (host === dataPath && manifest.kind === 'DaemonSet')) continue
      if (!READ_OF_HOST.includes(host))
        problems.push(`${name} mounts ${host} of the node, which no sensor reads`)
      // Otherwise mounts below it can be written.
      if (readOnly !== true || recursiveReadOnly !== 'IfPossible')
        problems.push(`${name} may write to ${host} of the node`)
    }
  }
  return problems.map(problem => `${nameOf(manifest)} ${problem}`)
}

/** What an account may do with the Kubernetes API, as `resource: verbs`; the agents name pods, and ask for nothing else. */
const NAMING = ['pods', 'nodes', 'namespaces', 'jobs', 'nodes/pods', 'nodes/proxy']
const READING = ['get', 'list', 'watch']

/** A token of the API is mounted only where an account of that pod's own has rights, and these are to read what is named. */
function apiRights({ manifest, pod }: PodWorkload, manifests: readonly KubernetesManifest[]): string[] {
  if (!pod.automountServiceAccountToken) return []
  const name = nameOf(manifest)
  if (manifest.kind !== 'DaemonSet') return [`${name} mounts a token of the Kubernetes API`]
  const binding = manifests.find(
    ({ kind, subjects }) =>
      kind === 'ClusterRoleBinding' && subjects?.some(subject => subject.name === pod.serviceAccountName),
  )
  const role = manifests.find(
    ({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === binding?.roleRef?.name,
  )
  if (role === undefined) return [`${name} mounts a token of the Kubernetes API that has no rights`]
  return (role.rules ?? []).flatMap(({ resources, verbs }) =>
    [...resources.filter(one => !NAMING.includes(one)), ...verbs.filter(one => !READING.includes(one))].map(
      right => `${name} has a right to ${right}, which naming pods does not need`,
    ),
  )
}

/** Every mount has its volume and every volume its mount; files of a ConfigMap exist in it. */
function mounts({ manifest, pod }: PodWorkload, manifests: readonly KubernetesManifest[]): string[] {
  const problems: string[] = []
  const mounted = pod.containers.flatMap(container => container.volumeMounts.map(({ name }) => name))
  const volumes = pod.volumes.map(({ name }) => name)
  for (const name of mounted) if (!volumes.includes(name)) problems.push(`mounts ${name}, which is no volume`)
  for (const name of volumes) if (!mounted.includes(name)) problems.push(`does not mount its volume ${name}`)
  for (const { configMap, secret } of pod.volumes) {
    if (secret?.secretName === '') problems.push('mounts a Secret without a name')
    if (configMap === undefined) continue
    const data = manifests.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMap.name,
    )?.data
    for (const { key } of configMap.items ?? []) {
      if (data?.[key] === undefined)
        problems.push(`mounts ${key} of ConfigMap/${configMap.name}, where it is not`)
    }
  }
  return problems.map(problem => `${nameOf(manifest)} ${problem}`)
}

/** A pod must not be killed before its process has given up by itself. */
function graces({ manifest, pod }: PodWorkload, manifests: readonly KubernetesManifest[]): string[] {
  const config = Object.values(manifests.find(({ kind }) => kind === 'ConfigMap')?.data ?? {}).join('\n')
  const grace = Math.max(...[...config.matchAll(/^shutdown_grace: (\d+)/gm)].map(([, text]) => Number(text)))
  return pod.terminationGracePeriodSeconds >= grace + SPARE_SECONDS
    ? []
    : [
        `${nameOf(manifest)} is killed after ${pod.terminationGracePeriodSeconds} s, while the process takes up to ${grace} s`,
      ]
}
