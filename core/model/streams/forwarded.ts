import { logs } from './logs.ts'
import { metricExpHistograms, metricHistograms, metricPoints, metricSummaries } from './metric-points.ts'
import {
  metricsExpHistogram,
  metricsGauge,
  metricsHistogram,
  metricsSum,
  metricsSummary,
} from './metrics-v1.ts'
import { readings } from './readings.ts'
import type { StreamDeclaration } from './stream.ts'
import { traces } from './traces.ts'

/**
 * Records of other streams as forwarded by other instances, until processor `admit` has put each into its stream once.
 * Headers describe them (core/model/forwarding.ts); the stream has no columns of its own.
 */
export const forwarded = {
  name: 'forwarded',
  key: 'none',
  columns: [],
} as const satisfies StreamDeclaration

/** Streams that are measured and forwarded; derived data (energy, ledger) is computed where it is stored. */
export const FORWARDED_STREAMS: readonly StreamDeclaration[] = [
  traces,
  metricPoints,
  metricHistograms,
  metricExpHistograms,
  metricSummaries,
  metricsGauge,
  metricsSum,
  metricsHistogram,
  metricsExpHistogram,
  metricsSummary,
  logs,
  readings,
]

/** The column with the event time of a row, by stream: time limits apply to it. */
export const TIME_COLUMN: Readonly<Record<string, string>> = Object.fromEntries(
  FORWARDED_STREAMS.map(({ name, columns }) => [
    name,
    columns.some(column => column.name === 'TimeUnix') ? 'TimeUnix' : 'Timestamp',
  ]),
)
