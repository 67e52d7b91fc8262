/** Built-in statements of rules. Each returns rows with labels and `value` of the window `[from, to)` of one tenant. */

/** A statement, and what its value is. */
export interface BuiltInCheck {
  readonly sql: string
  /** Unit of the value, for docs and boards. */
  readonly unit: string
}

const WINDOW = "WindowStart >= {from:DateTime('UTC')} AND WindowStart < {to:DateTime('UTC')}"
const SPANS = "Timestamp >= {from:DateTime('UTC')} AND Timestamp < {to:DateTime('UTC')}"
/** Sums of the ledger per hour, whatever the length of the window. */
const perHour = (sum: string): string =>
  `${sum} * 3600 / dateDiff('second', {from:DateTime('UTC')}, {to:DateTime('UTC')})`

/** By the name that `check` has in the configuration. */
export const BUILT_IN_CHECKS = {
  energy: {
    sql: `SELECT Account AS account, ${perHour('sum(EnergyUj) / 3.6e12')} AS value FROM ledger WHERE ${WINDOW} GROUP BY account`,
    unit: 'kWh per hour, by account',
  },
  carbon: {
    sql: `SELECT Account AS account, ${perHour('sum(CarbonOperationalUg) / 1e6')} AS value FROM ledger WHERE ${WINDOW} GROUP BY account HAVING count(CarbonOperationalUg) > 0`,
    unit: 'gCO2e per hour, by account; corrections of restated windows are in it',
  },
  cost: {
    sql: `SELECT Account AS account, Currency AS currency, ${perHour('sum(ifNull(CostEnergyNano, 0) + ifNull(CostResourceNano, 0)) / 1e9')} AS value FROM ledger WHERE ${WINDOW} GROUP BY account, currency HAVING count(CostEnergyNano) + count(CostResourceNano) > 0`,
    unit: 'money per hour, by account and currency',
  },
  coverage: {
    sql: `SELECT HostName AS host, avg(Coverage) AS value FROM ledger WHERE ${WINDOW} AND EntryKind = 'original' GROUP BY host`,
    unit: 'share of the time that meters saw, from 0 to 1, by host',
  },
  unpriced: {
    sql: `SELECT Zone AS zone, Reason AS reason, sum(EnergyUj) / 3.6e12 AS value FROM ledger WHERE ${WINDOW} AND (CarbonOperationalUg IS NULL OR CostEnergyNano IS NULL) GROUP BY zone, reason`,
    unit: 'kWh without carbon or cost, by zone and reason',
  },
  late_readings: {
    sql: "SELECT Host AS host, count() AS value FROM late_readings WHERE Timestamp >= {from:DateTime('UTC')} AND Timestamp < {to:DateTime('UTC')} GROUP BY host",
    unit: 'readings that came after their window was closed, by host',
  },
  intensity: {
    sql: `SELECT Zone AS zone, sum(CarbonOperationalUg) * 3.6 / sum(EnergyUj * toFloat64OrZero(Pue)) * 1e6 AS value FROM ledger WHERE ${WINDOW} AND CarbonOperationalUg IS NOT NULL GROUP BY zone HAVING sum(EnergyUj) > 0`,
    unit: 'gCO2e per kWh of the energy used, by zone',
  },
  trace_errors: {
    sql: `SELECT ServiceName AS service, countIf(StatusCode = 'Error') / count() AS value FROM otel_traces WHERE ${SPANS} AND SpanKind IN ('Server', 'Consumer') GROUP BY service`,
    unit: 'share of server spans with an error, from 0 to 1, by service',
  },
  trace_latency: {
    sql: `SELECT ServiceName AS service, quantile(0.99)(Duration) / 1e6 AS value FROM otel_traces WHERE ${SPANS} AND SpanKind IN ('Server', 'Consumer') GROUP BY service`,
    unit: '99th percentile of the duration of server spans in ms, by service',
  },
} as const satisfies Record<string, BuiltInCheck>

const MOST_SQL = 20_000

/** @throws RangeError for a text that cannot be the statement of a rule */
export function checkAlertSql(sql: string): void {
  if (sql.length > MOST_SQL) throw new RangeError(`is longer than ${MOST_SQL} characters`)
  if (!/^\s*(SELECT|WITH)\b/i.test(sql)) throw new RangeError('must be one SELECT')
}
