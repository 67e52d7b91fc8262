// Guarantees: decisions become signals that Heat's signal URLs understand, signed and with one id each, also when a record is read
// again and when the process ends in between; one that does not arrive is given again; after an outage of the receiver they arrive in order and not all at once; decisions of
// other tenants and policies, and effects, give none.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Broker, RECORD_KIND } from '../../../core/broker/broker.ts'
import { openEmbeddedBroker } from '../../../core/broker/embedded/embedded-broker.ts'
import { alertsSchema } from '../../../core/catalogue/config/keys/alerts.ts'
import { autoscalersSchema } from '../../../core/catalogue/config/keys/autoscalers.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { encodeRows } from '../../../core/columns/rows.ts'
import { deliveries, notifications, scalingDecisions } from '../../../core/model/streams/index.ts'
import type { RowOf } from '../../../core/model/streams/stream.ts'
import { createDeliver } from '../../../processors/deliver/processor.ts'
import { ERASE_KIND } from '../../../processors/loop/erasure.ts'
import { Runner } from '../../../processors/loop/runner.ts'
import { createSignal } from '../../../processors/signal/processor.ts'
import { impatient } from '../../support/impatient.ts'
import { until } from '../../support/until.ts'

interface Received {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Record<string, unknown>
  readonly atMs: number
}

const SECRET = `whsec_${Buffer.from('0123456789abcdef01234567').toString('base64')}`
const T0 = 1_796_040_000
const retention = { timeMs: 3_600_000, bytes: 1e9 }

let folder: string
let broker: Broker
let runner: Runner | null = null
let server: Server
let status = 200
const received: Received[] = []

beforeEach(async () => {
  received.length = 0
  status = 200
  folder = mkdtempSync(join(tmpdir(), 'wattline-signal-'))
  broker = impatient(await openEmbeddedBroker({ path: folder, maxBytes: 1e9, events: silentEvents }))
  await broker.createStreams([
    { name: scalingDecisions.name, partitions: 1, groups: ['signal'], retention },
    { name: notifications.name, partitions: 2, groups: ['deliver'], retention },
    { name: deliveries.name, partitions: 1, groups: [], retention },
  ])
  server = createServer(async (request, reply) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    received.push({
      path: request.url ?? '',
      headers: request.headers,
      body: JSON.parse(body),
      atMs: performance.now(),
    })
    reply.writeHead(status).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  await runner?.stop()
  runner = null
  server.closeAllConnections()
  server.close()
  await broker.close()
  rmSync(folder, { recursive: true, force: true })
})

async function start(more: object = {}, aheadMs = 0): Promise<void> {
  const address = server.address()
  const base = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  const receiver = (way: string) => ({
    name: `heat-${way}`,
    kind: 'aodh',
    url: `${base}/v1/signal/${way}?Signature=abc%3D`,
    secrets: [SECRET],
  })
  const alerts = alertsSchema.parse({
    receivers: [receiver('up'), receiver('down')],
    allow_addresses: ['127.0.0.1'],
  })
  const { signals } = autoscalersSchema.parse({
    signals: [
      {
        policy: 'render',
        tenant: 'shop',
        up: { receiver: 'heat-up', adjustment: 1 },
        down: { receiver: 'heat-down', adjustment: 1 },
        interval: 1,
        ...more,
      },
    ],
  })
  const now = () => Date.now() + aheadMs
  runner = new Runner({ broker, events: silentEvents, now })
  await runner.start(createSignal({ signals, partitions: () => broker.partitions(notifications.name) }))
  await runner.start(createDeliver({ alerts, events: silentEvents, now }))
}

type Decision = RowOf<typeof scalingDecisions>
const decision = (at: number, replicas: number, over: Partial<Decision> = {}): Decision => ({
  Tenant: 'shop',
  Policy: 'render',
  Time: T0 + at,
  DecisionId: `d-${at}`,
  Kind: 'decision',
  PolicyVersion: 'v1',
  Replicas: replicas,
  PreviousReplicas: 4n,
  RuledBy: 'demand',
  Demand: 300,
  DemandReplicas: 6n,
  DemandAge: 1n,
  FloorReplicas: 1,
  CeilingReplicas: null,
  WattsPerReplica: 100,
  WattsQuality: 'measured',
  Zone: 'DE',
  Intensity: 300,
  IntensityVersion: '',
  EnergyPrice: 0.3,
  Currency: 'EUR',
  TariffVersion: '',
  Without: '',
  Explanation: 'Demand asks for 6.',
  Inputs: '{}',
  Bounds: '[]',
  EffectFrom: 0,
  EffectTo: 0,
  EffectReplicas: Number.NaN,
  EffectWatts: Number.NaN,
  EffectCarbonUg: null,
  EffectCostNano: null,
  ...over,
})

const write = async (...rows: readonly Decision[]): Promise<void> => {
  const value = encodeRows(scalingDecisions, [...rows])
  await broker.append(scalingDecisions.name, 0, [{ value, timestampMs: Date.now() }])
}

it('sends the alarm of Aodh to the URL of each direction', async () => {
  await start()
  await write(decision(0, 5))
  await until(() => received.length === 1)
  const [up] = received
  expect(up?.path).toBe('/v1/signal/up?Signature=abc%3D')
  expect(up?.headers['webhook-signature']).toMatch(/^v1,/)
  expect(up?.body).toMatchObject({
    alarm_name: 'scale_up',
    previous: 'ok',
    current: 'alarm',
    severity: 'moderate',
    reason: expect.stringContaining('Scale render up from 4 to 5: Demand asks for 6.'),
    reason_data: { type: 'threshold', disposition: 'outside', count: 1, most_recent: 5 },
  })
  await write(decision(5, 4))
  await until(() => received.length === 2)
  expect(received[1]?.path).toBe('/v1/signal/down?Signature=abc%3D')
})

it('sends each signal under one id, whether records come again or the process ends', async () => {
  await start()
  await write(decision(0, 6), decision(0, 6))
  await until(() => received.length === 1)
  await runner?.stop()
  await start()
  await write(decision(0, 6), decision(2, 6))
  // The first one may be sent again: its answer may have come after the end.
  const ids = () => new Set(received.map(({ headers }) => headers['webhook-id']))
  await until(() => ids().size >= 2)
  expect(ids().size).toBe(2)
})

it('says nothing about other tenants, other policies, and effects', async () => {
  await start()
  await write(
    decision(0, 9, { Tenant: 'bank' }),
    decision(0, 9, { Policy: 'other' }),
    decision(0, 9, { Kind: 'effect' }),
    decision(1, 5),
  )
  await until(() => received.length === 1)
  expect(received[0]?.body).toMatchObject({ reason_data: { most_recent: 5 } })
})

it('forgets a tenant that is erased, and no other', async () => {
  await start()
  await write(decision(0, 5))
  await until(() => received.length === 1)
  const value = (tenant: string) => Buffer.from(JSON.stringify({ tenant }))
  const headers = { [RECORD_KIND]: ERASE_KIND }
  for (const tenant of ['bank', 'shop'])
    await broker.append(scalingDecisions.name, 0, [
      { value: value(tenant), headers, timestampMs: Date.now() },
    ])
  // Begins anew: the group has as many as the decision before says.
  await write(decision(5, 9, { PreviousReplicas: 8n }))
  await until(() => received.length === 2)
  expect(received[1]?.body).toMatchObject({ reason_data: { most_recent: 9 } })
})

it('keeps the interval between signals that have waited for their receiver', async () => {
  status = 503
  await start()
  await write(decision(0, 7), decision(1, 7), decision(2, 7))
  await until(() => received.length === 1)
  await runner?.stop()
  status = 200
  received.length = 0
  // What is due later is due now.
  await start({}, 3_600_000)
  await until(() => received.length === 3)
  expect(received.map(({ body }) => (body['reason_data'] as { most_recent: number }).most_recent)).toEqual([
    5, 6, 7,
  ])
  const [first = 0, second = 0, third = 0] = received.map(({ atMs }) => atMs)
  expect(Math.min(second - first, third - second)).toBeGreaterThan(900)
})

it('gives a step again that did not arrive', async () => {
  status = 410
  await start()
  await write(decision(0, 5))
  const isCounted = async () => {
    const [lag] = await broker.lag('signal', scalingDecisions.name)
    return lag !== undefined && lag.end > 1n && lag.committed === lag.end
  }
  await until(isCounted)
  // The receiver is gone until its url changes; what it did not take does not count.
  await runner?.stop()
  status = 204
  await start({ up: { receiver: 'heat-down', adjustment: 1 } })
  await write(decision(10, 5))
  await until(() => received.length === 2)
  expect(received[1]?.body).toMatchObject({ reason_data: { most_recent: 5 } })
})
