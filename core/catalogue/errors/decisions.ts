import { type ErrorDeclaration, entry } from './declaration.ts'

/** Decisions of scaling policies. */
export const SCALING_ERRORS = {
  scaling_input_failed: entry(
    'reject',
    422,
    'Correct the demand, service level or workloads of the policy. The event scalingInputFailed says what is wrong.',
  ),
} as const satisfies Record<string, ErrorDeclaration>
