/** Scaling policies: relations between keys that the schema cannot express. */
import type { z } from 'zod'
import type { scalingPolicySchema } from './keys/scaling.ts'
import type { ConfigProblem } from './problem.ts'
import type { Config } from './schema.ts'

/** A policy that has passed the schema. */
export type ScalingPolicyContent = z.infer<typeof scalingPolicySchema>

/** What policies of the configuration say that cannot be. */
export const scalingProblems = ({ scaling }: Pick<Config, 'scaling'>): ConfigProblem[] =>
  Object.entries(scaling).flatMap(([name, policy]) =>
    policyProblems(policy).map(({ path, problem }) => ({ path: `scaling.${name}.${path}`, problem })),
  )

/** What a policy says that cannot be; paths are those within the policy. */
export function policyProblems(policy: ScalingPolicyContent): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const tell = (path: string, problem: string): void => void problems.push({ path, problem })
  for (const [index, demand] of policy.demand.entries()) oneSource(`demand.${index}`, demand, tell)
  const { floor, ceiling, shift, replica, kubernetes } = policy
  const { slo } = floor
  if (slo !== undefined) {
    oneSource('floor.slo', slo, tell)
    if (slo.max === undefined && slo.min === undefined)
      tell('floor.slo.max', 'is needed, or `min`: nothing says when the service level is missed')
    if (slo.then < floor.replicas) tell('floor.slo.then', 'must be at least floor.replicas')
  }
  if (policy.stale_after < policy.interval)
    tell('stale_after', 'must be at least interval, or every answer is stale before the next decision')
  if (ceiling.replicas !== undefined && ceiling.replicas < floor.replicas)
    tell('ceiling.replicas', 'must be at least floor.replicas: the floor wins')
  const hasBudget =
    ceiling.carbon_budget_g_per_hour !== undefined || ceiling.cost_budget_per_hour !== undefined
  if (hasBudget && replica.workloads === undefined && replica.watts === undefined)
    tell('replica.watts', 'is needed for a budget, or `replica.workloads` to measure the power of replicas')
  if (shift !== undefined && shift.duration > shift.deadline)
    tell('shift.duration', 'must be at most shift.deadline')
  for (const [name, speed] of Object.entries({ scale_up: policy.scale_up, scale_down: policy.scale_down })) {
    if (speed.step !== undefined && speed.step.replicas === 0 && speed.step.percent === 0)
      tell(`${name}.step.replicas`, 'is needed, or `percent`: a step of nothing changes nothing')
  }
  if ((kubernetes.namespace === undefined) !== (kubernetes.name === undefined))
    tell('kubernetes.name', 'and `kubernetes.namespace` are needed together')
  if (kubernetes.labels['policy'] !== undefined) tell('kubernetes.labels.policy', 'is the name of the policy')
  return problems
}

function oneSource(
  path: string,
  source: Pick<ScalingPolicyContent['demand'][number], 'sql' | 'metric' | 'usage'>,
  tell: (path: string, problem: string) => void,
): void {
  const given = [source.sql, source.metric, source.usage].filter(one => one !== undefined)
  if (given.length !== 1)
    tell(
      `${path}.sql`,
      'is needed, or `metric`, or `usage`: exactly one of them says where the number comes from',
    )
}
