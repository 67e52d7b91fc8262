/** OTLP over gRPC, and the limits that only it has. */
import { once } from 'node:events'
import { constants } from 'node:http2'
import { gzipSync } from 'node:zlib'
import { expect } from 'vitest'
import { jsonToProtobuf } from '../../../collector/otlp/json/json.ts'
import type { GrpcAnswer } from '../../../core/catalogue/limits/declaration.ts'
import { framed, GrpcClient, type GrpcReply, grpcRig, METHODS } from '../grpc/grpc-rig.ts'
import { callHeaders, END_HEADERS, END_STREAM, FRAME, frame, RawHttp2 } from '../grpc/raw-http2.ts'
import { CLOSED, type DoorAnswer, type DoorClient, type LimitDoor, type Probe, spanJson } from './door.ts'

const NAMES: Readonly<Record<number, GrpcAnswer>> = {
  0: 'OK',
  3: 'INVALID_ARGUMENT',
  4: 'DEADLINE_EXCEEDED',
  8: 'RESOURCE_EXHAUSTED',
  14: 'UNAVAILABLE',
}
const PATH = METHODS.traces
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const HEADERS = callHeaders(PATH)

function answerOf({ httpStatus, status, message, body, details, reset }: GrpcReply): DoorAnswer {
  if (status !== undefined) {
    const name = NAMES[status]
    if (name === undefined) throw new Error(`No limit answers status ${status} of gRPC: ${message}`)
    return {
      status: name,
      text: `${message}${body ?? ''}`,
      saysWhen: details?.retrySeconds !== undefined,
    }
  }
  if (httpStatus !== undefined) return { status: httpStatus, text: '', saysWhen: false }
  return reset === constants.NGHTTP2_ENHANCE_YOUR_CALM ? { ...CLOSED, status: 'reset' } : CLOSED
}

function connect(port: number): DoorClient {
  const client = new GrpcClient(port)
  return {
    connected: () => once(client.session, 'connect'),
    send({ body, coding }) {
      const named = coding === undefined ? {} : { 'grpc-encoding': coding }
      return client.call(PATH, framed(body, coding === undefined ? 0 : 1), named).then(answerOf)
    },
    begin(announcedBytes, sent) {
      const call = client.open(PATH)
      call.stream.write(framed(sent, 0, announcedBytes))
      return call.reply.then(answerOf)
    },
    closed: () => client.closed(),
    end: () => client.end(),
  }
}

async function closedAfter(
  port: number,
  write: (raw: RawHttp2) => unknown,
  greet = true,
): Promise<DoorAnswer> {
  const raw = new RawHttp2(port, { greet })
  await write(raw)
  await raw.closed()
  return CLOSED
}

export const GRPC_DOOR: LimitDoor = {
  name: 'OTLP/gRPC',
  door: 'otlpGrpc',
  encoding: 'protobuf',
  ok: 'OK',
  open(settings, { maxConnections, maxCalls, headersMs, requestMs, idleMs, callMs } = {}, neighbours) {
    const timeouts = {
      drainMs: 1_000,
      ...(headersMs === undefined ? {} : { greetingMs: headersMs }),
      ...(requestMs === undefined ? {} : { messageMs: requestMs }),
      ...(idleMs === undefined ? {} : { idleMs }),
      ...(callMs === undefined ? {} : { streamMs: callMs }),
    }
    const bounds = {
      ...(maxConnections === undefined ? {} : { maxConnections }),
      ...(maxCalls === undefined ? {} : { maxCalls }),
    }
    return grpcRig(settings, { timeouts, ...bounds }, neighbours)
  },
  connect,
  item: (options = {}) => ({
    body: Uint8Array.from(jsonToProtobuf('traces', Buffer.from(spanJson(options)))),
  }),
  bomb: bytes => ({ body: gzipSync(new Uint8Array(bytes)), coding: 'gzip' }),
  async longHeads(port, bytes) {
    const client = new GrpcClient(port)
    const long = 'x'.repeat(bytes)
    const replies = await Promise.all([
      client.call(PATH, framed(new Uint8Array()), { 'x-long': long }),
      client.call(`${PATH}/${long}`, framed(new Uint8Array())),
    ])
    client.end()
    return replies.map(answerOf)
  },
  silent: port =>
    Promise.all([
      closedAfter(port, () => {}, false),
      closedAfter(port, raw => raw.socket.write(PREFACE.slice(0, 10)), false),
      closedAfter(port, raw => raw.socket.write(PREFACE), false),
    ]),
}

/** Rows of this entry point only. */
export const GRPC_PROBES = {
  async callTime(_, open) {
    const { port } = await open({}, { callMs: 200 })
    // It allows no byte of an answer, so it reads none.
    const noWindow = frame(
      FRAME.settings,
      0,
      0,
      Buffer.of(0, constants.NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0, 0, 0, 0),
    )
    const call = [
      frame(FRAME.headers, END_HEADERS, 1, HEADERS),
      frame(FRAME.data, END_STREAM, 1, framed(new Uint8Array())),
    ]
    const deaf = (raw: RawHttp2) => raw.socket.write(Buffer.concat([Buffer.from(PREFACE), noWindow, ...call]))
    return [await closedAfter(port, deaf, false)]
  },
  async calls(door, open) {
    const { port, intake } = await open({}, { maxCalls: 3 })
    const first = door.connect(port)
    const begun = Array.from({ length: 3 }, () => first.begin(100, new Uint8Array()))
    await expect.poll(() => intake.stats().inFlightBytes).toBe(300)
    const second = door.connect(port)
    const answer = await second.send(door.item())
    first.end()
    await Promise.all(begun)
    await expect.poll(() => intake.stats().inFlightBytes).toBe(0)
    expect((await second.send(door.item())).status).toBe('OK')
    second.end()
    return [answer]
  },
  async callsOfConnection(_, open) {
    const { port } = await open()
    const settingsKnown = frame(FRAME.settings, 1, 0)
    const tooMany = async (raw: RawHttp2): Promise<void> => {
      await once(raw.socket, 'data')
      raw.socket.write(settingsKnown)
      await raw.flood(101, index => frame(FRAME.headers, END_HEADERS, 2 * index + 1, HEADERS))
    }
    return [await closedAfter(port, tooMany)]
  },
  async headerFields(_, open) {
    const { port } = await open()
    const client = new GrpcClient(port)
    const fields = Object.fromEntries(Array.from({ length: 70 }, (_, at) => [`x-${at}`, '']))
    const reply = await client.call(PATH, framed(new Uint8Array()), fields)
    client.end()
    return [answerOf(reply)]
  },
  async cancelledCalls(_, open) {
    const { port } = await open()
    const cancel = frame(FRAME.rstStream, 0, 1, Buffer.of(0, 0, 0, constants.NGHTTP2_CANCEL))
    const cancelled = (index: number): Buffer => {
      const call = Buffer.concat([frame(FRAME.headers, END_HEADERS, 2 * index + 1, HEADERS), cancel])
      call.writeUInt32BE(2 * index + 1, call.length - 8)
      return call
    }
    return [await closedAfter(port, raw => raw.flood(5_000, cancelled))]
  },
  async controlFrames(_, open) {
    const { port } = await open()
    const ping = frame(FRAME.ping, 0, 0, Buffer.alloc(8))
    const settings = frame(FRAME.settings, 0, 0)
    return await Promise.all([
      closedAfter(port, raw => raw.flood(20_000, () => ping)),
      closedAfter(port, raw => raw.flood(20_000, () => settings)),
    ])
  },
} as const satisfies Readonly<Record<string, Probe>>
