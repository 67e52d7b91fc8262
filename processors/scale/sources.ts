/** Statements of demands and service levels: one row, one number, of the time `(from, to]`. */
import type { NumberSource } from '../../core/scaling/policy.ts'
import { type BoundStatement, workloadConditions } from './workloads.ts'

/** A statement, and whether it is a client's own. */
export type SourceStatement = BoundStatement & { readonly isOwn: boolean }

const MINUTE_S = 60

/**
 * @param at seconds since the epoch
 * @param ledgerDelay seconds after which the minutes of the ledger are complete
 */
export function sourceStatement(
  source: NumberSource,
  {
    at,
    windowSeconds,
    ledgerDelay,
  }: { readonly at: number; readonly windowSeconds: number; readonly ledgerDelay: number },
): SourceStatement {
  const from = at - windowSeconds
  if (source.kind === 'sql') return { sql: source.sql, params: { from, to: at }, isOwn: false }
  if (source.kind === 'metric') return metricStatement(source, from, at)
  const to = Math.floor((at - ledgerDelay) / MINUTE_S) * MINUTE_S
  return usageStatement(source, to - Math.ceil(windowSeconds / MINUTE_S) * MINUTE_S, to)
}

const TIME = "TimeUnix > {from:DateTime('UTC')} AND TimeUnix <= {to:DateTime('UTC')}"
const SERIES = 'ServiceName, ScopeName, ScopeAttributes, ResourceAttributes, Attributes'

function metricStatement(
  { name, labels, aggregate }: Extract<NumberSource, { kind: 'metric' }>,
  from: number,
  to: number,
): SourceStatement {
  const pairs = Object.entries(labels)
  const conditions = pairs.map(
    (_, index) =>
      ` AND (${['Attributes', 'ResourceAttributes', 'ScopeAttributes'].map(map => `${map}[{k${index}:String}] = {v${index}:String}`).join(' OR ')})`,
  )
  const where = `MetricName = {metric:String} AND ${TIME}${conditions.join('')}`
  const params = {
    metric: name,
    from,
    to,
    ...Object.fromEntries(
      pairs.flatMap(([key, value], index) => [
        [`k${index}`, key],
        [`v${index}`, value],
      ]),
    ),
  }
  const sql = aggregate === 'rate' ? rateSql(where) : newestSql(where, aggregate)
  return { sql, params, isOwn: true }
}

/** The newest value of each series. */
const newestSql = (where: string, aggregate: string): string =>
  `SELECT if(count() = 0, NULL, ${aggregate}(v)) AS value FROM (` +
  `SELECT argMax(Value, TimeUnix) AS v FROM (${['otel_metrics_gauge', 'otel_metrics_sum']
    .map(table => `SELECT ${SERIES}, Value, TimeUnix FROM ${table} WHERE ${where}`)
    .join(' UNION ALL ')}) GROUP BY ${SERIES})`

/** Increase per second: of deltas their sum; of counters the steps between values, and a value that is lower began at 0. */
const rateSql = (where: string): string =>
  `SELECT if(count() = 0, NULL, sum(rate)) AS value FROM (SELECT ` +
  `arraySort(groupArray((toUnixTimestamp64Nano(TimeUnix), Value))) AS points, arrayMap(p -> p.2, points) AS values, ` +
  `(points[-1].1 - points[1].1) / 1e9 AS seconds, ` +
  `if(any(AggregationTemporality) = 1, arraySum(values) / dateDiff('second', {from:DateTime('UTC')}, {to:DateTime('UTC')}), ` +
  `if(seconds = 0, 0, arraySum((now, before) -> if(now >= before, now - before, now), arraySlice(values, 2), arraySlice(values, 1, length(values) - 1)) / seconds)) AS rate ` +
  `FROM otel_metrics_sum WHERE ${where} GROUP BY ${SERIES})`

const MEASURES = {
  watts: 'sum(EnergyUj) / 1e6 / {seconds:UInt32}',
  cpu_cores: 'sum(CpuUs) / 1e6 / {seconds:UInt32}',
  grams_per_hour:
    '(sum(ifNull(CarbonOperationalUg, 0)) + sum(ifNull(CarbonEmbodiedUg, 0))) / 1e6 * 3600 / {seconds:UInt32}',
  cost_per_hour:
    '(sum(ifNull(CostEnergyNano, 0)) + sum(ifNull(CostResourceNano, 0))) / 1e9 * 3600 / {seconds:UInt32}',
} as const

function usageStatement(
  { measure, workloads }: Extract<NumberSource, { kind: 'usage' }>,
  from: number,
  to: number,
): SourceStatement {
  const conditions = workloadConditions(workloads)
  return {
    sql: `SELECT if(count() = 0, NULL, ${MEASURES[measure]}) AS value FROM ledger WHERE WindowStart >= {from:DateTime('UTC')} AND WindowStart < {to:DateTime('UTC')}${conditions.sql}`,
    params: { from, to, seconds: to - from, ...conditions.params },
    isOwn: true,
  }
}
