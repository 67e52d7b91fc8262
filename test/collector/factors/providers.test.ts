/**
 * Guarantees: what providers send in their documented shape is put in force as they mean it; what is not of that shape is told
 * and puts nothing in force; while one is away its last value holds on, marked as an estimate, and is restated by what it says
 * when it is back.
 */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Answer, FakeProvider } from './fake-provider.ts'

let fake: FakeProvider

beforeEach(async () => {
  fake = new FakeProvider()
  await fake.start()
})
afterEach(() => fake.stop())

const slot = (from: string, to: string, forecast: number, actual: number | null) => ({
  from: `2026-11-30T${from}Z`,
  to: `2026-11-30T${to}Z`,
  intensity: { forecast, actual, index: 'moderate' },
})

test('Great Britain: measured half hours are final, others forecasts', async () => {
  fake.answer = path => ({
    body: {
      data: path.endsWith('/pt24h')
        ? [slot('11:30', '12:00', 260, 255), slot('12:00', '12:30', 250, null)]
        : [slot('12:00', '12:30', 250, null), slot('12:30', '13:00', 240, null)],
    },
  })
  const { value, told } = await fake.polled({ kind: 'uk_carbon_intensity' }, ({ puts }) => puts >= 1)
  expect(told).toEqual([])
  expect(value('GB', '2026-11-30T11:59:00Z')).toBe('255 final')
  expect(value('GB', '2026-11-30T12:10:00Z')).toBe('250 forecast')
  expect(value('GB', '2026-11-30T12:59:00Z')).toBe('240 forecast')
  expect(fake.paths).toEqual(['/intensity/2026-11-30T12:10Z/pt24h', '/intensity/2026-11-30T12:10Z/fw24h'])
})

test('Electricity Maps: estimates say so, hours without a value have none, the zone and the key are sent', async () => {
  const point = (datetime: string, carbonIntensity: number | null, more: object = {}) => ({
    zone: 'SE-SE3',
    carbonIntensity,
    datetime,
    updatedAt: datetime,
    emissionFactorType: 'lifecycle',
    ...more,
  })
  fake.answer = path => ({
    body: path.includes('/history')
      ? {
          zone: 'SE-SE3',
          history: [
            point('2026-11-30T09:00:00.000Z', 31, { isEstimated: false, estimationMethod: null }),
            point('2026-11-30T10:00:00.000Z', null),
            point('2026-11-30T11:00:00.000Z', 33, {
              isEstimated: true,
              estimationMethod: 'TIME_SLICER_AVERAGE',
            }),
          ],
        }
      : {
          zone: 'SE-SE3',
          forecast: [point('2026-11-30T11:00:00.000Z', 99), point('2026-11-30T12:00:00.000Z', 35)],
          updatedAt: '2026-11-30T11:20:00.000Z',
        },
  })
  const config = { kind: 'electricity_maps', zone: 'SE-SE3', token: 'k' }
  const { value, told, kept } = await fake.polled(config, ({ kept: issued }) => issued.length >= 1)
  expect(told).toEqual([])
  expect(kept).toEqual([
    {
      zone: 'SE-SE3',
      kind: 'average',
      issuedAt: '2026-11-30T11:20:00.000Z',
      source: 'Electricity Maps',
      values: [
        {
          from: '2026-11-30T11:00:00.000Z',
          to: '2026-11-30T12:00:00.000Z',
          g_per_kwh: '99',
          state: 'forecast',
        },
        {
          from: '2026-11-30T12:00:00.000Z',
          to: '2026-11-30T13:00:00.000Z',
          g_per_kwh: '35',
          state: 'forecast',
        },
      ],
    },
  ])
  expect(value('SE-SE3', '2026-11-30T09:30:00Z')).toBe('31 final')
  expect(value('SE-SE3', '2026-11-30T10:30:00Z')).toBeNull()
  expect(value('SE-SE3', '2026-11-30T11:30:00Z')).toBe('33 estimated')
  expect(value('SE-SE3', '2026-11-30T12:30:00Z')).toBe('35 forecast')
  expect(fake.asked.every(({ headers }) => headers['auth-token'] === 'k')).toBe(true)
  expect(fake.paths).toEqual([
    '/carbon-intensity/history?zone=SE-SE3',
    '/carbon-intensity/forecast?zone=SE-SE3',
  ])
})

test('WattTime: logs in, and makes g/kWh of pounds per MWh exactly; marginal values stay apart', async () => {
  const meta = {
    region: 'CAISO_NORTH',
    signal_type: 'co2_moer',
    units: 'lbs_co2_per_mwh',
    data_point_period_seconds: 300,
  }
  fake.answer = (path, { headers }) => {
    if (path === '/login') {
      const isKnown = headers.authorization === `Basic ${Buffer.from('u:p').toString('base64')}`
      return isKnown ? { body: { token: 'jwt' } } : { status: 401, body: {} }
    }
    if (headers.authorization !== 'Bearer jwt') return { status: 401, body: {} }
    const time = path.startsWith('/v3/historical') ? '2026-11-30T12:05:00+00:00' : '2026-11-30T12:10:00+00:00'
    return { body: { data: [{ point_time: time, value: 1000.5 }], meta } }
  }
  const config = { kind: 'watttime', zone: 'US-CAL-CISO', area: 'CAISO_NORTH', user: 'u', password: 'p' }
  const { value, told } = await fake.polled(config, ({ puts }) => puts >= 1)
  expect(told).toEqual([])
  // 1000.5 x 0.45359237
  expect(value('US-CAL-CISO', '2026-11-30T12:06:00Z', 'marginal')).toBe('453.819166185 final')
  expect(value('US-CAL-CISO', '2026-11-30T12:12:00Z', 'marginal')).toBe('453.819166185 forecast')
  expect(value('US-CAL-CISO', '2026-11-30T12:06:00Z')).toBeNull()
})

test.each([
  ['an error', { status: 500, body: 'out of order' }, /answered 500: out of order/],
  ['no JSON', { body: '<html>' }, /cannot be read/],
  ['another shape', { body: { data: [{ from: 'noon' }] } }, /documented shape/],
  ['a value that cannot be', { body: { data: [slot('11:30', '12:00', 1, -5)] } }, /0 to 5000/],
  ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' }, body: '' }, /cannot be read/],
  ['more than an answer can hold', { body: 'x'.repeat(5 * 1024 * 1024) }, /larger than/],
] satisfies readonly (readonly [string, Answer, RegExp])[])(
  '%s is told, and puts nothing in force',
  async (_, given, what) => {
    fake.answer = () => given
    const { value, told } = await fake.polled(
      { kind: 'uk_carbon_intensity' },
      ({ told: failures }) => failures.length > 0,
    )
    expect(told[0]).toMatch(what)
    expect(value('GB', '2026-11-30T11:45:00Z')).toBeNull()
  },
)

test('a value that has ended holds on until the next look, as an estimate', async () => {
  fake.answer = () => ({ body: { data: [slot('11:30', '12:00', 260, 255)] } })
  const { value } = await fake.polled(
    { kind: 'uk_carbon_intensity', interval: '10m' },
    ({ puts }) => puts >= 2,
  )
  expect(value('GB', '2026-11-30T11:45:00Z')).toBe('255 final')
  expect(value('GB', '2026-11-30T12:19:00Z')).toBe('255 estimated')
  expect(value('GB', '2026-11-30T12:21:00Z')).toBeNull()
})

const day = { body: { data: [slot('11:30', '12:00', 260, 255), slot('12:00', '12:30', 250, null)] } }

test('a forecast is kept when it is issued, and again only when it says something else', async () => {
  let looks = 0
  fake.answer = path => {
    if (path.endsWith('/fw24h')) looks += 1
    const forecast = looks < 3 ? 250 : 245
    return { body: { data: [slot('12:00', '12:30', forecast, null)] } }
  }
  let nowMs = Date.parse('2026-11-30T12:10:00Z')
  const now = () => (nowMs += 1_000)
  const { kept } = await fake.polled(
    { kind: 'uk_carbon_intensity', interval: '10ms' },
    ({ kept: issued }) => issued.length >= 2,
    now,
  )
  expect(kept.map(({ values }) => values.map(({ g_per_kwh }) => g_per_kwh))).toEqual([['250'], ['245']])
  expect(kept[0]!.issuedAt < kept[1]!.issuedAt).toBe(true)
})

test('a document that has not changed is not sent again', async () => {
  const known: (string | undefined)[] = []
  fake.answer = (path, { headers }) => {
    if (path.includes('forecast'))
      return { body: { zone: 'DE', forecast: [] }, headers: { 'cache-control': 'max-age=600' } }
    known.push(headers['if-none-match'])
    if (headers['if-none-match'] === '"v1"') return { status: 304, body: '' }
    const history = [
      { zone: 'DE', carbonIntensity: 300, datetime: '2026-11-30T11:00:00.000Z', isEstimated: false },
    ]
    return { body: { zone: 'DE', history }, headers: { etag: '"v1"' } }
  }
  const config = { kind: 'electricity_maps', zone: 'DE', token: 'k', interval: '10ms' }
  const { value, told } = await fake.polled(config, () => known.length >= 3)
  expect(told).toEqual([])
  expect(known.slice(0, 3)).toEqual([undefined, '"v1"', '"v1"'])
  expect(fake.paths.filter(path => path?.includes('forecast'))).toHaveLength(1)
  expect(value('DE', '2026-11-30T11:30:00Z')).toBe('300 final')
})

test('entries with one key share the requests of the day, which are then told to be used up', async () => {
  fake.answer = path => ({ body: path.includes('history') ? { history: [] } : { forecast: [] } })
  const zone = (name: string) => ({ kind: 'electricity_maps', zone: name, token: 'k', requests_per_day: 3 })
  const { told } = await fake.polled(
    [zone('DE'), zone('FR')],
    ({ told: failures }) => failures.length >= 1 && fake.asked.length >= 3,
  )
  expect(fake.asked).toHaveLength(3)
  expect(told[0]).toContain('the 3 requests of this day (requests_per_day) are used up')
})

test.each([
  ['seconds', '0'],
  ['a date', 'Mon, 30 Nov 2026 12:00:00 GMT'],
])('a provider that asks to be left alone until then (%s) is asked again', async (_, retryAfter) => {
  let refused = 0
  fake.answer = () => {
    refused += 1
    const headers = { 'retry-after': retryAfter, date: 'Mon, 30 Nov 2026 12:00:00 GMT' }
    return refused <= 1 ? { status: 503, headers, body: 'later' } : day
  }
  const { value, told } = await fake.polled(
    { kind: 'uk_carbon_intensity', interval: '20ms' },
    ({ puts }) => puts >= 1,
  )
  expect(told).toEqual([expect.stringContaining('answered 503: later')])
  expect(value('GB', '2026-11-30T11:45:00Z')).toBe('255 final')
})
