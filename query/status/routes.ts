/** Liveness, readiness, own metrics, and what the page's header says of this instance. */
import type { FastifyInstance } from 'fastify'
import type { StatusAnswer } from '../../core/model/answers.ts'
import { type QueryContext, reader, type StatusContext } from '../context.ts'
import type { Metrics } from './metrics.ts'
import { writeMetrics } from './metrics-text.ts'
import { reasonsOf } from './readiness.ts'

/** Of every process. */
export function statusRoutes(app: FastifyInstance, context: StatusContext, metrics: Metrics): void {
  app.get('/healthz', async (_request, reply) => reply.type('text/plain; charset=utf-8').send('ok\n'))

  app.get('/readyz', async (_request, reply) => {
    const roles = await context.readiness()
    const reasons = reasonsOf(roles)
    return reply.code(reasons.length === 0 ? 200 : 503).send({ ready: reasons.length === 0, reasons, roles })
  })

  app.get('/metrics', async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(writeMetrics(await metrics.collect())),
  )
}

export function instanceRoutes(app: FastifyInstance, context: QueryContext): void {
  app.get('/api/v1/status', async (request): Promise<StatusAnswer> => {
    const identity = await reader(context, request)
    return {
      version: context.version,
      started: context.started.toISOString(),
      roles: context.roles,
      tenant: identity.tenant,
      otlp_http: context.otlpHttp ?? null,
      problems: reasonsOf(await context.readiness()),
    }
  })
}
