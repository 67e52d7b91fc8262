/** A process whose data every board can draw, and what a viewer chooses. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BOARDS } from '../../dashboards/grafana/boards.ts'
import type { Choices } from '../support/grafana.ts'
import { counterJson, metricsJson } from '../support/otlp.ts'
import { eventually } from '../support/until.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'
import { CONFIGURATION, FILLED, tell } from './grafana-instance.ts'

/** A name with special characters of regular expressions and SQL. */
const HOST = "rack (7)+o'brien.example"

/** All values of every variable. */
export const ALL: Choices = Object.fromEntries(
  BOARDS.flatMap(board => board.variables.map(({ name, column }) => [name, { all: column }])),
)
/** Some values of every variable. */
export const SOME: Choices = {
  host: { values: [HOST, 'other'] },
  account: { values: ['default', 'operator'] },
  service: { values: ['shop'] },
  served_by: { values: ['shop'] },
  zone: { values: ['DE', 'FR'] },
  rule: { values: ['Always'] },
  policy: { values: ['checkout'] },
}

/** Starts it on a folder, and waits until every table has rows. `minute`: when the host was busy; both unix milliseconds. */
export async function startFilled(
  data: string,
  { now, minute }: { readonly now: number; readonly minute: number },
): Promise<WattlineProcess> {
  writeFileSync(join(data, 'wattline.yaml'), CONFIGURATION)
  const first = await startProcess({ data })
  await tell(first, minute)
  await send(first, 'metrics', energy(minute))
  await send(first, 'traces', spans(now))
  await send(first, 'traces', requests(minute))
  await send(first, 'logs', logs(now))
  await eventually(
    () =>
      first.sql<{ n: string }>(
        'SELECT (SELECT count() FROM ledger) * (SELECT count() FROM otel_traces) * (SELECT count() FROM otel_logs) AS n',
      ),
    ([row]) => Number(row?.n) > 0,
  )
  // Requests of past minutes are looked for at the start.
  await first.end('SIGTERM')
  const wattline = await startProcess({ data })
  for (const sql of FILLED) {
    await eventually(
      () => wattline.sql<{ n: string }>(`SELECT (${sql}) AS n`),
      ([row]) => Number(row?.n) > 0,
    )
  }
  return wattline
}

async function send(wattline: WattlineProcess, signal: string, request: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify(request)
  const response = await fetch(`${wattline.otlp}/v1/${signal}`, { method: 'POST', headers, body })
  const text = await response.text()
  if (response.status !== 200 || text !== '{}') throw new Error(`${signal}: ${response.status} ${text}`)
}

const nano = (ms: number): string => `${BigInt(ms) * 1_000_000n}`

/** A minute at 60 W, half of it busy with one container. */
function energy(minute: number): unknown {
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
function requests(minute: number): unknown {
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

function spans(now: number): unknown {
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

const logs = (now: number): unknown => ({
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
