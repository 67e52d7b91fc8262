import type { IncomingHttpHeaders } from 'node:http'
import { WattlineError } from '../catalogue/errors/errors.ts'
import type { Events } from '../catalogue/events/events.ts'
import type { Identity, Scope } from '../model/identity.ts'
import type { Access, RefusalReason } from './access.ts'
import { CREDENTIAL_MAX_LENGTH, credentialOf } from './credential.ts'
import type { TokenEntry } from './token-list.ts'
import type { TokenTable } from './token-table.ts'

interface TokenAccessOptions {
  /** Called for every request, so a reloaded file takes effect at once, also on open connections. */
  readonly tokens: () => TokenTable
  readonly events: Events
  /** Unix milliseconds. */
  readonly now?: () => number
}

/** Every caller needs a token; its line in the tokens file gives tenant, scopes and accounts. */
export function createTokenAccess({ tokens, events, now = Date.now }: TokenAccessOptions): Access {
  const unauthenticated = (reason: RefusalReason, message: string): WattlineError => {
    events.emit('accessRefused', { reason })
    return new WattlineError('unauthenticated', message)
  }
  const known = (headers: IncomingHttpHeaders): TokenEntry => {
    const presented = credentialOf(headers)
    if (presented === undefined) throw unauthenticated('missing', 'The request has no token.')
    if (presented.length > CREDENTIAL_MAX_LENGTH)
      throw unauthenticated('malformed', 'The value sent is not a token.')
    const found = tokens().find(presented)
    if (found === undefined) throw unauthenticated('unknown', 'The token is unknown.')
    if (found.expiresMs !== null && found.expiresMs <= now()) {
      throw unauthenticated('expired', 'The token has expired.')
    }
    return found
  }
  return {
    needsToken: true,
    // Host and origin do not matter here: pages of other sites have no token to send.
    admit: () => {},
    authenticate(headers: IncomingHttpHeaders, scope: Scope): Identity {
      const { tenant, scopes, accounts, account } = known(headers)
      if (!scopes.includes(scope)) {
        events.emit('accessRefused', { reason: 'scope' })
        throw new WattlineError(
          'forbidden',
          `The token has scope ${scopes.join(', ')}; this route needs scope ${scope}.`,
        )
      }
      return account === undefined ? { tenant, scopes, accounts } : { tenant, scopes, accounts, account }
    },
    stillHolds(headers: IncomingHttpHeaders, scope: Scope): boolean {
      const presented = credentialOf(headers)
      const found = presented === undefined ? undefined : tokens().find(presented)
      if (found === undefined || !found.scopes.includes(scope)) return false
      return found.expiresMs === null || found.expiresMs > now()
    },
  }
}
