import type { IncomingHttpHeaders } from 'node:http'

/** Longer texts are not tokens; they are not even hashed. */
export const CREDENTIAL_MAX_LENGTH = 512

/**
 * The token of a request: Bearer, password of Basic, or `X-ClickHouse-Key`, depending on the client. Undefined when
 * there is none. gRPC clients send `authorization` in their metadata, which arrives as a header.
 */
export function credentialOf(headers: IncomingHttpHeaders): string | undefined {
  const { authorization } = headers
  const [scheme = '', value = ''] = authorization?.trim().split(/\s+/, 2) ?? []
  if (scheme.toLowerCase() === 'bearer' && value !== '') return value
  const password = scheme.toLowerCase() === 'basic' ? passwordOf(value) : ''
  if (password !== '') return password
  const key = headers['x-clickhouse-key']
  return typeof key === 'string' && key !== '' ? key : undefined
}

/** Empty when a client sends only a user, such as `default:`. */
function passwordOf(basic: string): string {
  const pair = Buffer.from(basic, 'base64').toString('utf8')
  return pair.includes(':') ? pair.slice(pair.indexOf(':') + 1) : ''
}
