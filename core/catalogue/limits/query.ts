/** Limits of queries without a configuration key. */
export const QUERY_BOUNDS = {
  /** Time for a whole request to the query server, body included: statements and parameters are small. */
  questionMs: 20_000,
  /** Message of a call of KEDA; metadata of a trigger is a few hundred bytes. */
  kedaMessageBytes: 64 * 1024,
  /** Open streams of KEDA, in total and of one tenant; a ScaledObject with an `external-push` trigger has two. */
  kedaStreams: 10_000,
  kedaStreamsOfTenant: 5_000,
  /** Message of a call of Jaeger. */
  jaegerMessageBytes: 1024 * 1024,
  /** Traces that one search finds, and ids that one question names. */
  tracesFound: 1_500,
  /** Spans of one trace that an answer has. */
  spansOfTrace: 100_000,
  /** Spans, and bytes of them, that are in memory at once for one answer. */
  spansAtOnce: 1_000,
  spanBytesAtOnce: 16 * 1024 * 1024,
  /** Series, workloads and hosts that Gnocchi's API lists, each. */
  gnocchiMetrics: 100_000,
  /** Measures of one answer of Gnocchi's API, before they are aggregated across metrics. */
  gnocchiMeasures: 250_000,
} as const
