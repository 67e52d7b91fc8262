/** Liveness, readiness, own metrics, and the facts in the page's header. */
import type { FastifyInstance } from 'fastify'
import type { StatusAnswer } from '../../core/api/answers.ts'
import { OPERATOR_TENANT } from '../../core/model/identity.ts'
import { identityOf, isOperator, OPEN, READ, READ_INSTANCE } from '../http/auth.ts'
import type { QueryContext, StatusContext } from '../http/context.ts'
import { reasonsOf } from '../http/readiness.ts'
import type { Metrics } from './metrics.ts'
import { writeMetrics } from './metrics-text.ts'

const REASONS_HIDDEN = `Use a token of tenant ${OPERATOR_TENANT} with scope read to see the reasons.`

const PROBLEMS_HIDDEN = 'only the operator of this instance sees the reasons'

/** Routes of every process. */
export function statusRoutes(app: FastifyInstance, context: StatusContext, metrics: Metrics): void {
  const open = { config: { access: OPEN } }
  app.get('/healthz', open, async (_request, reply) => reply.type('text/plain; charset=utf-8').send('ok\n'))

  app.get('/readyz', open, async (request, reply) => {
    const roles = await context.readiness()
    const reasons = reasonsOf(roles)
    const ready = reasons.length === 0
    const waiting = context.waiting?.() ?? []
    // Probes need only the status; reasons name neighbours and concern all tenants.
    const answer = isOperator(context.access, request)
      ? { ready, reasons, roles, ...(waiting.length > 0 ? { waiting } : {}), ...notesOf(context) }
      : { ready, reasons: ready ? [] : [REASONS_HIDDEN] }
    return reply.code(ready ? 200 : 503).send(answer)
  })

  app.get('/metrics', { config: { access: READ_INSTANCE } }, async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(writeMetrics(await metrics.collect())),
  )
}

function lossNotesOf({ lossNotes }: StatusContext, isAsked: boolean): { readonly notes?: readonly string[] } {
  const notes = isAsked ? (lossNotes?.() ?? []) : []
  return notes.length === 0 ? {} : { notes }
}

function notesOf(context: StatusContext): { readonly notes?: readonly string[] } {
  const notes = context.notes()
  return notes.length === 0 ? {} : { notes }
}

/** `GET /api/v1/status`. Reasons are shown to the operator's tenant only, since they concern all tenants. */
export function instanceRoutes(app: FastifyInstance, context: QueryContext): void {
  app.get('/api/v1/status', { config: { access: READ } }, async (request): Promise<StatusAnswer> => {
    const { tenant } = identityOf(request)
    const problems = [...reasonsOf(await context.readiness()), ...(context.waiting?.() ?? [])]
    return {
      version: context.version,
      started: context.started.toISOString(),
      roles: context.roles,
      tenant,
      otlp_http: context.otlpHttp ?? null,
      otlp_grpc: context.otlpGrpc ?? null,
      problems: problems.length === 0 || isOperator(context.access, request) ? problems : [PROBLEMS_HIDDEN],
      ...lossNotesOf(context, isOperator(context.access, request)),
    }
  })
}
