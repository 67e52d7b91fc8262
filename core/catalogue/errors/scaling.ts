import { type ErrorDeclaration, entry } from './declaration.ts'

/** Answers to autoscalers. */
export const AUTOSCALER_ERRORS = {
  scaling_policy_unknown: entry(
    'reject',
    404,
    'Check the name of the policy, and the tenant to which the caller belongs by its token, certificate or namespace.',
  ),
  scaling_stale: entry(
    'retry',
    503,
    'Check that the processors of the instance run: `wattline lag`. Until the answer is fresh, the fallback of a ScaledObject holds, and a HorizontalPodAutoscaler keeps its replicas.',
  ),
} as const satisfies Record<string, ErrorDeclaration>
