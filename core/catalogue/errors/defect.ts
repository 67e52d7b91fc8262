import { type ErrorDeclaration, entry } from './declaration.ts'

/** Defects of Wattline, in any stage. */
export const DEFECT_ERRORS = {
  invariant_broken: entry(
    'stop',
    500,
    'This is a bug in Wattline. Please report it with the surrounding log lines.',
  ),
} as const satisfies Record<string, ErrorDeclaration>
