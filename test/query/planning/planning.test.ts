// Guarantees: the best window follows from the values in force, with figures computed by hand; invalid parameters are
// refused with the reason; the shapes of the Carbon Aware SDK are answered.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BestWindowAnswer, IntensityOutlookAnswer, Problem } from '../../../core/api/answers.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { configuredFactors } from '../../../core/factors/configured.ts'
import { createInstanceFactors } from '../../../core/factors/instance-factors.ts'
import { factorsOf } from '../../../core/factors/intensity-values.ts'
import type { QueryServer } from '../../../query/http/query-server.ts'
import { createQueryServer } from '../../../query/server.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { refusingWarehouse } from '../../support/refusing-warehouse.ts'

let server: QueryServer
let base = ''

beforeAll(async () => {
  const config = configSchema.parse({
    factors: { zone: 'AA', intensity_g_per_kwh: '999' },
    tariffs: {
      currency: 'EUR',
      price_per_kwh: '0.40',
      bands: [{ from: '22:00', to: '06:00', price_per_kwh: '0.10' }],
    },
  })
  const factors = createInstanceFactors(memoryLog(), configuredFactors(config))
  const zone = (name: string, grams: readonly number[]) =>
    factorsOf(
      {
        zone: name,
        kind: 'average',
        source: 'test',
        values: grams.map((g, hour) => ({
          from: new Date(NOON + hour * 3_600_000).toISOString(),
          to: new Date(NOON + (hour + 1) * 3_600_000).toISOString(),
          g_per_kwh: String(g),
          state: 'forecast' as const,
        })),
      },
      'test',
    )
  await factors.putIntensities(
    zone('AA', [400, 300, 200, 100, 500, ...Array.from({ length: 20 }, () => 600)]),
  )
  await factors.putIntensities(zone('BB', [450, 250, 50, 450, 450, ...Array.from({ length: 20 }, () => 450)]))
  server = createQueryServer({
    config,
    warehouse: refusingWarehouse,
    events: silentEvents,
    readiness: async () => ({}),
    page: new Map(),
    version: '0.1.0',
    started: new Date(),
    factors,
    now: () => NOON,
  })
  base = `http://127.0.0.1:${(await server.listen('127.0.0.1', 0)).port}`
})
afterAll(() => server.stop())

const NOON = Date.parse('2026-11-30T12:00:00Z')
const get = async <T>(path: string, status = 200): Promise<T> => {
  const reply = await fetch(base + path)
  const body = (await reply.json()) as T
  expect([reply.status, body]).toEqual([status, body])
  return body
}
const best = (query: string): Promise<BestWindowAnswer> => get(`/api/v1/intensity/best-window?${query}`)

describe('best window', () => {
  it('waits for the greenest time in one zone', async () => {
    const answer = await best('duration=2h&power=500W&deadline=6h')
    // Two hours at 500 W are 1 kWh: 200 and 100 g/kWh from 14:00 on, 400 and 300 now.
    expect(answer.best).toMatchObject({
      zone: 'AA',
      start: '2026-11-30T14:00:00.000Z',
      carbon_g: 150,
      basis: ['forecast'],
    })
    expect(answer.now).toMatchObject({
      zone: 'AA',
      start: '2026-11-30T12:00:00.000Z',
      carbon_g: 350,
      cost: 0.4,
    })
    expect(answer.saved).toEqual({ carbon_g: 200, cost: 0 })
    expect(answer.job).toEqual({ duration_s: 7_200, power_w: 500, energy_kwh: 1 })
    expect(answer.zones[0]?.worst.start).toBe('2026-11-30T16:00:00.000Z')
  })

  it('begins within an hour where that is better', async () => {
    const answer = await best('duration=90m&power=1kW&deadline=6h')
    // 14:30 to 16:00: half an hour at 200 g/kWh, an hour at 100.
    expect(answer.best).toMatchObject({ start: '2026-11-30T14:30:00.000Z', carbon_g: 200 })
  })

  it('chooses among zones, and compares with the first of them', async () => {
    const answer = await best('duration=1h&zone=AA,BB,XX&deadline=6h')
    expect(answer.best).toMatchObject({ zone: 'BB', start: '2026-11-30T14:00:00.000Z', carbon_g: 50 })
    expect(answer.now).toMatchObject({ zone: 'AA', carbon_g: 400 })
    expect(answer.zones.map(({ zone }) => zone)).toEqual(['BB', 'AA'])
    expect(answer.unknown).toEqual(['XX'])
  })

  it('weighs money and carbon', async () => {
    const cost = await best('duration=1h&objective=cost&deadline=24h')
    expect(cost.best).toMatchObject({ start: '2026-11-30T22:00:00.000Z', cost: 0.1, carbon_g: 600 })
    expect(cost.currency).toBe('EUR')
    // 0.40 EUR and 100 g against 0.10 EUR and 600 g: 0.30 EUR for 500 g are 600 EUR per tonne.
    const cheap = await best('duration=1h&objective=both&carbon_price=599&deadline=24h')
    expect(cheap.best.start).toBe('2026-11-30T22:00:00.000Z')
    const green = await best('duration=1h&objective=both&carbon_price=601&deadline=24h')
    expect(green.best.start).toBe('2026-11-30T15:00:00.000Z')
  })

  it.each([
    ['power=1kW', 'duration'],
    ['duration=2x', 'duration'],
    ['duration=2h&deadline=1h', 'deadline'],
    ['duration=2h&deadline=20d', 'deadline'],
    ['duration=2h&objective=both', 'carbon_price'],
    ['duration=2h&power=0W', 'power'],
    ['duration=2h&zone=A%20B', 'zone'],
    ['duration=2h&nope=1', 'nope'],
    ['duration=2h&not_before=tomorrow', 'not_before'],
  ])('refuses %s', async (query, name) => {
    const problem = await get<Problem>(`/api/v1/intensity/best-window?${query}`, 400)
    expect(problem.detail).toContain(name)
  })

  it('says so where nothing is known', async () => {
    const problem = await get<Problem>('/api/v1/intensity/best-window?duration=1h&zone=XX', 404)
    expect(problem.detail).toContain('No zone of XX has an intensity')
  })
})

it('shows what zones are expected to do', async () => {
  const { zones } = await get<IntensityOutlookAnswer>('/api/v1/intensity?zone=AA,XX&ahead=3h')
  expect(zones[0]?.now).toMatchObject({ g_per_kwh: 400, basis: 'forecast' })
  expect(zones[0]?.values.map(one => one.g_per_kwh)).toEqual([999, 400, 300, 200, 100])
  expect(zones[1]).toEqual({ zone: 'XX', now: null, values: [] })
})

describe('as the Carbon Aware SDK', () => {
  it('answers the current forecast with its best point', async () => {
    const [forecast] = await get<Record<string, unknown>[]>(
      '/emissions/forecasts/current?location=AA&dataEndAt=6h&windowSize=60',
    )
    expect(forecast).toMatchObject({
      location: 'AA',
      windowSize: 60,
      optimalDataPoints: [
        { location: 'AA', timestamp: '2026-11-30T15:00:00.000Z', duration: 60, value: 100 },
      ],
    })
    expect(forecast?.['forecastData']).toHaveLength(61)
  })

  it('answers values by location, the best of them, and their mean', async () => {
    const window = 'time=2026-11-30T12:00:00Z&toTime=2026-11-30T14:00:00Z'
    const all = await get<unknown[]>(`/emissions/bylocations?locations=AA&locations=BB&${window}`)
    expect(all).toHaveLength(4)
    expect(all[0]).toEqual({
      location: 'AA',
      time: '2026-11-30T12:00:00.000Z',
      rating: 400,
      duration: '01:00:00',
    })
    const found = await get<unknown[]>(`/emissions/bylocations/best?locations=AA&locations=BB&${window}`)
    expect(found).toMatchObject([{ location: 'BB', rating: 250 }])
    const mean = await get(
      '/emissions/average-carbon-intensity?location=AA&startTime=2026-11-30T12:00:00Z&endTime=2026-11-30T14:00:00Z',
    )
    expect(mean).toMatchObject({ location: 'AA', carbonIntensity: 350 })
    const reply = await fetch(`${base}/emissions/bylocation?location=AA`)
    expect(reply.headers.get('x-signal-kind')).toBe('average')
  })

  it('refuses windows without bounds', async () => {
    await get('/emissions/forecasts/current?location=AA&dataEndAt=2036-01-01T00:00:00Z', 400)
    await get('/emissions/bylocation?location=AA&time=2016-01-01T00:00:00Z', 400)
    await get('/emissions/forecasts/current', 400)
  })
})
