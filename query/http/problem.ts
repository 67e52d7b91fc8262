import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Problem } from '../../core/api/answers.ts'
import { asWattlineError, type ErrorCode, WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import { CHALLENGE } from './auth.ts'

/** Media type of errors on JSON routes (RFC 9457). */
export const PROBLEM_TYPE = 'application/problem+json'

/** The error in the form for JSON routes. `instance`: the requested path. */
export function problemOf(error: WattlineError, instance: string): Problem {
  return {
    type: 'about:blank',
    title: error.code.replaceAll('_', ' '),
    status: error.status,
    code: error.code,
    detail: error.message,
    remedy: error.remedy,
    instance,
  }
}

/** The requested path, limited to the length that an answer may repeat. */
export const pathOf = (request: FastifyRequest): string => request.url.split('?')[0]!.slice(0, 200)

/** Answers with an error, as JSON. */
export function sendProblem(
  reply: FastifyReply,
  request: FastifyRequest,
  error: WattlineError,
): FastifyReply {
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds))
  if (error.code === 'unauthenticated') reply.header('www-authenticate', CHALLENGE)
  return reply
    .code(error.status)
    .header('cache-control', 'no-store')
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(problemOf(error, pathOf(request))))
}

/** The only table from the web framework's statuses to our codes. */
const STATUS_CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'parameter_invalid',
  404: 'not_found',
  413: 'body_too_large',
  414: 'parameter_invalid',
  415: 'media_type_unsupported',
}

/** Converts anything that a route or the web framework throws to an error of the catalogue. */
export function asRouteError(error: unknown): WattlineError {
  if (error instanceof WattlineError) return error
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
  return asWattlineError(error, STATUS_CODES[status] ?? 'invariant_broken')
}

/** The error that answers a request; one that is not the client's is counted, with its cause. */
export function countedFailure(error: unknown, events: Pick<Events, 'emit'>): WattlineError {
  const failure = asRouteError(error)
  if (failure.status >= 500) events.emit('requestFailed', { code: failure.code }, error)
  return failure
}
