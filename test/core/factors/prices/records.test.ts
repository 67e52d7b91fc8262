/**
 * Guarantees: spot prices and price lists that are put read back from the log as they were put, the later in place of the earlier; what
 * changes nothing is not written; a follower decodes what is new, and keeps the books that nothing new is about.
 */
import { expect, test } from 'vitest'
import { priceListSchema } from '../../../../core/catalogue/config/keys/prices.ts'
import { putIntensities } from '../../../../core/factors/intensity-log.ts'
import { factorsOf, intensityValues } from '../../../../core/factors/intensity-values.ts'
import { endPriceList, endPriceListsOf, putPriceList } from '../../../../core/factors/prices/list-records.ts'
import { putSpotPrices } from '../../../../core/factors/prices/spot-records.ts'
import { spotPricesOf, spotValues } from '../../../../core/factors/prices/spot-values.ts'
import { decimalText } from '../../../../core/model/decimal.ts'
import { createPriceList } from '../../../../core/model/prices/price-list.ts'
import { followerOf } from '../../../support/factor-follower.ts'
import { memoryLog } from '../../../support/memory-log.ts'

const seconds = (iso: string): number => Date.parse(iso) / 1000
const spot = (...values: readonly (readonly [from: string, to: string, price: object])[]) =>
  spotPricesOf(
    spotValues.parse({
      zone: 'DE-LU',
      currency: 'EUR',
      source: 'exchange',
      values: values.map(([from, to, price]) => ({
        from: `2026-11-${from}:00Z`,
        to: `2026-11-${to}:00Z`,
        ...price,
      })),
    }),
  )
const list = (input: object = {}) =>
  createPriceList(priceListSchema.parse({ name: 'acme', currency: 'EUR', price_per_kwh: '0.30', ...input }))

function following() {
  const log = memoryLog()
  let nowMs = 0
  const decoded: string[] = []
  const newest: typeof log.newest = async (stream, wanted) => {
    const found = await log.newest(stream, wanted)
    decoded.push(...found.keys())
    return found
  }
  const follower = followerOf({ ...log, newest }, () => nowMs)
  const look = () => {
    nowMs += 2_000
    return follower.follow()
  }
  return { log, look, decoded }
}

test('spot prices by the kWh and the MWh, below 0, across midnight, revised in part', async () => {
  const { log, look } = following()
  const day = spot(
    ['30T23:00', '30T23:30', { price_per_mwh: '-12.34' }],
    ['30T22:00', '30T23:00', { price_per_kwh: '0.1' }],
  )
  expect(await putSpotPrices(log, day, 1)).toBe(1)
  expect(await putSpotPrices(log, day, 2)).toBe(0)
  const over = spotPricesOf(
    spotValues.parse({
      zone: 'DE-LU',
      currency: 'EUR',
      source: 'exchange',
      values: [
        { from: '2026-11-30T23:15:00Z', to: '2026-12-01T01:00:00Z', price_per_kwh: '0.2', state: 'forecast' },
      ],
    }),
  )
  expect(await putSpotPrices(log, over, 3)).toBe(2)
  const { prices } = await look()
  const found = prices.spot.between(
    'DE-LU',
    'EUR',
    seconds('2026-11-30T00:00:00Z'),
    seconds('2026-12-02T00:00:00Z'),
  )
  expect(
    found.map(one => [
      new Date(one.validFrom * 1000).toISOString().slice(8, 16),
      decimalText(one.value),
      one.state,
    ]),
  ).toEqual([
    ['30T22:00', '0.1', 'final'],
    ['30T23:00', '-0.01234', 'final'],
    ['30T23:15', '0.2', 'forecast'],
    ['01T00:00', '0.2', 'forecast'],
  ])
  expect(prices.spot.at('DE-LU', 'SEK', seconds('2026-11-30T22:00:00Z'))).toBeNull()
  expect(prices.spot.at('DE-LU', 'EUR', seconds('2026-12-01T01:00:00Z'))).toBeNull()
})

test('a price list replaces the one of its name, keeps its version, and is taken out of force', async () => {
  const { log, look } = following()
  expect(await putPriceList(log, list(), 1)).toBe(true)
  expect(await putPriceList(log, list({ price_per_kwh: '0.300' }), 2)).toBe(false)
  expect(await putPriceList(log, list({ tenant: 't/1', price_per_kwh: '0.1' }), 3)).toBe(true)
  const place = { tenant: 't/1', account: 'a', zone: 'DE' }
  const first = (await look()).prices
  expect(first.at(place, 0).energyVersion).toBe(
    `0.1:${list({ tenant: 't/1', price_per_kwh: '0.1' }).version}`,
  )
  expect(first.at({ ...place, tenant: 'u' }, 0).energyVersion).toBe(`0.3:${list().version}`)
  expect(await endPriceList(log, { tenant: 't/1', name: 'acme' }, 4)).toBe(true)
  expect(await endPriceList(log, { tenant: 't/1', name: 'acme' }, 5)).toBe(false)
  expect(await endPriceList(log, { tenant: undefined, name: 'other' }, 6)).toBe(false)
  expect((await look()).prices.at(place, 0).energyVersion).toBe(`0.3:${list().version}`)
})

test('lists of a tenant are ended together, and their keys do not name it', async () => {
  const { log, look } = following()
  await putPriceList(log, list(), 1)
  for (const name of ['a', 'b']) await putPriceList(log, list({ tenant: 'acme-corp', name }), 1)
  expect(await endPriceListsOf(log, 'acme-corp', 2)).toBe(2)
  expect(await endPriceListsOf(log, 'acme-corp', 3)).toBe(0)
  expect((await look()).prices.lists.map(({ terms }) => terms.name)).toEqual(['acme'])
  const left = [...(await log.newest('factors'))].map(
    ([key, { value }]) => key + Buffer.from(value).toString('latin1'),
  )
  expect(left).toHaveLength(3)
  expect(left.filter(text => text.includes('acme-corp'))).toEqual([])
})

test('only what is new is read, and a book that it is not about stays the same object', async () => {
  const { log, look, decoded } = following()
  await putSpotPrices(log, spot(['01T00:00', '04T00:00', { price_per_kwh: '0.1' }]), 1)
  await putPriceList(log, list(), 1)
  const before = await look()
  expect(decoded).toHaveLength(4)
  const intensity = intensityValues.parse({
    zone: 'SE',
    source: 's',
    values: [{ from: '2026-11-01T00:00:00Z', to: '2026-11-01T01:00:00Z', g_per_kwh: '30' }],
  })
  await putIntensities(log, factorsOf(intensity, 'api'), 1)
  const after = await look()
  expect(decoded.slice(4)).toEqual(['grid_intensity/average/SE/2026-11-01'])
  expect(after.prices).toBe(before.prices)
  expect(after.intensities).not.toBe(before.intensities)
  await putSpotPrices(log, spot(['02T00:00', '02T01:00', { price_per_kwh: '0.2' }]), 1)
  const last = await look()
  expect(decoded.slice(5)).toEqual(['tariffs/spot/DE-LU/EUR/2026-11-02'])
  expect(last.intensities).toBe(after.intensities)
  expect(decimalText(last.prices.spot.at('DE-LU', 'EUR', seconds('2026-11-02T00:30:00Z'))!.value)).toBe('0.2')
  expect((await look()).prices).toBe(last.prices)
})

test.each([
  [[['30T10:00', '30T10:00', { price_per_kwh: '1' }]], /not after it/],
  [
    [
      ['30T10:00', '30T11:00', { price_per_kwh: '1' }],
      ['30T10:30', '30T12:00', { price_per_kwh: '1' }],
    ],
    /two prices hold/,
  ],
  [[['30T10:00', '30T11:00', { price_per_kwh: '1', price_per_mwh: '1' }]], /give either/],
  [[['30T10:00', '30T11:00', {}]], /give either/],
] as const)('refuses %o', (values, problem) => {
  expect(() => spot(...values)).toThrow(problem)
})
