/** Gnocchi's API, for reading: below `/gnocchi`, and at the root. */
import type { FastifyInstance } from 'fastify'
import type { QueryContext } from '../../http/context.ts'
import { pathParameter } from '../../http/parameters.ts'
import { openStackApi } from '../shared/api.ts'
import { aggregateRoutes } from './aggregate-routes.ts'
import { Catalogues } from './catalogue/catalogues.ts'
import { type GnocchiParts, gnocchiMetricRoutes } from './metric-routes.ts'
import { failureBody, GnocchiError, noSuch } from './model/failure.ts'
import { METHOD_NAMES } from './model/methods.ts'
import { ARCHIVE_POLICY_NAME, POLICY, POLICY_RULE } from './model/policy.ts'
import { resourceRoutes } from './resource-routes.ts'

const FOR_READING =
  "Wattline serves Gnocchi's API for reading. Send measures by OTLP, Prometheus remote write or Ceilometer's OpenTelemetry publisher."

/** Needs scope read. Tokens limited to accounts see the ledger's metrics of these. */
export function gnocchiRoutes(app: FastifyInstance, context: QueryContext): void {
  const { now, config } = context
  const { signals_days: signalsDays, ledger_days: ledgerDays } = config.retention
  const failures = {
    home: '/gnocchi',
    ownFailure: (error: unknown) =>
      error instanceof GnocchiError
        ? { status: error.status, body: failureBody(error.status, error.description) }
        : undefined,
    failure: ({ status, message, remedy }: { status: number; message: string; remedy: string }) => ({
      status,
      body: failureBody(status, `${message} ${remedy}`),
    }),
    unknown: (method: string) =>
      method === 'GET' || method === 'HEAD'
        ? { status: 404, body: failureBody(404, 'The resource could not be found.') }
        : { status: 501, body: failureBody(501, FOR_READING) },
  }
  const route = openStackApi(app, context, failures)
  const parts: GnocchiParts = { catalogues: new Catalogues({ signalsDays, ledgerDays }, now), now }
  gnocchiMetricRoutes(route, parts)
  resourceRoutes(route, parts)
  aggregateRoutes(route, parts)

  for (const end of ['', '/']) {
    route('GET', `/v1/archive_policy${end}`, async () => [POLICY])
    route('GET', `/v1/archive_policy_rule${end}`, async () => [POLICY_RULE])
    route('GET', `/v1/capabilities${end}`, async () => ({ aggregation_methods: METHOD_NAMES }))
  }
  route('GET', '/v1/archive_policy/:name', async asked => {
    if (pathParameter(asked, 'name') === ARCHIVE_POLICY_NAME) return POLICY
    throw noSuch('Archive policy', pathParameter(asked, 'name'))
  })
  route('GET', '/v1/archive_policy_rule/:name', async asked => {
    if (pathParameter(asked, 'name') === ARCHIVE_POLICY_NAME) return POLICY_RULE
    throw noSuch('Archive policy rule', pathParameter(asked, 'name'))
  })
  // Nothing waits to be aggregated.
  route('GET', '/v1/status', async () => ({
    storage: { summary: { metrics: 0, measures: 0 }, measures_to_process: {} },
    metricd: { processors: [], statistics: {} },
  }))

  for (const path of ['', '/'])
    route('GET', path, async ({ request }) => ({
      build: `wattline ${context.version}`,
      versions: [
        {
          id: 'v1.0',
          links: [{ rel: 'self', href: `${request.protocol}://${request.host}/gnocchi/v1` }],
          status: 'CURRENT',
          updated: '2015-03-19',
        },
      ],
    }))
}
