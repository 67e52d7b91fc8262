import { type ErrorDeclaration, entry } from './declaration.ts'

/** Scaling policies and their answers. */
export const SCALING_ERRORS = {
  scaling_stale: entry(
    'retry',
    503,
    'Let the autoscaler use its fallback. `wattline lag` shows whether the processors decide. Parameter stale=allow gives the last number all the same.',
  ),
  scaling_input_failed: entry(
    'reject',
    422,
    'Correct the demand, service level or workloads of the policy. The event scalingInputFailed says what is wrong.',
  ),
} as const satisfies Record<string, ErrorDeclaration>
