/** Whose policies a call of KEDA may see. */
import type { Http2Session, IncomingHttpHeaders } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { Access } from '../../../core/auth/access.ts'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import type { GrpcCaller } from '../../../core/grpc/server.ts'
import { peerNames } from '../peer-names.ts'
import type { NamespaceTenants } from '../tenants.ts'
import type { ScaledObjectRef } from './messages.ts'

/** A caller that was let in. */
export interface KedaCaller {
  readonly tenant: string
  /** What stands for the credential: callers with the same one are let in or refused together. */
  readonly key: string
  /** Whether it would still be let in: tokens are revoked while streams are open. */
  readonly stillHolds: () => boolean
}

/** Where tenants come from. */
export interface KedaTenantOptions {
  readonly access: Access
  /** Names of client certificates whose callers are believed about namespaces. */
  readonly clientNames: readonly string[]
  readonly tenantOf: NamespaceTenants
}

/**
 * A token decides: in the metadata of the trigger, as `token`, or as `tokenFromEnv`, which KEDA replaces by the value of the
 * variable; or in header `authorization`. Without one, a client certificate of a configured name decides by the namespace of
 * the ScaledObject.
 */
export function kedaTenants({ access, clientNames, tenantOf }: KedaTenantOptions) {
  const trusted = new WeakMap<Http2Session, boolean>()
  const isTrusted = (session: Http2Session | undefined): boolean => {
    if (session === undefined || clientNames.length === 0) return false
    const known = trusted.get(session)
    if (known !== undefined) return known
    const names = peerNames(session.socket as TLSSocket)
    const found = names.some(name => clientNames.includes(name))
    trusted.set(session, found)
    return found
  }
  return ({ metadata, namespace }: ScaledObjectRef, { headers, session }: GrpcCaller): KedaCaller => {
    const token = metadata.get('token') ?? metadata.get('tokenFromEnv')
    if (token === undefined && headers.authorization === undefined && isTrusted(session)) {
      return { tenant: tenantOf(namespace), key: '', stillHolds: () => true }
    }
    const credential: IncomingHttpHeaders =
      token === undefined ? headers : { authorization: `Bearer ${token}` }
    const { tenant, accounts } = access.authenticate(credential, 'read')
    if (accounts !== null) {
      throw new WattlineError(
        'forbidden',
        'This token is limited to accounts, and policies belong to no account.',
      )
    }
    return {
      tenant,
      key: credential.authorization ?? '',
      stillHolds: () => access.stillHolds(credential, 'read'),
    }
  }
}
