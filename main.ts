/**
 * Wires a configuration into a running process: log, warehouse, processors, intake, receiver, telemetry of its own, query
 * server, sensors; of these, what its roles need. Started in this order, so that each part finds its neighbours; stopped
 * in the opposite one, so that what was taken in is finished. Logs and engines are loaded only by who opens them: an
 * engine that nobody uses costs 150 MB of memory.
 */
import { join } from 'node:path'
import { createIntake, type Intake } from './collector/intake/intake.ts'
import { decodeLogs } from './collector/otlp/decode/logs.ts'
import { decodeMetrics } from './collector/otlp/decode/metrics.ts'
import { decodeTraces } from './collector/otlp/decode/traces.ts'
import { createOtlpHttpReceiver } from './collector/otlp/http.ts'
import { isRecognisable, recognise } from './collector/readings/recognise.ts'
import { isSensorSource } from './collector/sensors/sensor.ts'
import { startSensors } from './collector/sensors/sensors.ts'
import type { Broker } from './core/broker/broker.ts'
import { STREAMS } from './core/model/streams/index.ts'
import { needsOf } from './core/runtime/config/roles.ts'
import type { Config } from './core/runtime/config/schema.ts'
import type { EventBus } from './core/runtime/events.ts'
import { lockFolder } from './core/runtime/folder-lock.ts'
import { instanceName } from './core/runtime/instance.ts'
import { Lifecycle } from './core/runtime/lifecycle.ts'
import { startTelemetry } from './core/runtime/telemetry.ts'
import type { Warehouse } from './core/warehouse/warehouse.ts'
import { startProcessors, streamSettings } from './processors/processors.ts'
import { publishFactors } from './processors/rate/publish.ts'
import { createReplay } from './processors/replay.ts'
import type { Runner } from './processors/runner.ts'
import { RowAges } from './processors/store/row-ages.ts'
import { createQueryServer, createStatusServer, type QueryServer } from './query/server.ts'
import { engineWatch, type Readiness } from './query/status/readiness.ts'

/** Everything belongs to this tenant until credentials tell another. */
const TENANT = 'default'

export interface WattlineOptions {
  readonly config: Config
  readonly version: string
  readonly events: EventBus
  /** False only in the chaos proof: opens the engine without repairing its deduplication logs. */
  readonly repairTokens?: boolean
}

export interface RunningWattline {
  /** Null: not started, by configuration. */
  readonly addresses: { readonly http: string | null; readonly otlpHttp: string | null }
  /** Takes in no more, finishes what is in flight, commits. Resolves with a line for each part that failed or was late. */
  stop(deadlineMs: number): Promise<readonly string[]>
}

/** What every part gets. */
interface Wiring extends WattlineOptions {
  readonly lifecycle: Lifecycle
  readonly started: Date
  readonly rowAges: RowAges
}

/** Starts what the roles need, or throws a WattlineError after stopping what had started. */
export async function startWattline(options: WattlineOptions): Promise<RunningWattline> {
  const { config, version, events } = options
  const lifecycle = new Lifecycle()
  const wiring: Wiring = { ...options, lifecycle, started: new Date(), rowAges: new RowAges() }
  const needs = needsOf(config)
  const [isCollector, isProcessors] = [
    config.roles.includes('collector'),
    config.roles.includes('processors'),
  ]
  events.emit('processStarted', { version, roles: config.roles.join(','), data: config.data })

  if (needs.folder) {
    await lifecycle.start(
      'folder lock',
      () => lockFolder(config.data),
      lock => lock.release(),
    )
  }
  const broker = needs.log ? await startLog(wiring) : null
  const warehouse = needs.warehouse ? await startWarehouse(wiring) : null
  const processors = isProcessors && broker && warehouse ? await startRunner(wiring, broker, warehouse) : null
  const intake = isCollector && broker ? await startIntake(wiring, broker) : null
  const otlpHttp = intake && (await startOtlpHttp(wiring, intake))
  await startOwnTelemetry(wiring, otlpHttp)
  const http = await startHttp(wiring, { broker, warehouse, processors, intake, otlpHttp })
  if (intake) await startOwnSensors(wiring, intake)
  return {
    addresses: { http, otlpHttp },
    stop: async deadlineMs => {
      events.emit('processStopping')
      const left = await lifecycle.stop(deadlineMs)
      events.emit('processStopped', { left: left.join(', ') })
      return left
    },
  }
}

function startLog({ lifecycle, config, events }: Wiring): Promise<Broker> {
  return lifecycle.start(
    'log',
    () => openBroker(config, events),
    log => log.close(),
  )
}

async function openBroker(config: Config, events: EventBus): Promise<Broker> {
  const broker = await openBrokerOfKind(config, events)
  try {
    await broker.createStreams(streamSettings(config.broker))
    return broker
  } catch (error) {
    await broker.close()
    throw error
  }
}

async function openBrokerOfKind(config: Config, events: EventBus): Promise<Broker> {
  const { data, broker } = config
  if (broker.kind === 'embedded') {
    const { openEmbeddedBroker } = await import('./core/broker/embedded/embedded-broker.ts')
    return openEmbeddedBroker({ path: join(data, 'log'), maxBytes: broker.max_bytes, events })
  }
  const { brokers, topic_prefix: topicPrefix, replication, tls, sasl } = broker
  const { mechanism, username = '', password = '' } = sasl
  const instance = config.instance ?? (needsOf(config).folder ? instanceName(data) : undefined)
  const { openKafkaBroker } = await import('./core/broker/kafka/kafka-broker.ts')
  return openKafkaBroker({
    brokers,
    topicPrefix,
    replication,
    events,
    // Who reads the log also trims it: a thousand collectors would ask for the same.
    trims: config.roles.includes('processors'),
    ...(instance === undefined ? {} : { instance }),
    ...(tls.enabled ? { tls } : {}),
    ...(mechanism === 'none' ? {} : { sasl: { mechanism, username, password } }),
  })
}

function startWarehouse(wiring: Wiring): Promise<Warehouse> {
  return wiring.lifecycle.start(
    'warehouse',
    () => openWarehouse(wiring),
    engine => engine.close(),
  )
}

async function openWarehouse(options: WattlineOptions): Promise<Warehouse> {
  const { config } = options
  const warehouse = await openWarehouseOfKind(options)
  try {
    const { signals_days: signalsDays, ledger_days: ledgerDays } = config.retention
    await warehouse.migrate(STREAMS, { signalsDays, ledgerDays })
    if (config.roles.includes('processors')) await publishFactors(warehouse, config)
    return warehouse
  } catch (error) {
    await warehouse.close()
    throw error
  }
}

async function openWarehouseOfKind(options: WattlineOptions): Promise<Warehouse> {
  const { config, events, repairTokens = true } = options
  const { kind, url: urls, user, password, tls, max_memory_bytes: maxMemoryBytes } = config.warehouse
  if (kind === 'clickhouse') {
    const { openClickHouseWarehouse } = await import('./core/warehouse/clickhouse/clickhouse.ts')
    return openClickHouseWarehouse({ urls, user, password, tls, events })
  }
  const { openEmbeddedWarehouse } = await import('./core/warehouse/embedded/embedded.ts')
  const path = join(config.data, 'warehouse')
  return openEmbeddedWarehouse({ path, maxMemoryBytes, events, repairTokens })
}

function startRunner(wiring: Wiring, broker: Broker, warehouse: Warehouse): Promise<Runner> {
  const { lifecycle, config, events, rowAges } = wiring
  const more = { rowAges, isSensor: isSensorSource, now: Date.now }
  return lifecycle.start(
    'processors',
    () => startProcessors({ config, broker, warehouse, events, ...more }),
    runner => runner.stop(),
  )
}

function startIntake({ lifecycle, config, events }: Wiring, broker: Broker): Promise<Intake> {
  return lifecycle.start(
    'intake',
    () =>
      createIntake({
        broker,
        config,
        events,
        decoders: { traces: decodeTraces, metrics: decodeMetrics, logs: decodeLogs },
        recogniser: { isRecognisable, recognise },
      }),
    door => door.drain(),
  )
}

async function startOtlpHttp({ lifecycle, config, events }: Wiring, intake: Intake): Promise<string | null> {
  const { host, otlp_http: port } = config.listen
  if (port === 'off') return null
  const receiver = await lifecycle.start(
    'OTLP over HTTP',
    async () => {
      const opened = createOtlpHttpReceiver({ host, port, limits: config.limits, intake, events })
      await opened.start()
      return opened
    },
    opened => opened.stop(),
  )
  return urlOf(receiver.address())
}

/** Spans of its own go to the configured receiver, else to its own, else nowhere. */
async function startOwnTelemetry(
  { lifecycle, config, version }: Wiring,
  otlpHttp: string | null,
): Promise<void> {
  const { traces, endpoint, sample_ratio: sampleRatio } = config.telemetry
  const url = endpoint ?? otlpHttp
  if (!traces || url === null) return
  await lifecycle.start(
    'telemetry',
    () => startTelemetry({ url, version, sampleRatio }),
    telemetry => telemetry.stop(),
  )
}

/** What this process runs; null where its roles do not need it. */
interface Parts {
  readonly broker: Broker | null
  readonly warehouse: Warehouse | null
  readonly processors: Runner | null
  readonly intake: Intake | null
  readonly otlpHttp: string | null
}

async function startHttp(wiring: Wiring, parts: Parts): Promise<string | null> {
  const { lifecycle, events } = wiring
  const { host, http: port } = wiring.config.listen
  if (port === 'off') return null
  let address = ''
  await lifecycle.start(
    'query',
    async () => {
      const server = await createHttpServer(wiring, parts)
      address = urlOf(await server.listen(host, port))
      return server
    },
    server => server.stop(),
  )
  events.emit('listenerStarted', { listener: 'http', address })
  return address
}

/** Every process tells of itself; questions are answered where the role is. */
async function createHttpServer(wiring: Wiring, parts: Parts): Promise<QueryServer> {
  const { config, events, version, started } = wiring
  const { broker, warehouse, otlpHttp } = parts
  const isQuery = config.roles.includes('query')
  const engineProblems = isQuery && warehouse ? engineWatch(warehouse) : null
  const common = {
    events,
    rowAges: () => wiring.rowAges.samples(),
    version,
    started,
    otlpHttp,
    roles: config.roles,
    readiness: () => readinessOf(parts, engineProblems),
    // The same from every reader of the log; collectors, of which there are most, do not ask.
    ...(broker && (isQuery || parts.processors) ? { broker } : {}),
  }
  if (!isQuery || warehouse === null) return createStatusServer(common)
  const { buildPage } = await import('./dashboards/page.ts')
  const replay = broker && createReplay({ broker, events, now: Date.now })
  return createQueryServer({
    ...common,
    config,
    warehouse,
    page: await buildPage(),
    ...(replay ? { replay } : {}),
  })
}

/** Per role of this process, what keeps it from working. */
async function readinessOf(
  { intake, processors }: Parts,
  engineProblems: (() => Promise<readonly string[]>) | null,
): Promise<Readiness> {
  const failure = intake?.stats().brokerFailure ?? null
  return {
    ...(intake ? { collector: failure === null ? [] : [`intake: ${failure}`] } : {}),
    ...(processors ? { processors: processors.problems() } : {}),
    ...(engineProblems ? { query: await engineProblems() } : {}),
  }
}

async function startOwnSensors({ lifecycle, config, events }: Wiring, intake: Intake): Promise<void> {
  await lifecycle.start(
    'sensors',
    () =>
      startSensors({
        config: config.sensors,
        tenant: TENANT,
        append: readings => intake.appendReadings(TENANT, readings),
        events,
      }),
    sensors => sensors.stop(),
  )
}

const urlOf = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}`
