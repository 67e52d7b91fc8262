/** The Collector's own generator: what it sent, from its requests and from its parameters. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { telemetrygenBinary } from '../support/collector/build.ts'
import { eventually } from '../support/until.ts'
import type { WattlineProcess } from '../support/wattline-process.ts'
import { compareStored, MARK, marked, type Outcome, readRows } from './compare.ts'
import { isEquipped, type Leg, leg } from './leg.ts'
import type { Row, Table } from './sent.ts'
import { startTee } from './tee.ts'

const run = promisify(execFile)

interface Order {
  readonly name: string
  readonly args: readonly string[]
  /** Expected rows, and what each must contain. */
  readonly table: Table
  readonly rows: number
  readonly holds: Row
}

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const SPAN_ID = '00f067aa0ba902b7'
const metrics = (kind: string, table: Table): Order => ({
  name: `metrics ${kind}`,
  args: [
    'metrics',
    '--metrics',
    '30',
    '--metric-type',
    kind,
    '--otlp-metric-name',
    'gen',
    '--trace-id',
    TRACE_ID,
    '--span-id',
    SPAN_ID,
  ],
  table,
  rows: 30,
  holds: { MetricName: 'gen', 'Exemplars.TraceId': [TRACE_ID], 'Exemplars.SpanId': [SPAN_ID] },
})

const ORDERS: readonly Order[] = [
  {
    name: 'traces',
    args: [
      'traces',
      '--traces',
      '40',
      '--child-spans',
      '1',
      '--span-links',
      '2',
      '--status-code',
      'Error',
      '--span-duration',
      '5ms',
    ],
    table: 'otel_traces',
    rows: 80,
    holds: { StatusCode: 'Error', Duration: 5_000_000n },
  },
  metrics('Gauge', 'otel_metrics_gauge'),
  metrics('Sum', 'otel_metrics_sum'),
  metrics('Histogram', 'otel_metrics_histogram'),
  metrics('ExponentialHistogram', 'otel_metrics_exp_histogram'),
  {
    name: 'logs',
    args: [
      'logs',
      '--logs',
      '50',
      '--body',
      'größer <b>',
      '--severity-number',
      '17',
      '--severity-text',
      'Error',
      '--trace-id',
      TRACE_ID,
      '--span-id',
      SPAN_ID,
    ],
    table: 'otel_logs',
    rows: 50,
    holds: {
      Body: 'größer <b>',
      SeverityNumber: 17,
      SeverityText: 'Error',
      TraceId: TRACE_ID,
      SpanId: SPAN_ID,
    },
  },
]

export async function telemetrygen(wattline: WattlineProcess): Promise<Leg[]> {
  if (!isEquipped('telemetrygen', [['go', 'version']])) return []
  const binary = await telemetrygenBinary()
  const legs: Leg[] = []
  for (const order of ORDERS) {
    legs.push(await leg('telemetrygen', `http ${order.name}`, () => overHttp(binary, order, wattline)))
    legs.push(await leg('telemetrygen', `grpc ${order.name}`, () => overGrpc(binary, order, wattline)))
  }
  return legs
}

async function overHttp(binary: string, order: Order, wattline: WattlineProcess): Promise<Outcome> {
  const mark = `telemetrygen http ${order.name}`
  const tee = await startTee(wattline.otlp)
  try {
    await generate(binary, order, mark, ['--otlp-http', '--otlp-endpoint', new URL(tee.url).host])
    const outcome = await compareStored(wattline.sql, marked(mark), tee.sent)
    return asOrdered(order, outcome, tee.sent[order.table])
  } finally {
    tee.close()
  }
}

/** Without a tee: the stored data is compared only with the parameters. */
async function overGrpc(binary: string, order: Order, wattline: WattlineProcess): Promise<Outcome> {
  const mark = `telemetrygen grpc ${order.name}`
  await generate(binary, order, mark, ['--otlp-endpoint', new URL(wattline.otlpGrpc).host])
  const read = (): Promise<Row[]> => readRows(wattline.sql, order.table, marked(mark))
  const rows = await eventually(read, found => found.length >= order.rows).catch(read)
  const values = rows.length * (Object.keys(order.holds).length + 1)
  return asOrdered(order, { [order.table]: { items: rows.length, values, mismatches: [] } }, rows)
}

async function generate(
  binary: string,
  order: Order,
  mark: string,
  destination: readonly string[],
): Promise<void> {
  const attributes = ['--otlp-attributes', `${MARK}="${mark}"`, '--telemetry-attributes', 'n=7']
  const pace = ['--otlp-insecure', '--rate', '0', '--workers', '1', '--service', 'gen-ü']
  await run(binary, [...order.args, ...pace, ...attributes, ...destination], { timeout: 60_000 })
}

/** What was sent may agree with the tables and still differ from the parameters. */
function asOrdered(order: Order, outcome: Outcome, sent: readonly Row[]): Outcome {
  const found = outcome[order.table] ?? { items: 0, values: 0, mismatches: [] }
  const expected = { ServiceName: 'gen-ü', ...order.holds }
  const mismatches = sent.flatMap((row, index) =>
    Object.entries(expected)
      .filter(([column, value]) => String(row[column]) !== String(value))
      .map(([column, value]) => ({
        table: order.table,
        item: `item ${index}`,
        column,
        sent: value,
        stored: row[column],
      })),
  )
  const missing =
    sent.length === order.rows
      ? []
      : [{ table: order.table, item: 'count', column: 'rows', sent: order.rows, stored: sent.length }]
  return {
    ...outcome,
    [order.table]: { ...found, mismatches: [...found.mismatches, ...mismatches, ...missing] },
  }
}
