/** Built-in checks: where their values come from, and what a rule with one of them says where the configuration is silent. */
import type { NoDataPolicy } from './rule.ts'

/** Where the values of a rule come from. */
export type ValueSource =
  /** A statement of its own, or one of the product. `minutes`: about windows of the ledger, which begin and end with a minute. */
  | { readonly kind: 'sql'; readonly sql: string; readonly isOwn: boolean; readonly minutes: boolean }
  /** Sums of the ledger by labels of choice. */
  | { readonly kind: 'usage'; readonly measure: UsageMeasure }
  /** `billing.budgets`: how fast they are spent, or how much of them is. */
  | { readonly kind: 'budget'; readonly figure: 'burn' | 'used' }
  /** Factors that are in force. */
  | { readonly kind: 'intensity' }
  /** Readers of the log. */
  | { readonly kind: 'lag' }

/** What `check: energy` and its like sum. Carbon is operational and embodied, as in budgets and in bounds of scaling. */
export type UsageMeasure = 'energy' | 'carbon' | 'carbon_operational' | 'cost'

/** A check, and its defaults. */
export interface BuiltInCheck {
  readonly source: ValueSource
  /** Unit of the value, for docs and boards. */
  readonly unit: string
  /** Seconds; default 300. */
  readonly window?: number
  /** Used when a rule has neither `above` nor `below`. */
  readonly above?: number
  readonly noData?: NoDataPolicy
  /** What an alert without a row has while others have rows: a sum of nothing is 0, a share of nothing is unknown. */
  readonly absent: 'zero' | 'unknown'
}

const WINDOW = "WindowStart >= {from:DateTime('UTC')} AND WindowStart < {to:DateTime('UTC')}"
const SPANS = "Timestamp >= {from:DateTime('UTC')} AND Timestamp < {to:DateTime('UTC')}"
const SERVER = `${SPANS} AND SpanKind IN ('Server', 'Consumer')`

const ledger = (sql: string): ValueSource => ({ kind: 'sql', sql, isOwn: true, minutes: true })
const spans = (sql: string): ValueSource => ({ kind: 'sql', sql, isOwn: true, minutes: false })
const usage = (measure: UsageMeasure): ValueSource => ({ kind: 'usage', measure })

/** Coverage of a host in the window, and in the window of the same length before it. */
const COVERAGE_BEFORE =
  "WindowStart >= {from:DateTime('UTC')} - toIntervalSecond(dateDiff('second', {from:DateTime('UTC')}, {to:DateTime('UTC')})) AND WindowStart < {to:DateTime('UTC')}"
const IS_NOW = "WindowStart >= {from:DateTime('UTC')}"

/** By the name that `check` has in the configuration. */
export const BUILT_IN_CHECKS = {
  energy: { source: usage('energy'), unit: 'kWh per hour', absent: 'zero' },
  carbon: { source: usage('carbon'), unit: 'gCO2e per hour, operational and embodied', absent: 'zero' },
  carbon_operational: {
    source: usage('carbon_operational'),
    unit: 'gCO2e of operation per hour',
    absent: 'zero',
  },
  cost: { source: usage('cost'), unit: 'money per hour, by currency', absent: 'zero' },
  budget_burn_fast: {
    source: { kind: 'budget', figure: 'burn' },
    unit: 'multiple of the rate that spends the budget exactly by the end of its period, in the window and in its last twelfth',
    window: 3_600,
    above: 14.4,
    absent: 'zero',
  },
  budget_burn_slow: {
    source: { kind: 'budget', figure: 'burn' },
    unit: 'the same over a longer window',
    window: 21_600,
    above: 6,
    absent: 'zero',
  },
  budget_used: {
    source: { kind: 'budget', figure: 'used' },
    unit: 'share of the budget that its period has spent so far',
    above: 1,
    absent: 'zero',
  },
  coverage: {
    source: ledger(
      `SELECT HostName AS host, avg(Coverage) AS value FROM ledger WHERE ${WINDOW} AND EntryKind = 'original' GROUP BY host`,
    ),
    unit: 'share of the time with meter readings, from 0 to 1, by host',
    absent: 'unknown',
  },
  coverage_fall: {
    source: ledger(
      `SELECT HostName AS host, avgIf(Coverage, NOT (${IS_NOW})) - avgIf(Coverage, ${IS_NOW}) AS value FROM ledger WHERE ${COVERAGE_BEFORE} AND EntryKind = 'original' GROUP BY host HAVING countIf(${IS_NOW}) > 0 AND countIf(NOT (${IS_NOW})) > 0`,
    ),
    unit: 'by how much coverage is lower than in the window before, by host',
    window: 900,
    above: 0.2,
    absent: 'unknown',
  },
  host_silent: {
    source: ledger(
      `SELECT HostName AS host, dateDiff('second', max(WindowStart) + toIntervalMinute(1), {to:DateTime('UTC')}) AS value FROM ledger WHERE ${WINDOW} GROUP BY host`,
    ),
    unit: 'seconds since the last entry of each host that has one in the window',
    window: 86_400,
    above: 600,
    absent: 'unknown',
  },
  unpriced: {
    source: ledger(
      `SELECT Zone AS zone, Reason AS reason, sumIf(EnergyUj, CarbonOperationalUg IS NULL OR CostEnergyNano IS NULL) / 3.6e12 AS value FROM ledger WHERE ${WINDOW} GROUP BY zone, reason`,
    ),
    unit: 'kWh without carbon or cost, by zone and reason',
    absent: 'zero',
  },
  late_readings: {
    source: spans(
      "SELECT Host AS host, count() AS value FROM late_readings WHERE Timestamp >= {from:DateTime('UTC')} AND Timestamp < {to:DateTime('UTC')} GROUP BY host",
    ),
    unit: 'readings that arrived after their window was closed, by host',
    noData: 'ok',
    absent: 'zero',
  },
  gpu_idle: {
    source: ledger(
      `SELECT Account AS account, Namespace AS namespace, if(WorkloadName != '', WorkloadName, WorkloadId) AS workload, sum(GpuReservedIdleUs) / sum(GpuUs + GpuReservedIdleUs) AS value FROM ledger WHERE ${WINDOW} GROUP BY account, namespace, workload HAVING sum(GpuUs + GpuReservedIdleUs) > 0`,
    ),
    unit: 'share of the reserved GPU time that was not used, from 0 to 1, by account, namespace and workload',
    window: 1_800,
    above: 0.9,
    noData: 'ok',
    absent: 'unknown',
  },
  intensity: {
    source: ledger(
      `SELECT Zone AS zone, sum(CarbonOperationalUg) * 3.6 / sum(EnergyUj * toFloat64OrZero(Pue)) * 1e6 AS value FROM ledger WHERE ${WINDOW} AND CarbonOperationalUg IS NOT NULL GROUP BY zone HAVING sum(EnergyUj) > 0`,
    ),
    unit: 'gCO2e per kWh of the energy used, by zone',
    absent: 'unknown',
  },
  grid_intensity: {
    source: { kind: 'intensity' },
    unit: 'gCO2e per kWh in force, by zone and kind, for zones with values by time',
    absent: 'unknown',
  },
  lag: {
    source: { kind: 'lag' },
    unit: 'age in seconds of the oldest record that a reader of the log has not processed, by reader and stream',
    above: 300,
    absent: 'zero',
  },
  trace_errors: {
    source: spans(
      `SELECT ServiceName AS service, countIf(StatusCode = 'Error') / count() AS value FROM otel_traces WHERE ${SERVER} GROUP BY service`,
    ),
    unit: 'share of server spans with an error, from 0 to 1, by service',
    absent: 'unknown',
  },
  trace_latency: {
    source: spans(
      `SELECT ServiceName AS service, quantile(0.99)(Duration) / 1e6 AS value FROM otel_traces WHERE ${SERVER} GROUP BY service`,
    ),
    unit: '99th percentile of the duration of server spans in ms, by service',
    absent: 'unknown',
  },
} as const satisfies Record<string, BuiltInCheck>

/** Name of a built-in check. */
export type CheckName = keyof typeof BUILT_IN_CHECKS

/** All of them, in the order of the pages. */
export const CHECK_NAMES = Object.keys(BUILT_IN_CHECKS) as [CheckName, ...CheckName[]]

const MOST_SQL = 20_000

/** @throws RangeError for a text that cannot be the statement of a rule */
export function checkAlertSql(sql: string): void {
  if (sql.length > MOST_SQL) throw new RangeError(`is longer than ${MOST_SQL} characters`)
  if (!/^\s*(SELECT|WITH)\b/i.test(sql)) throw new RangeError('must be one SELECT')
}
