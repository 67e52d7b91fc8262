// Guarantees: an edge node (a collector that opens no engine) and a centre give exactly the numbers of the worked
// example; every span that the edge acknowledged is in the centre's table once, over a network that is interrupted,
// loses answers or hangs, and across SIGKILLs of both; and a day of readings that waited in the edge's log is metered
// to the microjoule, minute by minute, as if it had arrived in time. While the centre is unreachable the edge accepts
// data and reports what it waits for.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readingRecords, readingRow } from '../processors/forward/rows.ts'
import { encodeTraces, randomSpans } from '../support/otlp.ts'
import { appendStored } from '../support/stored-log.ts'
import { eventually } from '../support/until.ts'
import { type StartOptions, startProcess, type WattlineProcess } from '../support/wattline-process.ts'
import { openWay } from '../support/way.ts'
import { workedExample } from '../support/worked-example.ts'

const way = await openWay()
afterAll(() => way.close())

let centre: WattlineProcess
let edge: WattlineProcess
let startCentre: () => Promise<WattlineProcess>
let startEdge: () => Promise<WattlineProcess>
let edgeLog = ''

const startBoth = async ({ data, environment = {} }: StartOptions): Promise<WattlineProcess> => {
  const [centreData, edgeData] = [join(data, 'centre'), join(data, 'edge')]
  for (const folder of [centreData, edgeData]) mkdirSync(folder)
  edgeLog = join(edgeData, 'log')
  startCentre = async () => {
    centre = await startProcess({
      data: centreData,
      environment: { ...environment, WATTLINE_METERING_UPLINK_PATIENCE: '0.1' },
    })
    way.leadTo(centre.otlp)
    return centre
  }
  startEdge = async () => {
    edge = await startProcess({
      data: edgeData,
      roles: 'collector',
      environment: {
        WATTLINE_FORWARD_URL: way.url,
        WATTLINE_FORWARD_TIMEOUT: '1',
        WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '50',
        WATTLINE_GROUP_COMMIT_WAIT_MS: '20',
      },
    })
    return edge
  }
  await Promise.all([startCentre(), startEdge()])
  way.set('pass')
  return {
    pid: centre.pid,
    http: centre.http,
    get otlp() {
      return edge.otlp
    },
    get otlpGrpc() {
      return edge.otlpGrpc
    },
    door: name => centre.door(name),
    stderr: centre.stderr,
    sql: query => centre.sql(query),
    end: async signal => Math.max((await edge.end(signal)) ?? 1, (await centre.end(signal)) ?? 1),
  }
}

workedExample(() => ({}), startBoth)

const acknowledged: string[] = []

/** Sends spans to the edge, each batch once, and notes the acknowledged ones. */
async function sendSpans(batches: number): Promise<number> {
  const sent = await Promise.all(
    Array.from({ length: batches }, async () => {
      const spans = randomSpans(5)
      const body = new Uint8Array(encodeTraces({ 'service.name': 'edge' }, spans))
      const headers = { 'content-type': 'application/x-protobuf' }
      const response = await fetch(`${edge.otlp}/v1/traces`, { method: 'POST', headers, body }).catch(
        () => null,
      )
      await response?.arrayBuffer()
      if (response?.status !== 200) return 0
      acknowledged.push(...spans.map(span => Buffer.from(span.spanId).toString('hex')))
      return 1
    }),
  )
  return sent.filter(Boolean).length
}

const stored = () =>
  centre.sql<{ SpanId: string; n: number }>(
    "SELECT SpanId, toUInt32(count()) AS n FROM otel_traces WHERE ServiceName = 'edge' GROUP BY SpanId",
  )

it('accepts data while the receiver is away, reports what it waits for, and is still ready', async () => {
  way.set('refuse')
  expect(await sendSpans(4)).toBe(4)
  const ready = await eventually(
    async () => (await (await fetch(`${edge.http}/readyz`)).json()) as { ready: boolean; waiting?: string[] },
    ({ waiting }) => waiting?.some(line => line.startsWith('forward traces/')) ?? false,
  )
  expect(ready.ready).toBe(true)
  expect(ready.waiting?.join()).toMatch(/uplink_unavailable: .*\/v1\/wattline\/records\/traces/)
  const metrics = await (await fetch(`${edge.http}/metrics`)).text()
  expect(metrics).toMatch(/wattline_log_lag_records\{group="forward",stream="traces",partition="\d+"\} [1-9]/)
  expect(metrics).not.toContain('group="store"')
})

it('delivers every acknowledged span once, whatever was interrupted, swallowed, hung or killed', async () => {
  for (const mode of ['pass', 'swallow', 'pass', 'hang', 'pass', 'refuse'] as const) {
    way.set(mode)
    expect(await sendSpans(6)).toBe(6)
    await new Promise(resolve => setTimeout(resolve, 250))
  }
  // The centre ends while records are on their way, and returns elsewhere.
  way.set('pass')
  const sending = sendSpans(6)
  await centre.end('SIGKILL')
  await sending
  await startCentre()
  way.set('pass')
  // The edge ends while answers are lost: what it sends again exists already.
  way.set('swallow')
  expect(await sendSpans(6)).toBe(6)
  await new Promise(resolve => setTimeout(resolve, 400))
  const cutOff = sendSpans(6)
  await edge.end('SIGKILL')
  await cutOff
  await startEdge()
  way.set('pass')
  expect(await sendSpans(6)).toBe(6)

  const found = await eventually(stored, rows => {
    const ids = new Set(rows.map(row => row.SpanId))
    return acknowledged.every(id => ids.has(id))
  })
  expect(found.filter(({ n }) => n !== 1)).toEqual([])
  expect(acknowledged.length).toBeGreaterThanOrEqual(5 * 52)
})

const STEP_S = 60
const DAY_STEPS = 86_400 / STEP_S
/** 100 W: 6 kJ a minute. */
const STEP_UJ = 6_000_000_000n

it('meters a day that waited in the log of the edge, to the microjoule', async () => {
  const startMinute = Math.floor(Date.now() / 60_000) - 24 * 60 - 2
  const times = Array.from({ length: DAY_STEPS + 1 }, (_, i) => startMinute * 60_000 + i * STEP_S * 1000)
  const rounds = times.map((timeMs, i) => {
    const common = { Timestamp: BigInt(timeMs) * 1_000_000n }
    return [
      readingRow('day', BigInt(i) * STEP_UJ, common),
      readingRow('day', BigInt(i) * 12_000_000n, {
        ...common,
        Quantity: 'cpu_time',
        Domain: 'user',
        Source: 'proc',
      }),
      readingRow('day', BigInt(i) * 228_000_000n, {
        ...common,
        Quantity: 'cpu_time',
        Domain: 'idle',
        Source: 'proc',
      }),
    ]
  })
  way.set('refuse')
  await edge.end('SIGKILL')
  await appendStored(edgeLog, 'readings', 1, readingRecords(rounds))
  await startEdge()
  way.set('pass')
  // Meanwhile the edge loses answers, and ends.
  await new Promise(resolve => setTimeout(resolve, 300))
  way.set('swallow')
  await new Promise(resolve => setTimeout(resolve, 300))
  await edge.end('SIGKILL')
  await startEdge()
  way.set('pass')

  const minutes = 24 * 60 - 2
  const found = await eventually(
    () =>
      centre.sql<{ minutes: number; energy: string; least: string; most: string }>(
        `SELECT toUInt32(count()) AS minutes, toString(sum(uj)) AS energy, toString(min(uj)) AS least,
           toString(max(uj)) AS most
         FROM (SELECT sum(EnergyUj) AS uj FROM ledger WHERE Host = 'day' GROUP BY WindowStart)`,
      ),
    rows => (rows[0]?.minutes ?? 0) >= minutes,
    120_000,
  )
  const [day] = found
  expect(day).toMatchObject({ least: '6000000000', most: '6000000000' })
  expect(BigInt(day!.energy)).toBe(6_000_000_000n * BigInt(day!.minutes))
  const readingsFound = await centre.sql<{ n: number; distinct: number }>(
    "SELECT toUInt32(count()) AS n, toUInt32(uniqExact(Timestamp, Quantity, Domain)) AS distinct FROM readings WHERE Host = 'day'",
  )
  expect(readingsFound).toEqual([{ n: 3 * (DAY_STEPS + 1), distinct: 3 * (DAY_STEPS + 1) }])
  expect(await centre.sql("SELECT * FROM late_readings WHERE Host = 'day'")).toEqual([])
}, 180_000)

it('drains and ends', async () => {
  expect(await edge.end('SIGTERM')).toBe(0)
})
