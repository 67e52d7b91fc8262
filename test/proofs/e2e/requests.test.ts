/**
 * Guarantees: a shop with three services sends metrics and traces as OTLP to a real process: what requests got sums, by workload
 * and minute, to what the ledger has, to the last µJ, µg and nano; tokens have joules; late spans and SIGKILL at any moment of it
 * change no sum.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { counterJson, metricsJson } from '../../support/otlp.ts'
import { seededRandom } from '../../support/random.ts'
import { eventually } from '../../support/until.ts'
import { startProcess, type WattlineProcess } from '../../support/wattline-process.ts'

const data = mkdtempSync(join(tmpdir(), 'wattline-shop-'))
let wattline: WattlineProcess
const start = async (): Promise<void> => {
  wattline = await startProcess({
    data,
    environment: {
      WATTLINE_METERING_IDLE_FLUSH: '2',
      WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '100',
      WATTLINE_TARIFFS_PRICE_PER_KWH: '0.25',
      WATTLINE_FACTORS_ZONE: 'DE',
      WATTLINE_REQUESTS_DELAY: '0',
    },
  })
}
afterAll(async () => {
  await wattline.end('SIGTERM')
  rmSync(data, { recursive: true, force: true })
})

const random = seededRandom(20261130)
const BEGIN = BigInt(Math.floor(Date.now() / 60_000) * 60 - 600) * 1_000_000_000n
const at = (seconds: number): string => `${BEGIN + BigInt(Math.round(seconds * 1e9))}`
const SERVICES = ['gateway', 'cart', 'model'] as const
const HOST = { 'host.id': 'shop-1', 'host.name': 'shop-1' }

async function send(signal: 'metrics' | 'traces', body: unknown): Promise<void> {
  const response = await fetch(`${wattline.otlp}/v1/${signal}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect([response.status, await response.text()]).toEqual([200, '{}'])
}

/** A minute, with a sample at each end: energy of a package, CPU time of the host and of each container. */
async function sendMetrics(): Promise<void> {
  const counter = (name: string, unit: string, perMinute: number, attributes: Record<string, string> = {}) =>
    counterJson(
      name,
      unit,
      [0, 1].map(minute => ({
        timeUnixNano: at(minute * 60),
        asDouble: 100 + minute * perMinute,
        attributes,
      })),
    )
  await send(
    'metrics',
    metricsJson(HOST, [
      counter('hw.energy', 'J', 3600.123457, { 'hw.type': 'cpu', 'hw.id': '0' }),
      counter('system.cpu.time', 's', 120, { 'cpu.mode': 'user' }),
      counter('system.cpu.time', 's', 360, { 'cpu.mode': 'idle' }),
    ]),
  )
  for (const [index, service] of SERVICES.entries()) {
    await send(
      'metrics',
      metricsJson({ ...HOST, 'container.id': service, 'container.name': service }, [
        counter('container.cpu.time', 's', 17.31 + index * 11),
      ]),
    )
  }
}

let sent = 0
/** Some run into the next minute, of which the ledger has nothing. Requests through all three services, each the child of the one before; the model says its tokens. */
async function sendTraces(count: number): Promise<void> {
  const spans = SERVICES.map((): unknown[] => [])
  for (let number = 0; number < count; number++) {
    sent += 1
    const id = (digits: number, more: number): string => (sent * 8 + more).toString(16).padStart(digits, '0')
    const from = random() * 58
    const seconds = random() * 4
    for (const [index, service] of SERVICES.entries()) {
      spans[index]!.push({
        traceId: id(32, 7),
        spanId: id(16, index + 1),
        ...(index === 0 ? {} : { parentSpanId: id(16, index) }),
        name: `${service} ${sent % 3}`,
        kind: 2,
        startTimeUnixNano: at(from + index * seconds * 0.1),
        endTimeUnixNano: at(from + seconds - index * seconds * 0.2),
        attributes:
          service === 'model'
            ? [
                { key: 'gen_ai.usage.input_tokens', value: { intValue: '700' } },
                { key: 'gen_ai.usage.output_tokens', value: { intValue: '300' } },
                { key: 'gen_ai.response.model', value: { stringValue: 'shop-7b' } },
              ]
            : [],
      })
    }
  }
  await send('traces', {
    resourceSpans: SERVICES.map((service, index) => ({
      resource: {
        attributes: [
          { key: 'service.name', value: { stringValue: service } },
          { key: 'container.id', value: { stringValue: service } },
        ],
      },
      scopeSpans: [{ spans: spans[index] }],
    })),
  })
}

interface Sums {
  readonly key: string
  readonly energy: string
  readonly carbon: string
  readonly cost: string
}
const sums = (table: string): Promise<readonly Sums[]> =>
  wattline.sql<Sums>(
    `SELECT concat(WorkloadId, ' ', toString(WindowStart)) AS key, toString(sum(EnergyUj)) AS energy,
       toString(sum(CarbonOperationalUg)) AS carbon, toString(sum(CostEnergyNano)) AS cost
     FROM ${table} WHERE WorkloadKind != '' GROUP BY key ORDER BY key`,
  )
const spansShared = async (): Promise<number> => {
  const [found] = await wattline.sql<{ n: string }>('SELECT toString(sum(Traces)) AS n FROM request_energy')
  return Number(found?.n ?? 0)
}

/** A minute that was shared before its entries came is shared again. */
async function expectShared(traces: number, booked: readonly Sums[]): Promise<void> {
  const found = await eventually(
    async () => ({ traces: await spansShared(), sums: await sums('request_energy') }),
    now => JSON.stringify(now) === JSON.stringify({ traces, sums: booked }),
  )
  expect(found).toEqual({ traces, sums: booked })
}

it('sums by workload and minute are those of the ledger, whenever the process is killed', async () => {
  await start()
  await sendMetrics()
  await sendTraces(60)
  const booked = await eventually(
    () => sums('ledger'),
    rows => rows.length === 3,
  )
  // A process that starts looks at all minutes: killed before, while and after it shares them, it begins again.
  for (const wait of [0, 300, 900]) {
    await wattline.end('SIGKILL')
    await start()
    await new Promise(resolve => setTimeout(resolve, wait))
  }
  await expectShared(60, booked)

  await sendTraces(20)
  await eventually(
    () => wattline.sql<{ n: string }>('SELECT toString(count()) AS n FROM otel_traces'),
    ([found]) => found?.n === '240',
  )
  for (const wait of [400, 1_200]) {
    await wattline.end('SIGKILL')
    await start()
    await new Promise(resolve => setTimeout(resolve, wait))
  }
  await expectShared(80, booked)
}, 240_000)

it('answers joules by request and by 1,000 tokens', async () => {
  const response = await fetch(`${wattline.http}/api/v1/requests?window=1h&group_by=service,model`)
  const { rows } = (await response.json()) as {
    rows: readonly {
      group: Readonly<Record<string, string>>
      energy_uj: string
      requests: string
      per_1000_tokens: { energy_uj: string } | null
    }[]
  }
  expect(rows.map(({ group }) => group['service']).toSorted()).toEqual([...SERVICES].toSorted())
  const model = rows.find(({ group }) => group['model'] === 'shop-7b')!
  expect(model.requests).toBe('80')
  // 80 requests of 1,000 tokens each.
  const [whole, fraction = ''] = model.per_1000_tokens!.energy_uj.split('.')
  const exact = (BigInt(model.energy_uj) * 1_000n) / 80n
  expect(BigInt(`${whole}${fraction}`) - exact).toBeLessThanOrEqual(1n)
})
