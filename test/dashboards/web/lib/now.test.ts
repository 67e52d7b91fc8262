/** Guarantees the current rates and the texts for time; unknown factors stay unknown. */
import { expect, it } from 'vitest'
import { agoText, carbonPerHour, errorBandText, moneyPerHour } from '../../../../dashboards/web/lib/now.ts'
import { nextDelayMs } from '../../../../dashboards/web/lib/spans.ts'

it('turns 60 W at PUE 1.2, 300 g and 0.25 EUR a kWh into 21.6 g and 0.018 EUR an hour', () => {
  expect(carbonPerHour(60_000, '300', '1.2')).toEqual({ value: '21.6', unit: 'g' })
  expect(moneyPerHour(60_000, '0.25', '1.2', 'EUR')).toBe('€0.0180')
})

it('gives no rate without a factor', () => {
  expect(carbonPerHour(60_000, null, '1')).toBeNull()
  expect(moneyPerHour(60_000, null, '1', 'EUR')).toBeNull()
})

it('says how far off an estimate may be', () => {
  expect(errorBandText(0.4)).toBe('±40\u00a0%')
  expect(errorBandText(null)).toBe('')
})

it.each([
  [0, 'just now'],
  [12_000, '12 s ago'],
  [200_000, '3 min ago'],
  [8_000_000, '2 h ago'],
  [500_000_000, '5 d ago'],
  [-4_000, 'just now'],
])('%s ms ago is %s', (age, text) => {
  expect(agoText(1_000_000_000 - age, 1_000_000_000)).toBe(text)
})

it('retries an absent server soon, then less often, but at least every 15 s', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 1_000].map(failures => nextDelayMs(5_000, failures))).toEqual([
    5_000, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000,
  ])
})
