import { counter, type EventDeclaration } from './declaration.ts'

/** The log: embedded or Kafka. */
export const LOG_EVENTS = {
  recordAppended: {
    level: 'debug',
    counter: counter('wattline_log_records_total', 'Records made durable in the log', 'stream'),
  },
  recordBytesAppended: {
    level: 'debug',
    counter: counter('wattline_log_bytes_total', 'Bytes made durable in the log', 'stream'),
  },
  recordsTrimmed: {
    level: 'debug',
    counter: counter(
      'wattline_log_records_trimmed_total',
      'Records that all groups have read, dropped from the log by retention',
      'stream',
    ),
  },
  logWriteFailed: {
    level: 'error',
    counter: counter(
      'wattline_log_write_failures_total',
      'Transactions that the log could not write; nothing of them was stored',
      'code',
    ),
  },
  recordsMissing: {
    level: 'error',
    counter: counter(
      'wattline_log_records_missing_total',
      'Records that were deleted from Kafka before a group had read them, by retention other than Wattline’s',
      'stream',
    ),
  },
  groupMemberFailed: {
    level: 'warn',
    counter: counter(
      'wattline_log_heartbeat_failures_total',
      'Heartbeats to Kafka that failed; partitions stay assigned until the session times out',
      'group',
    ),
  },
} as const satisfies Record<string, EventDeclaration>

/** The tables, and losses of their files. */
export const WAREHOUSE_EVENTS = {
  /** The embedded engine refuses everything from now on; the process restarts itself. */
  engineBrokeDown: { level: 'error' },
  /** Missing tables are back, or an operator continues without them; the process restarts itself. */
  tablesBack: { level: 'warn' },
  tokensRepaired: {
    level: 'warn',
    counter: counter(
      'wattline_warehouse_tokens_repaired_total',
      'Deduplication tokens that were dropped because their part was not on disk',
    ),
  },
  /** A file was restored, lost or damaged. The event describes what is missing; docs/damage.md says what to do. */
  lossFound: {
    level: 'error',
    counter: counter(
      'wattline_losses_found_total',
      'Restored, lost or damaged files that were found; `wattline losses` lists them',
      'state',
    ),
  },
  /** The missing definition of a table was restored. */
  definitionRestored: { level: 'warn' },
  lossChanged: { level: 'warn' },
  lossAccepted: { level: 'info' },
  /**
   * A server without Keeper that is killed in the middle of an insert can mistake the retried insert for a duplicate.
   */
  warehouseUnreplicated: { level: 'warn' },
  warehouseServerFailed: {
    level: 'warn',
    counter: counter(
      'wattline_warehouse_server_failures_total',
      'Requests that a ClickHouse server did not answer or could not handle; they are retried on another server, or later',
      'server',
    ),
  },
} as const satisfies Record<string, EventDeclaration>
