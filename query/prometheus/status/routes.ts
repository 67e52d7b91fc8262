/** What clients ask to know which server they talk to: build, flags, limits, state. Nothing in it is of a tenant. */
import type { FastifyInstance } from 'fastify'
import { READ } from '../../http/auth.ts'
import type { QueryContext } from '../../http/context.ts'
import { JSON_TYPE, successText } from '../http/envelope.ts'

/** The version of Prometheus whose API and language this is: clients choose what they use by it. */
const PROMETHEUS_VERSION = '3.5.0'

/** Serves `status/*` and `features` below a prefix. */
export function prometheusStatusRoutes(app: FastifyInstance, context: QueryContext, prefix: string): void {
  const { limits, retention } = context.config
  const promql = limits.promql
  const answers: Readonly<Record<string, () => unknown>> = {
    'status/buildinfo': () => ({
      version: PROMETHEUS_VERSION,
      revision: `wattline-${context.version}`,
      branch: 'wattline',
      buildUser: '',
      buildDate: '',
      goVersion: '',
    }),
    'status/runtimeinfo': () => ({
      startTime: context.started.toISOString(),
      CWD: '',
      hostname: '',
      serverTime: new Date(context.now()).toISOString(),
      reloadConfigSuccess: true,
      lastConfigTime: context.started.toISOString(),
      corruptionCount: 0,
      goroutineCount: 0,
      GOMAXPROCS: 0,
      GOMEMLIMIT: 0,
      GOGC: '',
      GODEBUG: '',
      storageRetention: `${retention.signals_days}d`,
    }),
    'status/config': () => ({ yaml: '' }),
    'status/flags': () => ({
      'query.lookback-delta': `${promql.lookback}s`,
      'query.max-concurrency': String(promql.concurrent),
      'query.max-samples': String(promql.samples),
      'query.timeout': `${promql.seconds}s`,
      'storage.tsdb.retention.time': `${retention.signals_days}d`,
      'web.enable-admin-api': 'false',
      'web.enable-lifecycle': 'false',
      'web.enable-remote-write-receiver': 'false',
    }),
    'status/tsdb': () => ({
      headStats: { numSeries: 0, numLabelPairs: 0, chunkCount: 0, minTime: 0, maxTime: 0 },
      seriesCountByMetricName: [],
      labelValueCountByLabelName: [],
      memoryInBytesByLabelName: [],
      seriesCountByLabelValuePair: [],
    }),
    'status/walreplay': () => ({ min: 0, max: 0, current: 0 }),
    features: () => ({
      api: {
        exclude_alerts: true,
        label_values_match: true,
        query_stats: true,
        query_warnings: true,
        time_range_labels: true,
        time_range_series: true,
      },
    }),
  }
  for (const [path, make] of Object.entries(answers)) {
    app.get(`${prefix}/api/v1/${path}`, { config: { access: READ } }, async (_request, reply) =>
      reply.type(JSON_TYPE).send(successText(make())),
    )
  }
}
