import { logs } from './logs.ts'
import { metricsExpHistogram, metricsGauge, metricsHistogram, metricsSum, metricsSummary } from './metrics.ts'
import { readings } from './readings.ts'
import type { StreamDeclaration } from './stream.ts'
import { traces } from './traces.ts'

/**
 * Records of other streams as other instances have forwarded them, until processor `admit` has put each into its stream
 * once. Headers say which (core/model/forwarding.ts); it has no columns of its own.
 */
export const forwarded = {
  name: 'forwarded',
  key: 'none',
  columns: [],
} as const satisfies StreamDeclaration

/** What is measured and sent; what follows from it (energy, ledger) is computed where it is stored. */
export const FORWARDED_STREAMS: readonly StreamDeclaration[] = [
  traces,
  metricsGauge,
  metricsSum,
  metricsHistogram,
  metricsExpHistogram,
  metricsSummary,
  logs,
  readings,
]

/** Column that says when a row happened, by stream: what limits on time are about. */
export const TIME_COLUMN: Readonly<Record<string, string>> = Object.fromEntries(
  FORWARDED_STREAMS.map(({ name, columns }) => [
    name,
    columns.some(column => column.name === 'TimeUnix') ? 'TimeUnix' : 'Timestamp',
  ]),
)
