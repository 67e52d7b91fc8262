/** The server of a process without role query, and of one that is starting: it loads little, so that it listens at once. */
import { openAccess } from '../core/auth/open-access.ts'
import { ROLES } from '../core/catalogue/config/keys/process.ts'
import { scalingAnswerRoutes } from './decisions/answer-routes.ts'
import { createApp, routesOf } from './http/app.ts'
import type { StatusContext, StatusServerOptions } from './http/context.ts'
import { type QueryServer, serverOf } from './http/query-server.ts'
import { snapshotRoutes } from './snapshots/routes.ts'
import { BODY_MAX_BYTES } from './sql/text-limits.ts'
import { createMetrics } from './status/metrics.ts'
import { statusRoutes } from './status/routes.ts'

/** Health, readiness, metrics, and answers to autoscalers. */
export function createStatusServer(options: StatusServerOptions): QueryServer {
  const context = statusContext(options)
  const metrics = createMetrics(context)
  const built = createApp(context, { bodyBytes: BODY_MAX_BYTES })
  const routes = routesOf(built.app)
  statusRoutes(built.app, context, metrics)
  snapshotRoutes(built.app, context)
  if (context.answering !== undefined) scalingAnswerRoutes(built.app, context, context.answering)
  return serverOf(built, routes, () => metrics.stop())
}

/** Options with their defaults. */
export const statusContext = (options: StatusServerOptions): StatusContext => ({
  ...options,
  access: options.access ?? openAccess,
  notes: options.notes ?? (() => []),
  roles: options.roles ?? ROLES,
  now: options.now ?? Date.now,
})
