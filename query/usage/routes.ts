/** `GET /api/v1/usage`: energy, carbon and cost of a window, grouped. */
import type { FastifyInstance } from 'fastify'
import { type QueryContext, reader } from '../context.ts'
import type { RawQuery } from '../parameters.ts'
import { parseUsageRequest } from './parse.ts'
import { answerUsage } from './service.ts'

export function usageRoutes(app: FastifyInstance, context: QueryContext): void {
  app.get('/api/v1/usage', async (request, reply) => {
    const identity = await reader(context, request)
    const question = parseUsageRequest(request.query as RawQuery, identity, context.now() / 1000)
    reply.header('cache-control', 'no-store')
    return answerUsage(context.readers(identity.tenant, reply), question, context.config.tariffs.currency)
  })
}
