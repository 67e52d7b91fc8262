import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Access, holdsToTheEnd } from '../../core/auth/access.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import type { BufferPool } from '../../core/http/buffer-pool.ts'
import { ClientGone } from '../../core/http/collect.ts'
import { requireCoding } from '../../core/http/content-coding.ts'
import { withBody } from '../../core/http/read-body.ts'
import { retrySeconds } from '../../core/http/retry-seconds.ts'
import { ceilometerToOtlp } from '../ceilometer/convert.ts'
import { forwardedStream, receiveRecords } from '../forward/receive.ts'
import type { Intake } from '../intake/intake.ts'
import { encodeExportResponse } from '../otlp/export-response.ts'
import { encodingOf, MEDIA_TYPES, requireEncoding } from '../otlp/media.ts'
import { countRefusal } from '../otlp/refusal.ts'
import type { Encoding, Signal } from '../otlp/signals.ts'
import { encodeStatus } from '../otlp/status.ts'
import type { FamilyMemory } from '../prometheus/remote-write/families.ts'
import { writeVersion } from '../prometheus/remote-write/media.ts'
import { receiveWrite, WRITE_ROUTE, writtenHeaders } from '../prometheus/remote-write/receive.ts'
import type { SeriesMemory } from '../prometheus/remote-write/series-memory.ts'
import type { Cors } from './cors.ts'

interface ExchangeParts {
  readonly intake: Intake
  readonly access: Access
  readonly cors: Cors
  readonly events: Events
  readonly pool: BufferPool
  readonly maxBodyBytes: number
  /** Metric types that remote-write senders have announced. */
  readonly families: FamilyMemory
  /** What was made of their earlier series. */
  readonly series: SeriesMemory
}

/** An HTTP answer. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** Routes for OTLP (POST). */
export const ROUTES: ReadonlyMap<string, Signal> = new Map([
  ['/v1/traces', 'traces'],
  ['/v1/metrics', 'metrics'],
  ['/v1/logs', 'logs'],
])

/** Where Ceilometer's OpenTelemetry publisher posts: see collector/ceilometer. */
export const CEILOMETER_ROUTE = '/ceilometer/v1/metrics'
const CEILOMETER_BYTES = 1_048_576
const LONGEST_HOST = 256

/** Handles one request from its headers to its answer; undefined when the client has disconnected. Never throws. */
export async function handleExchange(
  parts: ExchangeParts,
  request: IncomingMessage,
  beforeBody: () => void,
): Promise<Reply | undefined> {
  try {
    return await exportReply(parts, request, beforeBody)
  } catch (error) {
    if (error instanceof ClientGone) return undefined
    return failureReply(parts.events, error, request)
  }
}

async function exportReply(
  parts: ExchangeParts,
  request: IncomingMessage,
  beforeBody: () => void,
): Promise<Reply> {
  const { intake, access, cors } = parts
  if (pathOf(request) === WRITE_ROUTE) return writeReply(parts, request, beforeBody)
  access.admit(request, cors.isAllowed)
  const permission = cors.preflight(request)
  if (permission !== undefined) return { status: 204, headers: permission, body: new Uint8Array() }
  const stream = forwardedStream(pathOf(request))
  if (stream !== undefined) {
    requirePost(request)
    const sender = access.authenticate(request.headers, 'ingest')
    const received = await receiveRecords(parts, request, stream, sender, beforeBody)
    return reply(200, 'json', Buffer.from(JSON.stringify(received)))
  }
  const isCeilometer = pathOf(request) === CEILOMETER_ROUTE
  if (isCeilometer) requirePost(request)
  const signal = isCeilometer ? 'metrics' : requireRoute(request)
  const sender = access.authenticate(request.headers, 'ingest')
  const encoding = requireEncoding(request.headers)
  const coding = requireCoding(request.headers)
  const checkAgain = holdsToTheEnd(access, request.headers, 'ingest')
  const admission = intake.open(signal, request.socket)
  return withBody(request, parts, admission, { coding, beforeBody }, async bytes => {
    checkAgain()
    const body = isCeilometer ? ceilometerBody(request, bytes) : bytes
    const result = await admission.ingest(isCeilometer ? 'json' : encoding, body, sender)
    return reply(200, encoding, encodeExportResponse(signal, result, encoding))
  })
}

/** Samples become objects on the way, so a body is bounded; the publisher posts one sample at a time. */
function ceilometerBody(request: IncomingMessage, bytes: Uint8Array): Uint8Array {
  if (bytes.length > CEILOMETER_BYTES) {
    throw new WattlineError('body_too_large', `${CEILOMETER_ROUTE} takes ${CEILOMETER_BYTES} bytes at most.`)
  }
  const parameters = new URLSearchParams(request.url?.split('?', 2)[1] ?? '')
  return ceilometerToOtlp(bytes, (parameters.get('host') ?? '').slice(0, LONGEST_HOST))
}

async function writeReply(
  parts: ExchangeParts,
  request: IncomingMessage,
  beforeBody: () => void,
): Promise<Reply> {
  parts.access.admit(request)
  requirePost(request)
  const { status, headers, text } = await receiveWrite(parts, request, beforeBody)
  return status === 204 ? { status, headers, body: new Uint8Array() } : textReply(status, text, headers)
}

function requireRoute(request: IncomingMessage): Signal {
  const path = pathOf(request)
  const signal = ROUTES.get(path)
  if (signal === undefined) {
    throw new WattlineError(
      'not_found',
      `Unknown path ${JSON.stringify(path.slice(0, 100))}. Paths are ${[...ROUTES.keys()].join(', ')}.`,
    )
  }
  requirePost(request)
  return signal
}

const pathOf = (request: IncomingMessage): string => request.url?.split('?', 1)[0] ?? ''

function requirePost(request: IncomingMessage): void {
  if (request.method === 'POST') return
  throw new WattlineError('method_not_allowed', `${pathOf(request)} accepts POST, not ${request.method}.`)
}

/**
 * `google.rpc.Status`; in JSON, which people can read, if the request named no known encoding. Remote-write senders get
 * plain text, which they log.
 */
export function failureReply(events: Events, error: unknown, request: IncomingMessage): Reply {
  const failure = countRefusal(events, error)
  const headers: Record<string, string> = {}
  if (failure.code === 'method_not_allowed') headers['allow'] = 'POST'
  if (failure.status === 401) headers['www-authenticate'] = 'Bearer realm="wattline"'
  const retryAfterSeconds = retrySeconds(failure)
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(retryAfterSeconds)
  if (pathOf(request) === WRITE_ROUTE) {
    return textReply(failure.status, failure.toString(), {
      ...headers,
      ...writtenHeaders(writeVersion(request.headers)),
    })
  }
  const spoken = encodingOf(request.headers) ?? 'json'
  return reply(failure.status, spoken, encodeStatus(failure, spoken), headers)
}

function textReply(status: number, text: string, headers: Readonly<Record<string, string>>): Reply {
  const body = Buffer.from(`${text}\n`)
  return {
    status,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': String(body.length),
      ...headers,
    },
    body,
  }
}

function reply(
  status: number,
  encoding: Encoding,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return {
    status,
    headers: { 'content-type': MEDIA_TYPES[encoding], 'content-length': String(body.length), ...headers },
    body,
  }
}

/** Sends an answer; `close` ends the connection with it. */
export function send(response: ServerResponse, { status, headers, body }: Reply, close: boolean): void {
  if (response.destroyed) return
  response.writeHead(status, close ? { ...headers, connection: 'close' } : headers)
  response.end(body)
}
