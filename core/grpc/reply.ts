import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { ErrorCode, WattlineError } from '../catalogue/errors/errors.ts'
import { retrySeconds } from '../http/retry-seconds.ts'
import { GRPC_CODINGS } from './call-head.ts'
import { HEAD_BYTES } from './message.ts'
import { GRPC_CODES, INTERNAL, statusProtobuf } from './status.ts'

/** Headers of an answer that has messages. */
export const HEADERS = {
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-accept-encoding': GRPC_CODINGS.join(','),
} as const satisfies OutgoingHttpHeaders

/** Trailers of a call that succeeded. */
export const OK = { 'grpc-status': '0' } as const
const INVALID_ARGUMENT = 3

/** Where gRPC uses another status than OTLP over HTTP implies. */
const CODES: Readonly<Record<number, number>> = {
  ...GRPC_CODES,
  404: 12, // UNIMPLEMENTED: an unknown method
  415: 12, // UNIMPLEMENTED: an unknown compression
  429: 14, // UNAVAILABLE: overload
}
/** Errors whose HTTP status says less than they do. */
const CODES_BY_ERROR: Readonly<Partial<Record<ErrorCode, number>>> = {
  frame_invalid: INTERNAL,
  scaling_policy_unknown: 5, // NOT_FOUND
  sql_limit: 8, // RESOURCE_EXHAUSTED
}
/** Trailers are headers, whose size clients limit. */
const MAX_MESSAGE_LENGTH = 1_000
const DISCARD_MS = 1_000

/** Answers with one message; has no effect when the client has disconnected. */
export function sendMessage(stream: ServerHttp2Stream, message: Uint8Array): void {
  if (isGone(stream)) return
  stream.respond(HEADERS, { waitForTrailers: true })
  stream.once('wantTrailers', () => stream.sendTrailers(OK))
  stream.end(framed(message))
}

/** A message as it is sent: not compressed, behind its length. */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(HEAD_BYTES + message.length)
  frame.writeUInt32BE(message.length, 1)
  frame.set(message, HEAD_BYTES)
  return frame
}

/** Answers with a status and no message; has no effect when the client has disconnected. */
export function sendFailureStatus(stream: ServerHttp2Stream, failure: WattlineError): void {
  sendHead(stream, { ...HEADERS, ...statusTrailers(failure) })
}

/** For requests that are not gRPC at all. */
export function sendHttpStatus(stream: ServerHttp2Stream, status: number): void {
  sendHead(stream, { ':status': status })
}

/**
 * Data that the client still sends in this call is discarded, and refused after a while. Not immediately: a RST_STREAM
 * overtakes headers that wait to be sent (nghttp2 1.70), so the client would not learn the reason.
 */
function sendHead(stream: ServerHttp2Stream, headers: OutgoingHttpHeaders): void {
  if (isGone(stream)) return
  stream.respond(headers, { endStream: true })
  if (stream.readableEnded) return
  stream.resume()
  const enough = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), DISCARD_MS)
  stream.once('close', () => clearTimeout(enough))
}

/** Whether nothing can be sent any more. */
export const isGone = (stream: ServerHttp2Stream): boolean => stream.destroyed || stream.closed

/** Status, message and details of a call that failed. */
export function statusTrailers(failure: WattlineError): Record<string, string> {
  const code = CODES_BY_ERROR[failure.code] ?? CODES[failure.status] ?? INTERNAL
  const message = failure.toString().slice(0, MAX_MESSAGE_LENGTH)
  const details = statusProtobuf(code, message, {
    violation: code === INVALID_ARGUMENT ? failure.message.slice(0, MAX_MESSAGE_LENGTH) : undefined,
    retryAfterSeconds: retrySeconds(failure),
  })
  return {
    'grpc-status': String(code),
    'grpc-message': percentEncoded(message),
    'grpc-status-details-bin': Buffer.from(details).toString('base64').replaceAll('=', ''),
  }
}

/** Non-printable and non-ASCII bytes of UTF-8, and `%`, as `%XX`. */
const percentEncoded = (text: string): string =>
  Buffer.from(text)
    .toString('latin1')
    .replaceAll(
      /[^\x20-\x24\x26-\x7e]/g,
      byte => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    )
