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

/** `GET /api/v1/factors/pue?site=|zone=&window=` */
export interface PueAnswer {
  /** Null: values of the zone. */
  readonly site: string | null
  readonly zone: string | null
  /** In order of time, without overlaps; there may be gaps, in which the configured PUE applies. */
  readonly values: readonly {
    readonly from: string | null
    readonly to: string | null
    /** Exact decimal. */
    readonly pue: string
    readonly source: string
    readonly version: string
  }[]
}

/** `GET /api/v1/factors/embodied` */
export interface EmbodiedAnswer {
  /** By name. */
  readonly host_types: readonly {
    readonly host_type: string
    /** Names or ids, with `*` as wildcard; null: only the operator sees names of hosts. */
    readonly hosts: readonly string[] | null
    /** kgCO2e of one host without its GPUs, exact decimal. */
    readonly kg: string
    readonly years: string
    readonly gpus: { readonly count: number; readonly kg: string } | null
    readonly valid_from: string | null
    readonly valid_to: string | null
    readonly source: string
    readonly version: string
  }[]
}

/** What is put or removed: whether that changed anything. */
export interface ChangedAnswer {
  /** False where the same was there before. */
  readonly changed: boolean
}
