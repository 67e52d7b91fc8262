/**
 * Guarantees: what no client of KEDA sends does not hurt others: malformed messages and frames, giant metadata, more streams than
 * allowed, clients that read nothing, and connections whose other end is gone. Other callers are answered meanwhile.
 */
import { connect } from 'node:http2'
import { status } from '@grpc/grpc-js'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openAccess } from '../../../../core/auth/open-access.ts'
import { silentEvents } from '../../../../core/catalogue/events/events.ts'
import { createKedaListener, type KedaOptions } from '../../../../query/scaling/keda/server.ts'
import type { AutoscalerListener } from '../../../../query/scaling/listener.ts'
import { namespaceTenants } from '../../../../query/scaling/tenants.ts'
import { framed, GrpcClient } from '../../../collector/grpc/grpc-rig.ts'
import {
  callHeaders,
  END_HEADERS,
  END_STREAM,
  FRAME,
  frame,
  RawHttp2,
} from '../../../collector/grpc/raw-http2.ts'
import { answerOf, bookOf, T0 } from '../answers.ts'
import { encode, KedaClient, pathOf, refTo } from './keda-rig.ts'

const { book } = bookOf(answerOf({ tenant: 'default' }))
let listener: AutoscalerListener
let others: KedaClient

async function serve(options: Partial<KedaOptions> = {}): Promise<void> {
  await listener?.stop()
  others?.close()
  listener = createKedaListener({
    answers: book,
    access: openAccess,
    clientNames: [],
    tenantOf: namespaceTenants([]),
    events: silentEvents,
    ...options,
  })
  await listener.listen('127.0.0.1', 0)
  others = new KedaClient(listener.address().port)
}

beforeEach(() => serve())
afterEach(async () => {
  // Whatever happened before.
  expect(await others.metrics(refTo('checkout'))).toMatchObject({ metricValues: [{ metricValue: 6 }] })
  others.close()
  await listener.stop()
})

it('malformed messages fail their call alone', async () => {
  const client = new GrpcClient(listener.address().port)
  const valid = encode('ScaledObjectRef', refTo('checkout'))
  const statuses = new Set<number | undefined>()
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), fc.nat(valid.length), async (noise, at) => {
      const body = Buffer.concat([valid.subarray(0, at), noise, valid.subarray(at)])
      const reply = await client.call(pathOf('IsActive'), framed(body))
      statuses.add(reply.status)
    }),
    { seed: 7, numRuns: 300 },
  )
  // Noise may also be an unknown field, change the name of the policy, or nothing.
  expect([...statuses].every(one => [0, status.INVALID_ARGUMENT, status.NOT_FOUND].includes(one ?? -1))).toBe(
    true,
  )
  expect(statuses).toContain(status.INVALID_ARGUMENT)
  client.end()
})

it.each([
  ['a length beyond the message', framed(Buffer.from('abc'), 0, 1_000), status.INVALID_ARGUMENT],
  [
    'two messages',
    Buffer.concat([framed(Buffer.alloc(0)), framed(Buffer.alloc(0))]),
    status.INVALID_ARGUMENT,
  ],
  ['no message', Buffer.alloc(0), status.INVALID_ARGUMENT],
  ['an unknown flag', framed(Buffer.alloc(0), 7), status.INTERNAL],
  ['compressed without a coding', framed(Buffer.alloc(3), 1), status.INTERNAL],
  ['giant metadata', framed(encode('ScaledObjectRef', refTo('x'.repeat(70_000)))), status.RESOURCE_EXHAUSTED],
  ['a giant length', framed(Buffer.alloc(0), 0, 0xff_ff_ff_ff), status.RESOURCE_EXHAUSTED],
])('%s', async (_what, body, code) => {
  const client = new GrpcClient(listener.address().port)
  for (const method of ['IsActive', 'StreamIsActive', 'GetMetrics'] as const)
    expect((await client.call(pathOf(method), body)).status).toBe(code)
  client.end()
})

it('an unknown method is UNIMPLEMENTED', async () => {
  const client = new GrpcClient(listener.address().port)
  expect((await client.call('/externalscaler.ExternalScaler/Nothing', framed(Buffer.alloc(0)))).status).toBe(
    status.UNIMPLEMENTED,
  )
  client.end()
})

it('thousands of streams on one connection are followed, and released when it ends', async () => {
  const client = new KedaClient(listener.address().port)
  const followed = Array.from({ length: 2_000 }, () => client.follow('StreamIsActive', refTo('checkout')))
  for (const { stream } of followed) stream.on('error', () => {})
  await expect
    .poll(() => followed.every(({ messages }) => messages.length === 1), { timeout: 20_000 })
    .toBe(true)
  expect(listener.openStreams()).toBe(2_000)
  // Other calls on the same connection do not wait.
  expect(await client.call('IsActive', refTo('checkout'))).toEqual({ result: true })
  book.put(answerOf({ tenant: 'default', replicas: 0, decidedAt: T0 + 1 }))
  await expect
    .poll(() => followed.every(({ messages }) => messages.length === 2), { timeout: 20_000 })
    .toBe(true)
  book.put(answerOf({ tenant: 'default', decidedAt: T0 + 2 }))
  for (const { stream } of followed) stream.cancel()
  await expect.poll(() => listener.openStreams(), { timeout: 20_000 }).toBe(0)
  client.close()
}, 60_000)

it('streams of a connection that breaks are released', async () => {
  const client = new GrpcClient(listener.address().port)
  for (let index = 0; index < 200; index++)
    client.open(pathOf('StreamIsActive')).stream.end(framed(encode('ScaledObjectRef', refTo('checkout'))))
  await expect.poll(() => listener.openStreams()).toBe(200)
  client.end()
  await expect.poll(() => listener.openStreams()).toBe(0)
})

it('streams beyond the limit are refused, of a tenant and in total', async () => {
  await serve({ maxStreams: 3 })
  const opened = Array.from({ length: 4 }, () => others.follow('StreamIsActive', refTo('checkout')))
  const failure = await Promise.race(opened.map(({ failed }) => failed))
  expect(failure).toMatchObject({
    code: status.UNAVAILABLE,
    details: expect.stringContaining('open streams'),
  })
  await serve({ maxStreamsOfTenant: 2 })
  const more = Array.from({ length: 3 }, () => others.follow('StreamMetricSpec', refTo('checkout')))
  expect(await Promise.race(more.map(({ failed }) => failed))).toMatchObject({
    details: expect.stringContaining('Tenant default has 2 open streams'),
  })
})

it('a client that reads nothing gets the newest state once it reads', async () => {
  const session = connect(`http://127.0.0.1:${listener.address().port}`, {
    settings: { initialWindowSize: 0 },
  })
  const stream = session.request({
    ':method': 'POST',
    ':path': pathOf('StreamIsActive'),
    'content-type': 'application/grpc',
    te: 'trailers',
  })
  stream.end(framed(encode('ScaledObjectRef', refTo('checkout'))))
  await expect.poll(() => listener.openStreams()).toBe(1)
  for (let at = 10; at < 5_000; at++)
    book.put(answerOf({ tenant: 'default', replicas: at % 2, decidedAt: T0 + at / 1_000 }))
  book.put(answerOf({ tenant: 'default', replicas: 0, decidedAt: T0 + 6 }))
  const received: Buffer[] = []
  stream.on('data', chunk => received.push(chunk))
  session.settings({ initialWindowSize: 65_535 })
  // The message that was on its way, and the newest.
  const inactive = framed(Buffer.alloc(0))
  await expect.poll(() => Buffer.concat(received)).toEqual(Buffer.concat([framed(Buffer.of(8, 1)), inactive]))
  session.destroy()
  book.put(answerOf({ tenant: 'default', decidedAt: T0 + 7 }))
})

it('connections whose other end does not answer a PING are cut', async () => {
  await serve({ limits: { heartbeatMs: 50 } })
  const raw = new RawHttp2(listener.address().port)
  raw.socket.write(frame(FRAME.headers, END_HEADERS, 1, callHeaders(pathOf('StreamIsActive'))))
  raw.socket.write(frame(FRAME.data, END_STREAM, 1, framed(encode('ScaledObjectRef', refTo('checkout')))))
  await raw.closed()
  await expect.poll(() => listener.openStreams()).toBe(0)
})

it('streams outlive the limit for calls, as long as their client answers', async () => {
  await serve({ limits: { heartbeatMs: 20, streamMs: 60 } })
  const { messages, stream } = others.follow('StreamIsActive', refTo('checkout'))
  stream.on('error', () => {})
  await expect.poll(() => messages.length).toBe(1)
  await new Promise(resolve => setTimeout(resolve, 300))
  expect(listener.openStreams()).toBe(1)
})
