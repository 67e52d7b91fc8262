import type { Intake } from '../collector/intake/intake.ts'
import type { Answering } from '../core/autoscaling/answering.ts'
import type { Snapshots } from '../core/backup/snapshots.ts'
import type { Broker } from '../core/broker/broker.ts'
import type { Config } from '../core/catalogue/config/schema.ts'
import type { ParquetExporter } from '../core/exports/exporter.ts'
import { urlOf } from '../core/http/url-of.ts'
import type { Warehouse } from '../core/warehouse/warehouse.ts'
import type { Erasures } from '../processors/erase/erasures.ts'
import type { Runner } from '../processors/loop/runner.ts'
import { readersOf } from '../processors/readers.ts'
import type { Recomputations } from '../processors/recompute/recomputations.ts'
import { createFairness, type Fairness } from '../query/fair/fairness.ts'
import type { QueryServer } from '../query/http/query-server.ts'
import { engineWatch, type Readiness } from '../query/http/readiness.ts'
import { createStatusServer } from '../query/status-server.ts'
import type { Autoscalers } from './autoscalers.ts'
import type { Wiring } from './wiring.ts'

/** The parts that this process runs; null if its roles do not need them. */
export interface Parts {
  readonly log: Pick<Broker, 'lag' | 'append' | 'newest'> | null
  readonly warehouse: Warehouse | null
  readonly fairness: Fairness | null
  readonly snapshots: Snapshots | null
  readonly erasures: Erasures | null
  readonly exports: ParquetExporter | null
  readonly recomputations: Recomputations | null
  readonly processors: Runner | null
  readonly uplink: Runner | null
  readonly answering: Answering | null
  readonly autoscalers: Autoscalers | null
  readonly otlpHttp: string | null
  readonly otlpGrpc: string | null
  readonly readiness: () => Promise<Readiness>
}

/** Addresses of the ports for queries; null if disabled by configuration, or not for this role. */
interface QueryAddresses {
  readonly http: string | null
  readonly clickhouse: string | null
}

/** Opens the ports for queries; takes over from the server that reported the start. */
export async function startHttp(
  wiring: Wiring,
  parts: Parts,
  early: QueryServer | null,
): Promise<QueryAddresses> {
  const { listen, roles } = wiring.config
  const needsClickHouse = listen.clickhouse !== 'off' && roles.includes('query')
  if (listen.http === 'off' && !needsClickHouse) return { http: null, clickhouse: null }
  const servers = await createServers(wiring, parts)
  return {
    http: await startServer(wiring, 'http', servers.http, early),
    clickhouse: await startServer(wiring, 'clickhouse', servers.clickhouse, null),
  }
}

const PART_NAMES = { http: 'query', clickhouse: 'ClickHouse interface' } as const

async function startServer(
  { lifecycle, events, config, authentication }: Wiring,
  listener: keyof QueryAddresses,
  server: QueryServer | null,
  early: QueryServer | null,
): Promise<string | null> {
  const { host, [listener]: port } = config.listen
  if (port === 'off' || server === null) return null
  let address = ''
  await lifecycle.start(
    PART_NAMES[listener],
    async () => {
      const place = early === null ? await server.listen(host, port) : await server.takeOver(early)
      address = urlOf(place, authentication)
    },
    () => server.stop(),
  )
  events.emit('listenerStarted', { listener, address })
  return address
}

interface Servers {
  readonly http: QueryServer
  readonly clickhouse: QueryServer | null
}

/** Every process reports its status; only a process with role query answers queries. */
async function createServers(wiring: Wiring, parts: Parts): Promise<Servers> {
  const { config, events, version, started, authentication } = wiring
  const { log, warehouse, otlpHttp, otlpGrpc } = parts
  const isQuery = config.roles.includes('query')
  const common = {
    events,
    rowAges: () => wiring.rowAges.samples(),
    meterState: () => wiring.meterBudget.samples(),
    version,
    started,
    otlpHttp,
    otlpGrpc,
    roles: config.roles,
    readiness: parts.readiness,
    waiting: () => [...(parts.uplink?.problems() ?? []), ...problemsOf(parts.answering)],
    notes: () => [
      ...authentication.notes(),
      ...(parts.autoscalers?.notes() ?? []),
      ...wiring.meterBudget.notes(),
      ...(wiring.losses?.notes() ?? []),
    ],
    losses: () => wiring.losses?.all() ?? [],
    lossNotes: () => wiring.losses?.notes() ?? [],
    logReaders: readersOf(config),
    access: authentication.access,
    tls: authentication.tls,
    ...(parts.snapshots ? { snapshots: parts.snapshots } : {}),
    ...(parts.answering ? { answering: parts.answering } : {}),
    // All readers of the log give the same answer; collectors, which are the most numerous, do not query it.
    ...(log && (isQuery || parts.processors || parts.uplink) ? { broker: log } : {}),
  }
  if (!isQuery || warehouse === null) return { http: createStatusServer(common), clickhouse: null }
  const { createQueryServers } = await import('../query/server.ts')
  const { buildPage } = await import('../dashboards/page.ts')
  const { queryLogs } = await import('./query-logs.ts')
  return createQueryServers({
    ...common,
    config,
    warehouse,
    ...(parts.fairness ? { fairness: parts.fairness } : {}),
    page: await buildPage(),
    ...(log ? queryLogs(config, log, events) : {}),
    ...(parts.erasures ? { erasures: parts.erasures } : {}),
    ...(parts.exports ? { exports: parts.exports } : {}),
    ...(parts.recomputations ? { recomputations: parts.recomputations } : {}),
  })
}

/** Turns in the engine, for all listeners of this process together. */
export const fairnessOf = ({ limits }: Config, warehouse: Warehouse): Fairness =>
  createFairness({
    concurrent: limits.sql.concurrent,
    isEmbedded: warehouse.kind === 'embedded',
    promqlConcurrent: limits.promql.concurrent,
  })

/** A process that cannot follow decisions still answers: it is ready, and what it waits for is shown. */
const problemsOf = (answering: Answering | null): readonly string[] =>
  answering === null || answering.problem === null ? [] : [answering.problem]

/** What readiness depends on; null if this process does not run it. */
interface Working {
  readonly intake: Intake | null
  readonly processors: Runner | null
  readonly warehouse: Warehouse | null
}

/** For each role of this process, what prevents it from working; computed at each call. */
export function readinessOf(
  { config, losses }: Wiring,
  { intake, processors, warehouse }: Working,
): () => Promise<Readiness> {
  const engineProblems = config.roles.includes('query') && warehouse ? engineWatch(warehouse) : null
  return async () => {
    const failure = intake?.stats().brokerFailure ?? null
    const missing = losses?.reasons() ?? []
    const ofIntake = failure === null ? [] : [`intake: ${failure}`]
    return {
      ...(intake ? { collector: ofIntake } : {}),
      ...(processors ? { processors: processors.problems() } : {}),
      ...(engineProblems ? { query: await engineProblems() } : {}),
      ...(config.roles.includes('scaling') ? { scaling: [] } : {}),
      ...(missing.length > 0 ? { files: missing } : {}),
    }
  }
}
