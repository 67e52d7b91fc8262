import type { IncomingHttpHeaders } from 'node:http'
import { looksLikeToken } from './token.ts'

/** Longer texts are not tokens; they are not even hashed. */
export const CREDENTIAL_MAX_LENGTH = 512

/** Names of headers that have nothing but the token. */
const TOKEN_HEADERS = ['x-clickhouse-key', 'x-auth-token'] as const

/**
 * The token of a request: Bearer, password of Basic (or its user, where there is no password, as Gnocchi's client sends it),
 * `X-ClickHouse-Key`, or `X-Auth-Token` of OpenStack's clients. Undefined when there is none. gRPC clients send `authorization` in their metadata, which arrives as a header.
 */
export function credentialOf(headers: IncomingHttpHeaders): string | undefined {
  const { authorization } = headers
  const [scheme = '', value = ''] = authorization?.trim().split(/\s+/, 2) ?? []
  if (scheme.toLowerCase() === 'bearer' && value !== '') return value
  const password = scheme.toLowerCase() === 'basic' ? passwordOf(value) : ''
  if (password !== '') return password
  for (const name of TOKEN_HEADERS) {
    const key = headers[name]
    if (typeof key === 'string' && key !== '') return key
  }
  return undefined
}

/** Empty when a client sends only a user, such as `default:`. */
function passwordOf(basic: string): string {
  const pair = Buffer.from(basic, 'base64').toString('utf8')
  if (!pair.includes(':')) return ''
  const [user = ''] = pair.split(':', 1)
  const password = pair.slice(user.length + 1)
  return password === '' && looksLikeToken(user) ? user : password
}
