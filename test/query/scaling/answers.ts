/** Answers for tests of the listeners for autoscalers. */
import type { ScalingAnswer } from '../../../core/scaling/answer.ts'
import { AnswerBook } from '../../../core/scaling/answer-book.ts'

export const T0 = 1_796_040_000

export const answerOf = (over: Partial<ScalingAnswer> = {}): ScalingAnswer => {
  const { name = 'checkout', replicas = 6 } = over
  return {
    tenant: 'shop',
    name,
    decisionId: 'd1',
    policyVersion: 'v1',
    replicas,
    previous: 4,
    isActive: replicas > 0,
    signal: 'up',
    changedAt: T0,
    demand: 300,
    demandReplicas: 6,
    ruledBy: 'demand',
    explanation: 'Demand asks for 6.',
    metric: { name: 'wattline_replicas', labels: { policy: name }, value: replicas, target: 1 },
    object: null,
    decidedAt: T0,
    asOf: T0,
    staleAfterSeconds: 120,
    ...over,
  }
}

/** A book whose clock the test moves. */
export function bookOf(...answers: readonly ScalingAnswer[]) {
  const clock = { s: T0 }
  const book = new AnswerBook(() => clock.s * 1000)
  for (const answer of answers) book.put(answer)
  return { clock, book }
}
