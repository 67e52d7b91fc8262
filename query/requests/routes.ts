/** `GET /api/v1/requests`: energy, carbon and cost of requests, grouped. */
import type { FastifyInstance } from 'fastify'
import type { RequestsAnswer } from '../../core/api/answers.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'
import { identityOf, READ } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import type { RawQuery } from '../http/parameters.ts'
import { buildRequestsAnswer } from './answer.ts'
import { parseRequestsQuestion, type RequestsQuestion } from './request.ts'
import { type RequestSums, requestsStatement } from './statement.ts'

/** Sums that one answer reads: of more groups there is no total. */
const SUMS_MAX = 50_000

/** Needs scope read; a token limited to accounts sees theirs. */
export function requestRoutes(app: FastifyInstance, context: QueryContext): void {
  app.get(
    '/api/v1/requests',
    { config: { access: READ } },
    async (request, reply): Promise<RequestsAnswer> => {
      const identity = identityOf(request)
      const question = parseRequestsQuestion(request.query as RawQuery, identity, context.now() / 1000)
      reply.header('cache-control', 'no-store')
      return await answerRequests(context.readers(identity, reply), question)
    },
  )
}

/** @throws WattlineError `sql_limit` when there are too many groups */
export async function answerRequests(
  reader: FencedReader,
  question: RequestsQuestion,
): Promise<RequestsAnswer> {
  const { text, params } = requestsStatement(question, SUMS_MAX + 1)
  const sums = await reader.query<RequestSums>(text, params)
  if (sums.length > SUMS_MAX) {
    throw new WattlineError(
      'sql_limit',
      `The question has more than ${SUMS_MAX} groups: shorten the window, or filter.`,
    )
  }
  return buildRequestsAnswer(question, sums)
}
