/** Bounds of questions without a key. */
export const QUERY_BOUNDS = {
  /** For a whole question to the query server, body included: statements and parameters are small. */
  questionMs: 20_000,
} as const
