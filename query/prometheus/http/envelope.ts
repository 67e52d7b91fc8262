/** Errors in the form and with the status of Prometheus' HTTP API. */
import type { FastifyReply } from 'fastify'
import { asWattlineError, type ErrorCode } from '../../../core/catalogue/errors/errors.ts'
import { CHALLENGE } from '../../http/auth.ts'
import { asRouteError } from '../../http/problem.ts'
import { EvaluationError } from '../pool/evaluation-error.ts'
import type { FailureKind } from '../wire/messages.ts'

/** Media type of every answer but texts. */
export const JSON_TYPE = 'application/json'

interface Failure {
  readonly status: number
  readonly errorType: string
  readonly error: string
  readonly retryAfterSeconds?: number
}

const OF_KINDS: Readonly<Record<FailureKind, readonly [status: number, errorType: string]>> = {
  bad_data: [400, 'bad_data'],
  execution: [422, 'execution'],
  limit: [422, 'execution'],
  timeout: [503, 'timeout'],
  canceled: [499, 'canceled'],
  not_found: [404, 'not_found'],
  read: [500, 'internal'],
  internal: [500, 'internal'],
}

/** Types of errors that are not of an evaluation; all others are internal. */
const OF_CODES: Partial<Readonly<Record<ErrorCode, string>>> = {
  sql_limit: 'execution',
  parameter_invalid: 'bad_data',
  body_undecodable: 'bad_data',
  body_too_large: 'bad_data',
  media_type_unsupported: 'bad_data',
  not_found: 'not_found',
  too_many_queries: 'unavailable',
  unauthenticated: 'unauthorized',
  forbidden: 'forbidden',
}

function failureOf(error: unknown): Failure {
  if (error instanceof EvaluationError && error.kind !== 'internal') {
    const [status, errorType] = OF_KINDS[error.kind]
    return { status, errorType, error: error.message }
  }
  const ours = asWattlineError(asRouteError(error), 'invariant_broken')
  const { retryAfterSeconds } = ours
  return {
    status: ours.status,
    errorType: OF_CODES[ours.code] ?? 'internal',
    error: `${ours.message} ${ours.remedy}`,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  }
}

/** Answers with an error. `onDefect` is told of errors that are ours. */
export function sendFailure(reply: FastifyReply, thrown: unknown, onDefect: (error: unknown) => void): void {
  if (reply.sent || reply.raw.destroyed) return
  const { status, errorType, error, retryAfterSeconds } = failureOf(thrown)
  if (status === 500) onDefect(thrown)
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds))
  if (status === 401) reply.header('www-authenticate', CHALLENGE)
  reply
    .code(status)
    .removeHeader('content-encoding')
    .header('cache-control', 'no-store')
    .type(JSON_TYPE)
    .send(JSON.stringify({ status: 'error', errorType, error }))
}

/** A small successful answer. */
export const successText = (data: unknown): string => JSON.stringify({ status: 'success', data })
