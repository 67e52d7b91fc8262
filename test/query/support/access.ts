import type { Access } from '../../../core/auth/access.ts'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import type { Identity } from '../../../core/model/identity.ts'

/** Every client has the identity and scopes that the test sets. */
export const accessAs = (who: () => Identity): Access => ({
  needsToken: true,
  admit: () => {},
  authenticate: (_headers, scope) => {
    const identity = who()
    if (identity.scopes.includes(scope)) return identity
    throw new WattlineError('forbidden', `This needs scope ${scope}.`)
  },
  stillHolds: (_headers, scope) => who().scopes.includes(scope),
})
