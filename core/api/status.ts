/** `/api/v1/lag`: how far each reader of the log is behind. */
export interface LagAnswer {
  readonly partitions: readonly LagEntry[]
  /**
   * With `newest=true`, for every requested stream that has a table: the age of the newest row that queries see. Null:
   * the tables do not answer.
   */
  readonly newest?: readonly NewestRow[] | null
}

/** Age of the newest row in a stream's table. */
export interface NewestRow {
  readonly stream: string
  /** Latest event time of a row; for the ledger the start of its window; null: no rows. */
  readonly time: string | null
  /** Seconds from then until now; negative when a row is dated ahead. */
  readonly age_seconds: number | null
}

/** Lag of one consumer group on one partition. Offsets and counts are decimal strings. */
export interface LagEntry {
  readonly group: string
  readonly stream: string
  readonly partition: number
  /** Offset after the last stored record, and the group's position. */
  readonly end: string
  readonly committed: string
  /** Records in between; in Kafka an upper bound, since its offsets also number entries that are not records. */
  readonly pending: string
  /** Seconds since the oldest pending record was created; null when none is pending. */
  readonly oldest_pending_seconds: number | null
}

/** `/api/v1/status`: the state of this instance, for the page's header and `wattline top`. */
export interface StatusAnswer {
  readonly version: string
  readonly started: string
  readonly roles: readonly string[]
  readonly tenant: string
  /** Address where this process accepts OTLP over HTTP, `http://127.0.0.1:4318`; null: it does not. */
  readonly otlp_http: string | null
  /** The same over gRPC, `http://127.0.0.1:4317`. */
  readonly otlp_grpc: string | null
  /** Reasons why it is not ready; empty when ready. */
  readonly problems: readonly string[]
  /** Data losses and what was restored; for operators. */
  readonly notes?: readonly string[]
}

/** Body of every error on JSON routes, `application/problem+json`. */
export interface Problem {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  /** Code of the error catalogue. */
  readonly code: string
  readonly detail: string
  readonly remedy: string
  readonly instance: string
}
