/** One thing wrong with a configuration: where, what, and what to do when that is known. */
export interface ConfigProblem {
  /** Dotted path, `listen.otlp_http`; empty for the file as a whole. */
  readonly path: string
  readonly problem: string
}
