/** What a caller has, as SQL: series of metric points, workloads and hosts of the ledger. */
import { exactSum, LEDGER_BUCKETS } from '../../../../core/model/streams/ledger.ts'
import { type ParameterizedSql, tableName } from '../../../fence/tables.ts'

const POINTS = tableName('metric_points')
const LEDGER = tableName('ledger')
const HOUR_MS = 3_600_000
const HOUR_S = 3_600

/** A row of `seriesStatement`. Times are milliseconds. */
export interface SeriesRow {
  readonly metric: string
  readonly service: string
  readonly labels: string
  readonly resource: string
  readonly meta: string
  readonly first: number
  readonly last: number
}

/** Series that have points since a time. */
export const listedSeriesStatement = (tenant: string, sinceMs: number, limit: number): ParameterizedSql => ({
  text:
    'SELECT MetricName AS metric, ServiceName AS service, Labels AS labels, Resource AS resource, any(Meta) AS meta, ' +
    'toFloat64(toUnixTimestamp64Milli(min(TimeUnix))) AS first, toFloat64(toUnixTimestamp64Milli(max(TimeUnix))) AS last ' +
    `FROM ${POINTS} WHERE Tenant = {tenant:String} AND TimeUnix >= fromUnixTimestamp64Milli({since:Int64}) ` +
    "AND toStartOfHour(TimeUnix) >= toDateTime({hour:UInt32}, 'UTC') AND isFinite(Value) " +
    `GROUP BY MetricName, ServiceName, Labels, Resource LIMIT ${limit}`,
  params: { tenant, since: sinceMs, hour: Math.floor(sinceMs / HOUR_MS) * HOUR_S },
})

/** A row of `ledgerStatement`. Times are seconds. */
export interface ListedLedgerRow {
  /** Workload; '' on rows of hosts. */
  readonly id: string
  readonly kind: string
  readonly name: string
  readonly namespace: string
  readonly host: string
  readonly zone: string
  readonly account: string
  readonly first: number
  readonly last: number
  /** 1: there is some. */
  readonly operational: number
  readonly embodied: number
  readonly cpu: number
  readonly gpu: number
  readonly currencies: readonly string[]
}

const KEYS = [
  'Account',
  'Zone',
  'Host',
  'WorkloadKind',
  'WorkloadId',
  'WorkloadName',
  'Namespace',
  'Currency',
] as const

const SUMS = [
  'CarbonOperationalUg',
  'CarbonEmbodiedUg',
  'CpuUs',
  'GpuUs',
  'CostEnergyNano',
  'CostResourceNano',
]

/** Sums of days, and of the last hours singly, so that what is recent is known to the hour. */
function rolled(): string {
  const part = (bucket: string, seconds: number, condition: string): string =>
    `SELECT toUInt32(${bucket}) AS start, start + ${seconds} AS finish, ${[...KEYS, ...SUMS.map(sum => `${exactSum(sum)} AS s_${sum}`)].join(', ')} ` +
    `FROM ${LEDGER} WHERE Tenant = {tenant:String} AND ${condition} GROUP BY ${bucket}, ${KEYS.join(', ')}`
  const { day, hour } = LEDGER_BUCKETS
  return [
    part(
      day,
      86_400,
      `${day} >= toDateTime({since:UInt32}, 'UTC') AND ${day} < toDateTime({recent:UInt32}, 'UTC')`,
    ),
    part(hour, HOUR_S, `${hour} >= toDateTime({recent:UInt32}, 'UTC')`),
  ].join(' UNION ALL ')
}

const FACTS =
  'min(start) AS first, max(finish) AS last, max(s_CarbonOperationalUg IS NOT NULL) AS operational, ' +
  'max(s_CarbonEmbodiedUg IS NOT NULL) AS embodied, max(s_CpuUs != 0) AS cpu, max(s_GpuUs != 0) AS gpu, ' +
  'arraySort(groupUniqArrayIf(20)(Currency, s_CostEnergyNano IS NOT NULL OR s_CostResourceNano IS NOT NULL)) AS currencies'

const newest = (column: string): string => `argMax(${column}, start)`

/** Workloads that have entries between two days, the second being the start of the last hours. */
export const ledgerWorkloadsStatement = (
  tenant: string,
  span: { readonly since: number; readonly recent: number },
  limit: number,
): ParameterizedSql => ({
  text:
    `SELECT WorkloadId AS id, ${newest('WorkloadKind')} AS kind, ${newest('WorkloadName')} AS name, ` +
    `${newest('Namespace')} AS namespace, ${newest('Host')} AS host, ${newest('Zone')} AS zone, ` +
    `${newest('Account')} AS account, ${FACTS} FROM (${rolled()}) WHERE WorkloadId != '' GROUP BY WorkloadId LIMIT ${limit}`,
  params: { tenant, ...span },
})

/** The same of hosts. */
export const ledgerHostsStatement = (
  tenant: string,
  span: { readonly since: number; readonly recent: number },
  limit: number,
): ParameterizedSql => ({
  text:
    `SELECT '' AS id, '' AS kind, '' AS name, '' AS namespace, Host AS host, ${newest('Zone')} AS zone, '' AS account, ` +
    `${FACTS} FROM (${rolled()}) WHERE Host != '' GROUP BY Host LIMIT ${limit}`,
  params: { tenant, ...span },
})
