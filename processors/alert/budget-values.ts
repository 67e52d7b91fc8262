/** Budgets as values: how fast they are spent in a window, in the way of burn rates of service levels, and how much of them is. */
import type { AlertSample } from '../../core/alerts/rule.ts'
import { type AccountUsage, type BudgetBurn, budgetsOf, burnsOf } from '../../core/billing/budgets.ts'
import { type BillingPeriod, periodAt } from '../../core/billing/periods.ts'
import { readAccountUsage } from '../../core/billing/reading.ts'
import type { MinuteRange } from '../../core/billing/statements.ts'
import type { Config } from '../../core/catalogue/config/schema.ts'
import type { Warehouse } from '../../core/warehouse/warehouse.ts'

/** What budgets are read from. */
export interface BudgetSources {
  readonly config: Pick<Config, 'billing' | 'tariffs'>
  readonly warehouse: Pick<Warehouse, 'query'>
}

/** The short window of a burn rate is this part of the long one: 5 minutes of an hour, 30 minutes of six. */
const SHORT_PART = 12
const MINUTE = 60

/** One value for each budget, account and measure; none at all while the ledger has nothing of the window. */
export async function budgetValues(
  sources: BudgetSources,
  figure: 'burn' | 'used',
  tenant: string,
  window: MinuteRange,
): Promise<readonly AlertSample[]> {
  const { config, warehouse } = sources
  const period = periodAt(window.to - 1, config.billing.time_zone)
  const read = (range: MinuteRange): Promise<readonly AccountUsage[]> =>
    readAccountUsage(
      ({ text, params }) => warehouse.query(text, params),
      { tenant, accounts: null },
      { ...period, ...range },
    )
  const of: BudgetsOf = { config, tenant, period }
  return figure === 'burn' ? await burnValues(of, window, read) : await usedValues(of, window, read)
}

interface BudgetsOf {
  readonly config: BudgetSources['config']
  readonly tenant: string
  readonly period: BillingPeriod
}

type ReadUsage = (range: MinuteRange) => Promise<readonly AccountUsage[]>

/** The lower of the rates in the long and in the short window: much was spent, and it still goes on. */
async function burnValues({ config, tenant, period }: BudgetsOf, window: MinuteRange, read: ReadUsage) {
  const { from, to } = window
  const short = Math.max(MINUTE, Math.round((to - from) / SHORT_PART / MINUTE) * MINUTE)
  const burns = (used: readonly AccountUsage[], windowSeconds: number): readonly BudgetBurn[] =>
    burnsOf(config.billing, tenant, period, { used, tariffCurrency: config.tariffs.currency, windowSeconds })
  const used = await read(window)
  if (used.length === 0) return []
  const recent = burns(await read({ from: to - short, to }), short)
  const recentRates = new Map(recent.map(burn => [keyOf(burn), burn.rate]))
  return burns(used, to - from).map(burn => {
    return sampleOf(burn, Math.min(burn.rate, recentRates.get(keyOf(burn)) ?? 0))
  })
}

async function usedValues({ config, tenant, period }: BudgetsOf, { to }: MinuteRange, read: ReadUsage) {
  const used = await read({ from: period.from, to })
  if (used.length === 0) return []
  return budgetsOf(config.billing, tenant, period, {
    used,
    tariffCurrency: config.tariffs.currency,
    nowSeconds: to,
  }).map(row => sampleOf(row, row.used))
}

type Budgeted = Pick<BudgetBurn, 'name' | 'account' | 'measure' | 'unit'>

const keyOf = ({ name, account, measure, unit }: Budgeted): string =>
  JSON.stringify([name, account, measure, unit])

const sampleOf = ({ name, account, measure, unit }: Budgeted, value: number): AlertSample => ({
  labels: { budget: name, account, measure, unit },
  value,
})
