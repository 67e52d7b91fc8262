// Guarantees: what would keep a period from closing, or a rule from ever applying, is refused when the configuration is read.
import { expect, it } from 'vitest'
import { billingProblems } from '../../../../core/catalogue/config/billing.ts'
import { configSchema } from '../../../../core/catalogue/config/schema.ts'

const problems = (billing: object) =>
  billingProblems(configSchema.parse({ billing })).map(({ path, problem }) => `${path}: ${problem}`)
const credit = (more: object) => ({ name: 'c', currency: 'EUR', amount: '1', ...more })

it.each([
  [{ time_zone: 'Europe/Atlantis' }, /^billing.time_zone: unknown time zone Europe\/Atlantis/],
  [{ credits: [credit({}), credit({})] }, /^billing.credits.1.name: c appears twice/],
  [
    { credits: [credit({ from: '2026-11', until: '2026-10' })] },
    /^billing.credits.0.until: 2026-10 is before from/,
  ],
  [{ budgets: [{ name: 'b' }] }, /^billing.budgets.0: limits nothing/],
])('%j is refused', (billing, expected) => expect(problems(billing).join()).toMatch(expected))

it('takes what can be', () => {
  const billing = {
    time_zone: 'Asia/Kathmandu',
    credits: [credit({}), credit({ name: 'd' })],
    budgets: [{ name: 'b', amount: '1' }],
  }
  expect(problems(billing)).toEqual([])
})

it.each([
  [{ taxes: [{ name: 't', percent: '101' }] }],
  [{ discounts: [{ percent: '1.23456' }] }],
  [{ credits: [credit({ amount: '1.0000000000000001' })] }],
  [{ credits: [credit({ amount: '-1' })] }],
  [{ first_period: '2026-13' }],
])('%j is not a configuration', billing => expect(() => configSchema.parse({ billing })).toThrow())
