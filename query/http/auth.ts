/**
 * Authorization. Every route declares what it needs (`config: { access }`), and cannot be served without it. The server
 * checks it before a body is read, so no handler can forget to.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Access } from '../../core/auth/access.ts'
import { credentialOf } from '../../core/auth/credential.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { type Identity, OPERATOR_TENANT, type Scope } from '../../core/model/identity.ts'

/** What a route requires of its caller. */
type RouteAccess = 'open' | Needed

interface Needed {
  readonly scope: Scope
  /** Tokens limited to accounts are not enough, since the data has no accounts. */
  readonly wholeTenant: boolean
  /** The answer concerns all tenants: only for the operator's tenant. */
  readonly operator?: true
}

/** No data of any tenant: the page, liveness. */
export const OPEN: RouteAccess = 'open'
/** Scope read; tokens limited to accounts are enough. */
export const READ: RouteAccess = { scope: 'read', wholeTenant: false }
/** Scope read for the whole tenant: the data has no accounts. */
export const READ_TENANT: RouteAccess = { scope: 'read', wholeTenant: true }
/** Scope admin for the whole tenant. */
export const ADMIN_TENANT: RouteAccess = { scope: 'admin', wholeTenant: true }
/** Scope read of the operator's tenant: the answer concerns all tenants. */
export const READ_INSTANCE: RouteAccess = { scope: 'read', wholeTenant: true, operator: true }
/** Scope admin of the operator's tenant. */
export const ADMIN_INSTANCE: RouteAccess = { scope: 'admin', wholeTenant: true, operator: true }

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: RouteAccess
  }
}

/** Not Basic, although Basic is accepted: browsers would open their own dialog and resend the credential everywhere. */
export const CHALLENGE = 'Bearer realm="wattline"'

const identities = new WeakMap<FastifyRequest, Identity>()

/** How often running requests are checked for revoked tokens. */
const RECHECK_MS = 1_000

/**
 * Call it before the first route is added. `onRevoked` is called for each request that ends because its token was
 * revoked.
 */
export function guardRoutes(
  app: FastifyInstance,
  access: Access,
  { onRevoked, recheckMs = RECHECK_MS }: { readonly onRevoked: () => void; readonly recheckMs?: number },
): void {
  const running = new Set<AuthenticatedRequest>()
  const timer = setInterval(() => {
    for (const one of running) {
      if (access.stillHolds(one.request.headers, one.scope)) continue
      running.delete(one)
      onRevoked()
      one.reply.raw.destroy()
    }
  }, recheckMs).unref()
  app.addHook('onClose', async () => clearInterval(timer))
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.access !== undefined) return
    throw new WattlineError('invariant_broken', `Route ${method} ${url} does not declare its access.`)
  })
  app.addHook('onRequest', async (request, reply) => {
    access.admit(request)
    const needed = request.routeOptions.config.access ?? 'open'
    if (needed === 'open') return
    identities.set(request, authorize(access, request, needed))
    if (!access.needsToken) return
    const one = { request, reply, scope: needed.scope }
    running.add(one)
    reply.raw.once('close', () => running.delete(one))
  })
}

/** An authenticated request, from its headers to the end of its answer. */
interface AuthenticatedRequest {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly scope: Scope
}

function authorize(access: Access, request: FastifyRequest, needed: Needed): Identity {
  const identity = access.authenticate(request.headers, needed.scope)
  if (needed.wholeTenant) assertWholeTenant(identity)
  if (needed.operator === true && identity.tenant !== OPERATOR_TENANT) {
    throw new WattlineError(
      'forbidden',
      `This route concerns all tenants: it needs a token of tenant ${OPERATOR_TENANT}.`,
    )
  }
  return identity
}

/** Telemetry has no accounts, so a token limited to some accounts must not reach it. */
function assertWholeTenant(identity: Identity): void {
  if (identity.accounts === null) return
  throw new WattlineError(
    'forbidden',
    'This token is limited to accounts: it may read usage and the ledger only.',
  )
}

/** The caller, on a route that is not open. */
export function identityOf(request: FastifyRequest): Identity {
  const identity = identities.get(request)
  if (identity === undefined)
    throw new WattlineError('invariant_broken', 'This route is open: its requests have no identity.')
  return identity
}

/** Whether a request to an open route carries a token of the operator's tenant with scope read. */
export function isOperator(access: Access, request: FastifyRequest): boolean {
  // Probes without a token arrive every few seconds. They are not refused, so they are not counted as refused.
  if (access.needsToken && credentialOf(request.headers) === undefined) return false
  try {
    authorize(access, request, { scope: 'read', wholeTenant: true, operator: true })
    return true
  } catch (error) {
    if (error instanceof WattlineError) return false
    throw error
  }
}
