import type { IncomingHttpHeaders } from 'node:http'
import type { Identity, Scope } from '../model/identity.ts'

/** Headers of a request from any endpoint. For gRPC they are the metadata. */
export interface RequestHead {
  readonly method?: string | undefined
  readonly headers: IncomingHttpHeaders
}

/**
 * Authenticates and authorizes callers. Every endpoint asks before it reads a body. There are two implementations: for
 * a loopback instance without tokens (open-access.ts) and for one with a tokens file (token-access.ts).
 */
export interface Access {
  /** Whether callers need a token. */
  readonly needsToken: boolean
  /**
   * Called first for every request, open routes included.
   * @param isAllowedOrigin whether pages of this other origin may send here; if absent, none may
   * @throws WattlineError `host_refused`, `origin_refused`
   */
  admit(request: RequestHead, isAllowedOrigin?: (origin: string) => boolean): void
  /** Identifies the caller and checks the scope. @throws WattlineError `unauthenticated`, `forbidden` */
  authenticate(headers: IncomingHttpHeaders, scope: Scope): Identity
  /**
   * Whether an accepted caller would still be accepted: tokens are revoked and expire while requests run. Counts
   * nothing.
   */
  stillHolds(headers: IncomingHttpHeaders, scope: Scope): boolean
}

/** If a body takes longer than this to arrive, its token is checked again: it may have been revoked meanwhile. */
const ARRIVED_AT_ONCE_MS = 1_000

/**
 * Checks the sender again when the last byte of the body has arrived.
 * @returns a function that throws `unauthenticated` or `forbidden` when the token is no longer valid
 */
export function holdsToTheEnd(access: Access, headers: IncomingHttpHeaders, scope: Scope): () => void {
  const letInMs = performance.now()
  return () => {
    if (performance.now() - letInMs > ARRIVED_AT_ONCE_MS) access.authenticate(headers, scope)
  }
}

/** Why a caller was refused: label of the `accessRefused` counter. */
export type RefusalReason =
  | 'missing'
  | 'malformed'
  | 'unknown'
  | 'expired'
  | 'scope'
  | 'host'
  | 'origin'
  | 'tls'
