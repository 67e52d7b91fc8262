import { type ErrorDeclaration, entry } from './declaration.ts'

/** Questions. */
export const QUERY_ERRORS = {
  sql_refused: entry('reject', 400, 'Use one SELECT over the tables of database `wattline`.'),
  sql_failed: entry('reject', 400, 'Correct the statement; the engine says where it failed.'),
  sql_limit: entry('reject', 422, 'Narrow the time range or aggregate; limits are under `limits.sql`.'),
  too_many_queries: entry(
    'retry',
    429,
    'Wait for running queries to end; the limit is `limits.sql.concurrent`.',
  ),
  parameter_invalid: entry('reject', 400, 'See the API page for the values this parameter takes.'),
  not_found: entry('reject', 404, 'Check the address and the identifier.'),
} as const satisfies Record<string, ErrorDeclaration>
