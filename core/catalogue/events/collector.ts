import { counter, type EventDeclaration } from './declaration.ts'

/** Answers to senders of telemetry. */
export const INTAKE_EVENTS = {
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
      'Items rejected while the rest of their request was stored',
      'signal',
      'reason',
    ),
  },
  requestRejected: {
    level: 'debug',
    counter: counter('wattline_intake_requests_rejected_total', 'Requests refused as a whole', 'code'),
  },
  intakePaused: { level: 'error' },
  intakeResumed: { level: 'info' },
} as const satisfies Record<string, EventDeclaration>

/** Scraping, and which metrics are readings. */
export const SCRAPE_EVENTS = {
  readingsIgnored: {
    level: 'debug',
    counter: counter(
      'wattline_readings_ignored_total',
      'Points of known metrics that are not readings; they are stored as metrics',
      'reason',
    ),
  },
  pointsNotKept: {
    level: 'debug',
    counter: counter(
      'wattline_points_not_kept_total',
      'Points that became readings and were not stored as metrics besides (`metrics.recognised`)',
    ),
  },
  /** A cloud region that maps to no grid zone: reported once for each. */
  regionUnknown: { level: 'warn' },
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
      'Scrapes skipped because the previous one had not ended, or too many were running',
      'job',
    ),
  },
  /** Reported once, not at every interval. */
  targetFailed: { level: 'warn' },
  targetRecovered: { level: 'info' },
  targetsChanged: { level: 'info' },
} as const satisfies Record<string, EventDeclaration>

/** Sensors of this machine. */
export const SENSOR_EVENTS = {
  sensorStarted: { level: 'info' },
  sensorFailed: {
    level: 'warn',
    counter: counter('wattline_sensor_failures_total', 'Sensor rounds that failed', 'sensor'),
  },
  /** The first failure after a success; the others are counted. */
  controllerFailed: {
    level: 'warn',
    counter: counter(
      'wattline_controller_failures_total',
      'Readings of controllers (BMCs) that failed',
      'source',
    ),
  },
  controllerStillFails: {
    level: 'debug',
    counter: counter(
      'wattline_controller_repeated_failures_total',
      'Readings of controllers (BMCs) that failed again',
      'source',
    ),
  },
  controllerRecovered: { level: 'info' },
} as const satisfies Record<string, EventDeclaration>

/** Names of pods from Kubernetes. */
export const KUBERNETES_EVENTS = {
  kubernetesFailed: {
    level: 'warn',
    counter: counter(
      'wattline_kubernetes_failures_total',
      'Failed requests for pods, nodes, namespaces and Jobs, and readings of them that were not stored',
      'what',
    ),
  },
  /** The same, not the first in a row. */
  kubernetesStillFails: {
    level: 'debug',
    counter: counter(
      'wattline_kubernetes_repeated_failures_total',
      'Further failures in a row of the same requests',
      'what',
    ),
  },
  kubernetesRecovered: { level: 'info' },
} as const satisfies Record<string, EventDeclaration>

/** Providers of intensities. */
export const FACTOR_EVENTS = {
  /** The provider answers as it documents, and says that it does not have something. */
  factorDataMissing: { level: 'info' },
  factorProviderFailed: {
    level: 'warn',
    counter: counter(
      'wattline_factor_provider_failures_total',
      'Failed or invalid answers of an intensity provider',
      'provider',
      'zone',
    ),
  },
} as const satisfies Record<string, EventDeclaration>
