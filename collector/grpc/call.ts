import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { type Access, holdsToTheEnd } from '../../core/auth/access.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import { serveCall } from '../../core/grpc/call.ts'
import { requireMessageCoding } from '../../core/grpc/call-head.ts'
import { checkHealth, HEALTH_METHOD, MAX_HEALTH_BYTES, servicesOf } from '../../core/grpc/health.ts'
import { readMessage } from '../../core/grpc/message.ts'
import type { BufferPool } from '../../core/http/buffer-pool.ts'
import { ClientGone } from '../../core/http/collect.ts'
import { quoteHeader } from '../../core/http/quote-header.ts'
import type { Intake } from '../intake/intake.ts'
import { encodeExportResponse } from '../otlp/export-response.ts'
import { countRefusal } from '../otlp/refusal.ts'
import { EXPORT_METHODS } from './methods.ts'

const SERVICES = servicesOf(EXPORT_METHODS.keys())

/** What one unary call needs from the receiver. */
export interface CallParts {
  readonly intake: Pick<Intake, 'open' | 'stats'>
  readonly access: Access
  readonly events: Events
  readonly pool: BufferPool
  readonly maxBodyBytes: number
  /** Milliseconds that a client has to send its message. */
  readonly messageMs: number
  /** Why further calls are refused; undefined when they are not. */
  readonly refuse: () => WattlineError | undefined
}

/** Handles one call from its headers to its answer. Never throws; a client that has disconnected gets no answer. */
export const serveExport = (
  parts: CallParts,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): Promise<void> =>
  serveCall(stream, headers, {
    messageMs: parts.messageMs,
    answer: signal => answer(parts, stream, headers, signal),
    refusal: error => countRefusal(parts.events, error),
  })

function answer(
  parts: CallParts,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  signal: AbortSignal,
): Promise<Uint8Array> {
  parts.access.admit({ method: headers[':method'], headers })
  return headers[':path'] === HEALTH_METHOD
    ? healthAnswer(parts, stream, headers, signal)
    : exportAnswer(parts, stream, headers, signal)
}

async function exportAnswer(
  parts: CallParts,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { intake, access, pool, maxBodyBytes: maxBytes } = parts
  const path = headers[':path']
  const signalKind = EXPORT_METHODS.get(path ?? '')
  if (signalKind === undefined) throw new WattlineError('not_found', `Unknown method ${quoteHeader(path)}.`)
  const sender = access.authenticate(headers, 'ingest')
  const coding = requireMessageCoding(headers)
  const refused = parts.refuse()
  if (refused !== undefined) throw refused
  const checkAgain = holdsToTheEnd(access, headers, 'ingest')
  const admission = intake.open(signalKind, stream.session)
  try {
    const reserve = (bytes: number): void => admission.reserve(bytes)
    const body = await readMessage(stream, { coding, maxBytes, pool, reserve, signal })
    try {
      // Decompression takes time. If the client no longer waits for the request, it will send it again, so it need not
      // be stored twice.
      if (stream.destroyed) throw new ClientGone('The client cancelled the call.')
      checkAgain()
      const result = await admission.ingest('protobuf', body.bytes, sender)
      return encodeExportResponse(signalKind, result, 'protobuf')
    } finally {
      body.release()
    }
  } finally {
    admission.close()
  }
}

/** Served without a token and while overloaded: the answer only says whether to send calls here. */
async function healthAnswer(
  parts: CallParts,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { pool, intake } = parts
  const coding = requireMessageCoding(headers)
  const body = await readMessage(stream, {
    coding,
    maxBytes: MAX_HEALTH_BYTES,
    pool,
    reserve: () => {},
    signal,
  })
  try {
    const isServing = parts.refuse() === undefined && intake.stats().brokerFailure === null
    return checkHealth(body.bytes, SERVICES, isServing)
  } finally {
    body.release()
  }
}
