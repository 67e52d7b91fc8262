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
      'Transactions that the log could not write; nothing of them is stored',
      'code',
    ),
  },
  recordsMissing: {
    level: 'error',
    counter: counter(
      'wattline_log_records_missing_total',
      "Records that were gone from Kafka before a group had read them: somebody else's retention",
      'stream',
    ),
  },
  groupMemberFailed: {
    level: 'warn',
    counter: counter(
      'wattline_log_heartbeat_failures_total',
      'Heartbeats to Kafka that failed; partitions stay until it has been silent for long',
      'group',
    ),
  },
} as const satisfies Record<string, EventDeclaration>

/** The tables, and what their files have lost. */
export const WAREHOUSE_EVENTS = {
  /** The embedded engine refuses everything from now on; the process starts itself again. */
  engineBrokeDown: { level: 'error' },
  /** Tables that were gone are back, or an operator does without them; the process starts itself again. */
  tablesBack: { level: 'warn' },
  tokensRepaired: {
    level: 'warn',
    counter: counter(
      'wattline_warehouse_tokens_repaired_total',
      'Deduplication tokens dropped whose part was not on disk',
    ),
  },
  /** A file was restored, lost or damaged: what is missing, in words; docs/damage.md says what to do. */
  lossFound: {
    level: 'error',
    counter: counter(
      'wattline_losses_found_total',
      'Findings that files were restored, lost or damaged; `wattline losses` lists them',
      'state',
    ),
  },
  /** A table's definition was gone, and was put back. */
  definitionRestored: { level: 'warn' },
  lossChanged: { level: 'warn' },
  lossAccepted: { level: 'info' },
  /** A server without Keeper, killed in the middle of an insert, can take the repeated insert for a duplicate. */
  warehouseUnreplicated: { level: 'warn' },
  warehouseServerFailed: {
    level: 'warn',
    counter: counter(
      'wattline_warehouse_server_failures_total',
      'Requests that a ClickHouse server did not answer, or could not take; another one is asked, or the same one later',
      'server',
    ),
  },
} as const satisfies Record<string, EventDeclaration>
