/** `GET /api/v1/scaling` and `/api/v1/scaling/{name}`: answers from memory, whatever tables and log do. */
import type { FastifyInstance } from 'fastify'
import type { ScalingNumber, ScalingNumbers } from '../../core/api/answers.ts'
import type { AllAnswers } from '../../core/autoscaling/answer-client.ts'
import type { Answering } from '../../core/autoscaling/answering.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { isoSecond } from '../../core/model/iso-time.ts'
import type { CurrentAnswer } from '../../core/scaling/answer.ts'
import { identityOf, READ_INSTANCE, READ_TENANT } from '../http/auth.ts'
import type { StatusContext } from '../http/context.ts'
import { knownParameters, type RawQuery, wordParameter } from '../http/parameters.ts'
import { PROBLEM_TYPE, pathOf, problemOf } from '../http/problem.ts'

const read = { config: { access: READ_TENANT } }
const readAll = { config: { access: READ_INSTANCE } }

/** Scope `read` of the whole tenant. */
export function scalingAnswerRoutes(
  app: FastifyInstance,
  { now }: Pick<StatusContext, 'now'>,
  answering: Answering,
): void {
  const { answers } = answering

  app.get('/api/v1/scaling', read, async (request, reply): Promise<ScalingNumbers> => {
    knownParameters(request.query as RawQuery, [])
    reply.header('cache-control', 'no-store')
    return { policies: answers.list(identityOf(request).tenant).map(answer => numberOf(answer, now())) }
  })

  // For processes of role scaling that cannot read the log of this one.
  app.get('/api/v1/scaling/answers', readAll, async (_request, reply): Promise<AllAnswers> => {
    reply.header('cache-control', 'no-store')
    return { answers: answering.all() }
  })

  app.get<{ Params: { name: string } }>('/api/v1/scaling/:name', read, async (request, reply) => {
    const query = request.query as RawQuery
    knownParameters(query, ['stale'])
    const allowsStale = wordParameter(query, 'stale', ['refuse', 'allow'], 'refuse') === 'allow'
    const { name } = request.params
    const answer = answers.find(identityOf(request).tenant, name)
    reply.header('cache-control', 'no-store')
    if (answer === undefined) {
      throw new WattlineError(
        'not_found',
        `No decision is known of a scaling policy ${name.slice(0, 100)}. New policies get their first one within their interval.`,
      )
    }
    const body = numberOf(answer, now())
    if (answer.stale === null || allowsStale) return body
    // Autoscalers must not follow it unawares: the number is there, but not as a success.
    const error = new WattlineError('scaling_stale', `${answer.stale.text}.`)
    return reply
      .code(error.status)
      .type(PROBLEM_TYPE)
      .send(JSON.stringify({ ...problemOf(error, pathOf(request)), ...body }))
  })
}

function numberOf(answer: CurrentAnswer, nowMs: number): ScalingNumber {
  const { object } = answer
  return {
    name: answer.name,
    replicas: answer.replicas,
    previous: answer.previous,
    active: answer.isActive,
    signal: answer.signal,
    changed_at: isoSecond(answer.changedAt),
    ruled_by: answer.ruledBy,
    explanation: answer.explanation,
    demand: answer.demand,
    demand_replicas: answer.demandReplicas,
    as_of: answer.asOf === null ? null : isoSecond(answer.asOf),
    decided_at: isoSecond(answer.decidedAt),
    age_s: Math.max(0, nowMs / 1000 - answer.decidedAt),
    stale: answer.stale,
    metric: answer.metric,
    object:
      object === null
        ? null
        : {
            namespace: object.namespace,
            api_version: object.apiVersion,
            kind: object.kind,
            name: object.name,
          },
    decision_id: answer.decisionId,
    policy_version: answer.policyVersion,
  }
}
