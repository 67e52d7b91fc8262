/**
 * Guarantees: the answers of OTLP/HTTP as the specification requires, in both encodings, over real sockets: success,
 * partial success, and a `google.rpc.Status` for every refusal; limits apply before and after decompression; slow,
 * disconnecting and stubborn clients cause no lasting cost; stopping answers requests in flight.
 */
import { randomBytes } from 'node:crypto'
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { createOtlpHttpReceiver } from '../../../collector/http/receiver.ts'
import { jsonToProtobuf } from '../../../collector/otlp/json/json.ts'
import { spanJson, tracesBytes, tracesJson } from '../intake/payloads.ts'
import { read } from './answers.ts'
import { type HttpRig, httpRig, post, RawClient, type RawReply } from './http-rig.ts'

const PROTOBUF = { 'content-type': 'application/x-protobuf' }
const JSON_TYPE = { 'content-type': 'application/json' }

const now = () => BigInt(Date.now()) * 1_000_000n
const fresh = (...names: string[]) => tracesBytes(names, { startUnixNano: now() })
const freshJson = (...names: string[]) => JSON.stringify(tracesJson(names, { startUnixNano: now() }))

let rig: HttpRig
afterEach(async () => {
  await rig.receiver.stop()
  await rig.intake.drain()
})

/** The content of a refusal, in either encoding. */
function refusal(reply: RawReply): { code: number; message: string } {
  const text = reply.headers.get('content-type') === 'application/json'
  const { code, message } = text ? JSON.parse(reply.body.toString()) : read('Status', reply.body)
  return { code, message }
}

describe('success', () => {
  it('is an empty protobuf message, after the spans are in the log', async () => {
    rig = await httpRig()
    const reply = await post(rig.port, '/v1/traces', PROTOBUF, fresh('a', 'b'))
    expect(rig.broker.spanNames()).toEqual(['a', 'b'])
    expect([reply.status, reply.body.length]).toEqual([200, 0])
    expect(reply.headers.get('content-type')).toBe('application/x-protobuf')
  })

  it('is {} in JSON, also if the content type has parameters', async () => {
    rig = await httpRig()
    const headers = { 'content-type': 'Application/JSON; charset=utf-8' }
    const reply = await post(rig.port, '/v1/traces?x=1', headers, freshJson('a'))
    expect([reply.status, reply.body.toString()]).toEqual([200, '{}'])
    expect(reply.headers.get('content-type')).toBe('application/json')
    expect(rig.broker.spanNames()).toEqual(['a'])
  })

  it.each(['traces', 'metrics', 'logs'])('answers an empty request on %s', async signal => {
    rig = await httpRig()
    expect(await post(rig.port, `/v1/${signal}`, PROTOBUF, '')).toMatchObject({ status: 200 })
    expect(await post(rig.port, `/v1/${signal}`, JSON_TYPE, '{}')).toMatchObject({ status: 200 })
  })

  it('accepts gzip, zstd, deflate, several members or frames, and chunked bodies', async () => {
    rig = await httpRig()
    const body = fresh('a')
    const gzip = { ...PROTOBUF, 'content-encoding': 'gzip' }
    const members = Buffer.concat([gzipSync(body.subarray(0, 10)), gzipSync(body.subarray(10))])
    const frames = Buffer.concat(
      [body.subarray(0, 10), body.subarray(10)].map(part => zstdCompressSync(part)),
    )
    const replies = [
      await post(rig.port, '/v1/traces', gzip, gzipSync(body)),
      await post(rig.port, '/v1/traces', gzip, members),
      await post(rig.port, '/v1/traces', { ...PROTOBUF, 'content-encoding': 'zstd' }, zstdCompressSync(body)),
      await post(rig.port, '/v1/traces', { ...PROTOBUF, 'content-encoding': 'zstd' }, frames),
      await post(rig.port, '/v1/traces', { ...PROTOBUF, 'content-encoding': 'deflate' }, deflateSync(body)),
      await post(rig.port, '/v1/traces', { ...PROTOBUF, 'content-encoding': 'identity' }, body),
    ]
    const client = new RawClient(rig.port)
    client.write('POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n')
    client.write('Content-Type: application/x-protobuf\r\n\r\n')
    for (const part of [body.subarray(0, 5), body.subarray(5)]) {
      client.write(`${part.length.toString(16)}\r\n`)
      client.write(part)
      client.write('\r\n')
    }
    client.write('0\r\n\r\n')
    replies.push(await client.reply())
    client.socket.destroy()
    expect(replies.map(reply => reply.status)).toEqual([200, 200, 200, 200, 200, 200, 200])
    expect(rig.broker.spanNames()).toEqual(['a', 'a', 'a', 'a', 'a', 'a', 'a'])
  })

  it('keeps the connection open for more requests, and waits for the body that Expect announces', async () => {
    rig = await httpRig()
    const client = new RawClient(rig.port)
    client.post('/v1/traces', PROTOBUF, fresh('a'))
    expect((await client.reply()).status).toBe(200)
    const body = fresh('b')
    client.write('POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n')
    client.write(`Content-Type: application/x-protobuf\r\nContent-Length: ${body.length}\r\n\r\n`)
    expect((await client.reply()).status).toBe(100)
    client.write(body)
    expect((await client.reply()).status).toBe(200)
    client.socket.destroy()
    expect(rig.broker.spanNames()).toEqual(['a', 'b'])
  })
})

describe('partial success', () => {
  const mixed = () => {
    const request = tracesJson(['good'], { startUnixNano: now() })
    const bad = { ...spanJson('bad', { startUnixNano: now() }), traceId: '00' }
    request.resourceSpans[0]!.scopeSpans[0]!.spans.push(bad)
    return request
  }

  it('counts rejected items and gives the reason, in JSON', async () => {
    rig = await httpRig()
    const reply = await post(rig.port, '/v1/traces', JSON_TYPE, JSON.stringify(mixed()))
    expect(reply.status).toBe(200)
    expect(JSON.parse(reply.body.toString())).toEqual({
      partialSuccess: { rejectedSpans: '1', errorMessage: '1 spans rejected (trace_id_invalid: 1).' },
    })
    expect(rig.broker.spanNames()).toEqual(['good'])
    expect(rig.events.sum('itemsRejected', { signal: 'traces', reason: 'trace_id_invalid' })).toBe(1)
  })

  it('and in protobuf', async () => {
    rig = await httpRig()
    const body = jsonToProtobuf('traces', Buffer.from(JSON.stringify(mixed())))
    const reply = await post(rig.port, '/v1/traces', PROTOBUF, body)
    expect(read('Response', reply.body)).toEqual({
      partial_success: undefined,
      partialSuccess: { rejected: 1, errorMessage: '1 spans rejected (trace_id_invalid: 1).' },
    })
  })

  it('warns about shortened attributes without rejecting anything', async () => {
    rig = await httpRig()
    const body = JSON.stringify(tracesJson(['a'], { startUnixNano: now(), padding: 10_000 }))
    const reply = await post(rig.port, '/v1/traces', JSON_TYPE, body)
    expect(JSON.parse(reply.body.toString())).toEqual({
      partialSuccess: { errorMessage: '1 attributes were cut at the limits.' },
    })
  })

  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'idle' } }] }
  const scoped = [{ scope: { name: 'a' }, spans: [] }]

  it.each([
    ['nothing', {}],
    ['an empty list', { resourceSpans: [] }],
    ['an empty resource', { resourceSpans: [{}] }],
    ['resources alone', { resourceSpans: [{ resource, scopeSpans: [], schemaUrl: 'x' }, { resource }] }],
  ])('is not used for a request of %s', async (_, request) => {
    rig = await httpRig()
    const json = await post(rig.port, '/v1/traces', JSON_TYPE, JSON.stringify(request))
    expect([json.status, json.body.toString()]).toEqual([200, '{}'])
    const body = jsonToProtobuf('traces', Buffer.from(JSON.stringify(request)))
    const protobuf = await post(rig.port, '/v1/traces', PROTOBUF, body)
    expect([protobuf.status, protobuf.body.length]).toEqual([200, 0])
  })

  it('warns about a request with more than resources but without items', async () => {
    rig = await httpRig()
    const errorMessage = 'The request contains no spans: nothing was stored.'
    const body = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: scoped }] })
    const json = await post(rig.port, '/v1/traces', JSON_TYPE, body)
    expect(JSON.parse(json.body.toString())).toEqual({ partialSuccess: { errorMessage } })
    // Field 1000 of ResourceSpans was once instrumentation_library_spans.
    const old = Buffer.from('0a03c23e00', 'hex')
    const protobuf = await post(rig.port, '/v1/traces', PROTOBUF, old)
    expect(read('Response', protobuf.body)).toMatchObject({ partialSuccess: { errorMessage } })
  })

  it('names ignored fields', async () => {
    rig = await httpRig()
    const body = JSON.stringify({ resourceSpans: [{ resource, instrumentationLibrarySpans: scoped }] })
    const reply = await post(rig.port, '/v1/traces', JSON_TYPE, body)
    const path = '$.resourceSpans[0].instrumentationLibrarySpans'
    expect(JSON.parse(reply.body.toString())).toEqual({
      partialSuccess: { errorMessage: `Fields that OTLP does not define were ignored: ${path}.` },
    })
  })
})

describe('refusals', () => {
  it.each([
    ['/v1/nothing', PROTOBUF, '', 404, 5],
    ['/', {}, '', 404, 5],
    ['/v1/traces', {}, 'x', 415, 3],
    ['/v1/traces', { 'content-type': 'text/plain' }, 'x', 415, 3],
    ['/v1/traces', { ...JSON_TYPE, 'content-encoding': 'br' }, 'x', 415, 3],
    ['/v1/traces', JSON_TYPE, '{', 400, 3],
    ['/v1/traces', PROTOBUF, '\u000aabc', 400, 3],
    ['/v1/metrics', { ...PROTOBUF, 'content-encoding': 'gzip' }, 'not gzip', 400, 3],
    ['/v1/metrics', { ...PROTOBUF, 'content-encoding': 'deflate' }, 'not deflate', 400, 3],
    ['/v1/metrics', { ...PROTOBUF, 'content-encoding': 'zstd' }, 'not zstd', 400, 3],
    ['/v1/metrics', { ...PROTOBUF, 'content-encoding': 'gzip' }, '', 400, 3],
  ])('%s %j %j is answered %d', async (path, headers, body, status, code) => {
    rig = await httpRig()
    const reply = await post(rig.port, path, headers, body)
    expect(reply.status).toBe(status)
    expect(refusal(reply).code).toBe(code)
    expect(reply.headers.get('content-type')).toBe(
      headers === PROTOBUF || 'content-encoding' in headers ? Object.values(headers)[0] : 'application/json',
    )
    expect(reply.headers.get('retry-after')).toBeUndefined()
    expect(rig.events.sum('requestRejected')).toBe(1)
    expect(rig.broker.stored).toEqual([])
  })

  it('names POST when another method is used', async () => {
    rig = await httpRig()
    const client = new RawClient(rig.port)
    client.write('GET /v1/traces HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const reply = await client.reply()
    client.socket.destroy()
    expect([reply.status, reply.headers.get('allow')]).toEqual([405, 'POST'])
  })

  it('carries a BadRequest with what is wrong, in both encodings', async () => {
    rig = await httpRig()
    const json = await post(rig.port, '/v1/logs', JSON_TYPE, '{"resourceLogs":7}')
    const status = JSON.parse(json.body.toString())
    expect(status.details).toEqual([
      {
        '@type': 'type.googleapis.com/google.rpc.BadRequest',
        fieldViolations: [{ field: 'body', description: '$.resourceLogs is not an array.' }],
      },
    ])
    const binary = await post(rig.port, '/v1/logs', PROTOBUF, '\u000aabc')
    const { details } = read('Status', binary.body) as { details: { typeUrl: string; value: Uint8Array }[] }
    expect(details[0]!.typeUrl).toBe('type.googleapis.com/google.rpc.BadRequest')
    const violation = read('BadRequest', details[0]!.value) as { fieldViolations: { field: string }[] }
    expect(violation.fieldViolations[0]!.field).toBe('body')
  })
})

describe('limits', () => {
  const small = { limits: { body_bytes: 10_000 } }

  it('refuse a body by its announced length, and the connection stays usable', async () => {
    rig = await httpRig(small)
    const client = new RawClient(rig.port)
    client.post('/v1/traces', PROTOBUF, new Uint8Array(10_001))
    const reply = await client.reply()
    expect([reply.status, refusal(reply).code]).toEqual([413, 8])
    client.post('/v1/traces', PROTOBUF, fresh('a'))
    expect((await client.reply()).status).toBe(200)
    client.socket.destroy()
  })

  it('refuse a body that grows beyond them, chunked or inflated', async () => {
    rig = await httpRig(small)
    const client = new RawClient(rig.port)
    client.write('POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n')
    client.write('Content-Type: application/x-protobuf\r\n\r\n')
    client.write(`2711\r\n${'x'.repeat(10_001)}\r\n0\r\n\r\n`)
    expect((await client.reply()).status).toBe(413)
    client.socket.destroy()
    for (const [coding, bomb] of [
      ['gzip', gzipSync(new Uint8Array(5_000_000))],
      ['deflate', deflateSync(new Uint8Array(5_000_000))],
      ['zstd', zstdCompressSync(new Uint8Array(5_000_000))],
    ] as const) {
      expect(bomb.length).toBeLessThan(10_000)
      const reply = await post(rig.port, '/v1/traces', { ...PROTOBUF, 'content-encoding': coding }, bomb)
      expect(reply.status).toBe(413)
    }
    expect(rig.intake.stats()).toMatchObject({ inFlightBytes: 0 })
  })

  it('answer 429 with Retry-After while too many bytes are in flight', async () => {
    rig = await httpRig({ limits: { in_flight_bytes: 1_000 } })
    const reply = await post(
      rig.port,
      '/v1/traces',
      JSON_TYPE,
      JSON.stringify({ padding: 'x'.repeat(1_000) }),
    )
    expect([reply.status, reply.headers.get('retry-after'), refusal(reply).code]).toEqual([429, '1', 8])
    const bomb = gzipSync(new Uint8Array(100_000))
    const inflated = await post(rig.port, '/v1/traces', { ...PROTOBUF, 'content-encoding': 'gzip' }, bomb)
    expect(inflated.status).toBe(429)
    expect(rig.intake.stats()).toMatchObject({ inFlightBytes: 0 })
  })

  it('apply to headers', async () => {
    rig = await httpRig()
    const client = new RawClient(rig.port)
    client.write(`POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`)
    expect((await client.reply()).status).toBe(431)
    await client.closed()
  })

  it('end a body that arrives too slowly', async () => {
    rig = await httpRig({}, { timeouts: { requestMs: 100 } })
    const client = new RawClient(rig.port)
    client.write('POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n')
    client.write('Content-Type: application/x-protobuf\r\n\r\nabc')
    expect((await client.reply()).status).toBe(408)
    await client.closed()
    await expect.poll(() => rig.intake.stats().inFlightBytes).toBe(0)
  })
})

describe('clients and neighbours that fail', () => {
  it('a client that disconnects in its body leaves nothing behind', async () => {
    rig = await httpRig()
    const client = new RawClient(rig.port)
    client.write('POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n')
    client.write('Content-Type: application/x-protobuf\r\n\r\nabc')
    await expect.poll(() => rig.intake.stats().inFlightBytes).toBe(1_000)
    client.socket.destroy()
    await expect.poll(() => rig.intake.stats().inFlightBytes).toBe(0)
    expect((await post(rig.port, '/v1/traces', PROTOBUF, fresh('a'))).status).toBe(200)
  })

  it('bytes that are not HTTP get a bare 400', async () => {
    rig = await httpRig()
    const client = new RawClient(rig.port)
    client.write(randomBytes(64).fill(0, 0, 1))
    expect((await client.reply()).status).toBe(400)
    await client.closed()
  })

  it('a failing log is answered with 503 and Retry-After, in the encoding of the request', async () => {
    rig = await httpRig()
    rig.broker.mood = () => 'refuse'
    rig.broker.pingFails = true
    const first = await post(rig.port, '/v1/traces', PROTOBUF, fresh('a'))
    const second = await post(rig.port, '/v1/traces', JSON_TYPE, freshJson('a'))
    for (const reply of [first, second]) {
      expect([reply.status, refusal(reply).code]).toEqual([503, 14])
      expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0)
    }
    expect(rig.events.sum('requestFailed')).toBe(0)
  })
})

describe('stopping', () => {
  it('answers requests in flight, refuses new ones, closes, and reports it once', async () => {
    rig = await httpRig({ group_commit: { wait_ms: 50, thin_wait_ms: 50 } })
    const { promise, resolve } = Promise.withResolvers<void>()
    rig.broker.gate = promise
    const busy = new RawClient(rig.port)
    busy.post('/v1/traces', PROTOBUF, fresh('a'))
    const late = new RawClient(rig.port)
    late.write('POST /v1/traces HTTP/1.1\r\n')
    await expect.poll(() => rig.broker.inFlight).toBe(1)

    const stopped = rig.receiver.stop()
    const body = fresh('b')
    late.write(`Host: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`)
    late.write(body)
    const refused = await late.reply()
    expect([refused.status, refused.headers.get('connection')]).toEqual([503, 'close'])
    expect(JSON.parse(refused.body.toString())).toMatchObject({ code: 14 })

    resolve()
    const answered = await busy.reply()
    expect([answered.status, answered.headers.get('connection')]).toEqual([200, 'close'])
    await stopped
    await busy.closed()
    expect(rig.broker.spanNames()).toEqual(['a'])
    await expect(post(rig.port, '/v1/traces', PROTOBUF, '')).rejects.toThrow()
  })
})

describe('stopping with idle connections', () => {
  it('does not wait for them', async () => {
    rig = await httpRig({}, { timeouts: { drainMs: 1_000_000 } })
    const silent = new RawClient(rig.port)
    const kept = new RawClient(rig.port)
    kept.post('/v1/traces', PROTOBUF, fresh('a'))
    expect((await kept.reply()).status).toBe(200)
    await rig.receiver.stop()
    await Promise.all([silent.closed(), kept.closed()])
  })

  it('closes those that stay in the middle of a request for too long', async () => {
    rig = await httpRig({}, { timeouts: { drainMs: 50 } })
    const slow = new RawClient(rig.port)
    slow.write('POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n')
    slow.write('Content-Type: application/x-protobuf\r\n\r\nabc')
    await expect.poll(() => rig.intake.stats().inFlightBytes).toBe(100)
    await rig.receiver.stop()
    await slow.closed()
    await expect.poll(() => rig.intake.stats().inFlightBytes).toBe(0)
  })
})

describe('starting', () => {
  it('names the address that is in use', async () => {
    rig = await httpRig()
    const second = createOtlpHttpReceiver({
      host: '127.0.0.1',
      port: rig.port,
      limits: { body_bytes: 1 },
      intake: rig.intake,
      events: rig.events,
    })
    await expect(second.start()).rejects.toMatchObject({
      code: 'address_in_use',
      message: expect.stringContaining(`127.0.0.1:${rig.port}`),
    })
    expect(rig.events.sum('listenerStarted')).toBe(1)
  })
})
