/** `GET /allocation` and `/allocation/compute`: allocations as OpenCost answers them, from the ledger. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AllocationProblem } from '../../core/api/answers.ts'
import type { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { identityOf, READ } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import type { RawQuery } from '../http/parameters.ts'
import { countedFailure } from '../http/problem.ts'
import { parseAllocationRequest } from './request.ts'
import { answerAllocation } from './service.ts'
import { isShared } from './statement.ts'

/** The same question under each of its names: OpenCost's, and that under which Kubecost serves it. */
const PATHS = [
  '/allocation',
  '/allocation/compute',
  '/model/allocation',
  '/model/allocation/compute',
] as const

/** Needs scope read; a token limited to accounts sees theirs. */
export function allocationRoutes(app: FastifyInstance, context: QueryContext): void {
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    reply.header('cache-control', 'no-store')
    try {
      const identity = identityOf(request)
      const question = parseAllocationRequest(request.query as RawQuery, identity, context.now() / 1000)
      // Who takes how much of what is shared depends on all of the tenant: there only the statement knows the accounts.
      const sees = isShared(question) ? { tenant: identity.tenant, accounts: null } : identity
      return await answerAllocation(context.readers(sees, reply), question)
    } catch (error) {
      if (reply.raw.destroyed) return reply
      return sendInItsShape(reply, countedFailure(error, context.events))
    }
  }
  for (const path of PATHS) app.get(path, { config: { access: READ } }, answer)
}

/** Clients of OpenCost read `code` and `message`. */
function sendInItsShape(reply: FastifyReply, failure: WattlineError): FastifyReply {
  if (failure.retryAfterSeconds !== undefined) reply.header('retry-after', String(failure.retryAfterSeconds))
  const body: AllocationProblem = {
    code: failure.status,
    data: null,
    message: `${failure.code}: ${failure.message} ${failure.remedy}`,
  }
  return reply.code(failure.status).send(body)
}
