/** Rendered manifests, limited to the fields that the checks read. */
import { parseAllDocuments } from 'yaml'

interface ManifestLabels {
  readonly [name: string]: string
}

/** A container of a pod; fields that no check reads are left out. */
export interface PodContainer {
  readonly name: string
  readonly image: string
  readonly args: readonly string[]
  readonly env?: readonly { readonly name: string; readonly value?: string }[]
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly volumeMounts: readonly {
    readonly name: string
    readonly mountPath: string
    readonly readOnly?: boolean
    readonly recursiveReadOnly?: string
  }[]
  readonly securityContext: {
    readonly readOnlyRootFilesystem?: boolean
    readonly allowPrivilegeEscalation?: boolean
    readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] }
  }
}

/** A volume of a pod, from one of three sources. */
export interface PodVolume {
  readonly name: string
  readonly configMap?: {
    readonly name: string
    /** Absent: all of it. */
    readonly items?: readonly { readonly key: string; readonly path: string }[]
  }
  readonly secret?: { readonly secretName: string }
  readonly hostPath?: { readonly path: string }
}

interface PodSpec {
  readonly containers: readonly PodContainer[]
  readonly volumes: readonly PodVolume[]
  readonly hostPID?: boolean
  readonly hostNetwork?: boolean
  readonly terminationGracePeriodSeconds: number
  readonly automountServiceAccountToken: boolean
  readonly serviceAccountName: string
}

/** One rendered document, whatever its kind; `spec` has the fields of all kinds that the checks read. */
export interface KubernetesManifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels: ManifestLabels }
  readonly data?: Readonly<Record<string, string>>
  readonly rules?: readonly { readonly resources: readonly string[]; readonly verbs: readonly string[] }[]
  readonly roleRef?: { readonly name: string }
  readonly subjects?: readonly { readonly name: string }[]
  readonly spec?: {
    readonly selector?: ManifestLabels | { readonly matchLabels: ManifestLabels }
    readonly podSelector?: { readonly matchLabels: ManifestLabels }
    readonly template?: { readonly metadata: { readonly labels: ManifestLabels }; readonly spec: PodSpec }
    readonly ports?: readonly { readonly targetPort: string }[]
    readonly scaleTargetRef?: { readonly name: string }
  }
}

/** @throws YAMLParseError when a document is not YAML */
export function readManifests(text: string): KubernetesManifest[] {
  return parseAllDocuments(text).flatMap(document => {
    if (document.errors[0] !== undefined) throw document.errors[0]
    const value = document.toJS() as KubernetesManifest | null
    return value === null ? [] : [value]
  })
}

/** `Deployment/wattline-query`: the name of a manifest in problems. */
export const nameOf = ({ kind, metadata }: KubernetesManifest): string => `${kind}/${metadata.name}`

/** A manifest that creates pods, with their labels and spec. */
export interface PodWorkload {
  readonly manifest: KubernetesManifest
  readonly labels: ManifestLabels
  readonly pod: PodSpec
}

/** The workloads among the manifests. */
export const podWorkloads = (manifests: readonly KubernetesManifest[]): PodWorkload[] =>
  manifests.flatMap(manifest => {
    const template = manifest.spec?.template
    return template === undefined ? [] : [{ manifest, labels: template.metadata.labels, pod: template.spec }]
  })

/**
 * Labels by which a Service, a policy, a budget or a workload selects its pods; undefined: it selects none that way.
 */
export function selectorOf({ kind, spec }: KubernetesManifest): ManifestLabels | undefined {
  if (spec === undefined) return undefined
  if (kind === 'NetworkPolicy') return spec.podSelector?.matchLabels
  if (kind === 'Service') return spec.selector as ManifestLabels
  if (!['Deployment', 'DaemonSet', 'PodDisruptionBudget'].includes(kind)) return undefined
  return (spec.selector as { readonly matchLabels: ManifestLabels }).matchLabels
}

/** Whether pods with these labels match a selector: every label of it, with the same value. */
export const selectorMatches = (selector: ManifestLabels, labels: ManifestLabels): boolean =>
  Object.entries(selector).every(([name, value]) => labels[name] === value)
