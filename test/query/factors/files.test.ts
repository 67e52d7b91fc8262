/**
 * Guarantees: a file that is posted is in force, listed, and exported as what it was; a bad one changes nothing and says where it
 * is bad; only whoever runs the instance may post.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { embodiedFile, priceListFile } from '../../../cli/exported-factors.ts'
import { renderSeries } from '../../../cli/factors.ts'
import { toCsv } from '../../../cli/table.ts'
import type { Problem } from '../../../core/api/answers.ts'
import type {
  FactorRowsAnswer,
  FactorSeriesAnswer,
  FactorsPutAnswer,
} from '../../../core/api/factor-files.ts'
import type { EmbodiedAnswer } from '../../../core/api/factors.ts'
import type { TariffsAnswer } from '../../../core/api/tariffs.ts'
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

const OPERATOR: Identity = { tenant: 'default', scopes: ['admin', 'read'], accounts: null }
let who = OPERATOR
let server: QueryServer
let base: string

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
    factors: createInstanceFactors(memoryLog(), NO_FACTORS),
    now: () => Date.parse('2026-12-02T00:00:00Z'),
  })
  const { port } = await server.listen('127.0.0.1', 0)
  base = `http://127.0.0.1:${port}/api/v1/factors`
})
afterAll(() => server.stop())

const post = (name: string, text: string): Promise<Response> =>
  fetch(`${base}/files`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, text }),
  })
const read = async <T>(path: string): Promise<T> => (await (await fetch(`${base}${path}`)).json()) as T
const WINDOW = 'window=2026-11-30,2026-12-02'

const INTENSITIES =
  'zone,kind,from,to,g_per_kwh,state,source\r\n' +
  'DE,average,2026-11-30T10:00:00Z,2026-11-30T11:00:00Z,300.5,estimated,"grid, operator"\r\n' +
  'SE-SE3,average,2026-12-01T00:00:00Z,2026-12-01T01:00:00Z,29,final,b\r\n'
const PRICES =
  'zone,currency,from,to,price_per_kwh,state,source\r\nDE-LU,EUR,2026-11-30T10:00:00Z,2026-11-30T11:00:00Z,-0.00501,final,a.csv\r\n'

test('a file is in force, listed, and exported as it was', async () => {
  const first = (await (await post('a.csv', INTENSITIES)).json()) as FactorsPutAnswer
  expect(first).toEqual({
    intensities: 2,
    spot_prices: 0,
    price_lists: 0,
    pue: 0,
    embodied: 0,
    records_changed: 2,
  })
  expect(((await (await post('a.csv', INTENSITIES)).json()) as FactorsPutAnswer).records_changed).toBe(0)
  expect((await post('p.csv', PRICES)).status).toBe(200)
  const listed = async () =>
    (await read<FactorSeriesAnswer>('')).series.map(one => `${one.what} ${one.zone} ${one.of} ${one.values}`)
  await expect
    .poll(listed, { timeout: 5_000 })
    .toEqual(['intensity DE average 1', 'intensity SE-SE3 average 1', 'spot DE-LU EUR 1'])
  const { columns, rows } = await read<FactorRowsAnswer>(`/rows?${WINDOW}`)
  expect(toCsv(columns, rows)).toBe(INTENSITIES)
  const prices = await read<FactorRowsAnswer>(`/rows?what=spot&${WINDOW}`)
  expect(toCsv(prices.columns, prices.rows)).toBe(PRICES)
  const pue =
    'site,zone,from,to,pue,source\r\nlab,,2026-11-30T10:00:00Z,,1.2,meter\r\n,DE,2026-11-30T10:00:00Z,2026-12-01T00:00:00Z,1.4,b\r\n'
  expect((await post('u.csv', pue)).status).toBe(200)
  const exported = async () => {
    const found = await read<FactorRowsAnswer>(`/rows?what=pue&${WINDOW}`)
    return toCsv(found.columns, found.rows)
  }
  await expect.poll(exported, { timeout: 5_000 }).toBe(pue)
  expect((await read<FactorRowsAnswer>(`/rows?zone=DE&${WINDOW}`)).rows).toHaveLength(1)
  expect((await read<FactorRowsAnswer>('/rows?zone=DE&window=2026-12-01,2026-12-02')).rows).toEqual([])
  expect(renderSeries(await read(''))).toContain('grid, operator')
})

test('price lists and embodied emissions are exported as a file that puts them in force again', async () => {
  const file = `
price_lists:
  - name: gold
    currency: EUR
    account: "web-*"
    zone: SE-SE3
    valid_from: "2026-12-01T00:00:00Z"
    source: "contract: 4711"
    time_zone: Europe/Berlin
    price_per_kwh: 0.210
    bands:
      - {from: "22:00", to: "06:00", weekdays: [sat, sun], season: {from: 11-01, through: 03-31}, price_per_kwh: -0.15}
    holidays: ["2026-12-25"]
    charges: [{name: grid, price_per_kwh: "0.05", bands: []}]
    resource_policy: max
    resource_prices: [{match: {label: {gpu: "h100*"}, host: "n*"}, price_per_gpu_hour: 2.5}]
  - {name: market, tenant: acme, currency: SEK, source: s, spot: {zone: SE3, multiplier: 1.1, markup_per_kwh: 0.01}}
embodied:
  - {host_type: r760, hosts: ["web-*", "a host: with # signs"], kg: 1310.50, years: 4, gpus: {count: 8, kg: 150}, source: maker}
  - {host_type: old, hosts: ["*"], kg: 900, valid_to: "2027-01-01T00:00:00Z", source: "yes"}
`
  const put = async (name: string, text: string): Promise<FactorsPutAnswer> =>
    (await (await post(name, text)).json()) as FactorsPutAnswer
  expect(await put('all.yaml', file)).toMatchObject({ price_lists: 2, embodied: 2, records_changed: 4 })
  const lists = async (): Promise<string> =>
    priceListFile((await (await fetch(`${base.replace('/factors', '/tariffs')}`)).json()) as TariffsAnswer)
  const embodied = async (): Promise<string> => embodiedFile(await read<EmbodiedAnswer>('/embodied'))
  await expect.poll(embodied, { timeout: 5_000 }).toContain('r760')
  await expect.poll(lists, { timeout: 5_000 }).toContain('gold')
  // Those of tenant acme are that tenant's alone.
  expect(await lists()).not.toContain('market')
  expect(await put('again.yaml', await lists())).toMatchObject({ price_lists: 1, records_changed: 0 })
  expect(await put('again.yaml', await embodied())).toMatchObject({ embodied: 2, records_changed: 0 })
  expect(await lists()).toContain('-0.15')
  who = { ...OPERATOR, tenant: 'acme' }
  expect(await lists()).toContain('market')
  await expect(embodied()).rejects.toThrow('Only tokens of tenant default')
  who = OPERATOR
})

test('a bad file changes nothing, and says where it is bad', async () => {
  const answer = await post(
    'a.csv',
    `${INTENSITIES}FR,average,2026-12-01T00:00:00Z,2026-12-01T01:00:00Z,much,,\r\n`,
  )
  expect(answer.status).toBe(400)
  expect(((await answer.json()) as Problem).detail).toMatch(
    /line 4, column "g_per_kwh": must be a decimal number/,
  )
  expect((await post('a.txt', 'x')).status).toBe(400)
  expect(
    (
      await fetch(`${base}/files`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '[]',
      })
    ).status,
  ).toBe(400)
  expect((await read<FactorRowsAnswer>(`/rows?zone=FR&${WINDOW}`)).rows).toEqual([])
})

test('takes a file of a year of hours', async () => {
  const lines = Array.from({ length: 8_760 }, (_, hour) => {
    const time = (at: number): string => new Date(Date.UTC(2025, 0, 1, at)).toISOString()
    return `NO,average,${time(hour)},${time(hour + 1)},${hour % 300},final,a\r\n`
  })
  const answer = (await (
    await post('a.csv', `zone,kind,from,to,g_per_kwh,state,source\r\n${lines.join('')}`)
  ).json()) as FactorsPutAnswer
  expect([answer.intensities, answer.records_changed]).toEqual([8_760, 365])
})

test('only whoever runs the instance may post', async () => {
  who = { tenant: 'shop', scopes: ['admin', 'read'], accounts: null }
  expect((await post('a.csv', INTENSITIES)).status).toBe(403)
  who = { tenant: 'default', scopes: ['read'], accounts: null }
  expect((await post('a.csv', INTENSITIES)).status).toBe(403)
  who = OPERATOR
})
