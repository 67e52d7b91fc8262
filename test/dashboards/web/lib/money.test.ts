/** Guarantees that money far below a cent is still shown, with its symbol, and never rounded to zero. */
import { expect, it } from 'vitest'
import { currencySymbol, formatMoney, moneyColumn } from '../../../../dashboards/web/lib/money.ts'
import { formatAt } from '../../../../dashboards/web/lib/units.ts'

it.each([
  [0n, 'EUR', '€0'],
  [12_400_000_000n, 'EUR', '€12.40'],
  [1_234_567_891_000_000n, 'USD', '$1,234,567.89'],
  [12_100_000n, 'EUR', '€0.0121'],
  [37_500n, 'EUR', '€0.000038'],
  [1n, 'EUR', '<€0.000001'],
  [-12_100_000n, 'EUR', '−€0.0121'],
  [500_000_000n, 'CHF', 'CHF 0.500'],
])('%s nano %s is %s', (nano, currency, text) => {
  expect(formatMoney(nano, currency)).toBe(text)
})

it('keeps a code that is not a currency', () => {
  expect(currencySymbol('XYZ')).toBe('XYZ ')
  expect(currencySymbol('?')).toBe('? ')
})

it('gives a column one decimal more than its largest amount needs', () => {
  const scale = moneyColumn(18_690_000n, 'EUR')
  expect(formatAt(18_690_000n, scale)).toBe('0.01869')
  expect(formatAt(1n, scale)).toBe('<0.00001')
})
