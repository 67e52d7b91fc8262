import { type ErrorDeclaration, entry } from './declaration.ts'

/** Authentication and allowed origins. */
export const ACCESS_ERRORS = {
  unauthenticated: entry(
    'reject',
    401,
    'Send a valid token as `Authorization: Bearer <token>`; commands read it from WATTLINE_TOKEN or --token.',
  ),
  forbidden: entry(
    'reject',
    403,
    'Use a token with the required scope. See docs/auth.md for the scope that each route needs.',
  ),
  origin_refused: entry(
    'reject',
    403,
    'Add the origin to `listen.cors_origins`. Pages of other origins can only send OTLP.',
  ),
  host_refused: entry(
    'reject',
    403,
    'Use 127.0.0.1 or localhost as the host, or configure `auth.tokens_file`.',
  ),
} as const satisfies Record<string, ErrorDeclaration>
