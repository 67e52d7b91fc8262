/** One problem of a configuration: where it is, what it is, and the remedy if known. */
export interface ConfigProblem {
  /** Dotted path, `listen.otlp_http`; empty for the whole file. */
  readonly path: string
  readonly problem: string
}
