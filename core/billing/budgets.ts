/** Budgets of accounts: what of them a period has spent, and what it will have spent at the rate so far. */
import type { BudgetAnswer } from '../api/answers.ts'
import { decimalText, divideHalfEven } from '../model/decimal.ts'
import { type Femto, femtoOf, femtoOfNano, femtoText } from './money.ts'
import type { BillingPeriod } from './periods.ts'
import { type BillingConfig, rulesFor } from './rules.ts'
import type { UsageSum } from './usage.ts'

/** What an account has used in a period so far. */
export interface AccountUsage {
  readonly account: string
  readonly currency: string
  readonly sums: readonly UsageSum[]
}

interface Measured {
  readonly measure: BudgetAnswer['measure']
  readonly unit: string
  /** In 1e-15 of the unit. */
  readonly budget: Femto
  readonly spent: Femto
  readonly unknownUj: bigint
}

type BudgetConfig = BillingConfig['budgets'][number]

const UJ_PER_KWH = 3_600_000_000_000n
const UG_PER_KG = 1_000_000_000n
const ONE = 10n ** 15n

const inUnits = (amount: bigint, perUnit: bigint): Femto => divideHalfEven(amount * ONE, perUnit)

/** One row for each budget, measure and account that has used something or is named. @param tariffCurrency of budgets without one */
export function budgetsOf(
  config: BillingConfig,
  tenant: string,
  period: BillingPeriod,
  {
    used,
    tariffCurrency,
    nowSeconds,
  }: { used: readonly AccountUsage[]; tariffCurrency: string; nowSeconds: number },
): readonly BudgetAnswer[] {
  const elapsed = elapsedOf(period, nowSeconds)
  return measuredBudgets(config, tenant, period, { used, tariffCurrency }).map(
    ({ name, account, measured }) => rowOf(name, account, measured, elapsed),
  )
}

/** How fast a budget is spent in a window: 1 spends it exactly by the end of its period. */
export interface BudgetBurn extends Pick<BudgetAnswer, 'name' | 'account' | 'measure' | 'unit'> {
  readonly rate: number
}

/**
 * Rates of all budgets of a period in a window of it. The whole window counts, also where it has no entries: what is half filled
 * never burns faster than it will once it is full.
 * @param windowSeconds length of the window that `used` sums
 */
export function burnsOf(
  config: BillingConfig,
  tenant: string,
  period: BillingPeriod,
  {
    used,
    tariffCurrency,
    windowSeconds,
  }: { used: readonly AccountUsage[]; tariffCurrency: string; windowSeconds: number },
): readonly BudgetBurn[] {
  const [whole, window] = [BigInt(period.to - period.from), BigInt(windowSeconds)]
  return measuredBudgets(config, tenant, period, { used, tariffCurrency }).map(
    ({ name, account, measured }) => {
      const { measure, unit, spent, budget } = measured
      return { name, account, measure, unit, rate: ratio(spent * whole, budget * window) }
    },
  )
}

interface MeasuredBudget {
  readonly name: string
  readonly account: string
  readonly measured: Measured
}

function measuredBudgets(
  config: BillingConfig,
  tenant: string,
  period: BillingPeriod,
  { used, tariffCurrency }: { used: readonly AccountUsage[]; tariffCurrency: string },
): readonly MeasuredBudget[] {
  const accounts = new Set([...used.map(({ account }) => account), ...namedAccounts(config)])
  return [...accounts].toSorted().flatMap(account =>
    rulesFor(config.budgets, { tenant, account, period: period.name }).flatMap(({ name, ...budget }) =>
      measuresOf(
        budget,
        used.filter(one => one.account === account),
        tariffCurrency,
      ).map(measured => ({ name, account, measured })),
    ),
  )
}

const namedAccounts = ({ budgets }: BillingConfig): readonly string[] =>
  budgets.flatMap(({ accounts }) => accounts).filter(account => !account.includes('*'))

function measuresOf(
  budget: Omit<BudgetConfig, 'name'>,
  used: readonly AccountUsage[],
  tariffCurrency: string,
): readonly Measured[] {
  const sums = used.flatMap(one => one.sums)
  const total = (of: (sum: UsageSum) => bigint, some = sums): bigint =>
    some.reduce((all, sum) => all + of(sum), 0n)
  const measures: Measured[] = []
  if (budget.amount !== undefined) {
    const currency = budget.currency ?? tariffCurrency
    const mine = used.filter(one => one.currency === currency).flatMap(one => one.sums)
    const spent = femtoOfNano(total(sum => sum.costEnergyNano + sum.costResourceNano, mine))
    const unknownUj = total(({ carried }) => carried.UnpricedCostUj)
    measures.push({ measure: 'money', unit: currency, budget: femtoOf(budget.amount), spent, unknownUj })
  }
  if (budget.energy_kwh !== undefined) {
    const spent = inUnits(
      total(({ carried }) => carried.EnergyUj),
      UJ_PER_KWH,
    )
    measures.push({
      measure: 'energy',
      unit: 'kWh',
      budget: femtoOf(budget.energy_kwh),
      spent,
      unknownUj: 0n,
    })
  }
  if (budget.carbon_kg !== undefined) {
    const spent = inUnits(
      total(({ carried }) => carried.CarbonOperationalUg + carried.CarbonEmbodiedUg),
      UG_PER_KG,
    )
    const unknownUj = total(({ carried }) => carried.UnpricedCarbonUj)
    measures.push({ measure: 'carbon', unit: 'kgCO2e', budget: femtoOf(budget.carbon_kg), spent, unknownUj })
  }
  return measures
}

interface Elapsed {
  readonly passed: bigint
  readonly whole: bigint
}

function elapsedOf({ from, to }: BillingPeriod, nowSeconds: number): Elapsed {
  const passed = Math.min(Math.max(Math.floor(nowSeconds) - from, 0), to - from)
  return { passed: BigInt(passed), whole: BigInt(to - from) }
}

function rowOf(
  name: string,
  account: string,
  { measure, unit, budget, spent, unknownUj }: Measured,
  { passed, whole }: Elapsed,
): BudgetAnswer {
  const forecast = passed === 0n ? null : divideHalfEven(spent * whole, passed)
  const isOver = (amount: Femto): boolean => amount > budget
  return {
    name,
    account,
    measure,
    unit,
    budget: femtoText(budget),
    spent: femtoText(spent),
    remaining: femtoText(budget - spent),
    elapsed: ratio(passed, whole),
    used: ratio(spent, budget),
    burn_rate: forecast === null ? null : ratio(forecast, budget),
    forecast: forecast === null ? null : femtoText(forecast),
    state: isOver(spent) ? 'exceeded' : forecast !== null && isOver(forecast) ? 'at_risk' : 'within',
    unknown_kwh: decimalText({ mantissa: inUnits(unknownUj, UJ_PER_KWH), scale: 15 }),
  }
}

const RATIO_DIGITS = 1_000_000n

/** To six decimals: only to be shown. Of nothing it is nothing, or more than can be said. */
const ratio = (part: bigint, whole: bigint): number =>
  whole === 0n
    ? part > 0n
      ? 1e9
      : 0
    : Number(divideHalfEven(part * RATIO_DIGITS, whole)) / Number(RATIO_DIGITS)
