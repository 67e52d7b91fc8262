/** Limits of queries without a configuration key. */
export const QUERY_BOUNDS = {
  /** Time for a whole request to the query server, body included: statements and parameters are small. */
  questionMs: 20_000,
} as const
