import type { ScalingRule, StaleReason } from '../model/scaling.ts'

/** `GET /api/v1/scaling/{name}`: one number with its reasons. */
export interface ScalingNumber {
  readonly name: string
  readonly replicas: number
  /** Replicas of the previous decision; null if there was none. */
  readonly previous: number | null
  /** False: nothing is to run. */
  readonly active: boolean
  readonly signal: 'up' | 'down' | 'none'
  readonly changed_at: string
  readonly ruled_by: ScalingRule
  readonly explanation: string
  /** In its own unit; null: unknown. */
  readonly demand: number | null
  readonly demand_replicas: number | null
  /** Time of the demand; null: unknown. */
  readonly as_of: string | null
  readonly decided_at: string
  /** Seconds since the decision. */
  readonly age_s: number
  /** Null: the number may be followed. */
  readonly stale: {
    readonly reason: StaleReason
    readonly text: string
  } | null
  /** `ceil(value / target)` is the number of replicas. */
  readonly metric: {
    readonly name: string
    readonly labels: Readonly<Record<string, string>>
    readonly value: number
    readonly target: number
  }
  readonly object: {
    readonly namespace: string
    readonly api_version: string
    readonly kind: string
    readonly name: string
  } | null
  readonly decision_id: string
  readonly policy_version: string
}

/** `GET /api/v1/scaling` */
export interface ScalingNumbers {
  /** By name. */
  readonly policies: readonly ScalingNumber[]
}

/** A decision, and what it led to. */
export interface ScalingDecisionAnswer {
  readonly time: string
  readonly id: string
  readonly policy_version: string
  readonly replicas: number
  readonly previous: number | null
  readonly ruled_by: ScalingRule
  readonly explanation: readonly string[]
  readonly demand: number | null
  readonly demand_replicas: number | null
  /** Seconds since the demand was read; null: unknown. */
  readonly demand_age_s: number | null
  readonly floor: number
  /** Null: there is none. */
  readonly ceiling: number | null
  /** Every bound by itself. */
  readonly bounds: readonly { readonly rule: ScalingRule; readonly replicas: number }[]
  /** Bounds that could not be used, with the reason. */
  readonly without: readonly string[]
  readonly watts_per_replica: number | null
  readonly watts_quality: 'measured' | 'estimated' | 'configured' | 'unknown'
  readonly zone: string
  readonly g_per_kwh: number | null
  readonly intensity_version: string
  readonly price_per_kwh: number | null
  readonly currency: string
  readonly tariff_version: string
  /** All that was decided by. */
  readonly inputs: unknown
  /** What the ledger has of the minutes after it; null: not known yet, or the policy names no workloads. */
  readonly effect: ScalingEffectAnswer | null
}

/** Of whole minutes; rates are averages over them. */
export interface ScalingEffectAnswer {
  readonly from: string
  readonly to: string
  /** Null: the ledger has nothing of these minutes. */
  readonly replicas: number | null
  readonly watts: number | null
  /** Null: unpriced. */
  readonly carbon_g: number | null
  readonly cost: number | null
  readonly currency: string
}

/** `GET /api/v1/scaling/{name}/decisions`, the newest first. */
export interface ScalingDecisionsAnswer {
  readonly decisions: readonly ScalingDecisionAnswer[]
  readonly truncated: boolean
}

/** A policy that is in force. */
export interface ScalingPolicyAnswer {
  readonly name: string
  readonly version: string
  readonly source: 'configuration' | 'api'
  /** As it was put, with defaults. */
  readonly policy: unknown
}

/** `GET /api/v1/scaling/policies` */
export interface ScalingPoliciesAnswer {
  readonly policies: readonly ScalingPolicyAnswer[]
}

/** `GET /api/v1/scaling/policies/{name}` */
export interface ScalingPolicyHistoryAnswer extends ScalingPolicyAnswer {
  /** Every version that there was, the newest first. */
  readonly history: readonly {
    readonly updated: string
    readonly state: 'active' | 'deleted'
    readonly source: 'configuration' | 'api'
    readonly version: string
    readonly policy: unknown
  }[]
}

/** `PUT /api/v1/scaling/policies/{name}` */
export interface ScalingPolicyPutAnswer {
  readonly name: string
  readonly version: string
  readonly changed: boolean
}
