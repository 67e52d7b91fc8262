/**
 * Guarantees: CloudKitty's summary and dataframes have the quantities and the money of the ledger, to the last digit, in
 * CloudKitty's shapes; what cannot be added or is not supported is refused.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ledger } from '../../../core/model/streams/index.ts'
import type { Api } from '../prometheus/support/api.ts'
import { ledgerRow, unixSeconds } from '../support/rows.ts'
import { openWorld, START, VM, VM2 } from './support/world.ts'

let api: Api
const ask = async <Body>(path: string): Promise<Body> => {
  const { status, text } = await api.get(path)
  if (status !== 200) throw new Error(`${path}: ${status} ${text}`)
  return JSON.parse(text) as Body
}
interface Table {
  readonly total: number
  readonly columns: readonly string[]
  readonly results: readonly (readonly unknown[])[]
}
const MONTH = ['2026-11-01T00:00:00+00:00', '2026-12-01T00:00:00+00:00'] as const
const KWH = 6_750_001 / 3.6e12

beforeAll(async () => {
  api = await openWorld()
})
afterAll(async () => await api.close())

describe('summary', () => {
  it('of the month, by project and type', async () => {
    const found = await ask<Table>('/cloudkitty/v2/summary?groupby=project_id&groupby=type')
    expect(found).toEqual({
      total: 4,
      columns: ['begin', 'end', 'qty', 'rate', 'project_id', 'type'],
      results: [
        [...MONTH, expect.closeTo(2 * KWH, 15), 0.040500006, 'mobile', 'energy'],
        [...MONTH, 0.03, 0.000000007, 'mobile', 'resources'],
        [...MONTH, expect.closeTo(KWH, 15), 0.020250003, 'web', 'energy'],
        [...MONTH, 0.015, 0.000000007, 'web', 'resources'],
      ],
      format: 'table',
    })
  })

  it('has money with all of its digits', async () => {
    const nano = 9_007_199_254_740_993_123n
    await api.store.insert(ledger, [
      ledgerRow({
        WindowStart: unixSeconds('2026-09-05T00:00:00Z'),
        Account: 'rich',
        EnergyUj: 3_600_000_000_001n,
        CostEnergyNano: nano,
        EntryId: 'rich',
      }),
    ])
    const { text } = await api.get('/v2/summary?begin=2026-09-01T00:00:00Z&end=2026-10-01T00:00:00Z')
    expect(text).toContain(
      '"results":[["2026-09-01T00:00:00+00:00","2026-10-01T00:00:00+00:00",1.000000000000277778,9007199254.740993123]]',
    )
  })

  it('filters, and groups by hour, day, week, month and year', async () => {
    const of = (query: string) =>
      ask<Table>(`/v2/summary?filters=project_id:web&filters=type:energy&${query}`)
    const hour = ['2026-11-20T12:00:00+00:00', '2026-11-20T13:00:00+00:00']
    expect((await of('groupby=time')).results).toEqual([[...hour, expect.closeTo(KWH, 15), 0.020250003]])
    expect((await of('groupby=time-d,id')).results).toEqual([
      [...MONTH, expect.closeTo(KWH, 15), 0.020250003, VM, '324'],
    ])
    const labels = ['time-w', 'time-m', 'time-y'].map(
      async name => (await of(`groupby=${name}`)).results[0]?.[4],
    )
    expect(await Promise.all(labels)).toEqual(['46', '11', '2026'])
    expect((await of('groupby=time-w')).columns.at(-1)).toBe('week_of_the_year')
  })

  it('cuts at the minute', async () => {
    const at = (seconds: number): string => new Date((START + seconds) * 1000).toISOString()
    const { results } = await ask<Table>(
      `/v2/summary?begin=${at(60)}&end=${at(120)}&filters=type:energy&groupby=time`,
    )
    expect(results).toEqual([
      [
        '2026-11-20T12:01:00+00:00',
        '2026-11-20T12:02:00+00:00',
        expect.closeTo((3 * 2_250_001) / 3.6e12, 15),
        0.020250009,
      ],
    ])
  })

  it('as objects, page by page, and nothing of nothing', async () => {
    const page = await ask<{ total: number; results: readonly Record<string, unknown>[] }>(
      '/v2/summary?response_format=object&groupby=id,type&offset=1&limit=2',
    )
    expect([page.total, page.results.map(({ id, type }) => [id, type])]).toEqual([
      4,
      [
        [VM, 'resources'],
        [VM2, 'energy'],
      ],
    ])
    expect(await ask('/v2/summary?begin=2020-01-01&end=2020-02-01')).toEqual({
      total: 0,
      columns: [],
      results: [],
      format: 'table',
    })
  })

  it('says what has no price, and adds no euros to dollars', async () => {
    const row = { WindowStart: unixSeconds('2026-08-05T00:00:00Z'), EnergyUj: 3_600_000_000_000n }
    await api.store.insert(ledger, [
      ledgerRow({ ...row, CostEnergyNano: null, Reason: 'no_tariff', EntryId: 'unpriced' }),
    ])
    const august = 'begin=2026-08-01T00:00:00Z&end=2026-09-01T00:00:00Z'
    expect(await ask(`/v2/summary?${august}&response_format=object`)).toMatchObject({
      results: [{ qty: 1, rate: null }],
      unpriced_kwh: 1,
    })
    await api.store.insert(ledger, [
      ledgerRow({ ...row, CostEnergyNano: 1n, Currency: 'EUR', EntryId: 'eur' }),
      ledgerRow({ ...row, CostEnergyNano: 1n, Currency: 'USD', EntryId: 'usd' }),
    ])
    const mixed = await api.get(`/v2/summary?${august}`)
    expect([mixed.status, JSON.parse(mixed.text)]).toEqual([
      400,
      { message: expect.stringContaining('There are costs in EUR, USD') },
    ])
    const told = await ask<Table>(`/v2/summary?${august}&groupby=currency`)
    expect(told.results.map(result => result.slice(3))).toEqual([
      [0.000000001, 'EUR'],
      [0.000000001, 'USD'],
    ])
  })

  it.each([
    ['groupby=flavor_id', 'Cannot group by flavor_id'],
    ['filters=flavor_id:1', 'Cannot filter by flavor_id'],
    ['filters=web', 'invalid key:value association web'],
    ['response_format=csv', 'Invalid response format [csv]'],
    ['custom_fields=sum(price)', 'custom_fields is not supported'],
    ['limit=0', "Invalid data 'limit'"],
    ['offset=-1', "Invalid data 'offset'"],
    ['begin=yesterday', "Invalid data 'begin'"],
    ['begin=2020-01-01&end=2026-01-01', 'more than 731 days'],
    ['groupby=time,time-d', 'Group by one of time, time-d'],
  ])('refuses %s', async (query, message) => {
    const { status, text } = await api.get(`/v2/summary?${query}`)
    expect([status, JSON.parse(text)]).toEqual([400, { message: expect.stringContaining(message) }])
  })
})

describe('dataframes', () => {
  it('have a point for each workload, hour and type', async () => {
    expect(await ask('/cloudkitty/v2/dataframes?filters=project_id:web')).toEqual({
      total: 2,
      dataframes: [
        {
          usage: {
            energy: [pointOf('kWh', expect.closeTo(KWH, 15), 0.020250003)],
            resources: [pointOf('vCPU-hour', 0.015, 0.000000007)],
          },
          period: { begin: '2026-11-20T12:00:00+00:00', end: '2026-11-20T13:00:00+00:00' },
        },
      ],
    })
    const page = await ask<{ total: number; dataframes: readonly { usage: object }[] }>(
      '/v2/dataframes?offset=3&limit=5',
    )
    expect([page.total, page.dataframes.map(({ usage }) => Object.keys(usage))]).toEqual([4, [['resources']]])
  })

  it('are 404 where there are none', async () => {
    const { status, text } = await api.get('/v2/dataframes?filters=project_id:nobody')
    expect([status, JSON.parse(text)]).toEqual([404, { message: 'No resource found for provided filters.' }])
  })
})

const pointOf = (unit: string, qty: unknown, price: number): object => ({
  vol: { unit, qty },
  rating: { price },
  groupby: { id: VM, project_id: 'web', namespace: 'shop', kind: 'vm', host: 'cmp001', zone: 'DE' },
  metadata: { name: 'name-web', currency: 'EUR' },
})

it('lists scopes, and is for reading only', async () => {
  expect(await ask('/v2/scope?scope_id=web')).toEqual({
    results: [
      {
        scope_id: 'web',
        scope_key: 'project_id',
        fetcher: 'wattline',
        collector: 'wattline',
        last_processed_timestamp: '2026-11-20T12:00:00+00:00',
        active: true,
        scope_activation_toggle_date: null,
      },
    ],
  })
  expect((await api.get('/v2/scope?scope_id=secret')).status).toBe(404)
  expect(await ask('/cloudkitty/')).toMatchObject({ versions: [{ id: 'v2' }] })
  const post = await fetch(`${api.base}/cloudkitty/v2/dataframes`, { method: 'POST', body: '{}' })
  expect([post.status, await post.json()]).toEqual([405, { message: expect.stringContaining('reading') }])
})
