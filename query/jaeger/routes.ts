/** Jaeger's query API at `/jaeger/api/...`, for Grafana and Jaeger's own page. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { FIXED_LIMITS } from '../../core/catalogue/limits/limits.ts'
import type { QueryContext } from '../http/context.ts'
import { multiple, pathParameter, single } from '../http/parameters.ts'
import { serviceGraph } from '../traces/dependencies.ts'
import { namesWindow, operationsOf, serviceNames } from '../traces/names.ts'
import type { WantedTrace } from '../traces/read-spans.ts'
import { sendTraces, type TraceQuestion, traceApi } from '../traces/trace-api.ts'
import { otlpTraces, uiTraces } from './answers.ts'
import { jaegerSearch, searchOfV3, timeParameter } from './parameters.ts'
import { findJaegerTraces, traceIdOf } from './questions.ts'
import { type JaegerSearch, kindNumber } from './requests.ts'
import { kindText } from './responses.ts'

const DAY_MS = 86_400_000
const JSON_TYPE = 'application/json; charset=utf-8'

/** Needs scope read of the whole tenant. */
export function jaegerRoutes(app: FastifyInstance, context: QueryContext): void {
  const { now } = context
  const route = traceApi(app, context, '/jaeger/api', errorBody)
  const window = () => namesWindow(now())

  route('/services', async ({ reader, tenant }) => listed(await serviceNames(reader, tenant, window())))
  route('/services/:service/operations', async asked => {
    const found = await operationsOf(asked.reader, asked.tenant, window(), {
      service: pathParameter(asked, 'service'),
    })
    return listed([...new Set(found.map(({ name }) => name))])
  })
  route('/operations', async asked => listed(await operations(asked, 'spanKind', window())))
  route('/traces', async asked => {
    const ids = multiple(asked.query, 'traceID')
    const wanted =
      ids.length > 0 ? ids.map(wantedOf) : await searched(asked, jaegerSearch(asked.query), now())
    if (wanted.length > FIXED_LIMITS.tracesFound)
      throw new WattlineError('parameter_invalid', `Name at most ${FIXED_LIMITS.tracesFound} traces.`)
    return await streamed(context, asked, uiTraces(asked.reader, asked.tenant, wanted))
  })
  route('/traces/:id', async asked => {
    const wanted = [wantedOf(pathParameter(asked, 'id'))]
    return await streamed(context, asked, uiTraces(asked.reader, asked.tenant, wanted, true))
  })
  route('/dependencies', async ({ query, reader, tenant }) => {
    const toMs = Number(timeParameter(query, 'endTs')) || now()
    const lookback = Number(timeParameter(query, 'lookback')) || DAY_MS
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
    const wanted = [wantedOf(pathParameter(asked, 'id'))]
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
  { query, reader, tenant }: TraceQuestion,
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
  { reader, tenant }: TraceQuestion,
  query: JaegerSearch,
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
  context: QueryContext,
  asked: TraceQuestion,
  chunks: AsyncIterable<Uint8Array>,
): Promise<FastifyReply> {
  asked.reply.type(JSON_TYPE)
  return await sendTraces(context, asked, chunks)
}

/** Errors in Jaeger's form. */
function errorBody({ status, message, remedy }: WattlineError): readonly [type: string, body: string] {
  const text = { code: status, msg: `${message} ${remedy}` }
  return [JSON_TYPE, JSON.stringify({ data: null, total: 0, limit: 0, offset: 0, errors: [text] })]
}
