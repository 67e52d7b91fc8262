/** Puts the Prometheus API together. */
import type { FastifyInstance } from 'fastify'
import type { Turns } from '../fair/turns.ts'
import type { QueryContext } from '../http/context.ts'
import { EvaluatorPool } from './pool/pool.ts'
import { prometheusRoutes } from './routes.ts'
import { createPromqlService } from './service.ts'

/** Adds its routes; what it returns ends the threads. */
export function servePrometheus(app: FastifyInstance, context: QueryContext, turns: Turns): () => void {
  const pool = new EvaluatorPool()
  const { warehouse, config } = context
  prometheusRoutes(app, context, createPromqlService({ warehouse, limits: config.limits, turns, pool }))
  return () => void pool.close()
}
