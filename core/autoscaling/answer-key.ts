/** What stands for the answer of a policy, whoever tells of it: the log, or another instance. */
import { digest } from '../model/digest.ts'
import type { ScalingAnswer } from '../scaling/answer.ts'

/** A policy, by its name. */
export type TenantPolicy = Pick<ScalingAnswer, 'tenant' | 'name'>

/** Key of a policy's answer. It outlives the answer, so it does not name the tenant. */
export const answerKey = ({ tenant, name }: TenantPolicy): string => `${digest(tenant, 32)}/${name}`

/** What a record says. */
export interface AnswerEntry {
  readonly key: string
  /** Null: the policy is gone. */
  readonly answer: ScalingAnswer | null
}
