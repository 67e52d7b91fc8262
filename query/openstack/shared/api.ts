/** What the APIs of OpenStack's services share: routes at their own paths, the caller's reader, errors in the form of each. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import type { Identity } from '../../../core/model/identity.ts'
import type { FencedReader } from '../../fence/fenced-reader.ts'
import { CHALLENGE, identityOf, READ } from '../../http/auth.ts'
import type { QueryContext } from '../../http/context.ts'
import type { RawQuery } from '../../http/parameters.ts'
import { countedFailure } from '../../http/problem.ts'

/** A question, with what it is asked of. */
export interface OpenStackQuestion {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly query: RawQuery
  readonly reader: FencedReader
  readonly identity: Identity
}

/** Methods of a route. */
export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Adds a route that sends what it answers as JSON, for scope read; tokens limited to accounts see these. */
export type AddRoute = (
  method: HttpMethod | readonly HttpMethod[],
  path: string,
  answer: (asked: OpenStackQuestion) => Promise<unknown>,
) => void

/** An error in the form of an API. */
export interface OpenStackFailure {
  readonly status: number
  readonly body: unknown
}

interface ApiOptions {
  /** The form of an error; undefined: it is not one of this API's own. */
  readonly ownFailure: (error: unknown) => OpenStackFailure | undefined
  readonly failure: (error: WattlineError) => OpenStackFailure
  /** The answer to what has no route below `home`, by its method: these APIs are for reading. */
  readonly unknown: (method: string) => OpenStackFailure
  /** A prefix that is this API's alone. */
  readonly home: string
}

const JSON_TYPE = 'application/json; charset=UTF-8'

const sendFailure = (reply: FastifyReply, { status, body }: OpenStackFailure): FastifyReply =>
  reply.code(status).header('cache-control', 'no-store').type(JSON_TYPE).send(JSON.stringify(body))

/** Routes of an API, at the root and below its home; the first page only there. */
export function openStackApi(app: FastifyInstance, context: QueryContext, options: ApiOptions): AddRoute {
  const refuse = (reply: FastifyReply, error: unknown): FastifyReply => {
    if (reply.raw.destroyed || reply.sent) return reply
    const own = options.ownFailure(error)
    if (own !== undefined) return sendFailure(reply, own)
    const ours = countedFailure(error, context.events)
    if (ours.retryAfterSeconds !== undefined) reply.header('retry-after', String(ours.retryAfterSeconds))
    if (ours.code === 'unauthenticated') reply.header('www-authenticate', CHALLENGE)
    return sendFailure(reply, options.failure(ours))
  }
  app.register(
    async below =>
      below.setNotFoundHandler(async (request, reply) => sendFailure(reply, options.unknown(request.method))),
    { prefix: options.home },
  )
  return (method, path, answer) => {
    for (const prefix of path === '' || path === '/' ? [options.home] : ['', options.home]) {
      app.route({
        method: [method].flat(),
        url: `${prefix}${path}`,
        config: { access: READ, body: 'text' },
        handler: async (request, reply) => {
          reply.header('cache-control', 'no-store')
          try {
            const identity = identityOf(request)
            const query = request.query as RawQuery
            const reader = context.readers(identity, reply)
            const found = await answer({ request, reply, query, reader, identity })
            return reply.type(JSON_TYPE).send(JSON.stringify(found))
          } catch (error) {
            return refuse(reply, error)
          }
        },
        // Requests refused before the handler runs get the error in the form that these clients read.
        errorHandler: (error, _request, reply) => refuse(reply, error),
      })
    }
  }
}
