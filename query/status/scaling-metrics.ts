import { labelText } from '../../core/model/label-text.ts'
import type { ScalingAnswer } from '../../core/scaling/answer.ts'
import { currentAnswer } from '../../core/scaling/answer-book.ts'
import type { MetricFamily } from './metrics-text.ts'
import { ownFamily } from './own-metrics.ts'

/** The answers of this process to autoscalers, for every policy. */
export function scalingFamilies(answers: readonly ScalingAnswer[], nowMs: number): readonly MetricFamily[] {
  const samples = (value: (answer: ScalingAnswer) => number) =>
    answers.map(answer => ({
      labels: labelText({ tenant: answer.tenant, policy: answer.name }),
      value: value(answer),
    }))
  return [
    ownFamily(
      'wattline_scaling_replicas',
      samples(({ replicas }) => replicas),
    ),
    ownFamily(
      'wattline_scaling_answer_age_seconds',
      samples(({ decidedAt }) => Math.max(0, nowMs / 1000 - decidedAt)),
    ),
    ownFamily(
      'wattline_scaling_stale',
      samples(answer => Number(currentAnswer(answer, nowMs).stale !== null)),
    ),
  ]
}
