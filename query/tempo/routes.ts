/** Tempo's query API at `/tempo/api/...`, for Grafana's Tempo data source. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'
import { identityOf, READ_TENANT } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import { type RawQuery, single } from '../http/parameters.ts'
import { asRouteError } from '../http/problem.ts'
import { readerLimits } from '../http/slow-reader.ts'
import { sendChunks } from '../http/stream-answer.ts'
import { type TempoVersion, traceJson, traceProtobuf } from './answers.ts'
import { searchOf, windowOf } from './parameters.ts'
import { parseTraceQl } from './parse.ts'
import { searchTempo } from './search.ts'
import { tagNames, tagValues } from './tags.ts'

/** A question, with what it is asked of. */
interface Asked {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly query: RawQuery
  readonly reader: FencedReader
  readonly tenant: string
}

/** The version of Tempo whose API this is: Grafana chooses what it asks by it. */
const VERSION = '2.7.0'

/** Needs scope read of the whole tenant. */
export function tempoRoutes(app: FastifyInstance, context: QueryContext): void {
  const { now } = context
  const route = (path: string, answer: (asked: Asked) => Promise<unknown>): void => {
    app.get(`/tempo/api${path}`, { config: { access: READ_TENANT } }, async (request, reply) => {
      const identity = identityOf(request)
      const query = request.query as RawQuery
      reply.header('cache-control', 'no-store')
      try {
        const reader = context.readers(identity, reply)
        return await answer({ request, reply, query, reader, tenant: identity.tenant })
      } catch (error) {
        return refuse(context, reply, error)
      }
    })
  }
  const param = ({ request }: Asked, name: string): string =>
    (request.params as Readonly<Record<string, string>>)[name] ?? ''

  route('/echo', async ({ reply }) => reply.type('text/plain; charset=utf-8').send('echo'))
  route('/status/buildinfo', async () => ({
    version: VERSION,
    revision: '',
    branch: '',
    buildUser: 'wattline',
    buildDate: '',
    goVersion: '',
  }))
  for (const [path, version] of [
    ['/traces/:id', 1],
    ['/v2/traces/:id', 2],
  ] as const)
    route(path, asked => sendTrace(context, asked, param(asked, 'id'), version))
  route('/search', async ({ query, reader, tenant }) => {
    const traces = await searchTempo(reader, tenant, searchOf(query, now()))
    return { traces, metrics: { completedJobs: 1, totalJobs: 1 } }
  })
  route('/search/tags', async ({ query, reader, tenant }) => {
    const scopes = await tagNames(reader, tenant, windowOf(query, now()), single(query, 'scope') ?? '')
    return { tagNames: [...new Set(scopes.flatMap(({ tags }) => tags))].toSorted(), metrics: {} }
  })
  route('/v2/search/tags', async ({ query, reader, tenant }) => ({
    scopes: await tagNames(reader, tenant, windowOf(query, now()), single(query, 'scope') ?? ''),
    metrics: {},
  }))
  route('/search/tag/:tag/values', async asked => {
    const found = await valuesOf(asked, param(asked, 'tag'), now())
    return { tagValues: found.map(({ value }) => value), metrics: {} }
  })
  route('/v2/search/tag/:tag/values', async asked => ({
    tagValues: await valuesOf(asked, param(asked, 'tag'), now()),
    metrics: {},
  }))
  for (const path of ['/metrics/query_range', '/metrics/query'])
    route(path, async () => {
      throw new WattlineError(
        'not_found',
        'TraceQL metrics are not supported: ask for rates and durations in PromQL or SQL, or at /api/v1/service-map.',
      )
    })
}

const valuesOf = ({ query, reader, tenant }: Asked, tag: string, nowMs: number) =>
  tagValues(reader, tenant, windowOf(query, nowMs), { tag, query: parseTraceQl(single(query, 'q') ?? '') })

async function sendTrace(
  { config, events }: QueryContext,
  { request, reply, reader, tenant }: Asked,
  text: string,
  version: TempoVersion,
): Promise<FastifyReply> {
  if (!/^[0-9a-f]{1,32}$/i.test(text))
    throw new WattlineError('parameter_invalid', 'A trace id is up to 32 hexadecimal digits.')
  const wanted = { tenant, id: text.toLowerCase().padStart(32, '0'), version }
  const isProtobuf = /application\/(x-)?protobuf/.test(request.headers.accept ?? '')
  reply.type(isProtobuf ? 'application/protobuf' : 'application/json; charset=utf-8').header('vary', 'accept')
  await sendChunks(reply, isProtobuf ? traceProtobuf(reader, wanted) : traceJson(reader, wanted), {
    coding: /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? '')) ? 'gzip' : undefined,
    onLate: () => new Uint8Array(),
    reader: readerLimits(config.limits.sql, reason => events.emit('answerCut', { reason, tenant })),
  })
  return reply
}

/** Errors as text, as Tempo has them and Grafana shows them. */
function refuse({ events }: QueryContext, reply: FastifyReply, error: unknown): FastifyReply {
  if (reply.raw.destroyed || reply.sent) throw error
  const failure = asRouteError(error)
  if (failure.status >= 500) events.emit('requestFailed', { code: failure.code }, error)
  if (failure.retryAfterSeconds !== undefined) reply.header('retry-after', String(failure.retryAfterSeconds))
  return reply
    .code(failure.status)
    .type('text/plain; charset=utf-8')
    .send(`${failure.message} ${failure.remedy}`)
}
