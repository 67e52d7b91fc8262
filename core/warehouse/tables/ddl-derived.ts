import { LEDGER_BUCKETS, ROLLUP_KEYS, ROLLUP_SUMS } from '../../model/streams/ledger.ts'
import { quoteName } from './column-types.ts'
import type { Retention } from './ddl.ts'
import {
  type Dialect,
  LOCAL_DIALECT,
  qualified,
  settingsText,
  storedName,
  tableSettings,
  ttlLines,
} from './ddl.ts'
import { viewStatement } from './view.ts'

/** Derived from the streams' tables: the index of traces by id, and the sums by hour and day. */
export const TRACE_INDEX = 'otel_traces_trace_id_ts'
/** The view that fills it. */
export const TRACE_INDEX_VIEW = `${TRACE_INDEX}_mv`

/** Columns of the index that finds the time range of a trace by its id. */
export const TRACE_INDEX_COLUMNS: readonly (readonly [name: string, type: string, codec: string])[] = [
  ['Tenant', 'LowCardinality(String)', 'ZSTD(1)'],
  ['TraceId', 'String', 'ZSTD(1)'],
  ['Start', "SimpleAggregateFunction(min, DateTime('UTC'))", 'Delta(4), ZSTD(1)'],
  ['End', "SimpleAggregateFunction(max, DateTime('UTC'))", 'Delta(4), ZSTD(1)'],
]

/**
 * First and last time of every trace, by id: limits the scan when one trace is requested. Same name and columns as in
 * the OpenTelemetry Collector's exporter, with Tenant in front. An insert fills it in the same statement, but not
 * atomically: after a crash a block can be missing until the same token is replayed, so nothing is summed here.
 */
export function createTraceIndex(retention: Retention, dialect: Dialect = LOCAL_DIALECT): readonly string[] {
  const target = storedName(dialect, TRACE_INDEX)
  return [
    [
      `CREATE TABLE IF NOT EXISTS ${target}${dialect.onCluster}`,
      '(',
      ...TRACE_INDEX_COLUMNS.map(([name, type, codec]) => `  ${quoteName(name)} ${type} CODEC(${codec}),`),
      '  INDEX idx_trace_id TraceId TYPE bloom_filter(0.01) GRANULARITY 1',
      ')',
      `ENGINE = ${dialect.engine('AggregatingMergeTree')}`,
      'PARTITION BY toMonday(Start)',
      'ORDER BY (Tenant, TraceId)',
      ...ttlLines('Start', retention.signalsDays),
      `SETTINGS ${settingsText(tableSettings(dialect))}`,
    ].join('\n'),
    [
      `CREATE MATERIALIZED VIEW IF NOT EXISTS ${qualified(dialect, TRACE_INDEX_VIEW)}${dialect.onCluster}`,
      `TO ${target} AS`,
      'SELECT Tenant, TraceId, toDateTime(min(Timestamp)) AS Start, toDateTime(max(Timestamp)) AS End',
      `FROM ${storedName(dialect, 'otel_traces')} WHERE TraceId != '' GROUP BY Tenant, TraceId`,
    ].join('\n'),
  ]
}

/** Views over the ledger's projections; WindowStart is the start of the hour or day (UTC). */
export const ROLLUP_VIEWS = [
  { name: 'usage_hourly', bucket: LEDGER_BUCKETS.hour },
  { name: 'usage_daily', bucket: LEDGER_BUCKETS.day },
] as const

/**
 * The inner SELECT has the projection's exact expressions, so that the engine answers from it; the outer one names the
 * columns. (If the inner one named them, `EnergyUj` in a later sum would mean this sum.)
 */
export function createRollupView(
  view: (typeof ROLLUP_VIEWS)[number],
  dialect: Dialect = LOCAL_DIALECT,
): string {
  const keys = ROLLUP_KEYS.join(', ')
  const names = ROLLUP_SUMS.map((sum, index) => `s${index} AS ${sum.name}`).join(', ')
  const sums = ROLLUP_SUMS.map((sum, index) => `${sum.expression} AS s${index}`).join(', ')
  const select = [
    `SELECT bucket AS WindowStart, ${keys}, ${names}`,
    `FROM (SELECT ${view.bucket} AS bucket, ${keys}, ${sums}`,
    `FROM ${qualified(dialect, 'ledger')} GROUP BY bucket, ${keys})`,
  ].join('\n')
  return viewStatement(view.name, select, dialect)
}
