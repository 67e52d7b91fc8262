import type { IncomingHttpHeaders } from 'node:http2'
import { WattlineError } from '../catalogue/errors/errors.ts'
import { FIXED_LIMITS } from '../catalogue/limits/limits.ts'
import type { BodyCoding } from '../http/content-coding.ts'
import { quoteHeader } from '../http/quote-header.ts'

/** Message compressions of `grpc-encoding` that are accepted; sent back in `grpc-accept-encoding`. */
export const GRPC_CODINGS: readonly BodyCoding[] = ['identity', 'gzip', 'zstd', 'deflate']

const MEDIA_TYPE = /^application\/grpc(\+proto)?\s*(;|$)/i

/** The HTTP status when the request is not a gRPC call; undefined for a call. */
export function httpRefusal(headers: IncomingHttpHeaders): number | undefined {
  // HTTP/2's own setting for this limit is only honoured by well-behaved clients.
  if (sizeOf(headers) > FIXED_LIMITS.headerBytes) return 431
  if (headers[':method'] !== 'POST') return 405
  return MEDIA_TYPE.test(headers['content-type'] ?? '') ? undefined : 415
}

/** How the messages of the call are compressed. @throws WattlineError `media_type_unsupported` */
export function requireMessageCoding(headers: IncomingHttpHeaders): BodyCoding {
  const named = headers['grpc-encoding'] ?? 'identity'
  const coding = GRPC_CODINGS.find(candidate => candidate === named)
  if (coding !== undefined) return coding
  throw new WattlineError(
    'media_type_unsupported',
    `grpc-encoding ${quoteHeader(String(named))} is not supported, only ${GRPC_CODINGS.join(', ')}.`,
  )
}

const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
}

/** Milliseconds that the client waits for its answer; Infinity if it sends no timeout, or an unreadable one. */
export function timeoutMs(headers: IncomingHttpHeaders): number {
  const [, amount, unit] = /^(\d{1,8})([HMSmun])$/.exec(String(headers['grpc-timeout'] ?? '')) ?? []
  return amount === undefined || unit === undefined ? Infinity : Number(amount) * (UNIT_MS[unit] ?? 0)
}

function sizeOf(headers: IncomingHttpHeaders): number {
  let size = 0
  for (const name in headers) size += name.length + (headers[name]?.length ?? 0)
  return size
}
