// Guarantees: the board files equal the code; every query of every panel and variable, expanded as Grafana expands it,
// passes the fence of /clickhouse/, runs in the engine and returns rows that a board can draw.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DATASOURCE } from '../../dashboards/grafana/board.ts'
import { BOARDS, boardFiles } from '../../dashboards/grafana/boards.ts'
import { type Choices, expandQuery, type PanelRange, sendAsGrafana } from '../support/grafana.ts'
import { counterJson, metricsJson } from '../support/otlp.ts'
import { eventually } from '../support/until.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'
import { CONFIGURATION, FILLED, tell } from './grafana-instance.ts'

const FOLDER = new URL('../../dashboards/grafana/boards', import.meta.url).pathname
/** A name with special characters of regular expressions and SQL. */
const HOST = "rack (7)+o'brien.example"
const now = Date.now()
const minute = Math.floor(now / 60_000) * 60_000 - 30 * 60_000

describe('files', () => {
  it('are generated from the code: `npm run boards` writes them', () => {
    const written = new Map(readdirSync(FOLDER).map(name => [name, readFileSync(join(FOLDER, name), 'utf8')]))
    expect(written).toEqual(new Map([...boardFiles()].sort()))
  })

  it('use the provisioned data source, do not overlap panels, and have unique names', () => {
    for (const text of boardFiles().values()) {
      const board = JSON.parse(text) as {
        panels: { id: number; gridPos: { x: number; y: number; w: number; h: number }; datasource: unknown }[]
      }
      expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length)
      const cells = board.panels.flatMap(({ gridPos: { x, y, w, h } }) => {
        expect(x + w).toBeLessThanOrEqual(24)
        return Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`)
      })
      expect(new Set(cells).size).toBe(cells.length)
      expect(
        board.panels.every(({ datasource }) => JSON.stringify(datasource) === JSON.stringify(DATASOURCE)),
      ).toBe(true)
    }
  })
})

describe('queries', () => {
  const data = mkdtempSync(join(tmpdir(), 'wattline-grafana-'))
  let wattline: WattlineProcess

  beforeAll(async () => {
    writeFileSync(join(data, 'wattline.yaml'), CONFIGURATION)
    wattline = await startProcess({ data })
    await tell(wattline, minute)
    await send('metrics', energy())
    await send('traces', spans())
    await send('traces', requests())
    await send('logs', logs())
    await eventually(
      () =>
        wattline.sql<{ n: string }>(
          'SELECT (SELECT count() FROM ledger) * (SELECT count() FROM otel_traces) * (SELECT count() FROM otel_logs) AS n',
        ),
      ([row]) => Number(row?.n) > 0,
    )
    // Requests of past minutes are looked for at the start.
    await wattline.end('SIGTERM')
    wattline = await startProcess({ data })
    for (const sql of FILLED) {
      await eventually(
        () => wattline.sql<{ n: string }>(`SELECT (${sql}) AS n`),
        ([row]) => Number(row?.n) > 0,
      )
    }
  }, 120_000)

  afterAll(async () => {
    await wattline.end('SIGTERM')
    rmSync(data, { recursive: true, force: true })
  })

  async function send(signal: string, request: unknown): Promise<void> {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${wattline.otlp}/v1/${signal}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(request),
    })
    expect([response.status, await response.text()]).toEqual([200, '{}'])
  }

  const RANGE: PanelRange = { fromMs: minute - 3_600_000, toMs: now + 60_000, intervalSeconds: 60 }
  const ALL: Choices = Object.fromEntries(
    BOARDS.flatMap(board => board.variables.map(({ name, column }) => [name, { all: column }])),
  )
  const SOME: Choices = {
    host: { values: [HOST, 'other'] },
    account: { values: ['default', 'operator'] },
    service: { values: ['shop'] },
    served_by: { values: ['shop'] },
    zone: { values: ['DE', 'FR'] },
    rule: { values: ['Always'] },
    policy: { values: ['checkout'] },
  }
  const panels = BOARDS.flatMap(board =>
    board.panels.map(panel => ({ name: `${board.uid}, ${panel.title}`, ...panel })),
  )
  const variables = BOARDS.flatMap(board =>
    board.variables.map(one => ({ ...one, name: `${board.uid}, ${one.name}` })),
  )

  async function ask(
    sql: string,
  ): Promise<{ meta: { name: string; type: string }[]; data: Record<string, unknown>[] }> {
    const answer = await sendAsGrafana(wattline.http, sql, 'JSON')
    const text = await answer.text()
    expect([answer.status, answer.ok ? '' : text]).toEqual([200, ''])
    return JSON.parse(text) as Awaited<ReturnType<typeof ask>>
  }

  it.each(panels)('$name', async ({ kind, sql, units }) => {
    for (const choices of [ALL, SOME]) {
      const { meta, data: rows } = await ask(expandQuery(sql, RANGE, choices))
      expect(rows.length).toBeGreaterThan(0)
      const names = meta.map(({ name }) => name)
      expect(Object.keys(units ?? {}).filter(name => !names.includes(name))).toEqual([])
      const numbers = meta.filter(({ type }) => /^(Nullable\()?(U?Int|Float|Decimal)/.test(type))
      expect(numbers.length).toBeGreaterThan(0)
      // Something to draw: not only zeros and unknown values.
      if (kind !== 'stat') {
        expect(rows.some(row => numbers.some(({ name }) => Number(row[name] ?? 0) > 0))).toBe(true)
      }
      if (kind === 'timeseries') {
        expect(meta[0]).toMatchObject({ name: 'time', type: expect.stringMatching(/^DateTime/) })
        expect(rows.map(row => String(row['time']))).toEqual(rows.map(row => String(row['time'])).sort())
      }
    }
    const native = await sendAsGrafana(wattline.http, expandQuery(sql, RANGE, ALL))
    expect(native.status).toBe(200)
    expect((await native.arrayBuffer()).byteLength).toBeGreaterThan(0)
  })

  it.each(variables)('variable $name', async ({ sql }) => {
    const { meta, data: rows } = await ask(expandQuery(sql, RANGE, {}))
    expect(meta.length).toBe(1)
    expect(rows.length).toBeGreaterThan(0)
  })

  it('show the numbers that were sent: 60 W for a minute, of which 30 W active', async () => {
    const [energy, watts] = ['Energy', 'Power by share'].map(
      title => panels.find(panel => panel.title === title)!,
    )
    const total = await ask(expandQuery(energy!.sql, RANGE, SOME))
    expect(Number(total.data[0]!['energy'])).toBeCloseTo(3600 / 3.6e6, 12)
    const shares = await ask(expandQuery(watts!.sql, RANGE, SOME))
    expect(shares.data.reduce((sum, row) => sum + Number(row['watts']), 0)).toBeCloseTo(60, 6)
  })

  it('show nothing of a host that is not selected', async () => {
    const energy = panels.find(panel => panel.title === 'Energy')!
    const answer = await ask(expandQuery(energy.sql, RANGE, { host: { values: ['rack'] } }))
    expect(Number(answer.data[0]!['energy'])).toBe(0)
  })
})

const nano = (ms: number): string => `${BigInt(ms) * 1_000_000n}`

/** A minute at 60 W, half of it busy with one container. */
function energy(): unknown {
  const host = { 'host.id': 'h', 'host.name': HOST }
  const counter = (name: string, unit: string, rate: number, attributes: Record<string, string> = {}) =>
    counterJson(name, unit, [
      { timeUnixNano: nano(minute), asDouble: 1000, attributes },
      { timeUnixNano: nano(minute + 60_000), asDouble: 1000 + 60 * rate, attributes },
    ])
  const ofHost = metricsJson(host, [
    counter('hw.energy', 'J', 60, { 'hw.type': 'cpu', 'hw.id': '0' }),
    counter('system.cpu.time', 's', 1, { 'cpu.mode': 'user' }),
    counter('system.cpu.time', 's', 1, { 'cpu.mode': 'idle' }),
  ]) as { resourceMetrics: unknown[] }
  const ofContainer = metricsJson({ ...host, 'container.id': 'shop-1', 'container.name': 'shop' }, [
    counter('container.cpu.time', 's', 1),
  ]) as { resourceMetrics: unknown[] }
  return { resourceMetrics: [...ofHost.resourceMetrics, ...ofContainer.resourceMetrics] }
}

const attribute = (key: string, value: string | number) => ({
  key,
  value: typeof value === 'string' ? { stringValue: value } : { intValue: String(value) },
})

/** Requests of the container in half of its minute, with tokens. */
function requests(): unknown {
  const span = {
    traceId: 'c'.repeat(32),
    spanId: 'd'.repeat(16),
    name: 'chat',
    kind: 2,
    startTimeUnixNano: nano(minute + 10_000),
    endTimeUnixNano: nano(minute + 40_000),
    attributes: [
      attribute('gen_ai.response.model', 'm'),
      attribute('gen_ai.usage.input_tokens', 100),
      attribute('gen_ai.usage.output_tokens', 50),
    ],
  }
  const of = [
    attribute('service.name', 'shop'),
    attribute('container.id', 'shop-1'),
    attribute('host.id', 'h'),
  ]
  return { resourceSpans: [{ resource: { attributes: of }, scopeSpans: [{ spans: [span] }] }] }
}

const shop = { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] }

function spans(): unknown {
  const span = (index: number) => ({
    traceId: String(index).padStart(32, 'a'),
    spanId: String(index).padStart(16, 'b'),
    name: 'checkout',
    kind: 2,
    startTimeUnixNano: nano(now - 1000 * index),
    endTimeUnixNano: nano(now - 1000 * index + 250),
    status: { code: index % 2 === 0 ? 2 : 1 },
  })
  return { resourceSpans: [{ resource: shop, scopeSpans: [{ spans: [1, 2, 3, 4].map(span) }] }] }
}

const logs = (): unknown => ({
  resourceLogs: [
    {
      resource: shop,
      scopeLogs: [
        {
          logRecords: [{ timeUnixNano: nano(now), severityText: 'WARN', body: { stringValue: 'low stock' } }],
        },
      ],
    },
  ],
})
