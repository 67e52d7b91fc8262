import { isIP } from 'node:net'
import { type ErrorCode, WattlineError } from '../catalogue/errors/errors.ts'
import { type Events, silentEvents } from '../catalogue/events/events.ts'
import { quoteHeader } from '../http/quote-header.ts'
import { OPERATOR_TENANT, SCOPES } from '../model/identity.ts'
import type { Access, RefusalReason, RequestHead } from './access.ts'

/**
 * Without tokens there is one tenant, and the listeners are on loopback. Every program on this machine may do
 * everything, but a web page that is open on it may not. Refused are host names that a page's server resolves to
 * 127.0.0.1 (DNS rebinding), requests that a page of another site makes, and changes that a page of another origin
 * requests.
 */
export function createOpenAccess(events: Events): Access {
  const refused = (reason: RefusalReason, code: ErrorCode, message: string): WattlineError => {
    events.emit('accessRefused', { reason })
    return new WattlineError(code, message)
  }
  return {
    needsToken: false,
    admit({ method, headers }: RequestHead, isAllowedOrigin = () => false) {
      const host = headers.host ?? headers[':authority']
      // Browsers always send a host; HTTP/1.0 probes need not.
      if (typeof host === 'string' && !isLocalName(hostName(host))) {
        throw refused('host', 'host_refused', `${quoteHeader(host)} is not a loopback address.`)
      }
      const { origin } = headers
      if (origin !== undefined && (isOwn(origin, host) || isAllowedOrigin(origin))) return
      if (isOfAnotherSite(headers))
        throw refused('origin', 'origin_refused', 'The request came from a web page of another site.')
      // Without an origin, the client is not a browser or the request does not cross origins.
      if (origin === undefined || !changes(method)) return
      throw refused(
        'origin',
        'origin_refused',
        `The request came from a web page of origin ${quoteHeader(origin)}.`,
      )
    },
    authenticate: () => ({ tenant: OPERATOR_TENANT, scopes: SCOPES, accounts: null }),
    stillHolds: () => true,
  }
}

/** For tools and tests that do not count refusals. */
export const openAccess: Access = createOpenAccess(silentEvents)

const changes = (method: string | undefined): boolean => !['GET', 'HEAD', 'OPTIONS'].includes(method ?? 'GET')

/**
 * Links to the page may be followed. Resources that a page loads by itself, invisibly, at least cost time (Fetch
 * Metadata).
 */
const isOfAnotherSite = (headers: RequestHead['headers']): boolean =>
  headers['sec-fetch-site'] === 'cross-site' && headers['sec-fetch-dest'] !== 'document'

const isOwn = (origin: string, host: unknown): boolean =>
  URL.canParse(origin) && new URL(origin).host === host

/** `[::1]:9288` -> `::1`, `localhost:9288` -> `localhost`. */
function hostName(host: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(host)
  return (bracketed?.[1] ?? host.replace(/:\d+$/, '')).toLowerCase().replace(/\.$/, '')
}

/**
 * Names that no server on the internet can resolve to this machine: addresses, and names reserved for local use (RFC
 * 6761; `.internal` by ICANN, as in `host.docker.internal`).
 */
const isLocalName = (name: string): boolean =>
  isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost') || name.endsWith('.internal')
