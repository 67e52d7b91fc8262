/** `GET /api/v1/tariffs`: the price lists that can apply to the caller's tenant. */
export interface TariffsAnswer {
  /** The most specific first: the first that matches applies. */
  readonly lists: readonly PriceListAnswer[]
  /** Applies where no list does: the keys of `tariffs` in the configuration. */
  readonly otherwise: PriceListAnswer
}

/** A price list as it was given, and its version. */
export interface PriceListAnswer {
  readonly name: string
  /** Start of every `TariffVersion` that it gives, or the end of one that begins with a price; '' when it prices nothing. */
  readonly version: string
  /** As in the configuration. */
  readonly terms: Readonly<Record<string, unknown>>
}

/** `GET /api/v1/tariffs/effective?account=&zone=&window=`: prices of a range, piece by piece, without gaps. */
export interface EffectivePricesAnswer {
  readonly account: string
  readonly zone: string
  readonly pieces: readonly {
    readonly from: string
    readonly to: string
    readonly currency: string
    /** Exact decimal; null: no price covers the time. */
    readonly price_per_kwh: string | null
    /** As ledger entries name it. */
    readonly version: string
  }[]
  /** The window has more pieces than are listed: ask for a shorter one. */
  readonly truncated: boolean
}

/** `GET /api/v1/tariffs/spot?zone=&currency=&window=` */
export interface SpotPricesAnswer {
  readonly zone: string
  readonly currency: string
  /** In order of time, without overlaps; there may be gaps. */
  readonly values: readonly {
    readonly from: string
    readonly to: string
    /** Exact decimal; may be below 0. */
    readonly price_per_kwh: string
    readonly state: 'forecast' | 'estimated' | 'final'
    readonly source: string
    readonly version: string
  }[]
}

/** `PUT /api/v1/tariffs/spot` */
export interface SpotPutAnswer {
  readonly zone: string
  readonly currency: string
  readonly values: number
  /** Number of UTC days that changed: 0 when the same values were set before. */
  readonly days_changed: number
}

/** `PUT /api/v1/tariffs` */
export interface TariffPutAnswer {
  readonly name: string
  readonly version: string
  readonly changed: boolean
}
