/** What a query may use beyond the stable language. */
export interface Features {
  /** Functions and aggregations that may still change: `info`, `limitk`, `mad_over_time`, ... */
  readonly experimentalFunctions: boolean
  /** `fill`, `fill_left` and `fill_right` at operators. */
  readonly fill: boolean
  /** Letters of all scripts and dots in names without quotes. */
  readonly utf8Names: boolean
  /** Names of metrics are dropped at the end of the query instead of by each function. */
  readonly delayedNameRemoval: boolean
}

export const NO_FEATURES: Features = {
  experimentalFunctions: false,
  fill: false,
  utf8Names: false,
  delayedNameRemoval: false,
}
