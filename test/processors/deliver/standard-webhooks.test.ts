// Guarantees: the reference library of Standard Webhooks accepts what we send, with any of the receiver's secrets while they are
// rotated, and refuses it with another secret, another body, or an old time.
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { alertsSchema } from '../../../core/catalogue/config/keys/alerts.ts'
import { addressFilter } from '../../../core/outgoing/addresses.ts'
import { attemptDelivery } from '../../../processors/deliver/attempt.ts'

const secret = (text: string): string => `whsec_${Buffer.from(text.padEnd(32, text)).toString('base64')}`
const [OLD, NEW, OTHER] = [secret('old'), secret('new'), secret('other')]
const received: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = []
const server = createServer(async (request, reply) => {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  received.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') })
  reply.writeHead(204).end()
})

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterAll(() => void server.close())

async function deliver(secrets: readonly string[], kind = 'standard', nowMs = Date.now()) {
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`
  const [receiver] = alertsSchema.parse({ receivers: [{ name: 'ops', kind, url, secrets }] }).receivers
  const labels = { alertname: 'Zählt', host: 'h1 “quoted” \u0000' }
  const alert = {
    labels,
    annotations: { summary: '🔥 {"a": 1}' },
    value: 6.5,
    startsAt: 1_790_000_000,
    endsAt: null,
  }
  const message = {
    id: 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W',
    receiver: 'ops',
    groupKey: 'default/0:ops:[]',
    groupLabels: {},
    commonLabels: labels,
    commonAnnotations: alert.annotations,
    status: 'firing' as const,
    alerts: [alert],
  }
  const { signal } = new AbortController()
  const pending = { message, createdMs: nowMs }
  const result = await attemptDelivery(pending, receiver!, addressFilter(['127.0.0.1']), nowMs, signal)
  expect(result.outcome).toBe('delivered')
  const { headers, body } = received.at(-1)!
  return { body, headers: headers as Record<string, string> }
}

it.each(['standard', 'webhook', 'cloudevents', 'slack', 'alertmanager', 'aodh'])(
  'verifies a message of kind %s',
  async kind => {
    const { headers, body } = await deliver([OLD], kind)
    expect(new Webhook(OLD).verify(body, headers)).toEqual(JSON.parse(body))
    expect(headers['webhook-id']).toBe('msg_2KWPBgLlAfxdpx2AI54pPJ85f4W')
  },
)

it('verifies with the old and with the new secret while they are rotated', async () => {
  const both = await deliver([NEW, OLD])
  for (const known of [OLD, NEW]) new Webhook(known).verify(both.body, both.headers)
  const after = await deliver([NEW])
  new Webhook(NEW).verify(after.body, after.headers)
  expect(() => new Webhook(OLD).verify(after.body, after.headers)).toThrow()
})

it('refuses another secret, another body, another id and an old time', async () => {
  const { body, headers } = await deliver([NEW, OLD])
  const verify = (text: string, more: Record<string, string> = {}, known = NEW) =>
    new Webhook(known).verify(text, { ...headers, ...more })
  expect(() => verify(body, {}, OTHER)).toThrow()
  expect(() => verify(`${body} `)).toThrow()
  expect(() => verify(body, { 'webhook-id': 'msg_other' })).toThrow()
  const old = await deliver([NEW], 'standard', Date.now() - 3_600_000)
  expect(() => new Webhook(NEW).verify(old.body, old.headers)).toThrow(/timestamp/i)
})
