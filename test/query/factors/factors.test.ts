/**
 * Guarantees: intensities that are put are in force from then on and read back as they were put; what cannot be used is
 * refused whole, with what is wrong; only whoever runs the instance may put.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { IntensityAnswer, IntensityPutAnswer, Problem } from '../../../core/api/answers.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { createInstanceFactors } from '../../../core/factors/instance-factors.ts'
import type { Identity } from '../../../core/model/identity.ts'
import type { QueryServer } from '../../../query/http/query-server.ts'
import { createQueryServer } from '../../../query/server.ts'
import { NO_FACTORS } from '../../support/factor-follower.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { refusingWarehouse } from '../../support/refusing-warehouse.ts'
import { accessAs } from '../support/access.ts'

let who: Identity = { tenant: 'default', scopes: ['admin', 'read'], accounts: null }
let server: QueryServer
let base: string
const log = memoryLog()

beforeAll(async () => {
  server = createQueryServer({
    config: configSchema.parse({}),
    warehouse: refusingWarehouse,
    events: silentEvents,
    readiness: async () => ({}),
    page: new Map(),
    version: '0.1.0',
    started: new Date(),
    access: accessAs(() => who),
    factors: createInstanceFactors(log, NO_FACTORS),
    now: () => Date.parse('2026-11-30T12:00:00Z'),
  })
  const { port } = await server.listen('127.0.0.1', 0)
  base = `http://127.0.0.1:${port}/api/v1/factors/intensity`
})
afterAll(() => server.stop())

const put = (body: unknown): Promise<Response> =>
  fetch(base, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
const read = async (query: string): Promise<IntensityAnswer> =>
  (await (await fetch(`${base}?${query}`)).json()) as IntensityAnswer

const hour = (from: string, to: string, g_per_kwh: unknown, state = 'estimated') => ({
  from: `2026-11-30T${from}:00Z`,
  to: `2026-11-30T${to}:00Z`,
  g_per_kwh,
  state,
})
const BODY = {
  zone: 'DEU',
  source: 'grid operator',
  values: [hour('10:00', '11:00', '300'), hour('11:00', '12:00', 290.5)],
}

test('what is put is in force, and is revised in part', async () => {
  expect(await (await put(BODY)).json()).toEqual({
    zone: 'DE',
    kind: 'average',
    values: 2,
    days_changed: 1,
  } satisfies IntensityPutAnswer)
  const again = (await (await put(BODY)).json()) as IntensityPutAnswer
  expect(again.days_changed).toBe(0)
  await put({ ...BODY, values: [hour('10:30', '11:00', '320', 'final')] })
  // What is known of the log may be a second old.
  await new Promise(resolve => setTimeout(resolve, 1_100))
  const answer = await read('zone=DE&window=24h')
  expect(answer.values.map(({ from, to, g_per_kwh, state }) => [from, to, g_per_kwh, state])).toEqual([
    ['2026-11-30T10:00:00.000Z', '2026-11-30T10:30:00.000Z', '300', 'estimated'],
    ['2026-11-30T10:30:00.000Z', '2026-11-30T11:00:00.000Z', '320', 'final'],
    ['2026-11-30T11:00:00.000Z', '2026-11-30T12:00:00.000Z', '290.5', 'estimated'],
  ])
  expect(answer.otherwise?.version).toMatch(/^yearly-/)
  expect((await read('zone=DE&kind=marginal')).values).toEqual([])
  expect((await read('zone=DE&kind=marginal')).otherwise).toBeNull()
  expect((await read('zone=DE&window=1h')).values).toHaveLength(1)
})

test.each([
  ['a negative value', { ...BODY, values: [hour('10:00', '11:00', '-1')] }, /values\[0\]\.g_per_kwh/],
  ['an unknown key', { ...BODY, unit: 'kg' }, /unit/],
  [
    'two values at one time',
    { ...BODY, values: [hour('10:00', '11:00', 1), hour('10:59', '12:00', 1)] },
    /two values/,
  ],
  ['no object', [], /expected object/],
])('%s is refused whole, with what is wrong', async (_, body, what) => {
  const before = log.end()
  const answer = await put(body)
  expect(answer.status).toBe(400)
  expect(((await answer.json()) as Problem).detail).toMatch(what)
  expect(log.end()).toBe(before)
})

test('only whoever runs the instance may put; every reader may ask', async () => {
  who = { tenant: 'shop', scopes: ['admin', 'read'], accounts: null }
  expect((await put(BODY)).status).toBe(403)
  who = { tenant: 'shop', scopes: ['read'], accounts: ['web'] }
  expect((await fetch(`${base}?zone=DE`)).status).toBe(200)
  expect((await fetch(`${base}?zone=D/E`)).status).toBe(400)
})
