import type { IncomingHttpHeaders } from 'node:http'
import { unsupportedMedia } from '../../core/http/content-coding.ts'
import { quoteHeader } from '../../core/http/quote-header.ts'
import type { Encoding } from './signals.ts'

/** Content types of OTLP/HTTP bodies, for requests and answers. */
export const MEDIA_TYPES: Readonly<Record<Encoding, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
}

/** The encoding that a Content-Type names, ignoring parameters; undefined for any other. */
export function encodingOf(headers: IncomingHttpHeaders): Encoding | undefined {
  const media = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  if (media === MEDIA_TYPES.protobuf) return 'protobuf'
  if (media === MEDIA_TYPES.json) return 'json'
  return undefined
}

/** Like `encodingOf`; throws `media_type_unsupported`. */
export function requireEncoding(headers: IncomingHttpHeaders): Encoding {
  const encoding = encodingOf(headers)
  if (encoding !== undefined) return encoding
  throw unsupportedMedia(`Content-Type ${quoteHeader(headers['content-type'])} is not supported.`)
}
