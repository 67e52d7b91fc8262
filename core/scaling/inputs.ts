/** What a decision is made by. It is written down with the decision: the same inputs give the same decision. */
import type { ScalingRule } from '../model/scaling.ts'

/** A number and when it was read; null: it has never been known. Seconds since the epoch. */
export interface KnownNumber {
  readonly value: number
  readonly at: number
}

/** How a replica's power is known. */
export type WattsQuality = 'measured' | 'estimated' | 'configured' | 'unknown'

/** What one replica takes. */
export interface ReplicaCosts {
  /** Null: unknown. */
  readonly watts: number | null
  readonly quality: WattsQuality
  /** Minutes of replicas that were measured, and when; 0 and null: none. */
  readonly replicaMinutes: number
  readonly measuredAt: number | null
  readonly pue: number
  /** gCO2e per hour of a replica besides energy. */
  readonly embodiedGramsPerHour: number
  /** Money per hour of a replica besides energy. */
  readonly resourceCostPerHour: number
  readonly zone: string
}

/** Intensity of the grid now. */
export interface KnownIntensity {
  readonly gramsPerKwh: number
  readonly version: string
  /** Where hourly values have ended: seconds since then, what is used is an average of the year. 0: it is in force. */
  readonly staleSeconds: number
}

/** Price of energy now. */
export interface KnownPrice {
  readonly perKwh: number
  readonly currency: string
  readonly version: string
}

/** The best window for work that waits, as of now. */
export interface KnownWindow {
  readonly start: number
  /** What is saved by waiting until then, as a share of what beginning now would emit or cost. */
  readonly saving: number
}

/** All of it. Times in seconds since the epoch. */
export interface ScalingInputs {
  readonly at: number
  /** In the order of the policy. */
  readonly demands: readonly (KnownNumber | null)[]
  /** Null: there is no service level, or it has never been known. */
  readonly serviceLevel: KnownNumber | null
  readonly costs: ReplicaCosts
  /** Null: unknown. */
  readonly intensity: KnownIntensity | null
  readonly price: KnownPrice | null
  /** Null: nothing waits, or nothing is known of the time until the deadline. */
  readonly window: KnownWindow | null
}

/** A bound and what it comes to. */
export interface ScalingBound {
  readonly rule: ScalingRule
  readonly replicas: number
}

/** What is kept of the decisions before. Times in seconds since the epoch, the oldest first. */
export interface ScalingMemory {
  /** Version of the policy that made the decision: bounds and demands of another version do not apply. */
  readonly policyVersion: string
  /** Null: nothing has been decided. */
  readonly replicas: number | null
  readonly changedAt: number
  /** Demand, floor and ceiling of the time that stabilisation looks at. */
  readonly history: readonly {
    readonly at: number
    /** In replicas, 0 while work is shifted; null: unknown. */
    readonly demand: number | null
    readonly floor: number
    readonly ceiling: number | null
    /** What was decided. */
    readonly replicas: number
  }[]
  /** Since when deferrable work waits, and since when it runs; null: it does not. */
  readonly waitingSince: number | null
  readonly runningSince: number | null
  /** Replicas that deferrable work was begun with, or has grown to; 0: none runs. */
  readonly runningReplicas: number
  /** How long it has run, as if with all of these. */
  readonly ranSeconds: number
}

/** Before the first decision. */
export const NO_MEMORY: ScalingMemory = {
  policyVersion: '',
  replicas: null,
  changedAt: 0,
  history: [],
  waitingSince: null,
  runningSince: null,
  runningReplicas: 0,
  ranSeconds: 0,
}

/** A decision and its reasons. */
export interface ScalingDecision {
  readonly at: number
  readonly replicas: number
  readonly previous: number | null
  readonly changedAt: number
  readonly ruledBy: ScalingRule
  /** The demand that asks for most, in its own unit; null: unknown. */
  readonly demand: number | null
  readonly demandReplicas: number | null
  /** The oldest of all demands; null: one has never been known. */
  readonly asOf: number | null
  /** After stabilisation. */
  readonly floor: ScalingBound
  readonly ceiling: ScalingBound | null
  /** Every bound by itself, as of now. */
  readonly bounds: readonly ScalingBound[]
  /** Bounds that could not be used, with the reason. */
  readonly without: readonly string[]
  /** gCO2e and money of one replica and hour; null: unknown. */
  readonly gramsPerReplicaHour: number | null
  readonly costPerReplicaHour: number | null
}
