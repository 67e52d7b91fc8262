import type { IncomingHttpHeaders } from 'node:http'
import type { Identity, Scope } from '../model/identity.ts'

/** Head of a request, as every endpoint has it: HTTP, and gRPC, whose metadata are headers. */
export interface RequestHead {
  readonly method?: string | undefined
  readonly headers: IncomingHttpHeaders
}

/**
 * Who may do what. Every endpoint asks before it reads a body. There are two: of a loopback instance without tokens
 * (open-access.ts) and of one with a tokens file (token-access.ts).
 */
export interface Access {
  /** Whether callers need a token. */
  readonly needsToken: boolean
  /**
   * Every request, open routes included, comes by here first.
   * @param isAllowedOrigin whether pages of another origin may send here; none may when absent
   * @throws WattlineError `host_refused`, `origin_refused`
   */
  admit(request: RequestHead, isAllowedOrigin?: (origin: string) => boolean): void
  /** The caller, who has the scope. @throws WattlineError `unauthenticated`, `forbidden` */
  authenticate(headers: IncomingHttpHeaders, scope: Scope): Identity
  /** Whether a caller who was let in would still be: tokens are revoked and expire while requests run. Counts nothing. */
  stillHolds(headers: IncomingHttpHeaders, scope: Scope): boolean
}

/** A body that took longer to arrive is let in by its token once more: it may have been revoked meanwhile. */
const ARRIVED_AT_ONCE_MS = 1_000

/**
 * Who sends the body of a request, as the token says when its last byte is here.
 * @returns what throws `unauthenticated` or `forbidden` when the token does not hold any more
 */
export function holdsToTheEnd(access: Access, headers: IncomingHttpHeaders, scope: Scope): () => void {
  const letInMs = performance.now()
  return () => {
    if (performance.now() - letInMs > ARRIVED_AT_ONCE_MS) access.authenticate(headers, scope)
  }
}

/** Why somebody was turned away: label of the `accessRefused` counter. */
export type RefusalReason =
  | 'missing'
  | 'malformed'
  | 'unknown'
  | 'expired'
  | 'scope'
  | 'host'
  | 'origin'
  | 'tls'
