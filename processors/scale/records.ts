/** Decisions, effects and answers as records. */
import { answerRecord } from '../../core/autoscaling/answer-log.ts'
import type { OutputRecord } from '../../core/broker/broker.ts'
import { encodeRows } from '../../core/columns/rows.ts'
import { digest } from '../../core/model/digest.ts'
import { scalingAnswers, scalingDecisions } from '../../core/model/streams/index.ts'
import type { RowOf } from '../../core/model/streams/stream.ts'
import type { ScalingAnswer } from '../../core/scaling/answer.ts'
import { explain } from '../../core/scaling/explain.ts'
import type { ScalingDecision, ScalingInputs } from '../../core/scaling/inputs.ts'
import type { ScalingPolicy } from '../../core/scaling/policy.ts'
import type { MeasuredEffect } from './effects.ts'

/** Row of table `scaling_decisions`. */
export type DecisionRow = RowOf<typeof scalingDecisions>

/** A decision with all that it was made by. */
export interface Explained {
  readonly policy: ScalingPolicy
  readonly inputs: ScalingInputs
  readonly decision: ScalingDecision
}

/** The same for a policy and a time, whoever decides, and however often. */
export const decisionId = ({ tenant, name }: ScalingPolicy, at: number): string =>
  digest(JSON.stringify([tenant, name, at]), 20)

const count = (value: number | null): bigint | null => (value === null ? null : BigInt(value))
const real = (value: number | null | undefined): number => value ?? Number.NaN

/** A decision as a row. */
export function decisionRow({ policy, inputs, decision }: Explained): DecisionRow {
  const { at, asOf } = decision
  const { costs, intensity, price } = inputs
  return {
    Tenant: policy.tenant,
    Policy: policy.name,
    Time: at,
    DecisionId: decisionId(policy, at),
    Kind: 'decision',
    PolicyVersion: policy.version,
    Replicas: decision.replicas,
    PreviousReplicas: count(decision.previous),
    RuledBy: decision.ruledBy,
    Demand: real(decision.demand),
    DemandReplicas: count(decision.demandReplicas),
    DemandAge: asOf === null ? null : BigInt(Math.max(0, Math.round(at - asOf))),
    FloorReplicas: decision.floor.replicas,
    CeilingReplicas: count(decision.ceiling?.replicas ?? null),
    WattsPerReplica: real(costs.watts),
    WattsQuality: costs.quality,
    Zone: costs.zone,
    Intensity: real(intensity?.gramsPerKwh),
    IntensityVersion: intensity?.version ?? '',
    EnergyPrice: real(price?.perKwh),
    Currency: price?.currency ?? '',
    TariffVersion: price?.version ?? '',
    Without: decision.without.join('; '),
    Explanation: explain(policy, inputs, decision).join('\n'),
    Inputs: JSON.stringify(inputs),
    Bounds: JSON.stringify(decision.bounds),
    EffectFrom: 0,
    EffectTo: 0,
    EffectReplicas: Number.NaN,
    EffectWatts: Number.NaN,
    EffectCarbonUg: null,
    EffectCostNano: null,
  }
}

/** What came of a decision as a row of the same id. */
export const effectRow = (policy: ScalingPolicy, effect: MeasuredEffect): DecisionRow => ({
  Tenant: policy.tenant,
  Policy: policy.name,
  Time: effect.pending.at,
  DecisionId: effect.pending.id,
  Kind: 'effect',
  PolicyVersion: effect.pending.policyVersion,
  Replicas: effect.pending.replicas,
  PreviousReplicas: null,
  RuledBy: '',
  Demand: Number.NaN,
  DemandReplicas: null,
  DemandAge: null,
  FloorReplicas: 0,
  CeilingReplicas: null,
  WattsPerReplica:
    effect.watts === null || effect.replicas === null || effect.replicas === 0
      ? Number.NaN
      : effect.watts / effect.replicas,
  WattsQuality: '',
  Zone: '',
  Intensity: Number.NaN,
  IntensityVersion: '',
  EnergyPrice: Number.NaN,
  Currency: effect.currency,
  TariffVersion: '',
  Without: '',
  Explanation: '',
  Inputs: '',
  Bounds: '',
  EffectFrom: effect.from,
  EffectTo: effect.to,
  EffectReplicas: real(effect.replicas),
  EffectWatts: real(effect.watts),
  EffectCarbonUg: effect.carbonUg === null ? null : BigInt(Math.round(effect.carbonUg)),
  EffectCostNano: effect.costNano === null ? null : BigInt(Math.round(effect.costNano)),
})

/** One record of all rows; none without rows. */
export const decisionRecords = (rows: readonly DecisionRow[], nowMs: number): readonly OutputRecord[] =>
  rows.length === 0
    ? []
    : [
        {
          stream: scalingDecisions.name,
          partition: 0,
          record: { value: encodeRows(scalingDecisions, rows), timestampMs: nowMs },
        },
      ]

/** The answer to autoscalers from now on; null: the policy is gone. */
export const answerOutput = (
  place: Pick<ScalingAnswer, 'tenant' | 'name'>,
  answer: ScalingAnswer | null,
  nowMs: number,
): OutputRecord => ({
  stream: scalingAnswers.name,
  partition: 0,
  record: answerRecord(place, answer, nowMs),
})

/** A decision as autoscalers get it. */
export function decisionAnswer({ policy, inputs, decision }: Explained): ScalingAnswer {
  const { replicas, previous, at } = decision
  return {
    tenant: policy.tenant,
    name: policy.name,
    decisionId: decisionId(policy, at),
    policyVersion: policy.version,
    replicas,
    previous,
    isActive: replicas > 0,
    signal: previous === null || previous === replicas ? 'none' : replicas > previous ? 'up' : 'down',
    changedAt: decision.changedAt,
    demand: decision.demand,
    demandReplicas: decision.demandReplicas,
    ruledBy: decision.ruledBy,
    explanation: explain(policy, inputs, decision).join(' '),
    metric: { ...policy.metric, value: replicas, target: 1 },
    object: policy.object,
    decidedAt: at,
    asOf: decision.asOf,
    staleAfterSeconds: policy.staleAfterSeconds,
  }
}
