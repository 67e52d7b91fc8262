import { z } from 'zod'
import { durationOrZero } from './quantities.ts'

const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/
const month = z.string().regex(MONTH, 'must be a month in quotes, such as "2026-11"')
const currency = z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code of three capitals, such as EUR')
const percent = z
  .string({ error: 'must be a percentage in quotes, such as "19"' })
  .regex(
    /^(100(\.0{1,4})?|\d{1,2}(\.\d{1,4})?)$/,
    'must be a percentage in quotes from "0" to "100", such as "7.5"',
  )

/** Whom a rule concerns, and in which periods. */
const concerns = {
  tenant: z.string().min(1).default('*').describe('Tenant, `*` as wildcard'),
  accounts: z.array(z.string().min(1)).min(1).default(['*']).describe('Accounts, `*` as wildcard'),
  from: month.optional().describe('First period in which it applies, such as "2026-11"'),
  until: month.optional().describe('Last period in which it applies'),
}
/** Exact; bills and budgets have 15 decimals. */
const decimal = z
  .string({ error: 'must be a decimal number in quotes, such as "250"' })
  .regex(/^\d{1,15}(\.\d{1,15})?$/, 'must be a decimal number in quotes, such as "250", not below 0')
const name = z.string().min(1).max(200)

const account = z.strictObject({
  tenant: concerns.tenant,
  account: z.string().min(1).describe('Account'),
  name: name.describe('Its name on bills'),
})

const discount = z.strictObject({
  ...concerns,
  skus: z
    .array(z.string().min(1))
    .min(1)
    .default(['*'])
    .describe('SKUs, `*` as wildcard, such as `energy-*`'),
  percent: percent.describe('Part of the list price that is not charged'),
})

const commitment = z.strictObject({
  ...concerns,
  name: name.describe('Name on bills'),
  currency: currency.describe('Currency of the amount'),
  amount: decimal.describe('Least amount of the usage of a period, before taxes; what is missing is charged'),
})

const credit = z.strictObject({
  ...concerns,
  name: name.describe('Name on bills; tells credits of an account apart'),
  currency: currency.describe('Currency of the amount'),
  amount: decimal.describe('Amount, consumed by one bill after the other'),
})

const tax = z.strictObject({
  ...concerns,
  name: name.describe('Name on bills, such as `VAT 19 %`'),
  percent: percent.describe('Rate'),
  category: z
    .string()
    .max(20)
    .default('S')
    .describe('Category of the tax, such as S, Z, E or AE of EN 16931'),
  charges: z
    .array(z.enum(['Usage', 'Credit', 'Adjustment']))
    .min(1)
    .default(['Usage', 'Credit', 'Adjustment'])
    .describe('Categories of charges that are taxed'),
})

const budget = z.strictObject({
  ...concerns,
  name: name.describe('Display name'),
  currency: currency.optional().describe('Currency of `amount`; default: that of `tariffs`'),
  amount: decimal.optional().describe('Money per period, before discounts and taxes'),
  energy_kwh: decimal.optional().describe('Energy per period, kWh'),
  carbon_kg: decimal.optional().describe('Operational and embodied emissions per period, kgCO2e'),
})

/** Bills. */
export const billingSchema = z
  .strictObject({
    time_zone: z.string().default('UTC').describe('Civil time zone of billing periods, IANA name'),
    issuer: name.default('Wattline').describe('Who issues bills'),
    number_prefix: z.string().max(20).default('').describe('In front of the number of each bill'),
    first_period: month
      .optional()
      .describe(
        'First period that is billed, such as "2026-11"; default: the first closed one. Entries of earlier periods are never billed',
      ),
    auto_close: z.boolean().default(false).describe('Close each period by itself once `grace` is over'),
    grace: durationOrZero
      .prefault(86_400)
      .describe(
        'Seconds after the end of a period before it may close, for readings and factors that come late',
      ),
    accounts: z.array(account).default([]).describe('Names of accounts'),
    discounts: z.array(discount).default([]).describe('Discounts; the first that matches counts'),
    commitments: z.array(commitment).default([]).describe('Minimum commitments of each matching account'),
    credits: z.array(credit).default([]).describe('Credits of each matching account, consumed in this order'),
    taxes: z.array(tax).default([]).describe('Taxes; all that match are charged'),
    budgets: z.array(budget).default([]).describe('Budgets of each matching account'),
  })
  .prefault({})
