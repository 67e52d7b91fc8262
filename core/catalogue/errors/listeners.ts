import { type ErrorDeclaration, entry } from './declaration.ts'

/** Who is let in, and from where. */
export const ACCESS_ERRORS = {
  unauthenticated: entry(
    'reject',
    401,
    'Send a valid token: `Authorization: Bearer <token>`; commands take it from WATTLINE_TOKEN or --token.',
  ),
  forbidden: entry('reject', 403, 'Use a token that may: docs/auth.md lists what opens which route.'),
  origin_refused: entry(
    'reject',
    403,
    'Pages of another origin may send OTLP where `listen.cors_origins` names it, and nothing else.',
  ),
  host_refused: entry(
    'reject',
    403,
    'Ask as 127.0.0.1 or localhost, or let callers in by token: `auth.tokens_file`.',
  ),
} as const satisfies Record<string, ErrorDeclaration>
