/** A scaling policy as decisions are made by it. Times in seconds. */
import type { ScalingObject } from './answer.ts'

/** Where a number comes from: one row with one number, as of a time. */
export type NumberSource =
  /** A SELECT of the tenant, with `{from:DateTime}` and `{to:DateTime}`. */
  | { readonly kind: 'sql'; readonly sql: string }
  /** A metric that was received. */
  | {
      readonly kind: 'metric'
      readonly name: string
      /** Attributes of the series or of its resource that must have these values. */
      readonly labels: Readonly<Record<string, string>>
      readonly aggregate: 'sum' | 'avg' | 'max' | 'min' | 'rate'
    }
  /** A question to the ledger. */
  | {
      readonly kind: 'usage'
      readonly measure: 'watts' | 'cpu_cores' | 'grams_per_hour' | 'cost_per_hour'
      readonly workloads: WorkloadFilter
    }

/** Workloads of the ledger; `*` stands for any text, '' matches all. */
export interface WorkloadFilter {
  readonly account: string
  readonly namespace: string
  readonly name: string
  readonly kind: string
}

/** What has to be done, and how much of it one replica does. */
export interface DemandPolicy {
  readonly source: NumberSource
  readonly windowSeconds: number
  readonly targetPerReplica: number
}

/** More replicas while the service is not good enough. */
export interface ServiceLevelPolicy {
  readonly source: NumberSource
  readonly windowSeconds: number
  /** The service level is missed above this, or below that. */
  readonly max: number | null
  readonly min: number | null
  /** Replicas while it is missed. */
  readonly replicas: number
}

/** How fast a number may change because of demand. */
export interface ScalingSpeed {
  /** Down: the largest demand of this time counts. Up: the smallest. */
  readonly stabilisationSeconds: number
  /** The most that is added or removed within `perSeconds`; null: no limit. The larger of the two counts. */
  readonly step: {
    readonly replicas: number
    readonly percent: number
    readonly perSeconds: number
  } | null
}

/** Upper bounds; null: none. */
export interface CeilingPolicy {
  readonly replicas: number | null
  readonly carbonGramsPerHour: number | null
  readonly costPerHour: number | null
  /** Steps in gCO2e/kWh; the lowest number among the exceeded steps counts. */
  readonly intensity: readonly { readonly above: number; readonly replicas: number }[]
}

/** Work that may wait. */
export interface ShiftPolicy {
  readonly deadlineSeconds: number
  /** How long the work takes. */
  readonly durationSeconds: number
  readonly objective: 'carbon' | 'cost'
}

/** What one replica takes, and where it runs. */
export interface ReplicaPolicy {
  /** Null: not measured. */
  readonly workloads: WorkloadFilter | null
  /** How much of the ledger is read. */
  readonly windowSeconds: number
  /** Used while nothing is measured. */
  readonly watts: number | null
  readonly costPerHour: number | null
  /** Null: that of the measured workloads, else that of the configuration. */
  readonly zone: string | null
  readonly account: string
}

/** All of it. */
export interface ScalingPolicy {
  readonly tenant: string
  readonly name: string
  readonly version: string
  readonly intervalSeconds: number
  readonly staleAfterSeconds: number
  readonly demands: readonly DemandPolicy[]
  readonly floor: { readonly replicas: number; readonly serviceLevel: ServiceLevelPolicy | null }
  readonly ceiling: CeilingPolicy
  readonly shift: ShiftPolicy | null
  readonly up: ScalingSpeed
  readonly down: ScalingSpeed
  readonly replica: ReplicaPolicy
  /** Name and labels of the metric in the APIs of Kubernetes. */
  readonly metric: { readonly name: string; readonly labels: Readonly<Record<string, string>> }
  readonly object: ScalingObject | null
}
