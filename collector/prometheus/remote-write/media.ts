import type { IncomingHttpHeaders } from 'node:http'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import { quoteHeader } from '../../../core/http/quote-header.ts'
import type { WriteVersion } from './translate.ts'

const MESSAGES: ReadonlyMap<string, WriteVersion> = new Map([
  ['prometheus.writerequest', 1],
  ['io.prometheus.write.v2.request', 2],
])

/**
 * Which message the body contains: the parameter `proto` names it; without it, or without a Content-Type, it is that of
 * 1.0. Undefined for any other.
 */
export function writeVersion(headers: IncomingHttpHeaders): WriteVersion | undefined {
  const [media = '', ...parameters] = (headers['content-type'] ?? '')
    .split(';')
    .map(part => part.trim().toLowerCase())
  if (media !== '' && media !== 'application/x-protobuf') return undefined
  const proto = parameters.find(parameter => parameter.startsWith('proto='))
  if (proto === undefined) return 1
  return MESSAGES.get(proto.slice('proto='.length).replaceAll('"', ''))
}

/**
 * Like `writeVersion`; throws `media_type_unsupported` for an unsupported message. A body without a coding is snappy
 * too.
 */
export function requireWrite(headers: IncomingHttpHeaders): WriteVersion {
  const coding = headers['content-encoding']?.trim().toLowerCase() ?? ''
  if (coding !== '' && coding !== 'snappy') {
    throw unsupported(`Content-Encoding ${quoteHeader(coding)} is not supported, only snappy.`)
  }
  const version = writeVersion(headers)
  if (version !== undefined) return version
  throw unsupported(`Content-Type ${quoteHeader(headers['content-type'])} is not supported.`)
}

const unsupported = (message: string): WattlineError => new WattlineError('media_type_unsupported', message)
