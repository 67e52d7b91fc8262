/**
 * The Prometheus HTTP API, below `/prometheus` and, except for what is taken there (`/api/v1/rules`, `/api/v1/alerts`),
 * at the root as well.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { acceptedCoding } from '../codings/content-codings.ts'
import { disconnectSignal } from '../fence/client-disconnect.ts'
import { identityOf, OPEN, READ } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import { readerLimits } from '../http/slow-reader.ts'
import { sendChunks } from '../http/stream-answer.ts'
import { JSON_TYPE, sendFailure } from './http/envelope.ts'
import { durationOf, invalidParameter, type Parameters, parametersOf } from './http/parameters.ts'
import {
  type Defaults,
  exemplarsQuestion,
  federateQuestion,
  instantQuestion,
  labelsQuestion,
  metadataQuestion,
  rangeQuestion,
  seriesQuestion,
  valuesQuestion,
} from './http/questions.ts'
import { ruleRoutes } from './rules/routes.ts'
import type { PromqlService } from './service.ts'
import { prometheusStatusRoutes } from './status/routes.ts'
import type { Question } from './wire/messages.ts'

/** Where Prometheus' own paths begin. */
const PREFIXES = ['', '/prometheus'] as const

type Make = (parameters: Parameters, defaults: Defaults, request: FastifyRequest) => Question

interface Route {
  readonly path: string
  readonly methods: ('GET' | 'POST')[]
  readonly make: Make
  /** Media type of the answer. */
  readonly type?: string
}

const BOTH: Route['methods'] = ['GET', 'POST']
const EXPOSITION = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores'

const ROUTES: readonly Route[] = [
  { path: '/api/v1/query', methods: BOTH, make: instantQuestion },
  { path: '/api/v1/query_range', methods: BOTH, make: rangeQuestion },
  { path: '/api/v1/query_exemplars', methods: BOTH, make: exemplarsQuestion },
  { path: '/api/v1/series', methods: BOTH, make: seriesQuestion },
  { path: '/api/v1/labels', methods: BOTH, make: labelsQuestion },
  {
    path: '/api/v1/label/:name/values',
    methods: ['GET'],
    make: (parameters, defaults, request) =>
      valuesQuestion((request.params as { readonly name: string }).name, parameters, defaults),
  },
  { path: '/api/v1/metadata', methods: ['GET'], make: metadataQuestion },
  { path: '/api/v1/format_query', methods: BOTH, make: of('format') },
  { path: '/api/v1/parse_query', methods: BOTH, make: of('parse') },
  { path: '/federate', methods: ['GET'], make: federateQuestion, type: EXPOSITION },
]

function of(kind: 'format' | 'parse'): Make {
  return parameters => ({ kind, text: parameters.text('query') })
}

/** Serves them with scope read. Tokens limited to accounts see the ledger's series of these. */
export function prometheusRoutes(app: FastifyInstance, context: QueryContext, service: PromqlService): void {
  for (const prefix of PREFIXES) {
    for (const route of ROUTES) {
      app.route({
        method: route.methods,
        url: `${prefix}${route.path}`,
        config: { access: READ, body: 'text' },
        handler: (request, reply) => answer(context, service, route, request, reply),
        errorHandler: (error, _request, reply) => fail(context, reply, error),
      })
    }
    prometheusStatusRoutes(app, context, prefix)
    for (const path of ['/-/healthy', '/-/ready']) {
      const text = path === '/-/healthy' ? 'Healthy' : 'Ready'
      app.get(`${prefix}${path}`, { config: { access: OPEN } }, async (_request, reply) =>
        reply.type('text/plain; charset=utf-8').send(`Prometheus Server is ${text}.\n`),
      )
    }
  }
  ruleRoutes(app, context, '/prometheus')
}

async function answer(
  context: QueryContext,
  service: PromqlService,
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  try {
    const { limits } = context.config
    const form = typeof request.body === 'string' ? request.body : undefined
    const parameters = parametersOf(request.url, form)
    const defaults = { nowMs: context.now(), lookbackMs: limits.promql.lookback * 1000 }
    const identity = identityOf(request)
    const question = route.make(parameters, defaults, request)
    const timeoutMs = timeoutOf(parameters, limits.promql.seconds * 1000)
    await service.run({ question, identity, timeoutMs, signal: disconnectSignal(reply) }, async body => {
      reply.header('cache-control', 'no-store').type(route.type ?? JSON_TYPE)
      await sendChunks(reply, body, {
        coding: acceptedCoding(request.headers['accept-encoding']),
        // An answer that breaks off is not JSON: the connection is cut.
        onLate: () => new Uint8Array(),
        reader: readerLimits(limits.promql, reason =>
          context.events.emit('answerCut', { reason, tenant: identity.tenant }),
        ),
      })
    })
  } catch (error) {
    fail(context, reply, error)
  }
  return reply
}

function fail(context: QueryContext, reply: FastifyReply, error: unknown): void {
  sendFailure(reply, error, defect =>
    context.events.emit('requestFailed', { code: 'invariant_broken' }, defect),
  )
}

function timeoutOf(parameters: Parameters, longestMs: number): number {
  const asked = durationOf(parameters, 'timeout', longestMs)
  if (asked <= 0) throw invalidParameter('timeout', 'timeout must be greater than 0')
  return Math.min(asked, longestMs)
}
