/**
 * Guarantees: the worked bill of docs/billing.md is what a process makes of these samples, from the counter of a meter to the cent on the
 * bill, and with a correction in the next period; the numbers on the page are those of the bills, and lead back to the readings.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { InvoiceAnswer, InvoicesAnswer, LineEntriesAnswer } from '../../../core/api/answers.ts'
import { precedingPeriod } from '../../../core/billing/periods.ts'
import { decimalText } from '../../../core/model/decimal.ts'
import { counterJson, metricsJson } from '../../support/otlp.ts'
import { eventually } from '../../support/until.ts'
import { startProcess, type WattlineProcess } from '../../support/wattline-process.ts'

const ROOT = new URL('../../..', import.meta.url).pathname
const PAGE = readFileSync(join(ROOT, 'docs/billing.md'), 'utf8')
const SECTION = PAGE.slice(PAGE.indexOf('## A worked bill'))

const now = new Date().toISOString().slice(0, 7)
/** The months of the page, as they are for this run. */
const SECOND = precedingPeriod(now)
const FIRST = precedingPeriod(SECOND)

const data = mkdtempSync(join(tmpdir(), 'wattline-bill-'))
let wattline: WattlineProcess
beforeAll(async () => {
  const [, settings = ''] = /```yaml\n([\s\S]*?)```/.exec(SECTION) ?? []
  const process =
    'metering: {idle_flush: 2s}\ngroup_commit: {thin_wait_ms: 100}\nretention: {signals_days: 120}\n'
  writeFileSync(join(data, 'wattline.yaml'), `${settings.replaceAll('2026-09', FIRST)}${process}`)
  wattline = await startProcess({ data })
})
afterAll(async () => {
  await wattline.end('SIGTERM')
  rmSync(data, { recursive: true, force: true })
})

/** So many minutes are sent at a time: all that a host has to say of them, in one request. */
const AT_A_TIME = 200

/** The minute of docs/walkthrough-watt.md, again and again. */
async function sendMinutes(host: string, from: string, minutes: number): Promise<void> {
  for (let first = 0; first < minutes; first += AT_A_TIME) {
    const response = await fetch(`${wattline.otlp}/v1/metrics`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(samplesOf(host, Date.parse(from), first, Math.min(minutes, first + AT_A_TIME))),
    })
    expect([response.status, await response.text()]).toEqual([200, '{}'])
  }
  await eventually(
    () =>
      wattline.sql<{ n: string }>(
        `SELECT count() AS n FROM ledger WHERE Host = '${host}' AND EntryKind = 'original'`,
      ),
    ([row]) => Number(row?.n) === minutes * 4,
  )
}

/** Samples of minutes, both ends included. */
function samplesOf(host: string, startMs: number, first: number, last: number): unknown {
  const counter = (
    name: string,
    unit: string,
    begin: number,
    each: number,
    attributes: Record<string, string> = {},
  ) =>
    counterJson(
      name,
      unit,
      Array.from({ length: last - first + 1 }, (_, index) => ({
        timeUnixNano: `${BigInt(startMs + (first + index) * 60_000) * 1_000_000n}`,
        asDouble: begin + each * (first + index),
        attributes,
      })),
    )
  const resource = { 'host.id': host, 'host.name': host }
  const container = (id: string, seconds: number) =>
    metricsJson({ ...resource, 'container.id': id, 'container.name': id }, [
      counter('container.cpu.time', 's', 10, seconds),
    ])
  const requests = [
    metricsJson(resource, [
      counter('hw.energy', 'J', 1_000, 3_600, { 'hw.type': 'cpu', 'hw.id': '0' }),
      counter('system.cpu.time', 's', 1_000, 120, { 'cpu.mode': 'user' }),
      counter('system.cpu.time', 's', 5_000, 360, { 'cpu.mode': 'idle' }),
    ]),
    container('A', 60),
    container('B', 30),
  ] as readonly { readonly resourceMetrics: readonly unknown[] }[]
  return { resourceMetrics: requests.flatMap(({ resourceMetrics }) => resourceMetrics) }
}

const command = async (...args: readonly string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, 'cli/wattline.cjs'), ...args], {
    env: { ...process.env, WATTLINE_URL: wattline.http },
  })
  return stdout
}
const get = async <Answer>(path: string): Promise<Answer> =>
  (await (await fetch(`${wattline.http}${path}`)).json()) as Answer

/** A bill as the page shows it. */
function rowsOf({ account, lines = [], total }: InvoiceAnswer): readonly (readonly string[])[] {
  const gramsOf = (ug: string): string => decimalText({ mantissa: BigInt(ug), scale: 6 })
  const rows = lines.map(line => [
    account,
    line.class === null ? line.sku : `${line.sku}, correction of ${line.service_period}`,
    line.quantity ?? '',
    line.list_cost,
    line.contracted_cost,
    line.billed_cost,
    line.category === 'Usage' ? gramsOf(line.carbon_operational_ug) : '',
  ])
  return [...rows, [account, '**total**', '', '', '', `**${total}**`, '']]
}

/** Rows of a table of the page, by its number. */
function tableOf(number: number): readonly (readonly string[])[] {
  const tables = SECTION.split(/\n(?!\|)/)
    .map(part => part.trim())
    .filter(part => /^\|.*billed/.test(part))
  const [, , ...rows] = (tables[number] ?? '').split('\n')
  return rows.map(row =>
    row
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim().replaceAll('2026-09', FIRST)),
  )
}

const bills = async (period: string): Promise<readonly InvoiceAnswer[]> =>
  (await get<InvoicesAnswer>(`/api/v1/invoices?period=${period}&lines=true`)).invoices.toSorted((a, b) =>
    (a.number ?? '') < (b.number ?? '') ? -1 : 1,
  )

it('bills twenty hours of the minute to the cent', async () => {
  await sendMinutes('example', `${FIRST}-10T08:00:00Z`, 1_200)
  expect(await command('invoice', 'close', '--period', FIRST)).toBe(`${FIRST} is closed: 3 bills.\n`)
  const found = (await bills(FIRST)).flatMap(rowsOf)
  expect(found.length).toBeGreaterThan(6)
  expect(found).toEqual(tableOf(0))
})

it('leads from a line back to the counter', async () => {
  const shop = (await bills(FIRST)).find(({ account }) => account === 'shop')
  const { entries, sums } = await get<LineEntriesAnswer>(
    `/api/v1/invoices/${shop?.id}/lines/1/entries?limit=1`,
  )
  expect(sums).toMatchObject({ entries: '1200', cost: '0.045', billed: '0.045' })
  expect(entries[0]).toMatchObject({
    energy_uj: '450000000',
    cost_energy_nano: '37500',
    carbon_operational_ug: '45000',
    pue: '1.2',
    intensity: { value: '300' },
    tariffs: [{ value: '0.25' }],
  })
  const readings = await wattline.sql<{ Quantity: string; Value: string }>(
    String(entries[0]?.['readings_sql']),
  )
  const energy = readings.filter(({ Quantity }) => Quantity === 'energy').map(({ Value }) => Value)
  expect(energy.slice(0, 2)).toEqual(['1000000000', '4600000000'])
})

it('corrects what came late in the next bill, and leaves the first one as it was', async () => {
  const before = await bills(FIRST)
  const put = await fetch(`${wattline.http}/api/v1/factors/intensity`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      zone: 'DE',
      source: 'grid operator',
      values: [
        { from: `${FIRST}-01T00:00:00Z`, to: `${SECOND}-01T00:00:00Z`, g_per_kwh: '320', state: 'final' },
      ],
    }),
  })
  expect(put.status).toBe(200)
  await eventually(
    () =>
      wattline.sql<{ ug: string }>(
        "SELECT sum(CarbonOperationalUg) AS ug FROM ledger WHERE Account = 'shop'",
      ),
    ([row]) => row?.ug === '57600000',
  )
  await sendMinutes('example-2', `${FIRST}-20T08:00:00Z`, 600)
  await sendMinutes('example-3', `${SECOND}-05T08:00:00Z`, 600)
  await command('invoice', 'close', '--period', SECOND)
  expect((await bills(SECOND)).flatMap(rowsOf)).toEqual(tableOf(1))
  expect(await bills(FIRST)).toEqual(before)
  expect(await command('invoice', '--account', 'shop', '--period', SECOND)).toMatch(
    /correction of \d{4}-\d\d/,
  )
})

it('gives the bills to whoever asks from a terminal', async () => {
  expect(await command('invoice', 'list', '--account', 'shop')).toMatch(/000002 +\d{4}-\d\d +shop +0\.04/)
  expect(await command('invoice', '--account', 'shop', '--period', FIRST, '--format', 'html')).toContain(
    '<h1>Invoice 000002</h1>',
  )
  const file = join(data, 'focus.parquet')
  await command('invoice', '--period', FIRST, '--format', 'focus-parquet', '--output', file)
  expect(readFileSync(file).subarray(0, 4).toString()).toBe('PAR1')
  const csv = await command('invoice', '--period', FIRST, '--format', 'focus-csv', '--account', 'web')
  expect(csv.trim().split('\r\n')).toHaveLength(3)
  await expect(command('invoice', '--account', 'nobody', '--period', FIRST)).rejects.toThrow(/not_found/)
})
