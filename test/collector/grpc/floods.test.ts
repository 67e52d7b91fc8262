/**
 * Guarantees: cheap abuse of HTTP/2 is limited: streams opened and cancelled, endless PING and SETTINGS, endless header
 * blocks, empty frames, more streams or connections than allowed, silence. The abusing connection is closed, others
 * continue, and nothing stays in memory.
 */
import { constants } from 'node:http2'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { tracesBytes } from '../intake/payloads.ts'
import { framed, GrpcClient, type GrpcRig, grpcRig, METHODS } from './grpc-rig.ts'
import { callHeaders, END_HEADERS, END_STREAM, FRAME, frame, headerBlock, RawHttp2 } from './raw-http2.ts'

const TIMEOUTS = { greetingMs: 200, idleMs: 300, streamMs: 60_000, messageMs: 60_000, drainMs: 1_000 }
const HEADERS = callHeaders(METHODS.traces)

let rig: GrpcRig
let raw: RawHttp2
beforeEach(async () => {
  rig = await grpcRig({}, { timeouts: { ...TIMEOUTS, idleMs: 60_000 } })
  raw = new RawHttp2(rig.port)
})
afterEach(async () => {
  raw.socket.destroy()
  await expect.poll(() => rig.intake.stats().inFlightBytes).toBe(0)
  const client = new GrpcClient(rig.port)
  const body = tracesBytes(['after'], { startUnixNano: BigInt(Date.now()) * 1_000_000n })
  expect((await client.call(METHODS.traces, framed(body))).status).toBe(0)
  client.end()
  await rig.receiver.stop()
  await rig.intake.drain()
})

describe('a connection is closed that', () => {
  it('opens streams and cancels them', async () => {
    await raw.flood(5_000, index => {
      const stream = 2 * index + 1
      return Buffer.concat([
        frame(FRAME.headers, END_HEADERS, stream, HEADERS),
        frame(FRAME.rstStream, 0, stream, Buffer.of(0, 0, 0, constants.NGHTTP2_CANCEL)),
      ])
    })
    await raw.closed()
  })

  it('makes the server cancel them', async () => {
    await raw.flood(5_000, index => {
      const stream = 2 * index + 1
      return Buffer.concat([
        frame(FRAME.headers, END_HEADERS, stream, HEADERS),
        frame(FRAME.windowUpdate, 0, stream, Buffer.alloc(4)),
      ])
    })
    await raw.closed()
  })

  it('sends PING endlessly', async () => {
    await raw.flood(20_000, () => frame(FRAME.ping, 0, 0, Buffer.alloc(8)))
    await raw.closed()
  })

  it('sends SETTINGS endlessly', async () => {
    await raw.flood(20_000, () => frame(FRAME.settings, 0, 0))
    await raw.closed()
  })

  it('sends PING and reads nothing', async () => {
    raw.socket.pause()
    await raw.flood(100_000, () => frame(FRAME.ping, 0, 0, Buffer.alloc(8)))
    raw.socket.resume()
    await raw.closed()
  })

  it('never ends its headers', async () => {
    raw.socket.write(frame(FRAME.headers, 0, 1, HEADERS))
    await raw.flood(10_000, () =>
      frame(FRAME.continuation, 0, 1, headerBlock({ 'x-more': 'x'.repeat(1_000) })),
    )
    await raw.closed()
  })

  it('sends empty frames', async () => {
    raw.socket.write(frame(FRAME.headers, END_HEADERS, 1, HEADERS))
    await raw.flood(10_000, () => frame(FRAME.data, 0, 1))
    await raw.closed()
  })

  it('opens more streams than allowed, again and again', async () => {
    await raw.flood(5_000, index => frame(FRAME.headers, END_HEADERS, 2 * index + 1, HEADERS))
    await raw.closed()
  })

  it('speaks HTTP/1.1', async () => {
    const old = new RawHttp2(rig.port, { greet: false })
    old.socket.write('POST /v1/traces HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await old.closed()
  })

  it('sends nothing', async () => {
    await new RawHttp2(rig.port, { greet: false }).closed()
  })
})

describe('headers', () => {
  it('beyond their limit fail their call but not the connection', async () => {
    const client = new GrpcClient(rig.port)
    const large = await client.call(METHODS.traces, framed(Buffer.alloc(0)), { 'x-long': 'x'.repeat(20_000) })
    expect([large.httpStatus, large.status]).toEqual([431, undefined])
    expect((await client.call(METHODS.traces, framed(Buffer.alloc(0)))).status).toBe(0)
    client.end()
  })
})

describe('connections', () => {
  it('that are idle are closed in an orderly way', async () => {
    await rig.receiver.stop()
    rig = await grpcRig({}, { timeouts: TIMEOUTS })
    const client = new GrpcClient(rig.port)
    expect((await client.call(METHODS.traces, framed(Buffer.alloc(0)))).status).toBe(0)
    await client.closed()
    expect(client.goaways).toContain(0)
  })

  it('that stop in the middle of headers are closed like idle ones', async () => {
    await rig.receiver.stop()
    rig = await grpcRig({}, { timeouts: TIMEOUTS })
    const stuck = new RawHttp2(rig.port)
    stuck.socket.write(frame(FRAME.headers, 0, 1, HEADERS))
    await stuck.closed()
  })

  it('whose client half-closes in the middle of a message release its bytes', async () => {
    raw.socket.write(frame(FRAME.headers, END_HEADERS, 1, HEADERS))
    raw.socket.write(frame(FRAME.data, 0, 1, framed(Buffer.from('abc'), 0, 1_000)))
    await expect.poll(() => rig.intake.stats().inFlightBytes).toBe(1_000)
    raw.socket.end()
    await raw.closed()
    await expect.poll(() => rig.intake.stats().inFlightBytes).toBe(0)
  })

  it('whose client reads no answers are closed', async () => {
    await rig.receiver.stop()
    rig = await grpcRig({}, { timeouts: { ...TIMEOUTS, streamMs: 300, idleMs: 60_000 } })
    const deaf = new RawHttp2(rig.port, { greet: false })
    const noWindow = Buffer.of(0, 4, 0, 0, 0, 0)
    deaf.socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    // It allows us no byte of an answer.
    deaf.socket.write(frame(FRAME.settings, 0, 0, noWindow))
    deaf.socket.write(frame(FRAME.headers, END_HEADERS, 1, HEADERS))
    deaf.socket.write(frame(FRAME.data, END_STREAM, 1, framed(Buffer.alloc(0))))
    await deaf.closed()
  })
})
