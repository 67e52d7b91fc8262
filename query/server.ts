/**
 * The query server, for people and systems. Each group of routes has a folder; this file combines them, and `http/` has
 * the shared parts.
 */
import { alertRoutes } from './alerts/routes.ts'
import { allocationRoutes } from './allocation/routes.ts'
import { budgetRoutes } from './budgets/routes.ts'
import { scalingAnswerRoutes } from './decisions/answer-routes.ts'
import { scalingDecisionRoutes } from './decisions/decision-routes.ts'
import { scalingPolicyRoutes } from './decisions/policy-routes.ts'
import { erasureRoutes } from './erasures/routes.ts'
import { exportRoutes } from './exports/routes.ts'
import { factorFileRoutes } from './factors/file-routes.ts'
import { hostFactorRoutes } from './factors/host-routes.ts'
import { factorRoutes } from './factors/routes.ts'
import { spotRoutes } from './factors/spot-routes.ts'
import { tariffRoutes } from './factors/tariff-routes.ts'
import { createFairness } from './fair/fairness.ts'
import { fencedReaders } from './fence/fenced-reader.ts'
import { createApp, routesOf } from './http/app.ts'
import type { QueryContext, QueryServerOptions } from './http/context.ts'
import { type QueryServer, serverOf } from './http/query-server.ts'
import { identityRoutes } from './identity/routes.ts'
import { invoiceRoutes } from './invoices/routes.ts'
import { jaegerRoutes } from './jaeger/routes.ts'
import { lagRoutes } from './lag/routes.ts'
import { liveRoutes } from './live/routes.ts'
import { collectRoutes, openApiRoutes } from './openapi/routes.ts'
import { cloudKittyRoutes } from './openstack/cloudkitty/routes.ts'
import { gnocchiRoutes } from './openstack/gnocchi/routes.ts'
import { keystoneRoutes } from './openstack/keystone/routes.ts'
import { pageRoutes } from './page/routes.ts'
import { planningRoutes } from './planning/routes.ts'
import { servePrometheus } from './prometheus/serve.ts'
import { quarantineRoutes } from './quarantine/routes.ts'
import { recomputeRoutes } from './recompute/routes.ts'
import { requestRoutes } from './requests/routes.ts'
import { snapshotRoutes } from './snapshots/routes.ts'
import { clickhouseRoutes } from './sql/clickhouse-routes.ts'
import { ClickHouseSessions } from './sql/clickhouse-sessions.ts'
import { sqlRoutes } from './sql/routes.ts'
import { createSqlService } from './sql/service.ts'
import { BODY_MAX_BYTES } from './sql/text-limits.ts'
import { createMetrics } from './status/metrics.ts'
import { instanceRoutes, statusRoutes } from './status/routes.ts'
import { statusContext } from './status-server.ts'
import { tempoRoutes } from './tempo/routes.ts'
import { traceRoutes } from './traces/routes.ts'
import { usageRoutes } from './usage/routes.ts'

/** The servers of one process, which share turns and checked statements. */
interface QueryServers {
  /** All routes. */
  readonly http: QueryServer
  /** The ClickHouse interface alone, at the root of a port of its own, where its clients expect it. */
  readonly clickhouse: QueryServer
}

/** Serves all routes. */
export const createQueryServer = (options: QueryServerOptions): QueryServer =>
  createQueryServers(options).http

/** Serves all routes, and the ClickHouse interface a second time. */
export function createQueryServers(options: QueryServerOptions): QueryServers {
  const { warehouse, config } = options
  const fairness =
    options.fairness ??
    createFairness({
      concurrent: config.limits.sql.concurrent,
      isEmbedded: warehouse.kind === 'embedded',
      promqlConcurrent: config.limits.promql.concurrent,
    })
  const context: QueryContext = {
    ...options,
    ...statusContext(options),
    readers: fencedReaders(warehouse, config.limits.sql, fairness.own),
  }
  const metrics = createMetrics(context)
  const limits = {
    bodyBytes: BODY_MAX_BYTES,
    answerMs: Math.max(config.limits.sql.seconds, config.limits.promql.seconds) * 1_000,
  }
  const built = createApp(context, limits)
  const { app } = built
  const routes = routesOf(app)
  const described = collectRoutes(app)
  const sql = createSqlService({
    warehouse: context.warehouse,
    limits: context.config.limits.sql,
    events: context.events,
    turns: fairness.sql,
    ownTurns: fairness.own,
  })
  statusRoutes(app, context, metrics)
  instanceRoutes(app, context)
  sqlRoutes(app, context, sql)
  const clickhouse = { sql, sessions: new ClickHouseSessions() }
  clickhouseRoutes(app, context, clickhouse, '/clickhouse')
  const stopPrometheus = servePrometheus(app, context, fairness.promql)
  usageRoutes(app, context)
  allocationRoutes(app, context)
  liveRoutes(app, context)
  identityRoutes(app, context)
  requestRoutes(app, context)
  traceRoutes(app, context)
  jaegerRoutes(app, context)
  tempoRoutes(app, context)
  gnocchiRoutes(app, context)
  cloudKittyRoutes(app, context)
  keystoneRoutes(app, context)
  quarantineRoutes(app, context)
  lagRoutes(app, context)
  factorRoutes(app, context)
  factorFileRoutes(app, context)
  alertRoutes(app, context)
  invoiceRoutes(app, context, sql)
  hostFactorRoutes(app, context)
  tariffRoutes(app, context)
  spotRoutes(app, context)
  planningRoutes(app, context)
  budgetRoutes(app, context)
  scalingPolicyRoutes(app, context)
  scalingDecisionRoutes(app, context)
  if (context.answering !== undefined) scalingAnswerRoutes(app, context, context.answering)
  erasureRoutes(app, context)
  exportRoutes(app, context)
  recomputeRoutes(app, context)
  snapshotRoutes(app, context)
  openApiRoutes(app, described, context.version)
  pageRoutes(app, context.page)
  return {
    http: serverOf(built, routes, () => {
      metrics.stop()
      stopPrometheus()
    }),
    clickhouse: clickhouseServer(context, clickhouse, limits),
  }
}

function clickhouseServer(
  context: QueryContext,
  parts: Parameters<typeof clickhouseRoutes>[2],
  limits: { readonly bodyBytes: number; readonly answerMs: number },
): QueryServer {
  const built = createApp(context, limits)
  const routes = routesOf(built.app)
  clickhouseRoutes(built.app, context, parts, '')
  return serverOf(built, routes, () => undefined)
}
