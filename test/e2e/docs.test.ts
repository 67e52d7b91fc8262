// Guarantees: every command and every query in docs/ works with a process as a newcomer starts it, and `/metrics` shows
// exactly what the reference page lists.
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OWN_METRICS } from '../../query/status/own-metrics.ts'
import { encodeWrite1, HEADERS_1, snappy } from '../support/remote-write.ts'
import { spanRequest } from '../support/span-page.ts'
import { eventually } from '../support/until.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'

const root = new URL('../../', import.meta.url).pathname
const data = mkdtempSync(join(tmpdir(), 'wattline-docs-'))
const elsewhere = mkdtempSync(join(tmpdir(), 'wattline-docs-'))
let wattline: WattlineProcess

/** A minute of a host that ended long ago: its window closes at once. */
const EARLIER = BigInt(Math.floor(Date.now() / 60_000) - 60) * 60_000_000_000n

/** A provider that forecasts a half hour at the first request, and has measured it at the next. */
const SLOT_MS = 1_800_000
const ahead = Math.ceil(Date.now() / SLOT_MS) * SLOT_MS + SLOT_MS
const provider = createServer((_request, reply) => {
  asked += 1
  const time = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`
  const intensity = { forecast: 250, actual: asked <= 2 ? null : 240, index: 'moderate' }
  reply.end(JSON.stringify({ data: [{ from: time(ahead), to: time(ahead + SLOT_MS), intensity }] }))
})
let asked = 0

beforeAll(async () => {
  await new Promise<void>(resolve => provider.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`
  const providers = [{ kind: 'uk_carbon_intensity', url, interval: 1 }]
  writeFileSync(join(data, 'wattline.yaml'), JSON.stringify({ factors: { providers } }))
  const environment = {
    WATTLINE_FACTORS_ZONE: 'DE',
    WATTLINE_TARIFFS_PRICE_PER_KWH: '0.25',
    WATTLINE_METERING_LATENESS: '0',
    WATTLINE_EXPORTS_TO: join(data, 'exported'),
    WATTLINE_EXPORTS_SETTLE: '1',
    WATTLINE_EXPORTS_INTERVAL: '1',
  }
  wattline = await startProcess({ data, environment })
  await sendEnergy()
  await sendSeries()
  await sendSpan()
  await eventually(
    () => wattline.sql<{ n: string }>('SELECT count() AS n FROM ledger'),
    ([row]) => Number(row?.n) > 0,
  )
})

afterAll(async () => {
  await wattline.end('SIGTERM')
  provider.close()
  for (const folder of [data, elsewhere]) rmSync(folder, { recursive: true, force: true })
})

async function sendEnergy(): Promise<void> {
  const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } })
  const dataPoints = [0, 60, 120].map(second => ({
    timeUnixNano: String(EARLIER + BigInt(second) * 1_000_000_000n),
    asDouble: second * 60,
    attributes: [attribute('hw.id', '0'), attribute('hw.type', 'cpu')],
  }))
  const sum = { aggregationTemporality: 2, isMonotonic: true, dataPoints }
  const scopeMetrics = [{ metrics: [{ name: 'hw.energy', unit: 'J', sum }] }]
  const resource = { attributes: [attribute('host.id', 'docs-host')] }
  const response = await fetch(`${wattline.otlp}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics }] }),
  })
  expect(response.status).toBe(200)
}

/** The span of walkthrough-span.md, dated now. */
async function sendSpan(): Promise<void> {
  const response = await fetch(`${wattline.otlp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: spanRequest(Math.floor(Date.now() / 1000)),
  })
  expect(response.status).toBe(200)
}

/** As Prometheus would. */
async function sendSeries(): Promise<void> {
  const labels = Object.entries({
    __name__: 'prometheus_http_requests_total',
    instance: 'localhost:9090',
    job: 'prometheus',
  })
  const samples = [0, 15_000].map(ms => ({ value: ms, timestamp: Date.now() - ms }))
  const body = snappy(encodeWrite1([{ labels, samples }]))
  const response = await fetch(`${wattline.otlp}/api/v1/write`, { method: 'POST', headers: HEADERS_1, body })
  expect(response.status).toBe(204)
}

const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.md'))
  .map(name => ({ name, text: readFileSync(join(root, 'docs', name), 'utf8') }))

/** Energy is shared over requests some minutes after the spans; no Kubernetes and no network is seen here, and one service calls no other. */
const MAY_BE_EMPTY = ['FROM request_energy', 'otel_traces AS callers', "'sched_latency'", "'network_io'"]

/** `[where, text]` of the blocks of a language in all pages. */
const blocks = (language: string): [string, string][] =>
  pages.flatMap(({ name, text }) =>
    [...text.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
      ([, block], index): [string, string] => [`${name}, ${language} ${index + 1}`, block ?? ''],
    ),
  )

describe('commands', () => {
  it('are found', () => expect(blocks('sh').length).toBeGreaterThan(0))

  it.each(blocks('sh'))('%s', async (_, block) => {
    const script = block
      .replaceAll('http://127.0.0.1:4318', wattline.otlp)
      .replaceAll('http://127.0.0.1:9288', wattline.http)
      // Folders of the reader's own.
      .replaceAll(/\/(mnt|var\/lib)\//g, `${elsewhere}/`)
      // An answer that reports an error is a failure.
      .replaceAll('curl -s', 'curl -sS --fail-with-body')
    const environment = { ...process.env, WATTLINE_URL: wattline.http, WATTLINE_DATA: data }
    const run = promisify(execFile)('bash', ['-euc', script], { cwd: root, env: environment })
    expect((await run).stdout.trim()).not.toBe('')
  })
})

describe('queries', () => {
  it('are found', () => expect(blocks('sql').length).toBeGreaterThan(0))

  it.each(blocks('sql'))('%s', async (_, query) => {
    await eventually(
      () => wattline.sql(query),
      rows => rows.length > 0 || MAY_BE_EMPTY.some(what => query.includes(what)),
    )
  })

  it('name the factors of every entry, once', async () => {
    const [query] = blocks('sql')
      .find(([, text]) => text.includes('l.IntensityVersion'))!
      .slice(1)
    const rows = await wattline.sql<Record<string, unknown>>(query!)
    const [entries] = await wattline.sql<{ n: string }>('SELECT count() AS n FROM ledger')
    expect(String(rows.length)).toBe(entries!.n)
    for (const row of rows) {
      expect(row).toMatchObject({
        intensity: '344.1',
        intensity_unit: 'gCO2e/kWh',
        intensity_source: expect.stringContaining('Ember'),
        price: '0.25',
        price_unit: 'EUR/kWh',
        price_source: 'configuration; always',
      })
    }
  })
})

it('lists every metric of the process', async () => {
  const text = await (await fetch(`${wattline.http}/metrics`)).text()
  const shown = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!)
  const page = pages.find(({ name }) => name === 'reference/metrics.md')!.text
  const listed = new Set([...page.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name!))
  expect(shown.filter(name => !listed.has(name))).toEqual([])
  expect(Object.keys(OWN_METRICS).filter(name => !shown.includes(name))).toEqual([])
})
