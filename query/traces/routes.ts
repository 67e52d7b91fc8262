/** `GET /api/v1/traces`, `/api/v1/traces/{id}` and `/api/v1/service-map`. */
import type { FastifyInstance } from 'fastify'
import type { RecentTracesAnswer, ServiceMapAnswer, TraceAnswer } from '../../core/api/answers.ts'
import { identityOf, READ_TENANT } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import { integerParameter, knownParameters, type RawQuery, single } from '../http/parameters.ts'
import { parseWindow } from '../usage/window.ts'
import { oneTrace, recentTraces } from './service.ts'
import { serviceMap } from './service-map.ts'

/** Needs scope read of the whole tenant. */
export function traceRoutes(app: FastifyInstance, context: QueryContext): void {
  const config = { access: READ_TENANT }
  app.get('/api/v1/traces', { config }, async (request, reply): Promise<RecentTracesAnswer> => {
    const { tenant } = identityOf(request)
    const query = request.query as RawQuery
    knownParameters(query, ['limit', 'service'])
    reply.header('cache-control', 'no-store')
    const service = single(query, 'service')
    return recentTraces(context.readers(identityOf(request), reply), {
      tenant,
      service: service === '' ? undefined : service,
      limit: integerParameter(query, 'limit', { min: 1, max: 500, absent: 20 }),
      nowMs: context.now(),
    })
  })

  app.get('/api/v1/service-map', { config }, async (request, reply): Promise<ServiceMapAnswer> => {
    const identity = identityOf(request)
    const query = request.query as RawQuery
    knownParameters(query, ['window'])
    reply.header('cache-control', 'no-store')
    const window = parseWindow(single(query, 'window') ?? '1h', context.now() / 1_000)
    return await serviceMap(context.readers(identity, reply), { tenant: identity.tenant, ...window })
  })

  app.get<{ Params: { id: string } }>(
    '/api/v1/traces/:id',
    { config },
    async (request, reply): Promise<TraceAnswer> => {
      const identity = identityOf(request)
      return oneTrace(context.readers(identity, reply), identity.tenant, request.params.id)
    },
  )
}
