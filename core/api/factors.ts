/** `GET /api/v1/factors/intensity` */
export interface IntensityAnswer {
  readonly zone: string
  readonly kind: 'average' | 'marginal' | 'market'
  readonly unit: 'gCO2e/kWh'
  /** In order of time, without overlaps; there may be gaps. */
  readonly values: readonly IntensityValue[]
  /** What holds where `values` says nothing; null: nothing does, energy then has no carbon. */
  readonly otherwise: IntensityValue | null
}

/** A factor of the grid with the times for which it holds; null: always. */
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
  /** UTC days of which something changed: 0 where the same values were put before. */
  readonly days_changed: number
}
