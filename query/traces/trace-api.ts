/** What the query APIs of Jaeger and Tempo share: a route with its reader, errors in the form of the API, answers in chunks. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { acceptedCoding } from '../codings/content-codings.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'
import { identityOf, READ_TENANT } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import type { RawQuery } from '../http/parameters.ts'
import { countedFailure } from '../http/problem.ts'
import { readerLimits } from '../http/slow-reader.ts'
import { sendChunks } from '../http/stream-answer.ts'

/** A question, with what it is asked of. */
export interface TraceQuestion {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly query: RawQuery
  readonly reader: FencedReader
  readonly tenant: string
}

/** Adds a route for scope read of the whole tenant. */
export type AddTraceRoute = (path: string, answer: (asked: TraceQuestion) => Promise<unknown>) => void

/** Routes under a prefix. `bodyOf`: type and body of an error, as clients of the API read it. */
export function traceApi(
  app: FastifyInstance,
  context: QueryContext,
  prefix: string,
  bodyOf: (failure: WattlineError) => readonly [type: string, body: string],
): AddTraceRoute {
  const refuse = (reply: FastifyReply, error: unknown): FastifyReply => {
    if (reply.raw.destroyed || reply.sent) throw error
    const failure = countedFailure(error, context.events)
    if (failure.retryAfterSeconds !== undefined)
      reply.header('retry-after', String(failure.retryAfterSeconds))
    const [type, body] = bodyOf(failure)
    return reply.code(failure.status).type(type).send(body)
  }
  return (path, answer) => {
    app.get(`${prefix}${path}`, { config: { access: READ_TENANT } }, async (request, reply) => {
      const identity = identityOf(request)
      const query = request.query as RawQuery
      reply.header('cache-control', 'no-store')
      try {
        const reader = context.readers(identity, reply)
        return await answer({ request, reply, query, reader, tenant: identity.tenant })
      } catch (error) {
        return refuse(reply, error)
      }
    })
  }
}

/** Sends an answer in chunks; headers are set before. */
export async function sendTraces(
  { config, events }: QueryContext,
  { reply, request, tenant }: TraceQuestion,
  chunks: AsyncIterable<Uint8Array>,
): Promise<FastifyReply> {
  await sendChunks(reply, chunks, {
    coding: acceptedCoding(String(request.headers['accept-encoding'] ?? '')),
    onLate: () => new Uint8Array(),
    reader: readerLimits(config.limits.sql, reason => events.emit('answerCut', { reason, tenant })),
  })
  return reply
}
