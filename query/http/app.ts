import type { RequestListener } from 'node:http'
import fastify, { type FastifyInstance } from 'fastify'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { FIXED_LIMITS } from '../../core/catalogue/limits/limits.ts'
import { createWebServer } from '../../core/http/web-server.ts'
import { guardRoutes } from './auth.ts'
import { readBodies } from './bodies.ts'
import type { StatusContext } from './context.ts'
import { countedFailure, pathOf, sendProblem } from './problem.ts'

const HEADER_MAX_BYTES = 16_384
/** How long a connection may stay open without a request. */
const KEEP_ALIVE_MS = 72_000
/** In addition to the time that an answer may take to begin: an idle connection is closed. */
const IDLE_MS = 90_000
/** Interval between two checks for connections that do not complete a request. */
const CHECK_MS = 1_000

const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const

/** A server of the web framework, and its request handler. */
export interface App {
  readonly app: FastifyInstance
  readonly handler: RequestListener
}

/** `bodyBytes`: largest body. `answerMs`: how long an answer may take to begin. */
export function createApp(
  context: StatusContext,
  { bodyBytes, answerMs = 0 }: { readonly bodyBytes: number; readonly answerMs?: number },
): App {
  let listener: RequestListener = () => undefined
  const app = fastify({
    logger: false,
    bodyLimit: bodyBytes,
    forceCloseConnections: 'idle',
    // @clickhouse/client requests /clickhouse//ping.
    routerOptions: { ignoreDuplicateSlashes: true },
    // No route has a schema. The framework's compilers of schemas are a tenth of all modules that a process loads.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    serverFactory: handler => {
      listener = handler
      const server = createWebServer(
        {
          maxHeaderSize: HEADER_MAX_BYTES,
          keepAliveTimeout: KEEP_ALIVE_MS,
          headersTimeout: FIXED_LIMITS.headersMs,
          requestTimeout: FIXED_LIMITS.questionMs,
          connectionsCheckingInterval: CHECK_MS,
        },
        context,
      )
      server.maxConnections = FIXED_LIMITS.connections
      // Closes connections on which neither end sends anything. Clients that read or wait for an answer are not
      // affected.
      server.timeout = answerMs + IDLE_MS
      return server.on('request', handler)
    },
  })
  readBodies(app, bodyBytes)
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(SECURITY_HEADERS)
  })
  guardRoutes(app, context.access, {
    onRevoked: () => context.events.emit('answerCut', { reason: 'revoked' }),
  })
  app.setNotFoundHandler(async (request, reply) =>
    sendProblem(reply, request, context.isStarting === true ? starting() : nothingAt(pathOf(request))),
  )
  app.setErrorHandler(async (error, request, reply) => {
    // The client has disconnected: no one would receive the answer, and a cancelled query is not a failure.
    if (reply.raw.destroyed) return reply
    return sendProblem(reply, request, countedFailure(error, context.events))
  })
  return { app, handler: listener }
}

function noSchemas(): never {
  throw new WattlineError(
    'invariant_broken',
    'Routes have no schemas: they read their parameters themselves.',
  )
}

const nothingAt = (path: string): WattlineError =>
  new WattlineError('not_found', `There is nothing at ${path}.`)
const starting = (): WattlineError =>
  new WattlineError('starting', 'This instance is starting.', { retryAfterSeconds: 1 })

/** Is filled while routes are added. */
export function routesOf(app: FastifyInstance): readonly string[] {
  const routes: string[] = []
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) if (one !== 'HEAD') routes.push(`${one} ${url}`)
  })
  return routes
}
