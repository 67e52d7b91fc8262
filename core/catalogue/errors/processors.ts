import { type ErrorDeclaration, entry } from './declaration.ts'

/** Records that were set aside. */
export const STORE_ERRORS = {
  replay_refused: entry(
    'reject',
    409,
    'Look at the record and for its rows first; --force (force=true) appends it all the same.',
  ),
} as const satisfies Record<string, ErrorDeclaration>

/** Records sent to another instance, and admitted from one. */
export const FORWARD_ERRORS = {
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
} as const satisfies Record<string, ErrorDeclaration>

/** Erasing the rows of a tenant. */
export const ERASURE_ERRORS = {
  erasure_refused: entry(
    'reject',
    409,
    'Remove what sends for this tenant first, or give --before to erase only what is older than a date.',
  ),
} as const satisfies Record<string, ErrorDeclaration>
