/** Guarantees: the price in force at a minute, by local time with daylight saving; versions follow from content. */
import { expect, test } from 'vitest'
import { priceListSchema } from '../../../../core/catalogue/config/keys/prices.ts'
import { decimalText } from '../../../../core/model/decimal.ts'
import { createPriceList } from '../../../../core/model/prices/price-list.ts'
import type { PriceListTerms } from '../../../../core/model/prices/terms.ts'

const seconds = (iso: string): number => Date.parse(iso) / 1000

const BERLIN: PriceListTerms = priceListSchema.parse({
  name: 'default',
  currency: 'EUR',
  price_per_kwh: '0.30',
  time_zone: 'Europe/Berlin',
  bands: [
    { from: '22:00', to: '06:00', price_per_kwh: '0.20' },
    { from: '17:00', to: '20:00', price_per_kwh: '0.45' },
    { from: '19:00', to: '21:00', price_per_kwh: '9' },
  ],
})

const noSpot = () => null

const priceAt = (content: PriceListTerms, iso: string): string | null => {
  const found = createPriceList(content).energyAt(seconds(iso), noSpot)
  return found === null ? null : found.version.split(':')[0]!
}

test.each([
  ['2026-01-15T12:00:00Z', '0.3', 'winter noon'],
  ['2026-01-15T15:59:00Z', '0.3', 'a minute before the evening band'],
  ['2026-01-15T16:00:00Z', '0.45', '17:00 in winter'],
  ['2026-07-15T15:00:00Z', '0.45', '17:00 in summer'],
  ['2026-07-15T16:00:00Z', '0.45', '18:00 in summer'],
  ['2026-01-15T18:30:00Z', '0.45', 'the first band that matches'],
  ['2026-01-15T19:00:00Z', '9', 'the next band'],
  ['2026-01-15T20:59:00Z', '0.3', 'between bands'],
  ['2026-01-15T21:00:00Z', '0.2', '22:00, the night begins'],
  ['2026-01-15T23:30:00Z', '0.2', 'past midnight'],
  ['2026-01-16T04:59:00Z', '0.2', 'until 05:59'],
  ['2026-01-16T05:00:00Z', '0.3', '06:00 is out'],
  ['2026-03-29T00:59:00Z', '0.2', '01:59, before clocks go forward'],
  ['2026-03-29T04:00:00Z', '0.3', '06:00 summer time on that day'],
  ['2026-10-25T04:30:00Z', '0.2', '05:30 winter time, after clocks went back'],
])('%s costs %s: %s', (iso, price) => {
  expect(priceAt(BERLIN, iso)).toBe(price)
})

test('without a price for the minute there is none', () => {
  const { price_per_kwh: _, ...nights } = BERLIN
  expect(priceAt(nights, '2026-01-15T12:00:00Z')).toBeNull()
  expect(priceAt(nights, '2026-01-15T23:00:00Z')).toBe('0.2')
  expect(createPriceList(priceListSchema.parse({ name: 'none', currency: 'EUR' })).version).toBe('')
})

test('a price may be below 0', () => {
  const content = { ...BERLIN, price_per_kwh: '-0.050', bands: [] }
  expect(decimalText(createPriceList(content).energyAt(0, noSpot)!.value)).toBe('-0.05')
  expect(priceAt(content, '2026-01-15T12:00:00Z')).toBe('-0.05')
})

test('a band may end at midnight', () => {
  const content = { ...BERLIN, time_zone: 'UTC', bands: [{ from: '20:00', to: '24:00', price_per_kwh: '1' }] }
  expect(priceAt(content, '2026-01-15T23:59:00Z')).toBe('1')
  expect(priceAt(content, '2026-01-16T00:00:00Z')).toBe('0.3')
})

test('the same content is the same version, any change is another', () => {
  const { version } = createPriceList(BERLIN)
  expect(createPriceList({ ...BERLIN, price_per_kwh: '0.3' }).version).toBe(version)
  const others = [
    { ...BERLIN, price_per_kwh: '0.31' },
    { ...BERLIN, time_zone: 'UTC' },
    { ...BERLIN, bands: BERLIN.bands.slice(1) },
    { ...BERLIN, price_per_gib_hour: '0.01' },
    { ...BERLIN, currency: 'CHF' },
  ]
  expect(new Set([version, ...others.map(content => createPriceList(content).version)]).size).toBe(6)
})

test.each([
  ['time zone', { time_zone: 'Mars/Base' }],
  ['hour', { bands: [{ from: '25:00', to: '26:00', price_per_kwh: '1' }] }],
  ['minute', { bands: [{ from: '10:75', to: '12:00', price_per_kwh: '1' }] }],
  ['price', { price_per_kwh: 'cheap' }],
])('an impossible %s is refused', (_, change) => {
  expect(() => createPriceList({ ...BERLIN, ...change })).toThrow(RangeError)
})
