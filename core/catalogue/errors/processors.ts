import { type ErrorDeclaration, entry } from './declaration.ts'

/** Quarantined records. */
export const STORE_ERRORS = {
  replay_refused: entry(
    'reject',
    409,
    'Check the record, and check whether its rows are stored already. To append it anyway, use --force (force=true).',
  ),
} as const satisfies Record<string, ErrorDeclaration>

/** Records sent to another instance, and admitted from one. */
export const FORWARD_ERRORS = {
  uplink_unavailable: entry(
    'retry',
    503,
    'No data is lost: it waits in this log and is sent in order. Check the network, `forward.url` and the token.',
  ),
  uplink_refused: entry(
    'quarantine',
    500,
    'The receiver will never accept this record. Stream `quarantine` keeps it with the answer of the receiver.',
  ),
  forward_invalid: entry('reject', 400, 'See docs/edge.md for what this route accepts.'),
  forward_mismatch: entry(
    'reject',
    409,
    'Sender and receiver must use the same stream schemas. Update the receiver first, then the senders.',
  ),
  origin_conflict: entry(
    'quarantine',
    500,
    'Two senders use copies of one log, or a sender went back to an older copy. Start the copy with an empty data folder.',
  ),
} as const satisfies Record<string, ErrorDeclaration>

/** Erasing the rows of a tenant. */
export const ERASURE_ERRORS = {
  recompute_differs: entry(
    'reject',
    409,
    'Look at the differences with `wattline recompute`; book them with --apply.',
  ),
  erasure_refused: entry(
    'reject',
    409,
    'Stop everything that sends data for this tenant, or use --before to erase only data older than a date.',
  ),
} as const satisfies Record<string, ErrorDeclaration>

/** Alert rules. */
export const ALERT_ERRORS = {
  alert_rule_failed: entry(
    'reject',
    422,
    'Correct the rule in `alerts.groups`. `wattline rules` tries rules without an instance.',
  ),
} as const satisfies Record<string, ErrorDeclaration>
