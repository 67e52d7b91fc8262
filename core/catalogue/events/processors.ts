import { counter, type EventDeclaration } from './declaration.ts'

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
      'Records that could not be processed, set aside',
      'stream',
      'code',
    ),
  },
  recordReplayed: {
    level: 'info',
    counter: counter('wattline_replayed_total', 'Records that were set aside and appended again', 'stream'),
  },
  processorRetrying: {
    level: 'warn',
    counter: counter(
      'wattline_processor_retries_total',
      'Steps repeated because a neighbour failed',
      'processor',
    ),
  },
  processorStopped: {
    level: 'error',
    counter: counter(
      'wattline_processor_stopped_total',
      'Partitions given up after a broken invariant',
      'processor',
    ),
  },
} as const satisfies Record<string, EventDeclaration>

/** Entries of the ledger that are restated. */
export const RESTATE_EVENTS = {
  entriesRestated: {
    level: 'info',
    counter: counter(
      'wattline_restated_entries_total',
      'Corrections appended to the ledger because a factor was revised',
      'reason',
    ),
  },
} as const satisfies Record<string, EventDeclaration>

/** Records sent to another instance, and admitted from one. */
export const FORWARD_EVENTS = {
  recordsForwarded: {
    level: 'debug',
    counter: counter(
      'wattline_forward_records_total',
      'Records of this log that the uplink has acknowledged',
      'stream',
    ),
  },
  bytesForwarded: {
    level: 'debug',
    counter: counter(
      'wattline_forward_bytes_total',
      'Bytes of bodies that the uplink has acknowledged',
      'stream',
    ),
  },
  itemsForwardRejected: {
    level: 'warn',
    counter: counter(
      'wattline_forward_rejected_total',
      'Items that an OTLP uplink rejected in a partial success: it will never take them',
      'stream',
    ),
  },
  readingsNotForwarded: {
    level: 'debug',
    counter: counter(
      'wattline_forward_readings_left_out_total',
      'Readings that an OTLP uplink gets as the metric they came from, or that have no metric',
      'reason',
    ),
  },
  recordsAdmitted: {
    level: 'debug',
    counter: counter(
      'wattline_admitted_records_total',
      'Records of other instances that were put into their streams',
      'stream',
    ),
  },
  recordsRepeated: {
    level: 'info',
    counter: counter(
      'wattline_admitted_repeated_total',
      'Records that another instance sent again although they are here: without effect',
      'stream',
    ),
  },
  rowsNotAdmitted: {
    level: 'warn',
    counter: counter(
      'wattline_admitted_rows_rejected_total',
      'Rows of other instances that were left out for their time',
      'stream',
      'reason',
    ),
  },
} as const satisfies Record<string, EventDeclaration>

/** Readings that become energy and ledger entries. */
export const METER_EVENTS = {
  windowClosed: { level: 'debug', counter: counter('wattline_windows_closed_total', 'Host minutes metered') },
  /** A tenant has used up what its hosts may take in memory. */
  meterFull: {
    level: 'warn',
    counter: counter(
      'wattline_meter_full_total',
      'Times that a tenant ran out of room for new hosts and workloads',
      'tenant',
    ),
  },
  meterHasRoom: { level: 'info' },
  readingLate: {
    level: 'warn',
    counter: counter(
      'wattline_readings_late_total',
      'Readings that could not be metered: their window was closed, they were ahead of time or impossible, or there was no room',
      'reason',
    ),
  },
  hostNameShared: {
    level: 'warn',
    counter: counter(
      'wattline_host_names_shared_total',
      'Names that two machines of one tenant claim: data sent under the name alone cannot be assigned and counts as a third host',
    ),
  },
  hostBookedByName: {
    level: 'info',
    counter: counter(
      'wattline_hosts_booked_by_name_total',
      'Hosts whose minutes up to a time stand in the ledger under their name: what came under their id for these is in late_readings',
    ),
  },
  /** One for all hosts that are found so at once, naming the first; again every hour. */
  hostClockOff: {
    level: 'warn',
    counter: counter(
      'wattline_host_clocks_off_total',
      'Times that a host was found to date its readings ahead of their arrival, or steadily behind it, once an hour each: table host_clocks',
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
  /** Rows of a tenant are gone, from everything but backups. */
  tenantErased: { level: 'info' },
  /** A step of an erasure failed and is tried again. */
  erasureWaits: { level: 'warn' },
} as const satisfies Record<string, EventDeclaration>
