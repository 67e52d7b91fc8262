/**
 * Guarantees: the answers of OTLP/gRPC as gRPC over HTTP/2 requires, over real connections: statuses in trailers with
 * details, framing to the byte, compression by name, deadlines, health, and an orderly end. Guarantees for every
 * transport are in test/contract/otlp; abuse of HTTP/2 is in floods.test.ts.
 */
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { createOtlpGrpcReceiver } from '../../../collector/grpc/receiver.ts'
import { read, write } from '../http/answers.ts'
import { tracesBytes } from '../intake/payloads.ts'
import { framed, GrpcClient, type GrpcReply, type GrpcRig, grpcRig, HEALTH, METHODS } from './grpc-rig.ts'

const now = () => BigInt(Date.now()) * 1_000_000n
const fresh = (...names: string[]) => tracesBytes(names, { startUnixNano: now() })

let rig: GrpcRig
let client: GrpcClient
const open = async (...given: Parameters<typeof grpcRig>): Promise<void> => {
  rig = await grpcRig(...given)
  client = new GrpcClient(rig.port)
}
afterEach(async () => {
  client.end()
  await rig.receiver.stop()
  await rig.intake.drain()
})

const send = (body: Uint8Array, headers: Readonly<Record<string, string>> = {}): Promise<GrpcReply> =>
  client.call(METHODS.traces, body, headers)

describe('an answer', () => {
  it('is an empty message and status 0 in trailers, after the spans are in the log', async () => {
    await open()
    const reply = await send(framed(fresh('a', 'b')))
    expect(rig.broker.spanNames()).toEqual(['a', 'b'])
    expect(reply).toMatchObject({ httpStatus: 200, status: 0, trailersOnly: false, reset: 0 })
    expect(reply.body).toEqual(Buffer.alloc(0))
    expect(reply.headers['content-type']).toBe('application/grpc')
    expect(reply.headers['grpc-accept-encoding']).toBe('identity,gzip,zstd,deflate')
  })

  it('is a partial success if something was rejected or shortened', async () => {
    await open()
    const reply = await send(framed(tracesBytes(['a'], { startUnixNano: now(), padding: 10_000 })))
    expect(reply.status).toBe(0)
    expect(read('Response', reply.body!)).toEqual({
      partialSuccess: { errorMessage: '1 attributes were cut at the limits.' },
    })
  })

  it('comes for each of many calls on one connection', async () => {
    await open()
    const names = Array.from({ length: 300 }, (_, index) => `span-${index}`)
    const replies = await Promise.all(names.map(name => send(framed(fresh(name)))))
    expect(new Set(replies.map(reply => reply.status))).toEqual(new Set([0]))
    expect(rig.broker.spanNames().toSorted()).toEqual(names.toSorted())
  })

  it('accepts the media type with its encoding and with parameters', async () => {
    await open()
    for (const type of ['application/grpc+proto', 'Application/gRPC; charset=utf-8']) {
      expect((await send(framed(fresh('a')), { 'content-type': type })).status).toBe(0)
    }
  })
})

describe('a refusal', () => {
  it('is headers only: status, message, and details that say the same', async () => {
    await open()
    const reply = await send(framed(Buffer.from('\u000aabc')))
    expect(reply).toMatchObject({ httpStatus: 200, status: 3, trailersOnly: true, body: undefined })
    expect(reply.details).toMatchObject({ code: 3, message: reply.message })
    expect(reply.message).toContain(reply.details?.violation)
  })

  it('escapes characters that a header cannot contain', async () => {
    await open()
    const reply = await client.call('/Größe/100%', framed(fresh('a')))
    const raw = String(reply.headers['grpc-message'])
    expect(raw).toMatch(/^[\x20-\x7e]+$/)
    expect(reply.message).toContain('100%')
    expect(reply.message).toBe(reply.details?.message)
  })

  it.each([
    ['an unknown method', '/opentelemetry.proto.collector.trace.v1.TraceService/Import', {}, 12],
    [
      'an unknown service',
      '/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export',
      {},
      12,
    ],
    ['an unknown compression', METHODS.traces, { 'grpc-encoding': 'snappy' }, 12],
    ['another machine by name', METHODS.traces, { ':authority': 'rebound.evil.example:4317' }, 7],
    ['a page of somewhere else', METHODS.traces, { origin: 'https://evil.example' }, 7],
  ])('of %s', async (_, path, headers, status) => {
    await open()
    const reply = await client.call(path, framed(fresh('a')), headers)
    expect([reply.status, reply.details?.code, reply.details?.retrySeconds]).toEqual([
      status,
      status,
      undefined,
    ])
    expect(reply.headers['grpc-accept-encoding']).toBe('identity,gzip,zstd,deflate')
    expect(rig.broker.stored).toEqual([])
    expect(rig.events.sum('requestRejected')).toBe(1)
  })

  it.each([
    ['GET', 'application/grpc', 405],
    ['POST', 'application/json', 415],
    ['POST', 'application/grpc+json', 415],
    ['POST', 'application/grpc-web', 415],
  ])('of %s with %s is an HTTP status', async (method, type, status) => {
    await open()
    const reply = await send(Buffer.alloc(0), { ':method': method, 'content-type': type })
    expect([reply.httpStatus, reply.status]).toEqual([status, undefined])
  })

  it('comes before the rest of a large message, and the connection stays usable', async () => {
    await open({ limits: { body_bytes: 10_000 } })
    const call = client.open(METHODS.traces)
    call.stream.write(framed(Buffer.alloc(100), 0, 2 ** 31))
    expect(await call.reply).toMatchObject({ status: 8, trailersOnly: true, reset: 0 })
    const replies = await Promise.all(Array.from({ length: 50 }, () => send(framed(Buffer.alloc(3_000_000)))))
    expect(new Set(replies.map(reply => reply.status))).toEqual(new Set([8]))
    expect((await send(framed(fresh('a')))).status).toBe(0)
    expect(client.goaways).toEqual([])
  })
})

describe('framing', () => {
  const body = fresh('a')
  it.each([
    ['no message', Buffer.alloc(0), 3, 'body_undecodable'],
    ['half a head', framed(body).subarray(0, 3), 3, 'body_undecodable'],
    ['a head alone', framed(body).subarray(0, 5), 3, 'body_undecodable'],
    ['a message cut short', framed(body).subarray(0, body.length), 3, 'body_undecodable'],
    ['a length that lies by one', framed(body, 0, body.length + 1), 3, 'body_undecodable'],
    ['two messages', Buffer.concat([framed(body), framed(body)]), 3, 'body_undecodable'],
    ['a byte more', Buffer.concat([framed(body), Buffer.of(0)]), 3, 'body_undecodable'],
    ['the largest length there is', framed(body, 0, 2 ** 32 - 1), 8, 'body_too_large'],
    ['a flag that does not exist', framed(body, 2), 13, 'frame_invalid'],
    ['compressed, but how', framed(gzipSync(body), 1), 13, 'frame_invalid'],
  ])('refuses %s', async (_, bytes, status, error) => {
    await open()
    const reply = await send(bytes)
    expect([reply.status, reply.message.split(':', 1)[0]]).toEqual([status, error])
    expect(reply.details?.violation === undefined).toBe(status !== 3)
    expect(rig.intake.stats().inFlightBytes).toBe(0)
    expect(rig.broker.stored).toEqual([])
  })

  it('may leave a message uncompressed although a compression is named', async () => {
    await open()
    expect((await send(framed(body), { 'grpc-encoding': 'gzip' })).status).toBe(0)
  })

  it('does not depend on how the bytes are split', async () => {
    await open()
    const call = client.open(METHODS.traces)
    for (const byte of framed(body)) {
      call.stream.write(Buffer.of(byte))
      await new Promise(setImmediate)
    }
    call.stream.end()
    expect((await call.reply).status).toBe(0)
    expect(rig.broker.spanNames()).toEqual(['a'])
  })

  it('counts the announced bytes before they arrive', async () => {
    await open()
    const call = client.open(METHODS.traces)
    call.stream.write(framed(Buffer.alloc(0), 0, 1_000_000))
    await expect.poll(() => rig.intake.stats().inFlightBytes).toBe(1_000_000)
    call.cancel()
    await expect.poll(() => rig.intake.stats().inFlightBytes).toBe(0)
  })
})

describe('a cancelled call', () => {
  it('before its end has no effect', async () => {
    await open()
    const call = client.open(METHODS.traces)
    const message = fresh('a')
    call.stream.write(framed(message, 0, message.length + 1))
    await expect.poll(() => rig.intake.stats().inFlightBytes).toBeGreaterThan(0)
    call.cancel()
    await expect.poll(() => rig.intake.stats().inFlightBytes).toBe(0)
    expect((await send(framed(fresh('b')))).status).toBe(0)
    expect(rig.broker.spanNames()).toEqual(['b'])
  })

  it('while the log writes is stored, without an answer', async () => {
    await open()
    const { promise, resolve } = Promise.withResolvers<void>()
    rig.broker.gate = promise
    const call = client.open(METHODS.traces)
    call.stream.end(framed(fresh('a')))
    await expect.poll(() => rig.broker.inFlight).toBe(1)
    call.cancel()
    expect((await call.reply).status).toBeUndefined()
    resolve()
    await expect.poll(() => rig.intake.stats().inFlightBytes).toBe(0)
    expect(rig.broker.spanNames()).toEqual(['a'])
    expect(rig.events.sum('requestFailed')).toBe(0)
  })
})

describe('a deadline', () => {
  it.each(['50m', '50000u', '50000000n'])('of %s ends the wait for a message', async timeout => {
    await open()
    const call = client.open(METHODS.traces, { 'grpc-timeout': timeout })
    call.stream.write(framed(Buffer.alloc(10), 0, 100))
    const reply = await call.reply
    expect(reply.message).toMatch(/^deadline_exceeded: .* 50 ms/)
    expect([reply.status, reply.details?.retrySeconds]).toEqual([4, 1])
    expect(rig.intake.stats().inFlightBytes).toBe(0)
  })

  it.each(['1H', '1M', '9S', 'soon', '123456789m', ''])('of %j leaves enough time', async timeout => {
    await open()
    expect((await send(framed(fresh('a')), { 'grpc-timeout': timeout })).status).toBe(0)
  })
})

describe('health', () => {
  const check = async (service?: string): Promise<GrpcReply> =>
    client.call(HEALTH, framed(write('HealthCheckRequest', service === undefined ? {} : { service })))
  const status = async (service?: string) =>
    read('HealthCheckResponse', (await check(service)).body!)['status']

  it('is checked without a token, for the server and for each service', async () => {
    await open()
    for (const path of [undefined, ...Object.values(METHODS)])
      expect(await status(path?.split('/')[1])).toBe(1)
    expect((await check('some.Service')).status).toBe(12)
    const watch = await client.call(HEALTH.replace('Check', 'Watch'), framed(Buffer.alloc(0)))
    expect(watch.status).toBe(12)
  })

  it('reports a failing log, and its recovery', async () => {
    await open()
    rig.broker.mood = () => 'refuse'
    rig.broker.pingFails = true
    expect((await send(framed(fresh('a')))).status).toBe(14)
    expect(await status()).toBe(2)
    rig.broker.mood = () => 'store'
    rig.broker.pingFails = false
    await expect.poll(status).toBe(1)
  })

  it('rejects bodies', async () => {
    await open()
    expect((await client.call(HEALTH, framed(Buffer.alloc(5_000)))).status).toBe(8)
    expect((await client.call(HEALTH, framed(Buffer.from('\u000aabc')))).status).toBe(3)
  })
})

describe('stopping', () => {
  it('sends GOAWAY, refuses new requests, answers those in flight, and ends', async () => {
    await open()
    const { promise, resolve } = Promise.withResolvers<void>()
    rig.broker.gate = promise
    const inFlight = send(framed(fresh('a')))
    const late = client.open(METHODS.traces)
    late.stream.write(framed(Buffer.alloc(0), 0, 100).subarray(0, 3))
    await expect.poll(() => rig.broker.inFlight).toBe(1)
    const idle = new GrpcClient(rig.port)
    expect((await idle.call(HEALTH, framed(Buffer.alloc(0)))).status).toBe(0)

    const stopped = rig.receiver.stop()
    await idle.closed()
    expect(idle.goaways[0]).toBe(0)
    await expect.poll(() => client.goaways[0]).toBe(0)
    late.stream.end(framed(Buffer.alloc(0), 0, 100).subarray(3))
    expect((await late.reply).status).toBe(3)
    resolve()
    expect((await inFlight).status).toBe(0)
    await stopped
    await client.closed()
    expect(rig.broker.spanNames()).toEqual(['a'])
  })

  it('does not wait for idle connections', async () => {
    await open({}, { timeouts: { drainMs: 1_000_000 } })
    const silent = new GrpcClient(rig.port)
    expect((await send(framed(fresh('a')))).status).toBe(0)
    await rig.receiver.stop()
    await Promise.all([silent.closed(), client.closed()])
  })
})

describe('starting', () => {
  it('names the address that is in use', async () => {
    await open()
    const { intake, events } = rig
    const second = createOtlpGrpcReceiver({
      host: '127.0.0.1',
      port: rig.port,
      limits: { body_bytes: 1 },
      intake,
      events,
    })
    await expect(second.start()).rejects.toMatchObject({
      code: 'address_in_use',
      message: expect.stringContaining(`127.0.0.1:${rig.port}`),
    })
    expect(events.sum('listenerStarted')).toBe(1)
  })
})
