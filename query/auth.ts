/** Who asks. There are no tokens yet; the seam is here, so that every route already asks it. */
import { WattlineError } from '../core/runtime/errors.ts'

export const SCOPES = ['ingest', 'read', 'admin'] as const
export type Scope = (typeof SCOPES)[number]

export interface Identity {
  readonly tenant: string
  readonly scopes: readonly Scope[]
  /** Accounts that the token is limited to; null: all of the tenant. */
  readonly accounts: readonly string[] | null
}

export interface Authenticator {
  /** @throws WattlineError `unauthenticated` */
  authenticate(token: string | undefined): Promise<Identity>
}

/** Without a tokens file everything belongs to one tenant; the server listens on loopback only then. */
export const openAuthenticator: Authenticator = {
  authenticate: async () => ({ tenant: 'default', scopes: SCOPES, accounts: null }),
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

/** Bearer token, password of Basic, or `X-ClickHouse-Key`: clients send what they can. */
export function tokenOf(headers: Headers): string | undefined {
  const authorization = headers['authorization']
  if (typeof authorization === 'string') {
    const [scheme = '', value = ''] = authorization.trim().split(/\s+/, 2)
    if (scheme.toLowerCase() === 'bearer') return value
    if (scheme.toLowerCase() === 'basic') {
      const pair = Buffer.from(value, 'base64').toString('utf8')
      const password = pair.slice(pair.indexOf(':') + 1)
      return pair.includes(':') && password !== '' ? password : undefined
    }
  }
  const key = headers['x-clickhouse-key']
  return typeof key === 'string' && key !== '' ? key : undefined
}

/** @throws WattlineError `forbidden` */
export function requireScope(identity: Identity, scope: Scope): void {
  if (identity.scopes.includes(scope)) return
  throw new WattlineError('forbidden', `This route needs a token with scope ${scope}.`)
}

/**
 * Telemetry knows tenants only: a token for some accounts of one cannot be let near free SQL and traces.
 * @throws WattlineError `forbidden`
 */
export function assertWholeTenant(identity: Identity): void {
  if (identity.accounts === null) return
  throw new WattlineError('forbidden', 'This token is limited to accounts: it reads by /api/v1/usage.')
}
