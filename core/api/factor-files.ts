/** Answers of `/api/v1/factors`. */

/** Series of values in force. */
export interface FactorSeriesAnswer {
  readonly series: readonly {
    readonly what: 'intensity' | 'spot' | 'pue'
    /** Zone; name of the site where a PUE is of a site. */
    readonly zone: string
    /** Kind of an intensity, currency of a spot price, `site` or `zone` of a PUE. */
    readonly of: string
    readonly from: string
    readonly to: string
    readonly values: number
    readonly sources: readonly string[]
  }[]
}

/** Values as rows of the CSV that files have. */
export interface FactorRowsAnswer {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** What a file has put in force. */
export interface FactorsPutAnswer {
  readonly intensities: number
  readonly spot_prices: number
  readonly price_lists: number
  readonly pue: number
  readonly embodied: number
  /** Records of the log that changed; 0 where all of it was in force. */
  readonly records_changed: number
}
