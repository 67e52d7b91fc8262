import type { IncomingHttpHeaders } from 'node:http'
import { WattlineError } from '../catalogue/errors/errors.ts'
import { quoteHeader } from './quote-header.ts'

const CONTENT_CODINGS = ['identity', 'gzip', 'deflate', 'zstd'] as const
/** A content coding that request bodies may have. */
export type BodyCoding = (typeof CONTENT_CODINGS)[number]

/** The compression of a request's body; throws `media_type_unsupported` for an unsupported coding. */
export function requireCoding(headers: IncomingHttpHeaders): BodyCoding {
  const named = headers['content-encoding']?.trim().toLowerCase() ?? 'identity'
  const coding = CONTENT_CODINGS.find(candidate => candidate === (named === '' ? 'identity' : named))
  if (coding !== undefined) return coding
  throw unsupportedMedia(`Content-Encoding ${quoteHeader(named)} is not supported.`)
}

/** Error for a 415 answer over HTTP. */
export const unsupportedMedia = (message: string): WattlineError =>
  new WattlineError('media_type_unsupported', message)
