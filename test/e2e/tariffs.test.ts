// Guarantees: price lists, spot prices, PUE and embodied emissions that are put by the API rate the next minutes: two zones and three
// currencies at once, a price below 0, the hour of a weekday where the tariff is; what entries name is in the tables, and usage tells
// currencies apart. Every figure is computed here from the rules, in exact fractions.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { UsageAnswer } from '../../core/api/answers.ts'
import { counterJson, metricsJson } from '../support/otlp.ts'
import { eventually } from '../support/until.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'

const data = mkdtempSync(join(tmpdir(), 'wattline-tariffs-'))
let wattline: WattlineProcess

beforeAll(async () => {
  wattline = await startProcess({
    data,
    environment: {
      WATTLINE_FACTORS_PUE: '1.2',
      WATTLINE_TARIFFS_PRICE_PER_KWH: '0.25',
      WATTLINE_METERING_IDLE_FLUSH: '2',
      WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '100',
    },
  })
})
afterAll(async () => {
  await wattline.end('SIGTERM')
  rmSync(data, { recursive: true, force: true })
})

async function put(path: string, body: object): Promise<void> {
  const response = await fetch(`${wattline.http}/api/v1/${path}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect([path, response.status, response.ok ? '' : await response.text()]).toEqual([path, 200, ''])
}

const at = (time: string): string => `${BigInt(Date.parse(`2026-11-20T${time}Z`)) * 1_000_000n}`

/** A minute of 3,600 J, of which container A used 60 s of 480 s of CPU time: 450 J. */
async function send(host: string, zone: string): Promise<void> {
  const counter = (name: string, unit: string, from: number, to: number, attributes: object = {}) =>
    counterJson(name, unit, [
      { timeUnixNano: at('12:00:00'), asDouble: from, attributes: { ...attributes } },
      { timeUnixNano: at('12:01:00'), asDouble: to, attributes: { ...attributes } },
    ])
  const resource = { 'host.id': host, 'host.name': host, 'wattline.zone': zone }
  for (const request of [
    metricsJson(resource, [
      counter('hw.energy', 'J', 0, 3_600, { 'hw.type': 'cpu', 'hw.id': '0' }),
      counter('system.cpu.time', 's', 0, 120, { 'cpu.mode': 'user' }),
      counter('system.cpu.time', 's', 0, 360, { 'cpu.mode': 'idle' }),
    ]),
    metricsJson({ ...resource, 'container.id': 'A', 'container.name': 'A' }, [
      counter('container.cpu.time', 's', 0, 60),
    ]),
  ]) {
    const response = await fetch(`${wattline.otlp}/v1/metrics`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
    })
    expect([response.status, await response.text()]).toEqual([200, '{}'])
  }
}

/** 1e-9 of the currency of 450 J: energy x PUE x price, both in thousandths. All of these divide evenly. */
const nanoOf450Joules = (pue: bigint, price: bigint): string => {
  const [over, under] = [450n * pue * price * 1_000_000_000n, 3_600_000n * 1_000_000n]
  expect(over % under).toBe(0n)
  return `${over / under}`
}

interface Row {
  readonly Host: string
  readonly Currency: string
  readonly Pue: string
  readonly PueSource: string
  readonly cost: string
  readonly embodied: string | null
  readonly TariffVersion: string
}

it('rates by what was put, in three currencies', async () => {
  await put('tariffs/spot', {
    zone: 'DE-LU',
    currency: 'EUR',
    source: 'exchange',
    values: [
      { from: '2026-11-20T11:45:00Z', to: '2026-11-20T12:00:00Z', price_per_mwh: '90' },
      { from: '2026-11-20T12:00:00Z', to: '2026-11-20T12:15:00Z', price_per_mwh: '-25' },
    ],
  })
  await put('tariffs', {
    name: 'germany',
    zone: 'DE',
    currency: 'EUR',
    spot: { zone: 'DE-LU', markup_per_kwh: '0.005' },
  })
  await put('tariffs', {
    name: 'sweden',
    zone: 'SE-SE3',
    currency: 'SEK',
    time_zone: 'Europe/Stockholm',
    price_per_kwh: '9',
    // 12:00 UTC is 13:00 there, on a Friday in November.
    bands: [
      {
        from: '13:00',
        to: '14:00',
        weekdays: ['fri'],
        season: { from: '11-01', through: '03-31' },
        price_per_kwh: '1.5',
      },
    ],
  })
  await put('tariffs', { name: 'britain', zone: 'GB', currency: 'GBP', price_per_kwh: '0.22' })
  await put('factors/pue', {
    zone: 'SE-SE3',
    source: 'facility',
    values: [{ from: '2026-11-20T12:00:00Z', pue: '1.1' }],
  })
  await put('factors/embodied', { host_type: 'server', hosts: ['*-de'], kg: '1314', source: 'maker' })
  // Every processor has looked into the log after a second.
  await new Promise(resolve => setTimeout(resolve, 1_500))
  for (const [host, zone] of [
    ['h-de', 'DE'],
    ['h-se', 'SE-SE3'],
    ['h-gb', 'GB'],
    ['h-fr', 'FR'],
  ] as const) {
    await send(host, zone)
  }
  const rows = await eventually(
    () =>
      wattline.sql<Row>(
        `SELECT Host, Currency, Pue, PueSource, toString(CostEnergyNano) AS cost, toString(CarbonEmbodiedUg) AS embodied, TariffVersion
         FROM ledger WHERE WorkloadId = 'A' ORDER BY Host`,
      ),
    found => found.length >= 4,
  )
  // 1,314 kg over 5 years are 500,000 µg a minute, of which A has 60 s of 480 s.
  const byDefault = { Pue: '1.2', PueSource: 'default', embodied: null }
  expect(rows.map(({ TariffVersion: _, ...row }) => row)).toEqual([
    { ...byDefault, Host: 'h-de', Currency: 'EUR', cost: nanoOf450Joules(1_200n, -20n), embodied: '62500' },
    { ...byDefault, Host: 'h-fr', Currency: 'EUR', cost: nanoOf450Joules(1_200n, 250n) },
    { ...byDefault, Host: 'h-gb', Currency: 'GBP', cost: nanoOf450Joules(1_200n, 220n) },
    {
      ...byDefault,
      Host: 'h-se',
      Currency: 'SEK',
      cost: nanoOf450Joules(1_100n, 1_500n),
      Pue: '1.1',
      PueSource: 'series',
    },
  ])
})

it('names in entries what the tables hold', async () => {
  const named = await wattline.sql<{ host: string; kinds: readonly string[] }>(
    `SELECT l.Host AS host, arraySort(groupUniqArray(concat(t.Kind, ' ', t.Name, ' ', t.Value))) AS kinds
     FROM (SELECT DISTINCT Host, arrayJoin(splitByChar('+', TariffVersion)) AS Version FROM ledger) AS l
     INNER JOIN tariffs AS t ON t.Version = l.Version GROUP BY host ORDER BY host`,
  )
  expect(named).toEqual([
    { host: 'h-de', kinds: ['spot  -0.025', 'whole germany '] },
    { host: 'h-fr', kinds: ['energy default 0.25'] },
    { host: 'h-gb', kinds: ['energy britain 0.22'] },
    { host: 'h-se', kinds: ['energy sweden 1.5'] },
  ])
  const [missing] = await wattline.sql<{ pue: string; embodied: string }>(
    `SELECT toString(countIf(PueVersion NOT IN (SELECT Version FROM pue_factors))) AS pue,
       toString(countIf(EmbodiedVersion != '' AND EmbodiedVersion NOT IN (SELECT Version FROM embodied_factors))) AS embodied FROM ledger`,
  )
  expect(missing).toEqual({ pue: '0', embodied: '0' })
})

it('tells currencies apart in usage', async () => {
  const response = await fetch(
    `${wattline.http}/api/v1/usage?window=2026-11-20T12:00:00Z,2026-11-20T12:01:00Z&group_by=zone`,
  )
  const answer = (await response.json()) as UsageAnswer
  // All of a host is eight times what A used.
  const whole = (pue: bigint, price: bigint): string => `${BigInt(nanoOf450Joules(pue, price)) * 8n}`
  expect(
    answer.rows.map(row => [row.group['zone'], row.group['currency'], row.cost_energy_nano]).toSorted(),
  ).toEqual([
    ['DE', 'EUR', whole(1_200n, -20n)],
    ['FR', 'EUR', whole(1_200n, 250n)],
    ['GB', 'GBP', whole(1_200n, 220n)],
    ['SE-SE3', 'SEK', whole(1_100n, 1_500n)],
  ])
  expect(answer).toMatchObject({
    currency: null,
    total: { energy_uj: '14400000000', cost_energy_nano: null },
  })
  expect(answer.costs.map(cost => [cost.currency, cost.cost_energy_nano])).toEqual([
    ['EUR', whole(1_200n, 230n)],
    ['GBP', whole(1_200n, 220n)],
    ['SEK', whole(1_100n, 1_500n)],
  ])
})
