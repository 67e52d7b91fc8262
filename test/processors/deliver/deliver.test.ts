// Guarantees: a message is delivered at least once under one id, whatever receivers do and however often the process ends; the
// messages of a group keep their order; one receiver does not hold up another; every attempt is a row.
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AlertMessage } from '../../../core/alerts/groups.ts'
import { type Broker, RECORD_KIND } from '../../../core/broker/broker.ts'
import { openEmbeddedBroker } from '../../../core/broker/embedded/embedded-broker.ts'
import { alertsSchema } from '../../../core/catalogue/config/keys/alerts.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { decodeRows } from '../../../core/columns/rows.ts'
import { deliveries, notifications } from '../../../core/model/streams/index.ts'
import { messageRecords } from '../../../processors/alert/records.ts'
import { createDeliver } from '../../../processors/deliver/processor.ts'
import { ERASE_KIND } from '../../../processors/loop/erasure.ts'
import { type Processor, Runner } from '../../../processors/loop/runner.ts'
import { impatient } from '../../support/impatient.ts'
import { until } from '../../support/until.ts'

interface Received {
  readonly id: string
  readonly path: string
  readonly body: string
  readonly headers: IncomingMessage['headers']
}
type Answer = (request: Received, reply: ServerResponse, nth: number) => void

let folder: string
let broker: Broker
let runner: Runner | null = null
let server: Server
let base = ''
let answer: Answer = (_, reply) => reply.writeHead(200).end('ok')
const received: Received[] = []
const rows: ReturnType<typeof decodeRows<typeof deliveries>> = []
/** Moves the clock of the processor: what is due later is due now. */
let aheadMs = 0
const retention = { timeMs: 3_600_000, bytes: 1e9 }

beforeEach(async () => {
  received.length = 0
  rows.length = 0
  aheadMs = 0
  answer = (_, reply) => reply.writeHead(200).end('ok')
  folder = mkdtempSync(join(tmpdir(), 'wattline-deliver-'))
  broker = impatient(await openEmbeddedBroker({ path: folder, maxBytes: 1e9, events: silentEvents }))
  await broker.createStreams([
    { name: notifications.name, partitions: 2, groups: ['deliver'], retention },
    { name: deliveries.name, partitions: 1, groups: ['notes'], retention },
  ])
  server = createServer(async (request, reply) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const one = {
      id: String(request.headers['webhook-id']),
      path: request.url ?? '',
      body,
      headers: request.headers,
    }
    received.push(one)
    answer(one, reply, received.filter(({ id }) => id === one.id).length)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  base = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
})

afterEach(async () => {
  await runner?.stop()
  runner = null
  server.closeAllConnections()
  server.close()
  await broker.close()
  rmSync(folder, { recursive: true, force: true })
})

const SECRET = `whsec_${Buffer.from('0123456789abcdef01234567').toString('base64')}`

const notes: Processor = {
  name: 'notes',
  streams: [deliveries.name],
  poll: { maxRecords: 100, maxBytes: 1e6, maxWaitMs: 20 },
  open: async () => ({ apply: record => void rows.push(...decodeRows(deliveries, record.value)) }),
}

async function start(receivers: readonly object[], inMemory?: number): Promise<void> {
  const alerts = alertsSchema.parse({ receivers, allow_addresses: ['127.0.0.1'] })
  const now = () => Date.now() + aheadMs
  runner = new Runner({ broker, events: silentEvents, now })
  const more = inMemory === undefined ? {} : { inMemory }
  await runner.start(createDeliver({ alerts, events: silentEvents, now, ...more }))
  await runner.start(notes)
}

const message = (number: number, receiver: string, group = `group-${number % 5}`): AlertMessage => ({
  id: `msg_${number}`,
  receiver,
  groupKey: group,
  groupLabels: { group },
  commonLabels: { alertname: 'Hot', number: String(number) },
  commonAnnotations: { summary: `number ${number}` },
  status: 'firing',
  alerts: [{ labels: { alertname: 'Hot' }, annotations: {}, value: number, startsAt: 0, endsAt: null }],
})

async function write(messages: readonly AlertMessage[], tenant = 'shop'): Promise<void> {
  const each = messages.flatMap(one => messageRecords([{ tenant, message: one }], 2, Date.now() + aheadMs))
  for (const [partition, records] of Map.groupBy(each, ({ partition }) => partition))
    await broker.append(
      notifications.name,
      partition,
      records.map(({ record }) => record),
    )
}

it('delivers to others while a receiver has more messages waiting than fit into memory, and to it once it answers', async () => {
  let isAway = true
  answer = (one, reply) => reply.writeHead(isAway && one.path === '/away' ? 503 : 204).end()
  const receivers = ['away', 'ops'].map(name => ({ name, kind: 'webhook', url: `${base}/${name}` }))
  await start(receivers, 10)
  await write(Array.from({ length: 30 }, (_, number) => message(number, 'away', 'one')))
  await until(() => outcomes('msg_0').length > 0)
  await write([message(1_000, 'ops'), message(1_001, 'ops')])
  await until(() => isSettled('msg_1000') && isSettled('msg_1001'))
  // What is only in the state is there after a restart, too.
  await runner?.stop()
  await start(receivers, 10)
  isAway = false
  aheadMs += 3_600_000
  await until(() => isSettled('msg_29'))
  const arrived = received.filter(({ path }) => path === '/away').map(({ id }) => id)
  expect([...new Set(arrived)]).toEqual(Array.from({ length: 30 }, (_, number) => `msg_${number}`))
  expect(rows.filter(row => row.Outcome === 'delivered')).toHaveLength(32)
})

const outcomes = (id: string) => rows.filter(row => row.NotificationId === id).map(row => row.Outcome)
const isSettled = (id: string) => outcomes(id).some(outcome => outcome !== 'failed')

it('delivers a message signed, with the id that it was written under', async () => {
  await start([{ name: 'ops', kind: 'standard', url: `${base}/hook`, secrets: [SECRET, SECRET], token: 't' }])
  await write([message(1, 'ops')])
  await until(() => isSettled('msg_1'))
  const [one] = received
  expect(one?.headers).toMatchObject({ 'webhook-id': 'msg_1', authorization: 'Bearer t' })
  const signed = `msg_1.${String(one?.headers['webhook-timestamp'])}.${one?.body}`
  const signature = createHmac('sha256', '0123456789abcdef01234567').update(signed).digest('base64')
  expect(one?.headers['webhook-signature']).toBe(`v1,${signature} v1,${signature}`)
  expect(JSON.parse(one?.body ?? '')).toMatchObject({
    type: 'wattline.alert.firing',
    data: { status: 'firing' },
  })
  expect(rows[0]).toMatchObject({
    Tenant: 'shop',
    Receiver: 'ops',
    Attempt: 1,
    Outcome: 'delivered',
    Status: 200,
  })
})

describe('a receiver', () => {
  it('that fails gets the message again, the same bytes under the same id', async () => {
    answer = (_, reply, nth) => reply.writeHead(nth < 3 ? 500 : 204).end('broken')
    await start([{ name: 'ops', kind: 'webhook', url: base }])
    await write([message(1, 'ops')])
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await until(() => rows.length === attempt)
      aheadMs += 3_600_000
    }
    expect(outcomes('msg_1')).toEqual(['failed', 'failed', 'delivered'])
    expect(rows[0]?.Error).toBe('answered 500: broken')
    expect(new Set(received.map(({ body }) => body)).size).toBe(1)
  })

  it('that asks for a pause gets one', async () => {
    answer = (_, reply, nth) => reply.writeHead(nth === 1 ? 429 : 200, { 'retry-after': '600' }).end()
    await start([{ name: 'ops', kind: 'webhook', url: base }])
    await write([message(1, 'ops')])
    await until(() => rows.length === 1)
    const waitS = Number(rows[0]?.NextAttempt) - Number((rows[0]?.Time ?? 0n) / 1_000_000_000n)
    expect(waitS).toBeGreaterThanOrEqual(599)
    aheadMs += 601_000
    await until(() => isSettled('msg_1'))
  })

  it('that is gone gets nothing any more, until it has another address', async () => {
    answer = (_, reply) => reply.writeHead(410).end()
    await start([{ name: 'ops', kind: 'webhook', url: `${base}/old` }])
    await write([message(1, 'ops', 'g'), message(2, 'ops', 'g')])
    await until(() => isSettled('msg_1') && isSettled('msg_2'))
    expect(outcomes('msg_2')).toEqual(['dead'])
    expect(received).toHaveLength(1)
    await runner?.stop()
    answer = (_, reply) => reply.writeHead(200).end()
    await start([{ name: 'ops', kind: 'webhook', url: `${base}/new` }])
    await write([message(3, 'ops', 'g')])
    await until(() => isSettled('msg_3'))
    expect(outcomes('msg_3')).toEqual(['delivered'])
  })

  it('that redirects has not received the message', async () => {
    answer = (_, reply) => reply.writeHead(307, { location: `${base}/elsewhere` }).end()
    await start([{ name: 'ops', kind: 'webhook', url: `${base}/hook` }])
    await write([message(1, 'ops')])
    await until(() => rows.length === 1)
    expect(rows[0]).toMatchObject({ Outcome: 'failed', Status: 307 })
    expect(received.map(({ path }) => path)).toEqual(['/hook'])
  })

  it('that cannot be reached for too long loses the message, which is dead then', async () => {
    answer = (_, reply) => reply.writeHead(503).end()
    await start([{ name: 'ops', kind: 'webhook', url: base, give_up_after: '1h' }])
    await write([message(1, 'ops')])
    await until(() => rows.length === 1)
    aheadMs += 3_600_000
    await until(() => isSettled('msg_1'))
    expect(outcomes('msg_1')).toEqual(['failed', 'dead'])
  })

  it('that hangs does not hold up others', async () => {
    answer = (request, reply) => void (request.path === '/ok' && reply.writeHead(200).end())
    await start([
      { name: 'hangs', kind: 'webhook', url: `${base}/hangs` },
      { name: 'ok', kind: 'webhook', url: `${base}/ok` },
    ])
    const hanging = Array.from({ length: 40 }, (_, index) => message(index, 'hangs', `g${index}`))
    const others = Array.from({ length: 40 }, (_, index) => message(100 + index, 'ok', `g${index}`))
    await write([...hanging, ...others])
    await until(() => others.every(({ id }) => isSettled(id)))
    expect(rows.every(({ Receiver }) => Receiver === 'ok')).toBe(true)
  })

  it('that does not want ends gets alerts that fire, and no ends', async () => {
    await start([
      { name: 'quiet', kind: 'webhook', url: `${base}/quiet`, send_resolved: false },
      { name: 'ops', kind: 'webhook', url: `${base}/ops` },
    ])
    const ended = (number: number, receiver: string) => ({
      ...message(number, receiver, 'g'),
      status: 'resolved' as const,
    })
    await write([message(1, 'quiet', 'g'), ended(2, 'quiet'), ended(3, 'ops'), message(4, 'quiet', 'g')])
    await until(() => isSettled('msg_3') && isSettled('msg_4'))
    expect(received.map(({ id }) => id).toSorted()).toEqual(['msg_1', 'msg_3', 'msg_4'])
  })

  it('on an address that is not public is refused without a packet', async () => {
    await start([{ name: 'ops', kind: 'webhook', url: 'http://127.0.0.2:1/' }])
    await write([message(1, 'ops')])
    await until(() => rows.length === 1)
    expect(rows[0]?.Error).toContain('127.0.0.2 is not a public address')
  })
})

it('forgets the messages of a tenant that was erased, also one that is under way, and sends those of others', async () => {
  const held: ServerResponse[] = []
  answer = (request, reply) => {
    if (request.id === 'msg_1') held.push(reply)
    else reply.writeHead(request.path === '/down' ? 500 : 200).end()
  }
  const receivers = [
    { name: 'ops', kind: 'webhook', url: base },
    { name: 'down', kind: 'webhook', url: `${base}/down` },
  ]
  await start(receivers)
  await write([message(1, 'ops', 'a'), message(2, 'ops', 'a'), message(3, 'down', 'b')], 'shop')
  await until(() => held.length === 1 && outcomes('msg_3').includes('failed'))
  const value = Buffer.from(JSON.stringify({ tenant: 'shop' }))
  for (const partition of [0, 1]) {
    const record = { value, headers: { [RECORD_KIND]: ERASE_KIND }, timestampMs: 0 }
    await broker.append(notifications.name, partition, [record])
  }
  await write([message(4, 'ops', 'a')], 'bank')
  await until(() => isSettled('msg_4'))
  await until(async () =>
    (await broker.lag('deliver', notifications.name)).every(one => one.committed === one.end),
  )
  for (const reply of held) reply.writeHead(200).end()
  aheadMs += 100_000
  await runner?.stop()
  const sent = received.splice(0).map(({ id }) => id)
  await start(receivers)
  await write([message(5, 'ops', 'a')], 'bank')
  await until(() => isSettled('msg_5'))
  // On a slow machine the message that failed is tried again before it is erased.
  expect([...new Set(sent)].toSorted()).toEqual(['msg_1', 'msg_3', 'msg_4'])
  expect(received.map(({ id }) => id)).toEqual(['msg_5'])
  expect(outcomes('msg_1')).toEqual([])
})

it('keeps the order of a group, and loses nothing when the process ends again and again', async () => {
  const receivers = [{ name: 'ops', kind: 'webhook', url: base }]
  const messages = Array.from({ length: 60 }, (_, index) => message(index, 'ops'))
  answer = (request, reply, nth) => {
    // Each third message fails the first time.
    const fails = Number(request.id.slice(4)) % 3 === 0 && nth === 1
    setTimeout(() => reply.writeHead(fails ? 500 : 200).end(), Number(request.id.slice(4)) % 7)
  }
  await start(receivers)
  for (let part = 0; part < 6; part += 1) {
    await write(messages.slice(part * 10, part * 10 + 10))
    await until(() => received.length > part * 4)
    await runner?.stop()
    aheadMs += 10_000
    await start(receivers)
  }
  const isDone = () => messages.every(({ id }) => outcomes(id).includes('delivered'))
  await until(() => {
    aheadMs += 1_000
    return isDone()
  })
  for (let group = 0; group < 5; group += 1) {
    const taken = received
      .filter(({ id }) => Number(id.slice(4)) % 5 === group)
      .map(({ id }) => Number(id.slice(4)))
    expect(taken).toEqual(taken.toSorted((a, b) => a - b))
    expect(new Set(taken).size).toBe(12)
  }
  for (const { id } of messages) expect(outcomes(id).filter(one => one === 'delivered')).toHaveLength(1)
})
