/**
 * Guarantees: the most specific price list wins by the stated rule; bands follow weekday, season and the clock on the wall, on days
 * on which it is set as well; spot prices, below 0 too, with what is added; and `between` says minute by minute what `at` says.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { priceListSchema } from '../../../../core/catalogue/config/keys/prices.ts'
import { priceListProblems } from '../../../../core/catalogue/config/prices.ts'
import { PriceBook, type PriceInForce } from '../../../../core/factors/prices/price-book.ts'
import { SpotBook, spotKey } from '../../../../core/factors/prices/spot-book.ts'
import { DatedSeries } from '../../../../core/factors/records/series.ts'
import { decimalText, parseDecimal } from '../../../../core/model/decimal.ts'
import { createPriceList } from '../../../../core/model/prices/price-list.ts'
import { spotPrice } from '../../../../core/model/prices/spot-price.ts'
import type { PriceListTerms } from '../../../../core/model/prices/terms.ts'
import { runs } from '../../../support/runs.ts'
import { fractionOf, isSame, priceByRules, type SpotValue } from './prices-by-rules.ts'

const seconds = (iso: string): number => Date.parse(iso) / 1000
const terms = (input: object): PriceListTerms =>
  priceListSchema.parse({ name: 'default', currency: 'EUR', ...input })

const spotBook = (values: readonly SpotValue[]): SpotBook =>
  new SpotBook(
    new Map(
      [...Map.groupBy(values, one => spotKey(one.zone, one.currency))].map(([key, ones]) => [
        key,
        new DatedSeries(
          ones.map(({ zone, currency, from, to, value }) =>
            spotPrice({
              zone,
              currency,
              value: parseDecimal(value),
              validFrom: from,
              validTo: to,
              source: 'test',
              state: 'final',
            }),
          ),
        ),
      ]),
    ),
  )

const bookOf = (lists: readonly PriceListTerms[], otherwise: object = {}, spot: readonly SpotValue[] = []) =>
  new PriceBook(lists.map(createPriceList), createPriceList(terms(otherwise)), spotBook(spot))

const WHO = { tenant: 't', account: 'team-a', zone: 'DE' }
const shown = ({ energy, currency }: PriceInForce): string =>
  energy === null ? `none ${currency}` : `${decimalText(energy)} ${currency}`

const LISTS = [
  terms({ name: 'everywhere', price_per_kwh: '0.30' }),
  terms({ name: 'sweden', zone: 'SE-SE3', currency: 'SEK', price_per_kwh: '1.50' }),
  terms({ name: 'great-britain', zone: 'GB', currency: 'GBP', price_per_kwh: '0.22' }),
  terms({ name: 'teams', account: 'team-*', price_per_kwh: '0.28' }),
  terms({ name: 'team-a', account: 'team-a', price_per_kwh: '0.25' }),
  terms({
    name: 'team-a-2027',
    account: 'team-a',
    valid_from: '2026-11-30T10:20:00Z',
    price_per_kwh: '0.26',
  }),
  terms({ name: 'team-a-sweden', account: 'team-a', zone: 'SE-SE3', currency: 'SEK', price_per_kwh: '1.4' }),
  terms({ name: 'own', tenant: 'u', price_per_kwh: '0.11' }),
]

test.each([
  [{ account: 'other' }, '0.3 EUR', 'a list without conditions'],
  [{ account: 'other', zone: 'SE-SE3' }, '1.5 SEK', 'the zone before all'],
  [{ account: 'other', zone: 'GB' }, '0.22 GBP', 'a third currency'],
  [{ account: 'team-b', zone: 'SE-SE3' }, '0.28 EUR', 'the account before the zone'],
  [{}, '0.25 EUR', 'a name before a pattern'],
  [{ zone: 'SE-SE3' }, '1.4 SEK', 'account and zone before the account alone'],
  [{ tenant: 'u' }, '0.11 EUR', 'the tenant’s own before all'],
] as const)('of %o: %s, %s', (place: object, price: string, _: string) => {
  expect(shown(bookOf(LISTS).at({ ...WHO, ...place }, seconds('2026-11-30T10:00:00Z')))).toBe(price)
})

test('a list that begins later takes over within the hour, and one that ends gives way', () => {
  const book = bookOf([
    ...LISTS,
    terms({
      name: 'promotion',
      account: 'team-a',
      valid_from: '2026-11-30T10:30:00Z',
      valid_to: '2026-11-30T10:45:00Z',
      price_per_kwh: '0',
    }),
  ])
  const [from, to] = [seconds('2026-11-30T10:00:00Z'), seconds('2026-11-30T11:00:00Z')]
  expect(
    book
      .between(WHO, from, to)
      .map(piece => [(piece.from - from) / 60, (piece.to - from) / 60, shown(piece)]),
  ).toEqual([
    [0, 20, '0.25 EUR'],
    [20, 30, '0.26 EUR'],
    [30, 45, '0 EUR'],
    [45, 60, '0.26 EUR'],
  ])
})

const SEASONS = terms({
  name: 'seasons',
  time_zone: 'Europe/Berlin',
  price_per_kwh: '0.30',
  holidays: ['2026-12-25'],
  bands: [
    { from: '22:00', to: '06:00', weekdays: ['fri'], price_per_kwh: '0.05' },
    {
      from: '07:00',
      to: '20:00',
      weekdays: ['mon', 'tue', 'wed', 'thu', 'fri'],
      season: { from: '11-01', through: '03-31' },
      price_per_kwh: '0.45',
    },
    { from: '10:00', to: '16:00', months: [6, 7, 8], price_per_kwh: '0.10' },
  ],
})

test.each([
  ['2026-10-31T08:00:00Z', '0.3', 'Saturday, the day before the season'],
  ['2026-11-02T05:59:00Z', '0.3', 'Monday 06:59'],
  ['2026-11-02T06:00:00Z', '0.45', 'Monday 07:00'],
  ['2026-11-02T18:59:00Z', '0.45', '19:59'],
  ['2026-11-02T19:00:00Z', '0.3', '20:00'],
  ['2026-11-06T20:59:00Z', '0.3', 'Friday 21:59'],
  ['2026-11-06T21:00:00Z', '0.05', 'Friday 22:00'],
  ['2026-11-07T04:59:00Z', '0.05', 'Saturday 05:59, which belongs to Friday'],
  ['2026-11-07T05:00:00Z', '0.3', 'Saturday 06:00'],
  ['2026-11-06T04:00:00Z', '0.3', 'Friday 05:00, which belongs to Thursday'],
  ['2026-12-25T11:00:00Z', '0.3', 'a Friday that counts as Sunday'],
  ['2026-12-25T22:00:00Z', '0.3', 'its night too'],
  ['2027-03-31T09:00:00Z', '0.45', 'the last day of the season, in summer time'],
  ['2027-04-01T09:00:00Z', '0.3', 'the day after'],
  ['2026-06-30T13:59:00Z', '0.1', 'June, 15:59'],
  ['2026-06-30T14:00:00Z', '0.3', '16:00'],
  ['2026-08-31T22:30:00Z', '0.3', 'already September there'],
])('%s costs %s: %s', (iso, price) => {
  expect(shown(bookOf([SEASONS]).at(WHO, seconds(iso)))).toBe(`${price} EUR`)
})

test.each([
  ['2026-03-28T23:00:00Z', 23, 5],
  ['2026-10-24T22:00:00Z', 25, 7],
])('the local day that begins at %s has %i hours, of which the night has %i', (begin, hours, night) => {
  const book = bookOf([
    terms({
      name: 'n',
      time_zone: 'Europe/Berlin',
      price_per_kwh: '2',
      bands: [{ from: '00:00', to: '06:00', price_per_kwh: '1' }],
    }),
  ])
  const from = seconds(begin)
  const pieces = book.between(WHO, from, from + hours * 3600)
  expect(pieces.map(piece => [(piece.to - piece.from) / 3600, shown(piece)])).toEqual([
    [night, '1 EUR'],
    [hours - night, '2 EUR'],
  ])
})

test('spot prices: below 0, multiplied, with a markup and charges by time; none where the market has none', () => {
  const list = terms({
    name: 'spot',
    time_zone: 'Europe/Berlin',
    spot: { zone: 'DE-LU', multiplier: '1.19', markup_per_kwh: '0.012' },
    charges: [
      { name: 'levy', price_per_kwh: '0.0205' },
      { name: 'network', bands: [{ from: '17:00', to: '20:00', price_per_kwh: '0.15' }] },
    ],
  })
  const hour = seconds('2026-11-30T16:00:00Z')
  const book = bookOf([list], {}, [
    { zone: 'DE-LU', currency: 'EUR', from: hour - 3600, to: hour, value: '-0.5' },
    { zone: 'DE-LU', currency: 'EUR', from: hour, to: hour + 900, value: '0.08' },
    { zone: 'DE-LU', currency: 'SEK', from: hour + 900, to: hour + 1800, value: '7' },
  ])
  const pieces = book.between(WHO, hour - 3600, hour + 1800)
  expect(pieces.map(piece => [(piece.from - hour) / 60, shown(piece)])).toEqual([
    [-60, '-0.5625 EUR'],
    [0, '0.2777 EUR'],
    [15, 'none EUR'],
  ])
  const { version } = createPriceList(list)
  expect(pieces.map(piece => piece.version)).toEqual([
    expect.stringMatching(new RegExp(`^${version}\\+spot:DE-LU:-0\\.5:EUR:[0-9a-f]{8}$`)),
    expect.stringMatching(new RegExp(`^${version}\\+spot:DE-LU:0\\.08:EUR:[0-9a-f]{8}$`)),
    version,
  ])
})

test('resources have a list of their own, unless it is in another currency', () => {
  const resources = terms({ name: 'catalogue', account: 'team-a', price_per_vcpu_hour: '0.04' })
  const book = bookOf([resources, LISTS[1]!], { price_per_kwh: '0.3' })
  const at = seconds('2026-11-30T10:00:00Z')
  const here = book.at(WHO, at)
  expect(here.version).toMatch(/^0\.3:EUR:[0-9a-f]{8}\+EUR:[0-9a-f]{8}$/)
  expect(here.version.endsWith(createPriceList(resources).version)).toBe(true)
  const sweden = book.at({ ...WHO, zone: 'SE-SE3' }, at)
  expect(sweden).toMatchObject({ currency: 'SEK', resources: null, isOtherCurrency: true })
  expect(sweden.version).toMatch(/^1\.5:SEK:[0-9a-f]{8}$/)
})

const price = fc.integer({ min: -500, max: 500 }).map(value => (value / 1000).toFixed(3))
const timeOfDay = fc
  .integer({ min: 0, max: 95 })
  .map(quarter => new Date(quarter * 900_000).toISOString().slice(11, 16))
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const date = fc.constantFrom('01-01', '02-29', '03-28', '03-29', '03-30', '10-24', '10-25', '10-26', '12-31')
const band = fc
  .record({
    from: timeOfDay,
    to: timeOfDay,
    weekdays: optional(fc.uniqueArray(fc.constantFrom('mon', 'fri', 'sat', 'sun'), { minLength: 1 })),
    months: optional(fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1 })),
    season: optional(fc.record({ from: date, through: date })),
    price_per_kwh: price,
  })
  .filter(({ from, to }) => from !== to)
const instant = fc.integer({ min: -2_000, max: 2_000 }).map(minutes => iso(DST + minutes * 60))
const DST = seconds('2026-03-29T01:00:00Z')
const iso = (at: number): string => new Date(at * 1000).toISOString()

const someList = fc.record(
  {
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    tenant: fc.constantFrom('t', 'u'),
    account: fc.constantFrom('team-a', 'team-*', '*', 't*a'),
    zone: fc.constantFrom('DE', 'SE-SE3'),
    currency: fc.constantFrom('EUR', 'SEK', 'GBP'),
    time_zone: fc.constantFrom(
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
      'UTC',
    ),
    valid_from: instant,
    valid_to: instant,
    holidays: fc.constant(['2026-03-30']),
    price_per_kwh: price,
    bands: fc.array(band, { maxLength: 3 }),
    charges: fc.array(
      fc.record({
        name: fc.constant('levy'),
        price_per_kwh: optional(price),
        bands: fc.array(band, { maxLength: 2 }),
      }),
      { maxLength: 2 },
    ),
    spot: fc.record({ zone: fc.constantFrom('DE-LU', 'SE3'), multiplier: price, markup_per_kwh: price }),
    price_per_vcpu_hour: fc.constant('0.04'),
  },
  { requiredKeys: ['name', 'currency'] },
)
const someSpot = fc
  .array(
    fc.record({
      zone: fc.constantFrom('DE-LU', 'SE3'),
      currency: fc.constantFrom('EUR', 'SEK'),
      hour: fc.integer({ min: -40, max: 40 }),
      value: price,
    }),
    { maxLength: 30 },
  )
  .map(values =>
    [...new Map(values.map(one => [`${one.zone}${one.currency}${one.hour}`, one])).values()].map(
      ({ zone, currency, hour, value }) => ({
        zone,
        currency,
        value,
        from: DST + hour * 1800,
        to: DST + (hour + 1) * 1800,
      }),
    ),
  )

test('minute by minute what the rules say, for any lists, around a night on which clocks are set', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(someList, { maxLength: 8, selector: ({ name, tenant }) => `${tenant}/${name}` }),
      someSpot,
      fc.record({
        tenant: fc.constantFrom('t', 'v'),
        account: fc.constantFrom('team-a', 'team-b', 'x'),
        zone: fc.constantFrom('DE', 'SE-SE3', 'GB'),
      }),
      fc.integer({ min: -1_500, max: 1_000 }),
      (inputs, spot, place, start) => {
        const lists = inputs.map(terms)
        const otherwise = terms({ price_per_kwh: '0.30', currency: 'GBP' })
        const book = bookOf(lists, otherwise, spot)
        const from = DST + start * 60
        const pieces = book.between(place, from, from + 12 * 3600)
        expect(pieces[0]!.from).toBe(from)
        expect(pieces.at(-1)!.to).toBe(from + 12 * 3600)
        for (let minute = 0; minute < 720; minute += 7) {
          const at = from + minute * 60
          const found = book.at(place, at)
          const { from: _, to: __, ...piece } = pieces.findLast(one => one.from <= at)!
          expect(piece).toEqual(found)
          const ruled = priceByRules({ lists, otherwise, spot }, place, at)
          expect([found.currency, found.isOtherCurrency, found.energy === null]).toEqual([
            ruled.currency,
            ruled.isOtherCurrency,
            ruled.energy === null,
          ])
          if (found.energy !== null)
            expect(isSame(fractionOf(decimalText(found.energy)), ruled.energy!)).toBe(true)
        }
        for (const [index, { from: begin }] of pieces.entries())
          if (index > 0) expect(pieces[index - 1]!.to).toBe(begin)
      },
    ),
    { numRuns: runs(20), seed: 20261130 },
  )
})

test.each([
  [{ currency: 'EUX', price_per_kwh: '1' }, /currency: EUX is not an ISO 4217 currency/],
  [{ time_zone: 'Europe/Berln', price_per_kwh: '1' }, /unknown time zone Europe\/Berln/],
  [
    { valid_from: '2026-01-02T00:00:00Z', valid_to: '2026-01-02T00:00:00Z', price_per_kwh: '1' },
    /is not after valid_from/,
  ],
  [{ spot: { zone: 'SE3' }, price_per_kwh: '1' }, /stands in place of price_per_kwh/],
  [{ charges: [{ name: 'levy' }] }, /levy has no price/],
  [{ resource_prices: [{ match: {}, price_per_gpu_hour: '1' }] }, /matches everything/],
  [
    {
      bands: [
        { from: '22:00', to: '06:00', weekdays: ['fri'], price_per_kwh: '1' },
        { from: '05:00', to: '07:00', weekdays: ['sat'], price_per_kwh: '2' },
      ],
    },
    /05:00-07:00 sat overlaps bands\.0, 22:00-06:00 fri/,
  ],
])('refuses %o', (input, problem) => {
  expect(
    priceListProblems(terms({ name: 'x', ...input }), 'list').map(one => `${one.path}: ${one.problem}`),
  ).toEqual([expect.stringMatching(problem)])
})

test('takes bands that share hours of different days or seasons', () => {
  const bands = [
    { from: '22:00', to: '06:00', weekdays: ['fri'], price_per_kwh: '1' },
    { from: '05:00', to: '07:00', weekdays: ['sun'], price_per_kwh: '2' },
    { from: '08:00', to: '10:00', months: [1], price_per_kwh: '2' },
    { from: '09:00', to: '10:00', season: { from: '02-01', through: '12-31' }, price_per_kwh: '3' },
  ]
  expect(priceListProblems(terms({ name: 'x', bands }), 'list')).toEqual([])
})
