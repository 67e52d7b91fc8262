/** Entry points over HTTP/1.1: OTLP in both encodings, and remote write. */
import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import { jsonToProtobuf } from '../../../collector/otlp/json/json.ts'
import { encodeWrite1, HEADERS_1, snappy } from '../../support/remote-write.ts'
import { httpRig, RawClient } from '../http/http-rig.ts'
import { CLOSED, type DoorAnswer, type DoorClient, type LimitDoor, spanJson } from './door.ts'

type Headers = Readonly<Record<string, string>>

async function answerOn(client: RawClient): Promise<DoorAnswer> {
  try {
    const { status, headers, body } = await client.reply()
    return { status, text: body.toString(), saysWhen: headers.has('retry-after') }
  } catch {
    return CLOSED
  }
}

async function lastAnswerOn(client: RawClient): Promise<DoorAnswer> {
  const answer = await answerOn(client)
  client.socket.destroy()
  return answer
}

function connect(port: number, path: string, headers: Headers): DoorClient {
  const client = new RawClient(port)
  return {
    connected: () => once(client.socket, 'connect'),
    send({ body, coding }) {
      client.post(path, coding === undefined ? headers : { ...headers, 'content-encoding': coding }, body)
      return answerOn(client)
    },
    begin(announcedBytes, sent) {
      client.post(path, { ...headers, 'content-length': `${announcedBytes}` }, sent)
      return answerOn(client)
    },
    closed: () => client.closed(),
    end: () => client.socket.destroy(),
  }
}

type Kind = Pick<LimitDoor, 'name' | 'door' | 'encoding' | 'ok' | 'item' | 'bomb'>

function httpDoor(kind: Kind, path: string, headers: Headers): LimitDoor {
  const head = (more: Headers, target = path): string =>
    `POST ${target} HTTP/1.1\r\n${Object.entries({ host: 'localhost', ...headers, ...more })
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')}\r\n`
  const write = (port: number, text: string): Promise<DoorAnswer> => {
    const client = new RawClient(port)
    client.write(text)
    return lastAnswerOn(client)
  }
  return {
    ...kind,
    open(settings, { maxConnections, headersMs, requestMs, idleMs } = {}, neighbours) {
      const timeouts = {
        ...(headersMs === undefined ? {} : { headersMs }),
        ...(requestMs === undefined ? {} : { requestMs }),
        ...(idleMs === undefined ? {} : { keepAliveMs: idleMs }),
      }
      const bound = maxConnections === undefined ? {} : { maxConnections }
      return httpRig(settings, { timeouts, ...bound }, neighbours)
    },
    connect: port => connect(port, path, headers),
    unannounced: (port, body) =>
      write(
        port,
        `${head({ 'transfer-encoding': 'chunked' })}${body.length.toString(16)}\r\n${'x'.repeat(body.length)}\r\n0\r\n\r\n`,
      ),
    longHeads: (port, bytes) =>
      Promise.all([
        write(port, head({ 'x-long': 'x'.repeat(bytes) })),
        write(port, head({}, `${path}?${'x'.repeat(bytes)}`)),
      ]),
    silent: port => Promise.all([write(port, ''), write(port, `POST ${path} HTTP/1.1\r\nHost: loc`)]),
  }
}

const bomb: Kind['bomb'] = bytes => ({ body: gzipSync(new Uint8Array(bytes)), coding: 'gzip' })

const otlp = { door: 'otlpHttp', ok: 200, bomb } as const

const protobuf: Kind = {
  ...otlp,
  name: 'OTLP/HTTP protobuf',
  encoding: 'protobuf',
  item: (options = {}) => ({
    body: Uint8Array.from(jsonToProtobuf('traces', Buffer.from(spanJson(options)))),
  }),
}

const json: Kind = {
  ...otlp,
  name: 'OTLP/HTTP JSON',
  encoding: 'json',
  item: (options = {}) => ({ body: Buffer.from(spanJson(options)) }),
}

const remoteWrite: Kind = {
  name: 'remote write',
  door: 'remoteWrite',
  encoding: 'remote write',
  ok: 204,
  item: ({ attributes = 0, valueBytes = 1, offsetMs = 0 } = {}) => {
    const labels = Array.from({ length: attributes }, (_, at) => [`k${at}`, 'v'.repeat(valueBytes)] as const)
    const samples = [{ value: 1, timestamp: Date.now() + offsetMs }]
    return { body: snappy(encodeWrite1([{ labels: [['__name__', 'probe'], ...labels], samples }])) }
  },
  bomb: bytes => ({ body: snappy(new Uint8Array(bytes)) }),
}

export const HTTP_DOORS: readonly LimitDoor[] = [
  httpDoor(protobuf, '/v1/traces', { 'content-type': 'application/x-protobuf' }),
  httpDoor(json, '/v1/traces', { 'content-type': 'application/json' }),
  httpDoor(remoteWrite, '/api/v1/write', HEADERS_1),
]
