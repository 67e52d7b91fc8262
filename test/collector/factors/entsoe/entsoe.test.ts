/**
 * Guarantees: documents of the ENTSO-E Transparency Platform become the intensity of what was generated, to the third digit, and
 * prices per kWh; omitted points repeat, missing data says why, and documents that could do harm are refused.
 */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { intensitiesOf } from '../../../../collector/factors/entsoe/intensity.ts'
import { parseMarketDocument } from '../../../../collector/factors/entsoe/market-documents.ts'
import { dayAheadPrices } from '../../../../collector/factors/entsoe/prices.ts'
import { PRODUCTION_TYPES } from '../../../../collector/factors/entsoe/production-types.ts'
import { parseXml } from '../../../../collector/factors/entsoe/xml.ts'
import { spotPricesOf, spotValues } from '../../../../core/factors/prices/spot-values.ts'
import { decimalText } from '../../../../core/model/decimal.ts'
import { EIC, ENTSOE_ZONES, entsoeArea } from '../../../../core/model/places/entsoe-areas.ts'
import { GRID_ZONES } from '../../../../core/model/places/grid-zones.ts'
import { type Answer, FakeProvider } from '../fake-provider.ts'
import {
  acknowledgement,
  generationDocument,
  priceDocument,
  type SentPeriod,
  type SentSeries,
} from './documents.ts'

const hours = (points: Readonly<Record<number, string>>, more: Partial<SentPeriod> = {}): SentPeriod => ({
  start: '2026-11-30T10:00Z',
  end: '2026-11-30T12:00Z',
  resolution: 'PT60M',
  points,
  ...more,
})
const generation = (
  type: string,
  points: Readonly<Record<number, string>>,
  more: Partial<SentPeriod> = {},
): SentSeries => ({
  type,
  periods: [hours(points, more)],
})

const intensities = (series: readonly SentSeries[]): string[] => {
  const document = parseMarketDocument(generationDocument(series), 'GL_MarketDocument', 'quantity')
  if (document.kind === 'missing') throw new Error(document.reason)
  return intensitiesOf(document.series).map(
    ({ from, to, g_per_kwh, state }) => `${from.slice(11, 16)}-${to.slice(11, 16)} ${g_per_kwh} ${state}`,
  )
}

describe('intensity', () => {
  test('is the mean of the fuels by power, by the hour', () => {
    // (1000 x 12 + 500 x 490) / 1500 = 171.333; (1000 x 12 + 0) / 1000
    expect(
      intensities([generation('B14', { 1: '1000', 2: '1000' }), generation('B04', { 1: '500', 2: '0' })]),
    ).toEqual(['10:00-11:00 171.333 final', '11:00-12:00 12 final'])
  })

  test('omitted points of a curve A03 repeat the one before; of A01 they are not known', () => {
    const quarters = { resolution: 'PT15M', end: '2026-11-30T11:00Z' }
    expect(
      intensities([
        generation('B14', { 1: '1000', 3: '500' }, quarters),
        generation('B05', { 1: '1000' }, quarters),
      ]),
    ).toEqual(['10:00-10:30 416 final', '10:30-11:00 550.667 final'])
    const series = { ...generation('B05', { 1: '1000', 3: '1000' }, quarters), curve: 'A01' as const }
    expect(intensities([series])).toEqual(['10:00-10:15 820 final', '10:30-10:45 820 final'])
  })

  test('fuels of several resolutions meet at the finer one', () => {
    const quarters = { resolution: 'PT15M', end: '2026-11-30T11:00Z' }
    expect(
      intensities([
        generation('B14', { 1: '100', 2: '300' }, quarters),
        generation('B04', { 1: '100' }, { end: '2026-11-30T11:00Z' }),
      ]),
    ).toEqual(['10:00-10:15 251 final', '10:15-11:00 131.5 final'])
  })

  test('a fuel that is not reported yet makes an estimate, and nothing where it matters', () => {
    const early = { end: '2026-11-30T11:00Z' }
    // Solar has 4 % of what is reported, coal 60 %.
    expect(
      intensities([generation('B14', { 1: '1000', 2: '1000' }), generation('B16', { 1: '90' }, early)]),
    ).toEqual(['10:00-11:00 14.725 final', '11:00-12:00 12 estimated'])
    expect(
      intensities([generation('B14', { 1: '1000', 2: '1000' }), generation('B05', { 1: '3000' }, early)]),
    ).toEqual(['10:00-11:00 618 final'])
  })

  test('storage and what pumps take are not generation; several series of a fuel are one', () => {
    const pumps: SentSeries = { ...generation('B10', { 1: '800' }), out: true }
    const late = { start: '2026-11-30T11:00Z' }
    expect(
      intensities([
        generation('B14', { 1: '1000' }, { end: '2026-11-30T11:00Z' }),
        generation('B14', { 1: '500' }, late),
        generation('B04', { 1: '500' }),
        generation('B10', { 1: '700' }),
        pumps,
      ]),
    ).toEqual(['10:00-11:00 171.333 final', '11:00-12:00 251 final'])
  })

  test('is within what its fuels emit, and does not depend on the order of series', () => {
    const types = Object.keys(PRODUCTION_TYPES).filter(code => PRODUCTION_TYPES[code]!.gramsPerKwh !== null)
    const one = fc.record({ type: fc.constantFrom(...types), megawatts: fc.nat(50_000) })
    fc.assert(
      fc.property(fc.uniqueArray(one, { selector: ({ type }) => type, minLength: 1 }), list => {
        const series = list.map(({ type, megawatts }) => generation(type, { 1: `${megawatts}` }))
        const found = intensities(series)
        expect(intensities(series.toReversed())).toEqual(found)
        const used = list.filter(({ megawatts }) => megawatts > 0)
        if (used.length === 0) return expect(found).toEqual([])
        const grams = used.map(({ type }) => Number(PRODUCTION_TYPES[type]!.gramsPerKwh))
        const value = Number(found[0]!.split(' ')[1])
        expect(value).toBeGreaterThanOrEqual(Math.min(...grams))
        expect(value).toBeLessThanOrEqual(Math.max(...grams))
      }),
      { seed: 43, numRuns: 50 },
    )
  })
})

const prices = (series: readonly SentSeries[]) => {
  const document = parseMarketDocument(priceDocument(series), 'Publication_MarketDocument', 'price.amount')
  if (document.kind === 'missing') throw new Error(document.reason)
  const found = dayAheadPrices(document.series)
  if (found === null) return undefined
  const values = spotValues.parse({ zone: 'FR', source: 'test', ...found })
  return spotPricesOf(values).map(({ validFrom, validTo, value, currency }) => {
    const time = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(11, 16)
    return `${time(validFrom)}-${time(validTo)} ${decimalText(value)} ${currency}`
  })
}

describe('prices', () => {
  test('are per kWh, also below 0; omitted points repeat', () => {
    const periods = [hours({ 1: '85.12', 2: '-5.01', 4: '0' }, { end: '2026-11-30T14:00Z' })]
    expect(prices([{ periods }])).toEqual([
      '10:00-11:00 0.08512 EUR',
      '11:00-13:00 -0.00501 EUR',
      '13:00-14:00 0 EUR',
    ])
  })

  test('of several auctions the first counts, of hours and quarter hours the quarter hours', () => {
    const position = (number: number) =>
      `<classificationSequence_AttributeInstanceComponent.position>${number}</classificationSequence_AttributeInstanceComponent.position>`
    const quarters = hours(
      { 1: '10', 2: '20', 3: '30', 4: '40' },
      { resolution: 'PT15M', end: '2026-11-30T11:00Z' },
    )
    expect(
      prices([
        { periods: [hours({ 1: '99', 2: '98' })], more: position(2) },
        { periods: [hours({ 1: '25', 2: '50' })], more: position(1) },
        { periods: [quarters], more: position(1) },
      ]),
    ).toEqual([
      '10:00-10:15 0.01 EUR',
      '10:15-10:30 0.02 EUR',
      '10:30-10:45 0.03 EUR',
      '10:45-11:00 0.04 EUR',
      '11:00-12:00 0.05 EUR',
    ])
  })

  test('of the intraday market do not count', () => {
    const more = '<contract_MarketAgreement.type>A07</contract_MarketAgreement.type>'
    expect(prices([{ periods: [hours({ 1: '1' })], more }])).toBeUndefined()
  })

  test('in two currencies are refused', () => {
    const more = '<currency_Unit.name>PLN</currency_Unit.name>'
    expect(() => prices([{ periods: [hours({ 1: '1' })] }, { periods: [hours({ 1: '4' })], more }])).toThrow(
      'prices in EUR and PLN',
    )
  })
})

describe('a document', () => {
  const parsed = (text: string) => parseMarketDocument(text, 'GL_MarketDocument', 'quantity')
  const damaged = (from: string | RegExp, to: string) =>
    generationDocument([generation('B14', { 1: '1' })]).replace(from, to)

  test('that says there is no data gives the reason', () => {
    expect(parsed(acknowledgement('999', 'No matching data found for FR'))).toEqual({
      kind: 'missing',
      reason: 'No matching data found for FR',
    })
  })

  test.each<[string, string, RegExp]>([
    ['with entities', '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>', /document type/],
    [
      'with an external entity',
      '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>',
      /document type/,
    ],
    ['with an entity of its own', '<GL_MarketDocument>&bomb;</GL_MarketDocument>', /undefined entity|entity/],
    ['that is very deep', `${'<a>'.repeat(40)}${'</a>'.repeat(40)}`, /deep/],
    ['of many elements', `<a>${'<b/>'.repeat(200_001)}</a>`, /elements/],
    ['that is cut short', generationDocument([]).slice(0, 200), /XML/],
    ['that is empty', '', /XML/],
    ['that is a page', '<html><body>Down for maintenance</body></html>', /it is a html/],
    [
      'that refuses',
      acknowledgement('A01', 'Too many requests'),
      /refuses the request: Too many requests \(code A01\)/,
    ],
    ['of an unknown resolution', damaged('PT60M', 'PT7M'), /resolution "PT7M"/],
    ['with a position beyond its period', damaged('<position>1<', '<position>9<'), /position "9" of 2/],
    ['with an amount that is no number', damaged('<quantity>1<', '<quantity>1e3<'), /"1e3" is not a decimal/],
    ['with a local time', damaged('2026-11-30T10:00Z', '2026-11-30T10:00'), /not a time in UTC/],
  ])('%s is refused', (_, text, message) => {
    expect(() => parsed(text)).toThrow(message)
  })

  test('of an unknown fuel is refused', () => {
    expect(() => intensities([generation('B99', { 1: '1' })])).toThrow('unknown production type "B99"')
  })

  test('is read as text, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
        // Control characters are not XML.
        if (/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(text)) return
        expect(parseXml(`<x:a xmlns:x="u">${escaped}</x:a>`)).toEqual({
          name: 'a',
          children: [],
          text: text.replaceAll(/\r\n?/g, '\n'),
        })
      }),
      { seed: 43, numRuns: 100 },
    )
  })
})

test('areas are codes with a right check character, of zones that exist', () => {
  expect(ENTSOE_ZONES.length).toBeGreaterThan(40)
  const numberOf = (character: string): number => (character === '-' ? 36 : Number.parseInt(character, 36))
  for (const zone of ENTSOE_ZONES) {
    expect(GRID_ZONES.has(zone), zone).toBe(true)
    for (const code of Object.values(entsoeArea(zone)!) as string[]) {
      expect(code).toMatch(EIC)
      const sum = [...code.slice(0, 15)].reduce(
        (total, one, index) => total + numberOf(one) * (16 - index),
        0,
      )
      expect(numberOf(code[15]!), code).toBe(36 - ((sum - 1) % 37))
    }
  }
})

describe('the provider', () => {
  let fake: FakeProvider
  beforeEach(async () => {
    fake = new FakeProvider()
    await fake.start()
  })
  afterEach(() => fake.stop())

  const config = { kind: 'entsoe', zone: 'FR', token: 'secret' }
  const answers = (generated: Answer, dayAhead: Answer) => (path: string) =>
    path.includes('documentType=A75') ? generated : dayAhead
  const noData: Answer = { body: acknowledgement('999', 'No matching data found') }

  test('asks for the past day of the area, with whole hours and the token', async () => {
    fake.answer = answers({ body: generationDocument([generation('B14', { 1: '1000', 2: '900' })]) }, noData)
    const { value, told, facts } = await fake.polled(config, ({ puts }) => puts >= 1)
    expect(told).toEqual([])
    expect(facts).toEqual([{ provider: 'entsoe', zone: 'FR', reason: 'prices: No matching data found' }])
    expect(value('FR', '2026-11-30T10:30:00Z')).toBe('12 final')
    const [first, second] = fake.paths.map(path =>
      Object.fromEntries(new URLSearchParams(path!.split('?')[1])),
    )
    expect(first).toEqual({
      securityToken: 'secret',
      documentType: 'A75',
      processType: 'A16',
      in_Domain: '10YFR-RTE------C',
      periodStart: '202611291200',
      periodEnd: '202611301300',
    })
    expect(second).toMatchObject({
      documentType: 'A44',
      in_Domain: '10YFR-RTE------C',
      out_Domain: '10YFR-RTE------C',
    })
  })

  test.each<[string, Answer, RegExp]>([
    [
      'no data at all',
      noData,
      /has no data: generation: No matching data found; prices: No matching data found/,
    ],
    ['no data with status 400', { ...noData, status: 400 }, /has no data/],
    ['a bad token', { status: 401, body: acknowledgement('999', 'Authentication failed') }, /answered 401/],
    [
      'too many requests',
      { status: 429, headers: { 'retry-after': '60' }, body: 'slow down' },
      /answered 429: slow down/,
    ],
    ['a bomb', { body: '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>' }, /document type/],
    ['an endless answer', { body: `<a>${' '.repeat(5 * 1024 * 1024)}</a>` }, /larger than/],
  ])('%s is told, without the token, and puts nothing in force', async (_, given, message) => {
    fake.answer = () => given
    const { value, told } = await fake.polled(config, ({ told: failures }) => failures.length > 0)
    expect(told[0]).toMatch(message)
    expect(told[0]).not.toContain('secret')
    expect(value('FR', '2026-11-30T10:30:00Z')).toBeNull()
  })
})
