/** Liveness, readiness, own metrics, and what the page's header says of this instance. */
import type { FastifyInstance } from 'fastify'
import type { StatusAnswer } from '../../core/model/answers.ts'
import { type QueryContext, reader } from '../context.ts'
import type { Metrics } from './metrics.ts'
import { writeMetrics } from './metrics-text.ts'

export function statusRoutes(app: FastifyInstance, context: QueryContext, metrics: Metrics): void {
  app.get('/healthz', async (_request, reply) => reply.type('text/plain; charset=utf-8').send('ok\n'))

  app.get('/readyz', async (_request, reply) => {
    const reasons = context.readiness()
    return reply.code(reasons.length === 0 ? 200 : 503).send({ ready: reasons.length === 0, reasons })
  })

  app.get('/metrics', async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(writeMetrics(await metrics.collect())),
  )

  app.get('/api/v1/status', async (request): Promise<StatusAnswer> => {
    const identity = await reader(context, request)
    return {
      version: context.version,
      started: context.started.toISOString(),
      roles: context.roles,
      tenant: identity.tenant,
      otlp_http: context.otlpHttp ?? null,
      problems: context.readiness(),
    }
  })
}
