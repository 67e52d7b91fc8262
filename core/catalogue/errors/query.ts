import { type ErrorDeclaration, entry } from './declaration.ts'

/** Queries. */
export const QUERY_ERRORS = {
  sql_refused: entry('reject', 400, 'Use one SELECT over the tables of database `wattline`.'),
  sql_failed: entry('reject', 400, 'Correct the statement. The message of the engine says where it failed.'),
  sql_limit: entry('reject', 422, 'Narrow the time range or aggregate. The limits are under `limits.sql`.'),
  sql_cancelled: entry('reject', 409, 'Send the statement again if it was stopped by mistake.'),
  session_missing: entry('reject', 404, 'Leave session_check out to begin the session.'),
  too_many_queries: entry(
    'retry',
    429,
    'Wait until running queries have ended. The limit is `limits.sql.concurrent`.',
  ),
  parameter_invalid: entry('reject', 400, 'See docs/api.md for the values of this parameter.'),
  closing_refused: entry(
    'reject',
    409,
    'The message says what is missing. `wattline lag` shows how far the processors are.',
  ),
  not_found: entry('reject', 404, 'Check the address and the identifier.'),
} as const satisfies Record<string, ErrorDeclaration>
