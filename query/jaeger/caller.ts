/** Whose traces a call may see. */
import type { Access } from '../../core/auth/access.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { GrpcCaller } from '../../core/grpc/server.ts'

/** A caller that was let in. */
export interface JaegerCaller {
  readonly tenant: string
  /** Whether it would still be let in. */
  readonly stillHolds: () => boolean
}

/** Jaeger's query service passes on the token of its own caller in this header. */
const PASSED_ON = 'bearer.token'

/**
 * The token of whoever asks Jaeger, if Jaeger passes it on; otherwise the one of Jaeger itself. Needs scope read for the whole
 * tenant.
 * @throws WattlineError `unauthenticated`, `forbidden`
 */
export function jaegerCaller(access: Access, { headers }: GrpcCaller): JaegerCaller {
  const passedOn = headers[PASSED_ON]
  const credential = typeof passedOn === 'string' ? { authorization: `Bearer ${passedOn}` } : headers
  const { tenant, accounts } = access.authenticate(credential, 'read')
  if (accounts !== null) {
    throw new WattlineError(
      'forbidden',
      'This token is limited to accounts: it may read usage and the ledger only.',
    )
  }
  return { tenant, stillHolds: () => access.stillHolds(credential, 'read') }
}
