/** Policies as they are configured or put, as decisions are made by them. */

import type { ScalingPolicyContent } from '../catalogue/config/scaling.ts'
import type { Config } from '../catalogue/config/schema.ts'
import { digest } from '../model/digest.ts'
import type { NumberSource, ScalingPolicy, ScalingSpeed, WorkloadFilter } from '../scaling/policy.ts'

/** A policy of a tenant, and what was written. */
export interface NamedPolicy {
  readonly tenant: string
  readonly name: string
  /** A digest of the content: equal content has an equal version. */
  readonly version: string
  readonly source: 'configuration' | 'api'
  readonly content: ScalingPolicyContent
  readonly policy: ScalingPolicy
}

/** Policies of the configuration. */
export const configuredPolicies = ({ scaling }: Pick<Config, 'scaling'>): readonly NamedPolicy[] =>
  Object.entries(scaling).map(([name, { tenant, ...content }]) =>
    namedPolicy(tenant, name, 'configuration', content),
  )

/** @param content has passed its schema and `policyProblems` */
export function namedPolicy(
  tenant: string,
  name: string,
  source: NamedPolicy['source'],
  content: ScalingPolicyContent,
): NamedPolicy {
  const version = digest(JSON.stringify(content), 12)
  return { tenant, name, version, source, content, policy: scalingPolicy(tenant, name, version, content) }
}

function scalingPolicy(
  tenant: string,
  name: string,
  version: string,
  content: ScalingPolicyContent,
): ScalingPolicy {
  const { floor, ceiling, shift, replica, kubernetes } = content
  const { slo } = floor
  return {
    tenant,
    name,
    version,
    intervalSeconds: content.interval,
    staleAfterSeconds: content.stale_after,
    demands: content.demand.map(({ target_per_replica, ...from }) => ({
      ...windowed(from),
      targetPerReplica: target_per_replica,
    })),
    floor: {
      replicas: floor.replicas,
      serviceLevel:
        slo === undefined
          ? null
          : { ...windowed(slo), max: slo.max ?? null, min: slo.min ?? null, replicas: slo.then },
    },
    ceiling: {
      replicas: ceiling.replicas ?? null,
      carbonGramsPerHour: ceiling.carbon_budget_g_per_hour ?? null,
      costPerHour: numberOf(ceiling.cost_budget_per_hour),
      intensity: ceiling.intensity,
    },
    shift:
      shift?.deferrable === true
        ? { deadlineSeconds: shift.deadline, durationSeconds: shift.duration, objective: shift.objective }
        : null,
    up: speedOf(content.scale_up),
    down: speedOf(content.scale_down),
    replica: {
      workloads: replica.workloads === undefined ? null : filterOf(replica.workloads),
      windowSeconds: replica.window,
      watts: replica.watts ?? null,
      costPerHour: numberOf(replica.cost_per_hour),
      zone: replica.zone ?? null,
      account: replica.account,
    },
    metric: { name: kubernetes.metric, labels: { ...kubernetes.labels, policy: name } },
    object:
      kubernetes.namespace === undefined || kubernetes.name === undefined
        ? null
        : {
            namespace: kubernetes.namespace,
            apiVersion: kubernetes.api_version,
            kind: kubernetes.kind,
            name: kubernetes.name,
          },
  }
}

const numberOf = (text: string | undefined): number | null => (text === undefined ? null : Number(text))

type Sourced = Pick<ScalingPolicyContent['demand'][number], 'sql' | 'metric' | 'usage' | 'window'>

/** `policyProblems` has seen to it that there is one source. */
function windowed({ sql, metric, usage, window }: Sourced): {
  readonly source: NumberSource
  readonly windowSeconds: number
} {
  if (metric !== undefined) return { source: { kind: 'metric', ...metric }, windowSeconds: window }
  if (usage === undefined) return { source: { kind: 'sql', sql: sql ?? '' }, windowSeconds: window }
  const { measure, ...workloads } = usage
  return { source: { kind: 'usage', measure, workloads: filterOf(workloads) }, windowSeconds: window }
}

const filterOf = ({ account, namespace, name, kind }: WorkloadFilter): WorkloadFilter => ({
  account,
  namespace,
  name,
  kind,
})

const speedOf = ({ stabilisation, step }: ScalingPolicyContent['scale_up']): ScalingSpeed => ({
  stabilisationSeconds: stabilisation,
  step: step === undefined ? null : { replicas: step.replicas, percent: step.percent, perSeconds: step.per },
})
