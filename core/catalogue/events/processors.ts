import { counter, type EventDeclaration } from './declaration.ts'

/** Files of factors. */
export const FACTOR_FILE_EVENTS = {
  factorFilePut: { level: 'info' },
  factorFileFailed: {
    level: 'warn',
    counter: counter(
      'wattline_factor_file_failures_total',
      'Times that the log did not take the factors of a file; it is tried again',
    ),
  },
} as const satisfies Record<string, EventDeclaration>

/** Records on their way from the log to the tables. */
export const STORE_EVENTS = {
  recordStored: {
    level: 'debug',
    counter: counter('wattline_store_records_total', 'Records moved from the log into their table', 'stream'),
  },
  recordQuarantined: {
    level: 'error',
    counter: counter(
      'wattline_quarantined_total',
      'Records that could not be processed and were quarantined',
      'stream',
      'code',
    ),
  },
  recordReplayed: {
    level: 'info',
    counter: counter(
      'wattline_replayed_total',
      'Quarantined records that were appended to the log again',
      'stream',
    ),
  },
  processorRetrying: {
    level: 'warn',
    counter: counter(
      'wattline_processor_retries_total',
      'Steps retried because the log, the tables or another instance failed',
      'processor',
    ),
  },
  processorStopped: {
    level: 'error',
    counter: counter(
      'wattline_processor_stopped_total',
      'Partitions stopped after a broken invariant',
      'processor',
    ),
  },
} as const satisfies Record<string, EventDeclaration>

/** Restated entries of the ledger. */
export const RESTATE_EVENTS = {
  entriesRestated: {
    level: 'info',
    counter: counter(
      'wattline_restated_entries_total',
      'Corrections appended to the ledger because readings came late, a factor was revised or somebody asked for it',
      'reason',
    ),
  },
  /** Late readings of minutes that cannot be computed again: what is booked stays. */
  minutesNotRestated: {
    level: 'warn',
    counter: counter(
      'wattline_minutes_not_restated_total',
      'Host minutes that stay as they are booked although readings came late, since other readings of them are gone',
      'reason',
    ),
  },
} as const satisfies Record<string, EventDeclaration>

/** Billing periods that are closed. */
export const INVOICE_EVENTS = {
  periodClosed: {
    level: 'info',
    counter: counter('wattline_invoices_total', 'Bills of billing periods that were closed'),
  },
  closingRefused: {
    level: 'warn',
    counter: counter(
      'wattline_closing_refused_total',
      'Requests to close a billing period that were refused',
    ),
  },
} as const satisfies Record<string, EventDeclaration>

/** Energy that is shared over requests. */
export const REQUESTS_EVENTS = {
  requestsShared: {
    level: 'debug',
    counter: counter(
      'wattline_request_rows_total',
      'Rows of request_energy that were made: of minutes that were shared for the first time, and corrections',
      'kind',
    ),
  },
  requestsNotShared: {
    level: 'error',
    counter: counter(
      'wattline_request_minutes_failed_total',
      'Minutes whose energy could not be shared over requests; they are tried again within the hour',
    ),
  },
} as const satisfies Record<string, EventDeclaration>

/** Records sent to another instance, and admitted from one. */
export const FORWARD_EVENTS = {
  recordsForwarded: {
    level: 'debug',
    counter: counter(
      'wattline_forward_records_total',
      'Records of this log that the receiver has acknowledged',
      'stream',
    ),
  },
  bytesForwarded: {
    level: 'debug',
    counter: counter(
      'wattline_forward_bytes_total',
      'Bytes of request bodies that the receiver has acknowledged',
      'stream',
    ),
  },
  itemsForwardRejected: {
    level: 'warn',
    counter: counter(
      'wattline_forward_rejected_total',
      'Items that an OTLP receiver rejected in a partial success: they are not sent again',
      'stream',
    ),
  },
  readingsNotForwarded: {
    level: 'debug',
    counter: counter(
      'wattline_forward_readings_left_out_total',
      'Readings not sent to an OTLP receiver, because it gets the metric they came from, or because no metric exists for them',
      'reason',
    ),
  },
  recordsAdmitted: {
    level: 'debug',
    counter: counter(
      'wattline_admitted_records_total',
      'Forwarded records that were added to their streams',
      'stream',
    ),
  },
  recordsRepeated: {
    level: 'info',
    counter: counter(
      'wattline_admitted_repeated_total',
      'Forwarded records that were sent again although they are stored; they have no effect',
      'stream',
    ),
  },
  rowsNotAdmitted: {
    level: 'warn',
    counter: counter(
      'wattline_admitted_rows_rejected_total',
      'Forwarded rows that were left out because of their timestamp',
      'stream',
      'reason',
    ),
  },
} as const satisfies Record<string, EventDeclaration>

/** Readings that become energy and ledger entries. */
export const METER_EVENTS = {
  windowClosed: { level: 'debug', counter: counter('wattline_windows_closed_total', 'Host minutes metered') },
  /** A tenant has used up the memory limit for its hosts. */
  meterFull: {
    level: 'warn',
    counter: counter(
      'wattline_meter_full_total',
      'Times that a tenant reached the memory limit for new hosts and workloads',
      'tenant',
    ),
  },
  meterHasRoom: { level: 'info' },
  readingLate: {
    level: 'warn',
    counter: counter(
      'wattline_readings_late_total',
      'Readings that could not be metered: their window was closed, they were dated ahead or impossible, or the memory limit was reached',
      'reason',
    ),
  },
  hostNameShared: {
    level: 'warn',
    counter: counter(
      'wattline_host_names_shared_total',
      'Host names that two machines of one tenant claim: data with only the name cannot be assigned and counts as a third host',
    ),
  },
  hostBookedByName: {
    level: 'info',
    counter: counter(
      'wattline_hosts_booked_by_name_total',
      'Hosts whose minutes up to some time are in the ledger under their name: readings under their id for these minutes are in late_readings',
    ),
  },
  /** One event for all hosts that are found at once, naming the first; repeated every hour. */
  hostClockOff: {
    level: 'warn',
    counter: counter(
      'wattline_host_clocks_off_total',
      'Times that a host was found to date its readings ahead of their arrival, or constantly behind it, at most once an hour each: table host_clocks',
      'state',
    ),
  },
  hostClockRight: { level: 'info' },
  energyUnpriced: {
    level: 'warn',
    counter: counter('wattline_unpriced_total', 'Ledger entries without a factor or tariff', 'reason'),
  },
} as const satisfies Record<string, EventDeclaration>

/** Erasing the rows of a tenant. */
export const ERASURE_EVENTS = {
  /** Rows of a tenant are deleted everywhere except in backups. */
  tenantErased: { level: 'info' },
  /** A step of an erasure failed and will be retried. */
  erasureWaits: { level: 'warn' },
} as const satisfies Record<string, EventDeclaration>

/** Alert rules, and the messages that they cause. */
export const ALERT_EVENTS = {
  alertRuleFailed: {
    level: 'warn',
    counter: counter('wattline_alert_rule_failures_total', 'Evaluations of alert rules that failed', 'rule'),
  },
  alertEvaluationStale: {
    level: 'warn',
    counter: counter(
      'wattline_alert_evaluations_stale_total',
      'Evaluations of alert rules that did not wait any longer for the tables to be complete',
      'group',
    ),
  },
  messageDelivered: {
    level: 'debug',
    counter: counter(
      'wattline_messages_delivered_total',
      'Alert messages that a receiver accepted',
      'receiver',
    ),
  },
  messageNotDelivered: {
    level: 'warn',
    counter: counter(
      'wattline_message_failures_total',
      'Attempts to deliver an alert message that failed and will be repeated',
      'receiver',
    ),
  },
  messageDead: {
    level: 'error',
    counter: counter(
      'wattline_messages_dead_total',
      'Alert messages that will not be sent again: table deliveries says why',
      'receiver',
    ),
  },
} as const satisfies Record<string, EventDeclaration>

/** Exports of tables as Parquet. */
export const EXPORT_EVENTS = {
  exportWritten: {
    level: 'debug',
    counter: counter('wattline_exports_files_total', 'Parquet files that were written', 'table'),
  },
  exportRowsWritten: {
    level: 'debug',
    counter: counter('wattline_exports_rows_total', 'Rows in exported files', 'table'),
  },
  exportBytesWritten: {
    level: 'debug',
    counter: counter('wattline_exports_bytes_total', 'Bytes of exported files', 'table'),
  },
  exportFailed: {
    level: 'warn',
    counter: counter(
      'wattline_exports_failures_total',
      'Exports that stopped at a failure and are tried again',
    ),
  },
} as const satisfies Record<string, EventDeclaration>
