/**
 * The query server: everything that people and systems ask. Routes live in one folder a group; this file is their
 * lifecycle, and the one place where errors become answers.
 */
import type { RequestListener, Server } from 'node:http'
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { openAccess } from '../core/auth/open-access.ts'
import { ROLES } from '../core/catalogue/config/keys/process.ts'
import { asWattlineError, type ErrorCode, WattlineError } from '../core/catalogue/errors/errors.ts'
import { FIXED_LIMITS } from '../core/catalogue/limits/limits.ts'
import { createWebServer } from '../core/http/web-server.ts'
import { erasureRoutes } from './erasures/routes.ts'
import { factorRoutes } from './factors/routes.ts'
import { createFairness } from './fair/fairness.ts'
import { fencedReaders } from './fence/fenced-reader.ts'
import { CHALLENGE, guardRoutes } from './http/auth.ts'
import type { QueryContext, QueryServerOptions, StatusContext, StatusServerOptions } from './http/context.ts'
import { PROBLEM_TYPE, problemOf } from './http/problem.ts'
import { lagRoutes } from './lag/routes.ts'
import { liveRoutes } from './live/routes.ts'
import { pageRoutes } from './page/routes.ts'
import { quarantineRoutes } from './quarantine/routes.ts'
import { snapshotRoutes } from './snapshots/routes.ts'
import { clickhouseRoutes } from './sql/clickhouse-routes.ts'
import { sqlRoutes } from './sql/routes.ts'
import { createSqlService } from './sql/service.ts'
import { STATEMENT_MAX_BYTES } from './sql/text-limits.ts'
import { createMetrics, type Metrics } from './status/metrics.ts'
import { instanceRoutes, statusRoutes } from './status/routes.ts'
import { traceRoutes } from './traces/routes.ts'
import { usageRoutes } from './usage/routes.ts'

export interface QueryServer {
  /** What is served, `GET /healthz`; HEAD comes with every GET. */
  readonly routes: readonly string[]
  /** Starts to listen; port 0: any free one. @throws WattlineError `address_in_use` */
  listen(host: string, port: number): Promise<{ readonly host: string; readonly port: number }>
  /**
   * Answers from now on where another one has listened, which answers no more but what it is at. For the one that
   * told of a start.
   */
  takeOver(other: QueryServer): Promise<{ readonly host: string; readonly port: number }>
  /** Stops answering and hands its listening server to `takeOver` of another one. */
  release(): BoundServer
  /** Takes no new requests, waits for those in flight, closes connections. */
  stop(): Promise<void>
}

/** Statements with their parameters; nothing larger is ever asked. */
const BODY_MAX_BYTES = 4 * STATEMENT_MAX_BYTES
const HEADER_MAX_BYTES = 16_384
/** How long a connection may stay without a request. */
const KEEP_ALIVE_MS = 72_000
/** Beyond the time that an answer may take to begin: a connection on which nothing moves is closed. */
const IDLE_MS = 90_000
/** How often connections that let us wait for a request are looked for. */
const CHECK_MS = 1_000
/** Running requests get this long to end once the server stops. */
const DRAIN_MS = 5_000

const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const

interface BoundServer {
  readonly server: Server
  readonly host: string
}

export function createQueryServer(options: QueryServerOptions): QueryServer {
  const { warehouse, config } = options
  const fairness = createFairness({
    concurrent: config.limits.sql.concurrent,
    isEmbedded: warehouse.kind === 'embedded',
  })
  const context: QueryContext = {
    ...options,
    ...statusContext(options),
    readers: fencedReaders(warehouse, config.limits.sql, fairness.own),
  }
  const metrics = createMetrics(context)
  const built = createApp(context, config.limits.sql.seconds * 1_000)
  const { app } = built
  const routes = routesOf(app)
  const sql = createSqlService({
    warehouse: context.warehouse,
    limits: context.config.limits.sql,
    events: context.events,
    turns: fairness.sql,
  })
  statusRoutes(app, context, metrics)
  instanceRoutes(app, context)
  sqlRoutes(app, context, sql)
  clickhouseRoutes(app, context, sql)
  usageRoutes(app, context)
  liveRoutes(app, context)
  traceRoutes(app, context)
  quarantineRoutes(app, context)
  lagRoutes(app, context)
  factorRoutes(app, context)
  erasureRoutes(app, context)
  snapshotRoutes(app, context)
  pageRoutes(app, context.page)
  return serverOf(built, routes, metrics)
}

/** For a process that answers no questions: health, readiness and metrics alone. */
export function createStatusServer(options: StatusServerOptions): QueryServer {
  const context = statusContext(options)
  const metrics = createMetrics(context)
  const built = createApp(context)
  const routes = routesOf(built.app)
  statusRoutes(built.app, context, metrics)
  snapshotRoutes(built.app, context)
  return serverOf(built, routes, metrics)
}

const statusContext = (options: StatusServerOptions): StatusContext => ({
  ...options,
  access: options.access ?? openAccess,
  notes: options.notes ?? (() => []),
  roles: options.roles ?? ROLES,
  now: options.now ?? Date.now,
})

function serverOf({ app, handler }: App, routes: readonly string[], metrics: Metrics): QueryServer {
  let bound: BoundServer | null = null
  const address = ({ server, host }: BoundServer, port: number) => {
    const found = server.address()
    return { host, port: typeof found === 'object' && found !== null ? found.port : port }
  }
  return {
    routes,
    async listen(host, port) {
      try {
        await app.listen({ host, port })
      } catch (error) {
        throw asListenError(error, host, port)
      }
      bound = { server: app.server as Server, host }
      return address(bound, port)
    },
    async takeOver(other) {
      await app.ready()
      bound = other.release()
      bound.server.on('request', handler)
      return address(bound, 0)
    },
    release() {
      if (bound === null)
        throw new WattlineError('invariant_broken', 'A server that does not listen has no bound.')
      const released = bound
      bound = null
      metrics.stop()
      released.server.removeAllListeners('request')
      return released
    },
    async stop() {
      if (bound === null) return
      metrics.stop()
      const { server } = bound
      const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
      if (server !== app.server) await closed(server)
      await app.close()
      clearTimeout(cut)
    },
  }
}

/** As the web framework closes a server of its own: who has a request open gets the answer. */
async function closed(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  server.closeIdleConnections()
  await promise
}

/** Fills itself while routes are added. */
function routesOf(app: FastifyInstance): readonly string[] {
  const routes: string[] = []
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) if (one !== 'HEAD') routes.push(`${one} ${url}`)
  })
  return routes
}

/** A server of the web framework, and what it does with a request. */
interface App {
  readonly app: FastifyInstance
  readonly handler: RequestListener
}

/** `answerMs`: how long an answer may take to begin. */
function createApp(context: StatusContext, answerMs = 0): App {
  let listener: RequestListener = () => undefined
  const app = fastify({
    logger: false,
    bodyLimit: BODY_MAX_BYTES,
    forceCloseConnections: 'idle',
    // @clickhouse/client asks /clickhouse//ping.
    routerOptions: { ignoreDuplicateSlashes: true },
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
      // Neither end has said anything: whoever reads an answer, or waits for one, is not meant.
      server.timeout = answerMs + IDLE_MS
      return server.on('request', handler)
    },
  })
  readBodies(app)
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
    // Nobody is there to be answered, and a question that was given up is no failure.
    if (reply.raw.destroyed) return reply
    const failure = asRouteError(error)
    if (failure.status >= 500) context.events.emit('requestFailed', { code: failure.code }, error)
    return sendProblem(reply, request, failure)
  })
  return { app, handler: listener }
}

const nothingAt = (path: string): WattlineError =>
  new WattlineError('not_found', `There is nothing at ${path}.`)
const starting = (): WattlineError =>
  new WattlineError('starting', 'This instance is starting.', { retryAfterSeconds: 1 })

type Decoder = (body: Buffer, options: { readonly maxOutputLength: number }) => Buffer

/** None gives out more than it is allowed to, however small the body. */
const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
}

/** ClickHouse clients send the statement under any media type, some of them compressed. */
function readBodies(app: FastifyInstance): void {
  const plain = (request: FastifyRequest, body: Buffer): Buffer => {
    const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
    if (encoding === 'identity' || encoding === '') return body
    const decode = DECODERS[encoding]
    if (decode === undefined) {
      throw new WattlineError(
        'media_type_unsupported',
        `Content-Encoding ${encoding.slice(0, 100)} is not taken. Use ${Object.keys(DECODERS).join(', ')}, or none.`,
      )
    }
    try {
      return decode(body, { maxOutputLength: BODY_MAX_BYTES })
    } catch (error) {
      throw new WattlineError(
        'body_undecodable',
        `The body is not ${encoding}, or longer than ${BODY_MAX_BYTES} bytes without it.`,
        { cause: error },
      )
    }
  }
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) => {
    const text = plain(request, body).toString('utf8')
    if (!request.url.startsWith('/api/')) return text
    try {
      return JSON.parse(text) as unknown
    } catch (error) {
      throw new WattlineError('parameter_invalid', 'The body is not JSON.', { cause: error })
    }
  })
}

const pathOf = (request: FastifyRequest): string => request.url.split('?')[0]!.slice(0, 200)

function sendProblem(reply: FastifyReply, request: FastifyRequest, error: WattlineError): FastifyReply {
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds))
  if (error.code === 'unauthenticated') reply.header('www-authenticate', CHALLENGE)
  return reply
    .code(error.status)
    .header('cache-control', 'no-store')
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(problemOf(error, pathOf(request))))
}

/** The one table from the web framework's statuses to our codes. */
const STATUS_CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'parameter_invalid',
  404: 'not_found',
  413: 'body_too_large',
  414: 'parameter_invalid',
  415: 'media_type_unsupported',
}

function asRouteError(error: unknown): WattlineError {
  if (error instanceof WattlineError) return error
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
  return asWattlineError(error, STATUS_CODES[status] ?? 'invariant_broken')
}

function asListenError(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== 'EADDRINUSE' && code !== 'EACCES') return error
  return new WattlineError('address_in_use', `${host}:${port} cannot be listened on (${code}).`, {
    cause: error,
  })
}
