/** Who a pod belongs to, under the name that people know: the Deployment and not its ReplicaSet, the CronJob and not its Job. */
import type { KubeMeta } from '../api/objects.ts'

/** An object that controls others. */
export interface Owner {
  readonly kind: string
  readonly name: string
}

/**
 * The chain from the object's controller upwards, as far as the object itself says; empty where nothing controls it. A ReplicaSet
 * is named after its Deployment (or Rollout) and the hash that its pods have as a label.
 */
export function ownersOf({ ownerReferences = [], labels = {} }: KubeMeta): readonly Owner[] {
  const owner = ownerReferences.find(({ controller }) => controller === true)
  if (!owner?.kind || !owner.name) return []
  const { kind, name } = owner
  for (const [label, above] of TEMPLATES) {
    const suffix = `-${labels[label] ?? ''}`
    if (kind === 'ReplicaSet' && suffix !== '-' && name.endsWith(suffix))
      return [
        { kind, name },
        { kind: above, name: name.slice(0, -suffix.length) },
      ]
  }
  return [{ kind, name }]
}

const TEMPLATES = [
  ['rollouts-pod-template-hash', 'Rollout'],
  ['pod-template-hash', 'Deployment'],
] as const

/** Minutes since the epoch, which a CronJob appends to its name for each of its Jobs. */
const SCHEDULED = /^(.+)-(\d{8})$/
/** A Job that started this long after the minute in its name is no Job of a CronJob. */
const MOST_LATE_MINUTES = 24 * 60

/** The CronJob of a Job by the Job's name; null where the name does not say the time at which it was created. */
export function cronJobOf(job: string, createdMs: number): Owner | null {
  const [, name, minute] = SCHEDULED.exec(job) ?? []
  const late = createdMs / 60_000 - Number(minute)
  return name !== undefined && late >= -1 && late <= MOST_LATE_MINUTES ? { kind: 'CronJob', name } : null
}

/** OpenTelemetry has attributes for these kinds. */
const ATTRIBUTE_OF: Readonly<Record<string, string>> = {
  Deployment: 'k8s.deployment.name',
  ReplicaSet: 'k8s.replicaset.name',
  StatefulSet: 'k8s.statefulset.name',
  DaemonSet: 'k8s.daemonset.name',
  Job: 'k8s.job.name',
  CronJob: 'k8s.cronjob.name',
  ReplicationController: 'k8s.replicationcontroller.name',
}

/** Attributes that name the owners: the last of the chain is who it belongs to. */
export function ownerAttributes(chain: readonly Owner[]): Readonly<Record<string, string>> {
  const attributes: Record<string, string> = {}
  for (const { kind, name } of chain) {
    const key = ATTRIBUTE_OF[kind]
    if (key !== undefined) attributes[key] = name
  }
  const top = chain.at(-1)
  if (top === undefined) return attributes
  return { ...attributes, 'k8s.owner.kind': top.kind, 'k8s.owner.name': top.name }
}
