/** What bills ask the tables, as SQL with bound values. Every table is read with the tenant as a condition. */
import { LEDGER_BUCKETS, ROLLUP_SUMS } from '../model/streams/ledger.ts'
import { DATABASE } from '../warehouse/tables/ddl.ts'
import type { QueryParam } from '../warehouse/warehouse.ts'
import { CARRIED } from './usage.ts'

/** A statement and its values. */
export interface BoundSql {
  readonly text: string
  readonly params: Readonly<Record<string, QueryParam>>
}

/** Accounts of a tenant; null: all. */
export interface AccountScope {
  readonly tenant: string
  readonly accounts: readonly string[] | null
}

/** `[from, to)` in unix seconds, whole minutes. */
export interface MinuteRange {
  readonly from: number
  readonly to: number
}

const DAY = 86_400

interface Slice extends MinuteRange {
  readonly unit: 'minute' | 'day'
}

/** Whole days (UTC) are read from sums by day, the edges from sums by minute. */
export function slicesOf({ from, to }: MinuteRange): readonly Slice[] {
  const [first, last] = [Math.ceil(from / DAY) * DAY, Math.floor(to / DAY) * DAY]
  if (last <= first) return [{ from, to, unit: 'minute' }]
  const slices: readonly Slice[] = [
    { from, to: first, unit: 'minute' },
    { from: first, to: last, unit: 'day' },
    { from: last, to, unit: 'minute' },
  ]
  return slices.filter(slice => slice.to > slice.from)
}

/** What distinguishes entries on a bill: keys of the ledger's projections. */
const KEYS = ['Account', 'Currency', 'Zone', 'Share', 'TariffVersion'] as const
const SUMS = ROLLUP_SUMS.filter(
  ({ name }) => !name.endsWith('CarbonEntries') && !name.endsWith('CostEntries'),
)

const QUALITIES = {
  MeasuredUj: 'measured',
  InterpolatedUj: 'interpolated',
  EstimatedUj: 'estimated',
  SimulatedUj: 'simulated',
} as const

/** Sums of entries by account, currency, zone, share and tariff. Integers as text. */
export function usageSums(scope: AccountScope, range: MinuteRange): BoundSql {
  const slices = slicesOf(range)
  const inner = slices.map(({ unit }, at) => {
    const columns = [...KEYS, 'EnergyQuality'].map(key => `${key} AS k_${key}`)
    const sums = SUMS.map(({ name, expression }) => `${expression} AS s_${name}`)
    return (
      `SELECT ${[...columns, ...sums].join(', ')} FROM ${DATABASE}.ledger WHERE ${scopeCondition(scope)} ` +
      `AND ${LEDGER_BUCKETS[unit]} >= toDateTime({from${at}:UInt32}, 'UTC') ` +
      `AND ${LEDGER_BUCKETS[unit]} < toDateTime({to${at}:UInt32}, 'UTC') ` +
      `GROUP BY ${[...KEYS, 'EnergyQuality'].map(key => `k_${key}`).join(', ')}`
    )
  })
  const sums = SUMS.map(({ name }) =>
    name === 'CoverageSum' ? `sum(s_${name}) AS ${name}` : `toString(ifNull(sum(s_${name}), 0)) AS ${name}`,
  )
  const qualities = Object.entries(QUALITIES).map(
    ([name, quality]) => `toString(sumIf(s_EnergyUj, k_EnergyQuality = '${quality}')) AS ${name}`,
  )
  return {
    text:
      `SELECT ${[...KEYS.map(key => `k_${key} AS ${key}`), ...sums, ...qualities].join(', ')} ` +
      `FROM (${inner.join(' UNION ALL ')}) GROUP BY ${KEYS.map(key => `k_${key}`).join(', ')}`,
    params: { ...scopeParams(scope), ...rangeParams(slices) },
  }
}

/** Accounts and currencies that have entries, in order. */
export function accountsWithEntries(scope: AccountScope, range: MinuteRange): BoundSql {
  const slices = slicesOf(range)
  const inner = slices.map(
    ({ unit }, at) =>
      `SELECT Account, Currency FROM ${DATABASE}.ledger WHERE ${scopeCondition(scope)} ` +
      `AND ${LEDGER_BUCKETS[unit]} >= toDateTime({from${at}:UInt32}, 'UTC') ` +
      `AND ${LEDGER_BUCKETS[unit]} < toDateTime({to${at}:UInt32}, 'UTC') GROUP BY Account, Currency`,
  )
  return {
    text: `SELECT DISTINCT Account, Currency FROM (${inner.join(' UNION ALL ')}) ORDER BY Account, Currency`,
    params: { ...scopeParams(scope), ...rangeParams(slices) },
  }
}

const LINES = `${DATABASE}.invoice_lines FINAL`

/** What has been charged of periods, by what it was charged for. */
export function billedCharges(scope: AccountScope, periods: readonly string[]): BoundSql {
  const keys = ['Account', 'Currency', 'ServicePeriod', 'Sku', 'Zone', 'Share', 'TariffVersion']
  const sums = CARRIED.map(name => `toString(sum(toInt128(${name}))) AS ${name}_`)
  return {
    text:
      `SELECT ${keys.join(', ')}, toString(sum(ListCost)) AS ListCost_, sum(Coverage) AS Coverage_, ${sums.join(', ')} ` +
      `FROM ${LINES} WHERE ${scopeCondition(scope)} AND Category = 'Usage' AND ServicePeriod IN {periods:Array(String)} ` +
      `GROUP BY ${keys.join(', ')}`,
    params: { ...scopeParams(scope), periods },
  }
}

/** What bills of other periods have consumed of each credit. */
export const creditsConsumed = (scope: AccountScope, period: string): BoundSql => ({
  text:
    `SELECT Account, Currency, substring(Sku, 8) AS Name, toString(-sum(BilledCost)) AS Used FROM ${LINES} ` +
    `WHERE ${scopeCondition(scope)} AND Category = 'Credit' AND startsWith(Sku, 'credit:') AND Period < {period:String} ` +
    'GROUP BY Account, Currency, Name',
  params: { ...scopeParams(scope), period },
})

/** Prices of resources by tariff. */
export const resourcePrices = (tenant: string): BoundSql => ({
  text:
    `SELECT DISTINCT Kind, Value, Version FROM ${DATABASE}.tariffs ` +
    "WHERE Tenant IN ('', {tenant:String}) AND Kind IN ('vcpu_hour', 'gib_hour', 'gpu_hour', 'host_hour')",
  params: { tenant },
})

/** Periods of a tenant that are closed. */
export const closedPeriods = (tenant: string): BoundSql => ({
  text:
    `SELECT DISTINCT Period FROM ${DATABASE}.invoice_closings FINAL ` +
    "WHERE Tenant = {tenant:String} AND State = 'closed' ORDER BY Period",
  params: { tenant },
})

const scopeCondition = ({ accounts }: AccountScope): string =>
  `Tenant = {tenant:String}${accounts === null ? '' : ' AND Account IN {accounts:Array(String)}'}`

const scopeParams = ({ tenant, accounts }: AccountScope): Readonly<Record<string, QueryParam>> =>
  accounts === null ? { tenant } : { tenant, accounts }

const rangeParams = (slices: readonly Slice[]): Readonly<Record<string, QueryParam>> =>
  Object.fromEntries(
    slices.flatMap(({ from, to }, at) => [
      [`from${at}`, from],
      [`to${at}`, to],
    ]),
  )
