/**
 * Guarantees: budgets count what their account has spent in the period, in their own measure and currency; the forecast is what is spent
 * by the end of the period at the rate so far; what is unknown is told apart.
 */
import { expect, it } from 'vitest'
import { budgetsOf } from '../../../core/billing/budgets.ts'
import { billingPeriod } from '../../../core/billing/periods.ts'
import { type Carried, NOTHING } from '../../../core/billing/usage.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'

const period = billingPeriod('2026-11', 'UTC')
/** After ten of thirty days. */
const nowSeconds = period.from + 10 * 86_400

const used = (account: string, currency: string, costEnergyNano: bigint, carried: Partial<Carried> = {}) => ({
  account,
  currency,
  sums: [
    {
      zone: 'DE',
      share: 'active',
      tariffVersion: '',
      costEnergyNano,
      costResourceNano: 1_000_000_000n,
      coverage: 1,
      carried: { ...NOTHING, ...carried },
    },
  ],
})

const rows = (budgets: readonly object[], at = nowSeconds) =>
  budgetsOf(configSchema.parse({ billing: { budgets } }).billing, 'default', period, {
    used: [
      used('shop', 'EUR', 9_000_000_000n, {
        EnergyUj: 36_000_000_000_000n,
        CarbonOperationalUg: 4_000_000_000n,
        CarbonEmbodiedUg: 500_000_000n,
        UnpricedCostUj: 3_600_000_000_000n,
      }),
      used('shop', 'USD', 70_000_000_000n),
      used('web', 'EUR', 0n),
    ],
    tariffCurrency: 'EUR',
    nowSeconds: at,
  }).map(row => [
    row.account,
    row.unit,
    row.spent,
    row.remaining,
    row.used,
    row.burn_rate,
    row.forecast,
    row.state,
  ])

it('counts money, energy and carbon, each by itself', () => {
  expect(
    rows([{ name: 'team', accounts: ['shop'], amount: '25', energy_kwh: '100', carbon_kg: '4' }]),
  ).toEqual([
    ['shop', 'EUR', '10', '15', 0.4, 1.2, '30', 'at_risk'],
    ['shop', 'kWh', '10', '90', 0.1, 0.3, '30', 'within'],
    ['shop', 'kgCO2e', '4.5', '-0.5', 1.125, 3.375, '13.5', 'exceeded'],
  ])
})

it('counts its own currency, for each account that matches, and for named ones that used nothing', () => {
  expect(rows([{ name: 'dollars', amount: '71', currency: 'USD' }]).map(row => row.slice(0, 4))).toEqual([
    ['shop', 'USD', '71', '0'],
    ['web', 'USD', '0', '71'],
  ])
  expect(rows([{ name: 'idle', accounts: ['bank'], amount: '5' }]).map(row => row.slice(0, 4))).toEqual([
    ['bank', 'EUR', '0', '5'],
  ])
  expect(rows([{ name: 'old', amount: '5', until: '2026-10' }])).toEqual([])
})

it('forecasts nothing before the period has begun, and what is spent once it is over', () => {
  const budgets = [{ name: 'team', accounts: ['shop'], amount: '10' }]
  expect(rows(budgets, period.from)[0]?.slice(5)).toEqual([null, null, 'within'])
  expect(rows(budgets, period.to + 1)[0]?.slice(5)).toEqual([1, '10', 'within'])
})
