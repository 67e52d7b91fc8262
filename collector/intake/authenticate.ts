import type { IncomingHttpHeaders } from 'node:http'

/** Whom a request belongs to. The tenant comes from the credential, never from the payload. */
export interface Identity {
  readonly tenant: string
}

/** The one place where headers become a tenant; throws `unauthenticated` or `forbidden`. */
export interface Authenticator {
  authenticate(headers: IncomingHttpHeaders): Identity
}

/** Without tokens everything belongs to tenant `default`; listening is then limited to loopback at start. */
export const openAuthenticator: Authenticator = {
  authenticate: () => ({ tenant: 'default' }),
}
