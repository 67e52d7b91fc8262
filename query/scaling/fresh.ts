import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { quoteHeader } from '../../core/http/quote-header.ts'
import type { CurrentAnswer, ScalingAnswers } from '../../core/scaling/answer.ts'

/** An answer that may be followed. @throws WattlineError `scaling_policy_unknown`, `scaling_stale` */
export function freshAnswer(answers: ScalingAnswers, tenant: string, policy: string): CurrentAnswer {
  const answer = answers.find(tenant, policy)
  if (answer === undefined) {
    throw new WattlineError(
      'scaling_policy_unknown',
      `There is no decision of policy ${quoteHeader(policy)}.`,
    )
  }
  if (answer.stale !== null) throw staleAnswer(answer.name, answer.stale.text)
  return answer
}

/** The error for an answer that must not be followed. */
export const staleAnswer = (policy: string, text: string): WattlineError =>
  new WattlineError('scaling_stale', `The answer of policy ${policy} is stale. ${text}.`)
