/** `GET /api/v1/traces` and `/api/v1/traces/{id}`. */
import type { FastifyInstance } from 'fastify'
import type { RecentTracesAnswer, TraceAnswer } from '../../core/model/answers.ts'
import { assertWholeTenant } from '../auth.ts'
import { type QueryContext, reader } from '../context.ts'
import { integer, knownParameters, type RawQuery, single } from '../parameters.ts'
import { oneTrace, recentTraces } from './service.ts'

export function traceRoutes(app: FastifyInstance, context: QueryContext): void {
  app.get('/api/v1/traces', async (request, reply): Promise<RecentTracesAnswer> => {
    const identity = await reader(context, request)
    assertWholeTenant(identity)
    const query = request.query as RawQuery
    knownParameters(query, ['limit', 'service'])
    reply.header('cache-control', 'no-store')
    const service = single(query, 'service')
    return recentTraces(context.readers(identity.tenant, reply), {
      tenant: identity.tenant,
      service: service === '' ? undefined : service,
      limit: integer(query, 'limit', { min: 1, max: 500, absent: 20 }),
      nowMs: context.now(),
    })
  })

  app.get<{ Params: { id: string } }>('/api/v1/traces/:id', async (request, reply): Promise<TraceAnswer> => {
    const identity = await reader(context, request)
    assertWholeTenant(identity)
    return oneTrace(context.readers(identity.tenant, reply), identity.tenant, request.params.id)
  })
}
