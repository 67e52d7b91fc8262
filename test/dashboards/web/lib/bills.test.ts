/** Guarantees: amounts are shown as they are, never through a float; every line is in exactly one group. */
import { expect, test } from 'vitest'
import type { InvoiceAnswer, InvoiceLineAnswer } from '../../../../core/api/answers.ts'
import {
  billPath,
  currencyText,
  lineGroups,
  periodText,
  shortText,
  shortUnitPrice,
} from '../../../../dashboards/web/lib/bills.ts'

test('amounts keep every digit', () => {
  expect(currencyText('-12345678901234567.89', 'EUR')).toBe('−€12,345,678,901,234,567.89')
  expect(currencyText('1234567', 'JPY')).toBe('¥1,234,567')
  expect(currencyText('0.00', 'XYZ')).toBe('XYZ\u00a00.00'.replace('\u00a0', ' '))
  expect(shortText('71424.000')).toBe('71,424')
  expect(shortText('-0.123456789')).toBe('−0.123456')
  expect(shortUnitPrice('0.2520', 'EUR')).toBe('€0.252')
  expect(periodText('2026-11')).toBe('November 2026')
})

test('lines are in one group each, corrections by the period that they correct', () => {
  const line = (number: number, more: Partial<InvoiceLineAnswer>): InvoiceLineAnswer =>
    ({
      line: number,
      category: 'Usage',
      class: null,
      service_period: '2026-11',
      ...more,
    }) as InvoiceLineAnswer
  const lines = [
    line(1, {}),
    line(2, { class: 'Correction', service_period: '2026-10' }),
    line(3, { class: 'Correction', service_period: '2026-09' }),
    line(4, { category: 'Tax' }),
    line(5, { class: 'Correction', service_period: '2026-10' }),
    line(6, { category: 'Adjustment' }),
  ]
  const groups = lineGroups({ period: '2026-11', lines } as unknown as InvoiceAnswer)
  expect(groups.map(group => [group.title, group.lines.map(one => one.line)])).toEqual([
    ['Usage in November 2026', [1]],
    ['Corrections of September 2026', [3]],
    ['Corrections of October 2026', [2, 5]],
    ['Commitments, credits and taxes', [4, 6]],
  ])
})

test('a draft is asked for by its account, period and currency', () => {
  const place = { id: 'x/1', account: 'a b', period: '2026-11', currency: 'EUR' }
  expect(billPath({ ...place, state: 'closed' }, 'html')).toBe('api/v1/invoices/x%2F1?format=html')
  expect(billPath({ ...place, state: 'draft' }, 'json')).toBe(
    'api/v1/invoices/draft?period=2026-11&account=a+b&currency=EUR&format=json',
  )
})
