import type { IncomingHttpHeaders } from 'node:http'
import { WattlineError } from '../../core/runtime/errors.ts'
import type { Encoding } from '../intake/signals.ts'

export const MEDIA_TYPES: Readonly<Record<Encoding, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
}

const CONTENT_CODINGS = ['identity', 'gzip', 'deflate', 'zstd'] as const
export type ContentCoding = (typeof CONTENT_CODINGS)[number]

/** The encoding that a Content-Type names, parameters aside; undefined for any other. */
export function encodingOf(headers: IncomingHttpHeaders): Encoding | undefined {
  const media = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  if (media === MEDIA_TYPES.protobuf) return 'protobuf'
  if (media === MEDIA_TYPES.json) return 'json'
  return undefined
}

/** As `encodingOf`; throws `media_type_unsupported`. */
export function requireEncoding(headers: IncomingHttpHeaders): Encoding {
  const encoding = encodingOf(headers)
  if (encoding !== undefined) return encoding
  throw unsupported(`Content-Type ${quote(headers['content-type'])} is not taken.`)
}

/** How the body is compressed; throws `media_type_unsupported` for what we cannot undo. */
export function requireCoding(headers: IncomingHttpHeaders): ContentCoding {
  const named = headers['content-encoding']?.trim().toLowerCase() ?? 'identity'
  const coding = CONTENT_CODINGS.find(candidate => candidate === (named === '' ? 'identity' : named))
  if (coding !== undefined) return coding
  throw unsupported(`Content-Encoding ${quote(named)} is not taken.`)
}

const unsupported = (message: string): WattlineError => new WattlineError('media_type_unsupported', message)

/** What a stranger sent, short enough for a message. */
const quote = (text: string | undefined): string => JSON.stringify((text ?? '').slice(0, 100))
