/**
 * Guarantees: what providers send in their documented shape is put in force as they mean it; what is not of that shape is told
 * and puts nothing in force; while one is away its last value holds on, marked as an estimate, and is restated by what it says
 * when it is back.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startFactorPoller } from '../../../collector/factors/poller.ts'
import { providerOf } from '../../../collector/factors/providers.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import type { Events } from '../../../core/catalogue/events/events.ts'
import { putIntensities } from '../../../core/factors/intensity-log.ts'
import { decimalText } from '../../../core/model/decimal.ts'
import { followerOf } from '../../support/factor-follower.ts'
import { memoryLog } from '../../support/memory-log.ts'

type Answer = { readonly status?: number; readonly headers?: Record<string, string>; readonly body: unknown }

let server: Server
let url: string
let asked: IncomingMessage[]
let answer: (path: string, request: IncomingMessage) => Answer

beforeEach(async () => {
  asked = []
  server = createServer((request, reply) => {
    asked.push(request)
    const { status = 200, headers = {}, body } = answer(request.url ?? '', request)
    reply.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => new Promise(resolve => server.close(resolve)))

const NOW = Date.parse('2026-11-30T12:10:00Z')
const at = (time: string): number => Date.parse(time) / 1000

/** Asks a provider until something has happened; what is in force then, and what was told. */
async function polled(config: object, until: (told: readonly string[], puts: number) => boolean) {
  const log = memoryLog()
  const told: string[] = []
  let puts = 0
  const [provider] = configSchema.parse({ factors: { providers: [{ url, ...config }] } }).factors.providers
  const events: Events = { emit: (_name, _facts, error) => void told.push(String(error)) }
  const poller = startFactorPoller({
    providers: [providerOf(provider!)],
    put: async factors => {
      puts += 1
      return await putIntensities(log, factors, NOW)
    },
    events,
    now: () => NOW,
  })
  await expect.poll(() => until(told, puts), { timeout: 20_000 }).toBe(true)
  await poller.stop()
  const follower = followerOf(log, () => 0)
  await follower.follow()
  const { intensities: book } = follower.books
  const value = (zone: string, time: string, kind: 'average' | 'marginal' = 'average') => {
    const found = book.between(zone, kind, at(time), at(time) + 1)[0]
    return found === undefined ? null : `${decimalText(found.value)} ${found.state}`
  }
  return { value, told }
}

const slot = (from: string, to: string, forecast: number, actual: number | null) => ({
  from: `2026-11-30T${from}Z`,
  to: `2026-11-30T${to}Z`,
  intensity: { forecast, actual, index: 'moderate' },
})

test('Great Britain: measured half hours are final, others forecasts', async () => {
  answer = path => ({
    body: {
      data: path.endsWith('/pt24h')
        ? [slot('11:30', '12:00', 260, 255), slot('12:00', '12:30', 250, null)]
        : [slot('12:00', '12:30', 250, null), slot('12:30', '13:00', 240, null)],
    },
  })
  const { value, told } = await polled({ kind: 'uk_carbon_intensity' }, (_, puts) => puts >= 1)
  expect(told).toEqual([])
  expect(value('GB', '2026-11-30T11:59:00Z')).toBe('255 final')
  expect(value('GB', '2026-11-30T12:10:00Z')).toBe('250 forecast')
  expect(value('GB', '2026-11-30T12:59:00Z')).toBe('240 forecast')
  expect(asked.map(({ url: path }) => path)).toEqual([
    '/intensity/2026-11-30T12:10Z/pt24h',
    '/intensity/2026-11-30T12:10Z/fw24h',
  ])
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
  answer = path => ({
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
        },
  })
  const config = { kind: 'electricity_maps', zone: 'SE-SE3', token: 'k' }
  const { value, told } = await polled(config, (_, puts) => puts >= 1)
  expect(told).toEqual([])
  expect(value('SE-SE3', '2026-11-30T09:30:00Z')).toBe('31 final')
  expect(value('SE-SE3', '2026-11-30T10:30:00Z')).toBeNull()
  expect(value('SE-SE3', '2026-11-30T11:30:00Z')).toBe('33 estimated')
  expect(value('SE-SE3', '2026-11-30T12:30:00Z')).toBe('35 forecast')
  expect(asked.every(({ headers }) => headers['auth-token'] === 'k')).toBe(true)
  expect(asked.map(({ url: path }) => path)).toEqual([
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
  answer = (path, { headers }) => {
    if (path === '/login') {
      const isKnown = headers.authorization === `Basic ${Buffer.from('u:p').toString('base64')}`
      return isKnown ? { body: { token: 'jwt' } } : { status: 401, body: {} }
    }
    if (headers.authorization !== 'Bearer jwt') return { status: 401, body: {} }
    const time = path.startsWith('/v3/historical') ? '2026-11-30T12:05:00+00:00' : '2026-11-30T12:10:00+00:00'
    return { body: { data: [{ point_time: time, value: 1000.5 }], meta } }
  }
  const config = { kind: 'watttime', zone: 'US-CAL-CISO', area: 'CAISO_NORTH', user: 'u', password: 'p' }
  const { value, told } = await polled(config, (_, puts) => puts >= 1)
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
    answer = () => given
    const { value, told } = await polled({ kind: 'uk_carbon_intensity' }, failures => failures.length > 0)
    expect(told[0]).toMatch(what)
    expect(value('GB', '2026-11-30T11:45:00Z')).toBeNull()
  },
)

test('a value that has ended holds on until the next look, as an estimate', async () => {
  answer = () => ({ body: { data: [slot('11:30', '12:00', 260, 255)] } })
  const { value } = await polled({ kind: 'uk_carbon_intensity', interval: '10m' }, (_, puts) => puts >= 2)
  expect(value('GB', '2026-11-30T11:45:00Z')).toBe('255 final')
  expect(value('GB', '2026-11-30T12:19:00Z')).toBe('255 estimated')
  expect(value('GB', '2026-11-30T12:21:00Z')).toBeNull()
})
