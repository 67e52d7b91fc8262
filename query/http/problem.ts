import type { Problem } from '../../core/api/answers.ts'
import type { WattlineError } from '../../core/catalogue/errors/errors.ts'

export const PROBLEM_TYPE = 'application/problem+json'

/** The error as clients of JSON routes read it. `instance`: the path that was asked. */
export function problemOf(error: WattlineError, instance: string): Problem {
  return {
    type: 'about:blank',
    title: error.code.replaceAll('_', ' '),
    status: error.status,
    code: error.code,
    detail: error.message,
    remedy: error.remedy,
    instance,
  }
}
