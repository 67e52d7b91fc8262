import { type ErrorDeclaration, entry } from './declaration.ts'

/** What must not be, in any stage. */
export const DEFECT_ERRORS = {
  invariant_broken: entry(
    'stop',
    500,
    'This is a defect in Wattline: please report it with the log lines around it.',
  ),
} as const satisfies Record<string, ErrorDeclaration>
