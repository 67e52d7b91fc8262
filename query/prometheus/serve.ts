/** Puts the Prometheus API together. */
import type { FastifyInstance } from 'fastify'
import type { Turns } from '../fair/turns.ts'
import type { QueryContext } from '../http/context.ts'
import { EvaluatorPool } from './pool/pool.ts'
import { prometheusRoutes } from './routes.ts'
import { createPromqlService } from './service.ts'

/** When the first thread is started without being asked for: when the process has opened what it has to. */
const WARM_AFTER_MS = 5_000

/** Adds its routes; what it returns ends the threads. */
export function servePrometheus(app: FastifyInstance, context: QueryContext, turns: Turns): () => void {
  const pool = new EvaluatorPool()
  const { warehouse, config } = context
  prometheusRoutes(app, context, createPromqlService({ warehouse, limits: config.limits, turns, pool }))
  const timer = setTimeout(() => void pool.warm(), WARM_AFTER_MS).unref()
  return () => {
    clearTimeout(timer)
    void pool.close()
  }
}
