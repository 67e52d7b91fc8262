/** `GET /api/v1/usage`: energy, carbon and cost of a window, grouped. */
import type { FastifyInstance } from 'fastify'
import { identityOf, READ } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import type { RawQuery } from '../http/parameters.ts'
import { parseUsageRequest } from './parse.ts'
import { answerUsage } from './service.ts'

/** Needs scope read; a token limited to accounts sees theirs. */
export function usageRoutes(app: FastifyInstance, context: QueryContext): void {
  app.get('/api/v1/usage', { config: { access: READ } }, async (request, reply) => {
    const identity = identityOf(request)
    const { operator_account } = context.config.workloads
    const question = parseUsageRequest(
      request.query as RawQuery,
      identity,
      context.now() / 1000,
      operator_account,
    )
    reply.header('cache-control', 'no-store')
    // Who takes how much idle energy depends on all that ran on a host: there only the statement knows the accounts.
    const sees = question.idleSharing === 'booked' ? identity : { tenant: identity.tenant, accounts: null }
    return answerUsage(context.readers(sees, reply), question, context.config.tariffs.currency)
  })
}
