/** Jaeger's query API at `/jaeger/api/...`, for Grafana and Jaeger's own page. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { FIXED_LIMITS } from '../../core/catalogue/limits/limits.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'
import { identityOf, READ_TENANT } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import { multiple, type RawQuery, single } from '../http/parameters.ts'
import { asRouteError } from '../http/problem.ts'
import { readerLimits } from '../http/slow-reader.ts'
import { sendChunks } from '../http/stream-answer.ts'
import { serviceGraph } from '../traces/dependencies.ts'
import { namesWindow, operationsOf, serviceNames } from '../traces/names.ts'
import type { WantedTrace } from '../traces/read-spans.ts'
import { otlpTraces, uiTraces } from './answers.ts'
import { searchOf, searchOfV3, timeOf } from './parameters.ts'
import { findJaegerTraces, traceIdOf } from './questions.ts'
import { kindNumber, type TraceQuery } from './requests.ts'
import { kindText } from './responses.ts'

/** A question, with what it is asked of. */
interface Asked {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly query: RawQuery
  readonly reader: FencedReader
  readonly tenant: string
}

const DAY_MS = 86_400_000
const JSON_TYPE = 'application/json; charset=utf-8'

/** Needs scope read of the whole tenant. */
export function jaegerRoutes(app: FastifyInstance, context: QueryContext): void {
  const { now } = context
  const route = (path: string, answer: (asked: Asked) => Promise<unknown>): void => {
    app.get(`/jaeger/api${path}`, { config: { access: READ_TENANT } }, async (request, reply) => {
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
  const window = () => namesWindow(now())
  const param = ({ request }: Asked, name: string): string =>
    (request.params as Readonly<Record<string, string>>)[name] ?? ''

  route('/services', async ({ reader, tenant }) => listed(await serviceNames(reader, tenant, window())))
  route('/services/:service/operations', async asked => {
    const found = await operationsOf(asked.reader, asked.tenant, window(), {
      service: param(asked, 'service'),
    })
    return listed([...new Set(found.map(({ name }) => name))])
  })
  route('/operations', async asked => listed(await operations(asked, 'spanKind', window())))
  route('/traces', async asked => {
    const ids = multiple(asked.query, 'traceID')
    const wanted = ids.length > 0 ? ids.map(wantedOf) : await searched(asked, searchOf(asked.query), now())
    if (wanted.length > FIXED_LIMITS.tracesFound)
      throw new WattlineError('parameter_invalid', `Name at most ${FIXED_LIMITS.tracesFound} traces.`)
    return await streamed(context, asked, uiTraces(asked.reader, asked.tenant, wanted))
  })
  route('/traces/:id', async asked => {
    const wanted = [wantedOf(param(asked, 'id'))]
    return await streamed(context, asked, uiTraces(asked.reader, asked.tenant, wanted, true))
  })
  route('/dependencies', async ({ query, reader, tenant }) => {
    const toMs = Number(timeOf(query, 'endTs')) || now()
    const lookback = Number(timeOf(query, 'lookback')) || DAY_MS
    const { edges } = await serviceGraph(reader, tenant, { fromMs: toMs - lookback, toMs })
    const service = single(query, 'service') ?? ''
    const some = edges.filter(
      ({ parent, child }) => service === '' || service === parent || service === child,
    )
    return {
      ...listed(some.map(({ parent, child, calls }) => ({ parent, child, callCount: calls }))),
      total: 0,
    }
  })

  route('/v3/services', async ({ reader, tenant }) => ({
    services: await serviceNames(reader, tenant, window()),
  }))
  route('/v3/operations', async asked => ({ operations: await operations(asked, 'span_kind', window()) }))
  route('/v3/traces', async asked => {
    const wanted = await searched(asked, searchOfV3(asked.query), now(), false)
    return await streamed(context, asked, otlpTraces(asked.reader, asked.tenant, wanted))
  })
  route('/v3/traces/:id', async asked => {
    const wanted = [wantedOf(param(asked, 'id'))]
    return await streamed(context, asked, otlpTraces(asked.reader, asked.tenant, wanted))
  })
}

/** The envelope of version 1. */
const listed = (data: readonly unknown[]): object => ({
  data,
  total: data.length,
  limit: 0,
  offset: 0,
  errors: null,
})

async function operations(
  { query, reader, tenant }: Asked,
  kindParameter: string,
  window: ReturnType<typeof namesWindow>,
): Promise<readonly { readonly name: string; readonly spanKind: string }[]> {
  const service = single(query, 'service') ?? ''
  if (service === '') throw new WattlineError('parameter_invalid', 'The parameter service is missing.')
  const kind = kindNumber(single(query, kindParameter) ?? '')
  const found = await operationsOf(reader, tenant, window, { service, kind: kind < 0 ? undefined : kind })
  return found.map(operation => ({ name: operation.name, spanKind: kindText(operation.kind) }))
}

async function searched(
  { reader, tenant }: Asked,
  query: TraceQuery,
  nowMs: number,
  needsService = true,
): Promise<readonly WantedTrace[]> {
  if (needsService && query.service === '')
    throw new WattlineError('parameter_invalid', 'The parameter service is missing.')
  return await findJaegerTraces(reader, tenant, query, nowMs)
}

function wantedOf(text: string): WantedTrace {
  const id = traceIdOf(text)
  if (id !== undefined) return { id }
  throw new WattlineError('parameter_invalid', 'A trace id is up to 32 hexadecimal digits.')
}

async function streamed(
  { config, events }: QueryContext,
  { reply, request, tenant }: Asked,
  chunks: AsyncIterable<Uint8Array>,
): Promise<FastifyReply> {
  reply.type(JSON_TYPE)
  await sendChunks(reply, chunks, {
    coding: /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? '')) ? 'gzip' : undefined,
    onLate: () => new Uint8Array(),
    reader: readerLimits(config.limits.sql, reason => events.emit('answerCut', { reason, tenant })),
  })
  return reply
}

/** Errors in Jaeger's form. */
function refuse({ events }: QueryContext, reply: FastifyReply, error: unknown): FastifyReply {
  if (reply.raw.destroyed || reply.sent) throw error
  const failure = asRouteError(error)
  if (failure.status >= 500) events.emit('requestFailed', { code: failure.code }, error)
  if (failure.retryAfterSeconds !== undefined) reply.header('retry-after', String(failure.retryAfterSeconds))
  const text = { code: failure.status, msg: `${failure.message} ${failure.remedy}` }
  return reply
    .code(failure.status)
    .type(JSON_TYPE)
    .send(JSON.stringify({ data: null, total: 0, limit: 0, offset: 0, errors: [text] }))
}
