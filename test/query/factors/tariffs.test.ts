/**
 * Guarantees: price lists, spot prices, PUE values and types of hosts that are put read back and are in force; what cannot be used is
 * refused whole, with what is wrong; a tenant's own prices are set and seen by that tenant alone, all else is set by the operator.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type {
  EffectivePricesAnswer,
  EmbodiedAnswer,
  Problem,
  PueAnswer,
  SpotPricesAnswer,
  TariffPutAnswer,
  TariffsAnswer,
} from '../../../core/api/answers.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { configuredFactors } from '../../../core/factors/configured.ts'
import { createInstanceFactors } from '../../../core/factors/instance-factors.ts'
import type { Identity } from '../../../core/model/identity.ts'
import type { QueryServer } from '../../../query/http/query-server.ts'
import { createQueryServer } from '../../../query/server.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { refusingWarehouse } from '../../support/refusing-warehouse.ts'
import { accessAs } from '../support/access.ts'

const OPERATOR: Identity = { tenant: 'default', scopes: ['admin', 'read'], accounts: null }
const SHOP: Identity = { ...OPERATOR, tenant: 'shop' }
const OTHER: Identity = { ...OPERATOR, tenant: 'other' }
let who = OPERATOR
let server: QueryServer
let base: string

const config = configSchema.parse({
  tariffs: {
    price_per_kwh: '0.30',
    lists: [{ name: 'sweden', zone: 'SE', currency: 'SEK', price_per_kwh: '1.5' }],
  },
  factors: {
    pue_values: [{ zone: 'DE', source: 'survey', values: [{ from: '2026-01-01T00:00:00Z', pue: '1.5' }] }],
  },
})
beforeAll(async () => {
  server = createQueryServer({
    config,
    warehouse: refusingWarehouse,
    events: silentEvents,
    readiness: async () => ({}),
    page: new Map(),
    version: '0.1.0',
    started: new Date(),
    access: accessAs(() => who),
    factors: createInstanceFactors(memoryLog(), configuredFactors(config)),
    now: () => Date.parse('2026-11-30T12:00:00Z'),
  })
  const { port } = await server.listen('127.0.0.1', 0)
  base = `http://127.0.0.1:${port}/api/v1`
})
beforeEach(() => {
  who = OPERATOR
})
afterAll(() => server.stop())

const send = async (
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; answer: unknown }> => {
  const response = await fetch(`${base}/${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  return { status: response.status, answer: await response.json() }
}
const put = (path: string, body: unknown) => send('PUT', path, body)
/** What is known of the log may be a second old. */
const settled = () => new Promise(resolve => setTimeout(resolve, 1_100))
const get = async <T>(path: string): Promise<T> => (await send('GET', path)).answer as T
const names = async (): Promise<readonly string[]> =>
  (await get<TariffsAnswer>('tariffs')).lists.map(({ name }) => name)

test('price lists: put again, seen in order, in force, of tenants, and removed', async () => {
  const list = {
    name: 'acme',
    account: 'acme',
    currency: 'EUR',
    price_per_kwh: '0.25',
    valid_from: '2026-11-30T11:30:00Z',
  }
  const first = (await put('tariffs', list)).answer as TariffPutAnswer
  expect(first).toEqual({ name: 'acme', version: expect.stringMatching(/^EUR:[0-9a-f]{8}$/), changed: true })
  expect((await put('tariffs', { ...list, price_per_kwh: '0.250' })).answer).toEqual({
    ...first,
    changed: false,
  })
  who = SHOP
  expect((await put('tariffs', { name: 'ours', currency: 'CHF', price_per_kwh: '0.2' })).status).toBe(200)
  expect((await put('tariffs', { ...list, tenant: 'other' })).status).toBe(403)
  await settled()
  expect(await names()).toEqual(['ours', 'acme', 'sweden'])
  const ours = await get<EffectivePricesAnswer>('tariffs/effective?account=acme&zone=SWE&window=1h')
  expect(ours.pieces.map(piece => [piece.price_per_kwh, piece.currency])).toEqual([['0.2', 'CHF']])
  for (const [someone, zone, expected] of [
    [
      OTHER,
      'DE',
      [
        ['11:00', '0.3', 'EUR'],
        ['11:30', '0.25', 'EUR'],
      ],
    ],
    [
      OPERATOR,
      'SE',
      [
        ['11:00', '1.5', 'SEK'],
        ['11:30', '0.25', 'EUR'],
      ],
    ],
  ] as const) {
    who = someone
    expect(await names()).toEqual(['acme', 'sweden'])
    const answer = await get<EffectivePricesAnswer>(`tariffs/effective?account=acme&zone=${zone}&window=1h`)
    expect(answer.pieces.map(one => [one.from.slice(11, 16), one.price_per_kwh, one.currency])).toEqual(
      expected,
    )
    expect(answer.truncated).toBe(false)
  }
  who = SHOP
  expect((await send('DELETE', 'tariffs/acme')).status).toBe(404)
  expect((await send('DELETE', 'tariffs/acme?tenant=default')).status).toBe(403)
  expect((await send('DELETE', 'tariffs/ours')).answer).toEqual({ changed: true })
  await settled()
  expect(await names()).toEqual(['acme', 'sweden'])
})

test('a list that was put stands in for a configured one of its name', async () => {
  await put('tariffs', { name: 'sweden', zone: 'SE', currency: 'SEK', price_per_kwh: '1.75' })
  await settled()
  const prices = () => get<EffectivePricesAnswer>('tariffs/effective?account=x&zone=SE&window=1h')
  expect((await prices()).pieces.map(one => one.price_per_kwh)).toEqual(['1.75'])
  await send('DELETE', 'tariffs/sweden')
  await settled()
  expect((await prices()).pieces.map(one => one.price_per_kwh)).toEqual(['1.5'])
  expect((await send('DELETE', 'tariffs/sweden')).status).toBe(404)
})

test('spot prices are in force for the lists that ask for them', async () => {
  const values = [
    { from: '2026-11-30T11:00:00Z', to: '2026-11-30T11:15:00Z', price_per_mwh: '-20' },
    { from: '2026-11-30T11:15:00Z', to: '2026-11-30T12:00:00Z', price_per_mwh: '81.4', state: 'forecast' },
  ]
  const body = { zone: 'DE-LU', currency: 'EUR', source: 'exchange', values }
  expect((await put('tariffs/spot', body)).answer).toEqual({
    zone: 'DE-LU',
    currency: 'EUR',
    values: 2,
    days_changed: 1,
  })
  await put('tariffs', {
    name: 'dynamic',
    account: 'dynamic',
    currency: 'EUR',
    spot: { zone: 'DE-LU', markup_per_kwh: '0.01' },
  })
  await settled()
  const found = await get<SpotPricesAnswer>('tariffs/spot?zone=DE-LU&window=1h')
  expect(found.values.map(one => [one.price_per_kwh, one.state])).toEqual([
    ['-0.02', 'final'],
    ['0.0814', 'forecast'],
  ])
  const { pieces } = await get<EffectivePricesAnswer>('tariffs/effective?account=dynamic&zone=DE&window=1h')
  expect(pieces.map(one => one.price_per_kwh)).toEqual(['-0.01', '0.0914'])
  expect(pieces[0]!.version).toContain(`+${found.values[0]!.version}`)
  expect((await send('GET', 'tariffs/spot?zone=DE-LU&currency=SEK')).status).toBe(400)
  who = SHOP
  expect((await put('tariffs/spot', body)).status).toBe(403)
})

test('PUE of a site and a zone by time', async () => {
  const values = [
    { from: '2026-11-29T00:00:00Z', to: '2026-11-30T00:00:00Z', pue: '1.21' },
    { from: '2026-11-30T00:00:00Z', pue: '1.19' },
  ]
  const body = { site: 'hall 1', source: 'meter', values }
  expect((await put('factors/pue', body)).answer).toEqual({ changed: true })
  expect((await put('factors/pue', body)).answer).toEqual({ changed: false })
  await put('factors/pue', {
    ...body,
    values: [{ from: '2026-11-30T06:00:00Z', to: '2026-11-30T07:00:00Z', pue: '1.3' }],
  })
  await settled()
  const found = await get<PueAnswer>('factors/pue?site=hall%201&window=24h')
  expect(found.values.map(one => [one.from?.slice(8, 13), one.to?.slice(8, 13) ?? null, one.pue])).toEqual([
    ['29T00', '30T00', '1.21'],
    ['30T00', '30T06', '1.19'],
    ['30T06', '30T07', '1.3'],
    ['30T07', null, '1.19'],
  ])
  expect((await get<PueAnswer>('factors/pue?zone=DEU')).values.map(one => [one.pue, one.source])).toEqual([
    ['1.5', 'survey'],
  ])
  expect((await send('GET', 'factors/pue')).status).toBe(400)
  who = SHOP
  expect((await put('factors/pue', body)).status).toBe(403)
})

test('types of hosts, whose names only the operator sees', async () => {
  const body = {
    host_type: 'h100-node',
    hosts: ['gpu-*'],
    kg: '1300',
    years: '4',
    gpus: { count: 8, kg: '164' },
    source: 'maker',
  }
  expect((await put('factors/embodied', body)).answer).toEqual({ changed: true })
  await settled()
  const found = await get<EmbodiedAnswer>('factors/embodied')
  expect(found.host_types).toEqual([
    { ...body, valid_from: null, valid_to: null, version: expect.stringMatching(/^api:1300:/) },
  ])
  who = SHOP
  expect((await get<EmbodiedAnswer>('factors/embodied')).host_types[0]!.hosts).toBeNull()
  expect((await put('factors/embodied', body)).status).toBe(403)
  who = OPERATOR
  expect((await send('DELETE', 'factors/embodied/h100-node')).answer).toEqual({ changed: true })
  expect((await send('DELETE', 'factors/embodied/h100-node')).status).toBe(404)
})

test.each([
  [
    'tariffs',
    { name: 'x', currency: 'EUX', price_per_kwh: '1' },
    /currency: EUX is not an ISO 4217 currency/,
  ],
  ['tariffs', { name: 'x', currency: 'EUR' }, /x has no price/],
  ['tariffs', { name: 'default', currency: 'EUR', price_per_kwh: '1' }, /use another/],
  ['tariffs', { name: 'x', currency: 'EUR', price_per_kwh: 0.1 }, /decimal number in quotes/],
  ['tariffs', { name: 'x', currency: 'EUR', price: '1' }, /price/],
  ['tariffs/spot', { zone: 'DE-LU', currency: 'EUR', source: 's', values: [] }, /values/],
  [
    'factors/pue',
    { source: 's', values: [{ from: '2026-01-01T00:00:00Z', pue: '1.2' }] },
    /either a site or a zone/,
  ],
  [
    'factors/pue',
    { zone: 'DE', source: 's', values: [{ from: '2026-01-01T00:00:00Z', pue: '0.9' }] },
    /at least 1/,
  ],
  ['factors/embodied', { host_type: 'x', hosts: ['*'], kg: '1', years: '0', source: 's' }, /above 0/],
])('%s refuses %o', async (path, body, problem) => {
  const { status, answer } = await put(path, body)
  expect([status, (answer as Problem).code]).toEqual([400, 'parameter_invalid'])
  expect((answer as Problem).detail).toMatch(problem)
})
