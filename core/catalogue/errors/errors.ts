/**
 * Every error a user can meet, in one closed list. An error answers "what now?": its disposition tells the caller what
 * to do (`retry` later, `reject` this input, `quarantine` the record, `stop` the component), its text tells the person.
 * The reference page docs/errors.md is checked against this list by a test.
 */
export type Disposition = 'retry' | 'reject' | 'quarantine' | 'stop'

interface CatalogueEntry {
  readonly disposition: Disposition
  /** HTTP status on routes of our own. */
  readonly status: number
  /** What to do about it, one sentence. */
  readonly remedy: string
}

const entry = (disposition: Disposition, status: number, remedy: string): CatalogueEntry => ({
  disposition,
  status,
  remedy,
})

export const ERRORS = {
  // start and configuration
  config_invalid: entry(
    'stop',
    500,
    'Correct the configuration; `wattline check` lists all problems at once.',
  ),
  data_in_use: entry('stop', 500, 'Stop the other instance, or give this one another folder with `data:`.'),
  data_unusable: entry(
    'stop',
    500,
    'Check that the data folder is on a local disk and can be written; where a file in it is damaged, delete nothing and see docs/damage.md.',
  ),
  tables_missing: entry(
    'stop',
    503,
    'Mount the volume or restore a backup; `wattline losses` says how to start over with empty tables.',
  ),
  address_in_use: entry('stop', 500, 'Stop what listens there, or choose another port under `listen:`.'),
  worker_failed: entry(
    'stop',
    500,
    'See the log lines of that process; with 1 as `collector.processes` no others are started.',
  ),
  not_running: entry('retry', 503, 'Start it with `wattline run`, or name its address with --url.'),
  answer_unreadable: entry(
    'reject',
    502,
    'Check the address (--url, WATTLINE_URL): it must be that of a Wattline instance, of this version.',
  ),
  output_failed: entry('stop', 500, 'Free disk space, or write to another file.'),
  starting: entry('retry', 503, 'Wait until /readyz answers 200; until then it says what is waited for.'),
  // intake
  body_too_large: entry('reject', 413, 'Send smaller batches, or raise `limits.body_bytes`.'),
  body_undecodable: entry(
    'reject',
    400,
    'Send OTLP as protobuf or JSON with the Content-Type that says which; remote write as protobuf in snappy.',
  ),
  series_invalid: entry(
    'reject',
    400,
    'What is valid is stored; do not send the request again. docs/prometheus.md says what is taken.',
  ),
  frame_invalid: entry(
    'reject',
    400,
    'Send gRPC messages with flag 0, or with flag 1 and the compression that the header grpc-encoding names.',
  ),
  deadline_exceeded: entry(
    'retry',
    408,
    'Send again: nothing is stored; smaller batches, or a longer deadline of the client, if it comes again.',
  ),
  media_type_unsupported: entry(
    'reject',
    415,
    'Use application/x-protobuf or application/json, encoding gzip, zstd or none; for remote write docs/prometheus.md.',
  ),
  method_not_allowed: entry('reject', 405, 'Send the data with POST.'),
  overloaded: entry(
    'retry',
    429,
    'Send again after the time in Retry-After; raise `limits.in_flight_bytes` or `limits.memory_bytes` if memory allows.',
  ),
  unauthenticated: entry(
    'reject',
    401,
    'Send a valid token: `Authorization: Bearer <token>`; commands take it from WATTLINE_TOKEN or --token.',
  ),
  forbidden: entry('reject', 403, 'Use a token that may: docs/auth.md lists what opens which route.'),
  origin_refused: entry(
    'reject',
    403,
    'Pages of another origin may send OTLP where `listen.cors_origins` names it, and nothing else.',
  ),
  host_refused: entry(
    'reject',
    403,
    'Ask as 127.0.0.1 or localhost, or let callers in by token: `auth.tokens_file`.',
  ),
  draining: entry(
    'retry',
    503,
    'This instance is shutting down: send again, to another one if there is one.',
  ),
  // neighbours
  broker_unavailable: entry(
    'retry',
    503,
    'Nothing was lost; it recovers by itself when the log can be written again.',
  ),
  disk_full: entry(
    'retry',
    503,
    'Free disk space on the volume of the data folder; intake goes on by itself.',
  ),
  record_corrupt: entry(
    'quarantine',
    500,
    'The log line `recordQuarantined` names the record; table `quarantine` keeps it whole.',
  ),
  warehouse_unavailable: entry('retry', 503, 'Data waits in the log; see the engine error in the log lines.'),
  record_refused: entry(
    'quarantine',
    500,
    'The warehouse refuses this record whatever happens; table `quarantine` keeps it with the error.',
  ),
  replay_refused: entry(
    'reject',
    409,
    'Look at the record and for its rows first; --force (force=true) appends it all the same.',
  ),
  // forwarding
  uplink_unavailable: entry(
    'retry',
    503,
    'Nothing is lost: it waits in this log and is sent in order; see the network, `forward.url` and the token.',
  ),
  uplink_refused: entry(
    'quarantine',
    500,
    'The receiver will never take this record; the log keeps it in stream `quarantine` with the answer.',
  ),
  forward_invalid: entry('reject', 400, 'See docs/edge.md for what this route takes.'),
  forward_mismatch: entry(
    'reject',
    409,
    'Sender and receiver must agree on the streams: update the receiver first, then the senders.',
  ),
  origin_conflict: entry(
    'quarantine',
    500,
    'Two senders share one log, or one went back to an older copy of it: start the copy with an empty data folder.',
  ),
  // backup, restore
  snapshot_busy: entry(
    'retry',
    409,
    'Let the running backup end; the snapshot of one that was broken off is given up after 15 seconds.',
  ),
  snapshot_gone: entry('retry', 404, 'Run `wattline backup` again: it copies only what is still missing.'),
  backup_refused: entry('reject', 409, 'docs/operators.md says what can be backed up how.'),
  backup_unusable: entry(
    'reject',
    422,
    'Run `wattline backup` again, or restore another backup: with --list it shows those that are complete.',
  ),
  place_unavailable: entry(
    'retry',
    503,
    'Check endpoint, bucket and keys (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION); then run it again.',
  ),
  import_differs: entry(
    'reject',
    409,
    'Rows were there twice or are missing, or others wrote meanwhile: stop them, and import into empty tables.',
  ),
  restore_refused: entry(
    'reject',
    409,
    'Restore into an empty data folder; move the one that is there out of the way rather than delete it.',
  ),
  erasure_refused: entry(
    'reject',
    409,
    'Remove what sends for this tenant first, or give --before to erase only what is older than a date.',
  ),
  // queries
  sql_refused: entry('reject', 400, 'Use one SELECT over the tables of database `wattline`.'),
  sql_failed: entry('reject', 400, 'Correct the statement; the engine says where it failed.'),
  sql_limit: entry('reject', 422, 'Narrow the time range or aggregate; limits are under `limits.sql`.'),
  too_many_queries: entry(
    'retry',
    429,
    'Wait for running queries to end; the limit is `limits.sql.concurrent`.',
  ),
  parameter_invalid: entry('reject', 400, 'See the API page for the values this parameter takes.'),
  not_found: entry('reject', 404, 'Check the address and the identifier.'),
  // us
  invariant_broken: entry(
    'stop',
    500,
    'This is a defect in Wattline: please report it with the log lines around it.',
  ),
} as const satisfies Record<string, CatalogueEntry>

export type ErrorCode = keyof typeof ERRORS

/** The only error class that crosses a component's border. Prints as `code: what is wrong. what to do`. */
export class WattlineError extends Error {
  readonly code: ErrorCode
  /** Seconds after which a retry makes sense, when known. */
  readonly retryAfterSeconds?: number

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; retryAfterSeconds?: number } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'WattlineError'
    this.code = code
    if (options.retryAfterSeconds !== undefined) this.retryAfterSeconds = options.retryAfterSeconds
  }

  get disposition(): Disposition {
    return ERRORS[this.code].disposition
  }

  get status(): number {
    return ERRORS[this.code].status
  }

  get remedy(): string {
    return ERRORS[this.code].remedy
  }

  override toString(): string {
    return `${this.code}: ${this.message} ${this.remedy}`
  }
}

/** Wraps anything thrown into a WattlineError, keeping one that already is. */
export function asWattlineError(error: unknown, fallback: ErrorCode): WattlineError {
  if (error instanceof WattlineError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new WattlineError(fallback, message, { cause: error })
}
