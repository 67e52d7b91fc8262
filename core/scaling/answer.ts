/** The answer that an autoscaler gets about a policy: the newest decision, and whether it may still be followed. */

import type { ScalingRule, StaleReason } from '../model/scaling.ts'

/** The metric that makes a HorizontalPodAutoscaler arrive at the number: `ceil(value / target)` replicas. */
export interface ScalingMetric {
  /** Name in the metric APIs of Kubernetes. */
  readonly name: string
  /** Always has `policy`; further ones come from the policy. */
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  /** Average value per replica. */
  readonly target: number
}

/** The Kubernetes object that a policy scales, where the policy names it. */
export interface ScalingObject {
  readonly namespace: string
  /** `apps/v1` */
  readonly apiVersion: string
  /** `Deployment` */
  readonly kind: string
  readonly name: string
}

/** A decision as it is kept in memory. Times in seconds since the epoch. */
export interface ScalingAnswer {
  readonly tenant: string
  readonly name: string
  readonly decisionId: string
  /** Version of the policy that made the decision. */
  readonly policyVersion: string
  /** Wanted. */
  readonly replicas: number
  /** Replicas of the previous decision; null if there was none. */
  readonly previous: number | null
  /** Whether anything is to run: false scales to zero. */
  readonly isActive: boolean
  /** Whether the number went up or down with this decision. */
  readonly signal: 'up' | 'down' | 'none'
  /** When the number last changed. */
  readonly changedAt: number
  /** Demand in its own unit, such as requests per second; of several demands, the one that asks for most. Null: unknown. */
  readonly demand: number | null
  /** Replicas that demand alone asks for. */
  readonly demandReplicas: number | null
  readonly ruledBy: ScalingRule
  /** The reasons in a sentence. */
  readonly explanation: string
  readonly metric: ScalingMetric
  /** Null: the policy names none. */
  readonly object: ScalingObject | null
  readonly decidedAt: number
  /** Time of the demand that was decided by; null: unknown. */
  readonly asOf: number | null
  readonly staleAfterSeconds: number
}

/** An answer, and whether it is stale at the moment of asking. */
export interface CurrentAnswer extends ScalingAnswer {
  /** Null: it may be followed. */
  readonly stale: { readonly reason: StaleReason; readonly text: string } | null
}

/** An answer that is new, became stale or fresh, or is gone (`answer` undefined: its policy was deleted). */
export interface AnswerChange {
  readonly tenant: string
  readonly name: string
  readonly answer: CurrentAnswer | undefined
}

/** Answers from memory: every listener for autoscalers reads this and nothing else, so that no store can delay it. */
export interface ScalingAnswers {
  find(tenant: string, name: string): CurrentAnswer | undefined
  /** How many `list` gives. */
  count(tenant: string): number
  /** By name. */
  list(tenant: string): readonly CurrentAnswer[]
  /** @returns stops listening */
  onChange(listener: (change: AnswerChange) => void): () => void
}
