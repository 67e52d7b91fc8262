/** Tempo's query API at `/tempo/api/...`, for Grafana's Tempo data source. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { QueryContext } from '../http/context.ts'
import { pathParameter, single } from '../http/parameters.ts'
import { sendTraces, type TraceQuestion, traceApi } from '../traces/trace-api.ts'
import { type TempoVersion, traceJson, traceProtobuf } from './answers.ts'
import { searchOf, searchWindow } from './parameters.ts'
import { parseTraceQl } from './parse.ts'
import { searchTempo } from './search.ts'
import { tagNames, tagValues } from './tags.ts'

/** The version of Tempo whose API this is: Grafana chooses what it asks by it. */
const VERSION = '2.7.0'

/** Needs scope read of the whole tenant. */
export function tempoRoutes(app: FastifyInstance, context: QueryContext): void {
  const { now } = context
  const route = traceApi(app, context, '/tempo/api', errorBody)

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
    route(path, asked => sendTrace(context, asked, pathParameter(asked, 'id'), version))
  route('/search', async ({ query, reader, tenant }) => {
    const traces = await searchTempo(reader, tenant, searchOf(query, now()))
    return { traces, metrics: { completedJobs: 1, totalJobs: 1 } }
  })
  route('/search/tags', async ({ query, reader, tenant }) => {
    const scopes = await tagNames(reader, tenant, searchWindow(query, now()), single(query, 'scope') ?? '')
    return { tagNames: [...new Set(scopes.flatMap(({ tags }) => tags))].toSorted(), metrics: {} }
  })
  route('/v2/search/tags', async ({ query, reader, tenant }) => ({
    scopes: await tagNames(reader, tenant, searchWindow(query, now()), single(query, 'scope') ?? ''),
    metrics: {},
  }))
  route('/search/tag/:tag/values', async asked => {
    const found = await valuesOf(asked, pathParameter(asked, 'tag'), now())
    return { tagValues: found.map(({ value }) => value), metrics: {} }
  })
  route('/v2/search/tag/:tag/values', async asked => ({
    tagValues: await valuesOf(asked, pathParameter(asked, 'tag'), now()),
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

const valuesOf = ({ query, reader, tenant }: TraceQuestion, tag: string, nowMs: number) =>
  tagValues(reader, tenant, searchWindow(query, nowMs), {
    tag,
    query: parseTraceQl(single(query, 'q') ?? ''),
  })

async function sendTrace(
  context: QueryContext,
  asked: TraceQuestion,
  text: string,
  version: TempoVersion,
): Promise<FastifyReply> {
  const { request, reply, reader, tenant } = asked
  if (!/^[0-9a-f]{1,32}$/i.test(text))
    throw new WattlineError('parameter_invalid', 'A trace id is up to 32 hexadecimal digits.')
  const wanted = { tenant, id: text.toLowerCase().padStart(32, '0'), version }
  const isProtobuf = /application\/(x-)?protobuf/.test(request.headers.accept ?? '')
  reply.type(isProtobuf ? 'application/protobuf' : 'application/json; charset=utf-8').header('vary', 'accept')
  return await sendTraces(
    context,
    asked,
    isProtobuf ? traceProtobuf(reader, wanted) : traceJson(reader, wanted),
  )
}

/** Errors as text, as Tempo has them and Grafana shows them. */
const errorBody = ({ message, remedy }: WattlineError): readonly [type: string, body: string] => [
  'text/plain; charset=utf-8',
  `${message} ${remedy}`,
]
