/** `GET /api/v1/factors/intensity` */
export interface IntensityAnswer {
  readonly zone: string
  readonly kind: 'average' | 'marginal' | 'market'
  readonly unit: 'gCO2e/kWh'
  /** In order of time, without overlaps; there may be gaps. */
  readonly values: readonly IntensityValue[]
  /** The value that applies where `values` has none; null: none applies, and energy has no carbon. */
  readonly otherwise: IntensityValue | null
}

/** A grid factor with the times for which it applies; null: always. */
interface IntensityValue {
  readonly from: string | null
  readonly to: string | null
  /** Exact decimal. */
  readonly g_per_kwh: string
  readonly state: 'forecast' | 'estimated' | 'final'
  readonly source: string
  readonly version: string
}

/** `PUT /api/v1/factors/intensity` */
export interface IntensityPutAnswer {
  readonly zone: string
  readonly kind: 'average' | 'marginal' | 'market'
  readonly values: number
  /** Number of UTC days that changed: 0 when the same values were set before. */
  readonly days_changed: number
}
