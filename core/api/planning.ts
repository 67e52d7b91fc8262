/** Where a value of an outlook comes from, see docs/planning.md. */
export type OutlookBasis = 'final' | 'estimated' | 'forecast' | 'past_days' | 'yearly'

/** Part of an outlook with one value. */
export interface OutlookValue {
  readonly from: string
  readonly to: string
  readonly g_per_kwh: number
  /** Lowest and highest of the days before; the value itself for other bases. */
  readonly low: number
  readonly high: number
  readonly basis: OutlookBasis
}

/** `GET /api/v1/intensity` */
export interface IntensityOutlookAnswer {
  readonly kind: 'average' | 'marginal' | 'market'
  readonly unit: 'gCO2e/kWh'
  readonly zones: readonly {
    readonly zone: string
    /** What holds now; null: nothing is known. */
    readonly now: OutlookValue | null
    readonly values: readonly OutlookValue[]
  }[]
}

/** A start of a job, and what the job emits and costs then. */
export interface PlannedWindow {
  readonly zone: string
  readonly start: string
  readonly end: string
  readonly carbon_g: number
  /** With the lowest and highest intensities that are expected. */
  readonly carbon_low_g: number
  readonly carbon_high_g: number
  readonly mean_g_per_kwh: number
  /** Null: the price of part of the time is not known. */
  readonly cost: number | null
  readonly basis: readonly OutlookBasis[]
}

/** `GET /api/v1/intensity/best-window` */
export interface BestWindowAnswer {
  readonly objective: 'carbon' | 'cost' | 'both'
  readonly kind: 'average' | 'marginal' | 'market'
  /** Null: no price is known. */
  readonly currency: string | null
  readonly job: { readonly duration_s: number; readonly power_w: number; readonly energy_kwh: number }
  readonly not_before: string
  readonly deadline: string
  readonly best: PlannedWindow
  /** The job without waiting, in the first zone of the request. */
  readonly now: PlannedWindow
  /** What `now` emits and costs more than `best`. */
  readonly saved: { readonly carbon_g: number; readonly cost: number | null }
  /** Best and worst start of every zone of which enough is known, the best zone first. */
  readonly zones: readonly {
    readonly zone: string
    readonly best: PlannedWindow
    readonly worst: PlannedWindow
  }[]
  /** Zones without an intensity, or without a price where that counts. */
  readonly unknown: readonly string[]
}
