/**
 * Self-telemetry: components say what happened as typed events (noun, past verb); what becomes of them, log lines and
 * counters on `/metrics`, is decided here once. Labels are bounded sets; a drop is an event with a reason.
 */
import { type Logger, pino } from 'pino'
import { labelText } from '../../model/label-text.ts'

export type Level = 'debug' | 'info' | 'warn' | 'error'

interface EventDeclaration {
  readonly level: Level
  /** Counter on /metrics that this event raises, by `amount` (default 1). */
  readonly counter?: { readonly name: string; readonly help: string; readonly labels: readonly string[] }
}

const counter = (name: string, help: string, ...labels: string[]) => ({ name, help, labels })

/** The closed list of events; docs/reference/metrics.md is checked against the counters by a test. */
export const EVENTS = {
  processStarted: { level: 'info' },
  /** A neighbour is away at start: told at once, and again every 10 s until it is there. */
  startWaits: { level: 'warn' },
  processStopping: { level: 'info' },
  processStopped: { level: 'info' },
  processFailed: { level: 'error' },
  /** The embedded engine refuses everything from now on; the process starts itself again. */
  engineBrokeDown: { level: 'error' },
  /** Rows of a tenant are gone, from everything but backups. */
  tenantErased: { level: 'info' },
  /** A step of an erasure failed and is tried again. */
  erasureWaits: { level: 'warn' },
  /** Tables that were gone are back, or an operator does without them; the process starts itself again. */
  tablesBack: { level: 'warn' },
  workerStarted: { level: 'info' },
  /** By itself, or silent for so long that it was killed. */
  workerEnded: {
    level: 'error',
    counter: counter(
      'wattline_worker_ends_total',
      'Processes of a collector of several that ended unasked; each is started again',
      'process',
    ),
  },
  listenerStarted: { level: 'info' },
  itemsAccepted: {
    level: 'debug',
    counter: counter(
      'wattline_intake_items_total',
      'Spans, data points, log records and readings acknowledged',
      'signal',
    ),
  },
  itemsRejected: {
    level: 'warn',
    counter: counter(
      'wattline_intake_rejected_total',
      'Items refused while the rest of their request was taken',
      'signal',
      'reason',
    ),
  },
  requestRejected: {
    level: 'debug',
    counter: counter('wattline_intake_requests_rejected_total', 'Requests refused whole', 'code'),
  },
  accessRefused: {
    level: 'debug',
    counter: counter(
      'wattline_access_refused_total',
      'Requests and handshakes turned away: token missing, malformed, unknown, expired or without the scope; host, origin, tls',
      'reason',
    ),
  },
  filesReloaded: { level: 'info' },
  filesRefused: {
    level: 'error',
    counter: counter(
      'wattline_files_refused_total',
      'New tokens or certificates that cannot be used; the old ones stay in force',
      'what',
    ),
  },
  readingsIgnored: {
    level: 'debug',
    counter: counter(
      'wattline_readings_ignored_total',
      'Points of known metrics that are no readings; stored as metrics all the same',
      'reason',
    ),
  },
  scrapeFailed: {
    level: 'debug',
    counter: counter(
      'wattline_scrape_failures_total',
      'Scrapes that failed: connection, timeout, status, content_type, too_large, samples, format, overloaded, log',
      'job',
      'reason',
    ),
  },
  scrapeSkipped: {
    level: 'warn',
    counter: counter(
      'wattline_scrape_skipped_total',
      'Scrapes left out because the one before had not ended, or too many were under way',
      'job',
    ),
  },
  /** Told once, not at every interval. */
  targetFailed: { level: 'warn' },
  targetRecovered: { level: 'info' },
  targetsChanged: { level: 'info' },
  intakePaused: { level: 'error' },
  intakeResumed: { level: 'info' },
  requestFailed: {
    level: 'error',
    counter: counter('wattline_requests_failed_total', 'Requests that ended in an error of ours', 'code'),
  },
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
      'Names that two machines of one tenant claim: what is sent under the name alone cannot be told apart and counts as a third host',
    ),
  },
  energyUnpriced: {
    level: 'warn',
    counter: counter('wattline_unpriced_total', 'Ledger entries without a factor or tariff', 'reason'),
  },
  sensorStarted: { level: 'info' },
  sensorFailed: {
    level: 'warn',
    counter: counter('wattline_sensor_failures_total', 'Sensor rounds that failed', 'sensor'),
  },
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
  answerCut: {
    level: 'info',
    counter: counter(
      'wattline_answers_cut_total',
      'Answers that were cut off: stalled and too_slow readers, tokens that were revoked or expired',
      'reason',
    ),
  },
  sqlRefused: {
    level: 'info',
    counter: counter('wattline_sql_refused_total', 'Statements the allow-list refused', 'reason'),
  },
} as const satisfies Record<string, EventDeclaration>

export type EventName = keyof typeof EVENTS
export type Facts = Readonly<Record<string, string | number | bigint | boolean | null | undefined>> & {
  readonly amount?: number
}

/** Handed to every component that has something to say. */
export interface Events {
  emit(name: EventName, facts?: Facts, error?: unknown): void
}

/** Counters by name and label values, for `/metrics`. */
export type CounterSamples = ReadonlyMap<string, ReadonlyMap<string, number>>

export class EventBus implements Events {
  readonly #log: Logger
  readonly #counters = new Map<string, Map<string, number>>()

  constructor(log: Logger) {
    this.#log = log
  }

  emit(name: EventName, facts: Facts = {}, error?: unknown): void {
    const declaration: EventDeclaration = EVENTS[name]
    if (declaration.counter !== undefined) this.#count(declaration.counter, facts)
    if (!this.#log.isLevelEnabled(declaration.level)) return
    const printable = Object.fromEntries(
      Object.entries(facts).map(([key, value]) => [
        key,
        typeof value === 'bigint' ? value.toString() : value,
      ]),
    )
    this.#log[declaration.level](error === undefined ? printable : { ...printable, err: error }, name)
  }

  /** A snapshot; label text is in exposition form, `a="x",b="y"`. */
  samples(): CounterSamples {
    return this.#counters
  }

  #count(declaration: NonNullable<EventDeclaration['counter']>, facts: Facts): void {
    const labels = labelText(
      Object.fromEntries(declaration.labels.map(label => [label, String(facts[label] ?? '')])),
    )
    const family = this.#counters.get(declaration.name) ?? new Map<string, number>()
    this.#counters.set(declaration.name, family)
    family.set(labels, (family.get(labels) ?? 0) + (facts.amount ?? 1))
  }
}

/** Of log lines that nobody reads; more are dropped. */
const MOST_UNWRITTEN_BYTES = 1_048_576

/** Structured logs as JSON lines on stderr; `level` from config `log.level`, `base` in every line. */
export function createLogger(level: Level, base: Readonly<Record<string, number>> = {}): Logger {
  const destination = pino.destination({ dest: 2, sync: false, maxLength: MOST_UNWRITTEN_BYTES })
  // A log that cannot be written (nobody reads it, its disk is full) is no reason to stop serving.
  destination.on('error', () => undefined)
  return pino({ level, base, timestamp: pino.stdTimeFunctions.isoTime }, destination)
}

/** For tests and tools that do not care. */
export const silentEvents: Events = { emit() {} }
