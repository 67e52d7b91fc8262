/**
 * Wires a configuration into a running process: log, warehouse, processors, intake, receivers, telemetry of its own, query
 * server, sensors; of these, what its roles need. Started in this order, so that each part finds its neighbours; stopped
 * in the opposite one, so that what was taken in is finished. Logs and engines are loaded only by who opens them: an
 * engine that nobody uses costs 150 MB of memory.
 */
import { hostname } from 'node:os'
import { createOtlpGrpcReceiver } from './collector/grpc/receiver.ts'
import { createOtlpHttpReceiver } from './collector/http/receiver.ts'
import { createIntake, type Intake } from './collector/intake/intake.ts'
import { decodeLogs } from './collector/otlp/decode/logs.ts'
import { decodeMetrics } from './collector/otlp/decode/metrics.ts'
import { decodeTraces } from './collector/otlp/decode/traces.ts'
import { startScraper } from './collector/prometheus/scrape/scraper.ts'
import { createRecogniser } from './collector/readings/recogniser.ts'
import type { Receiver } from './collector/receiver.ts'
import { isSensorSource } from './collector/sensors/host/sensor.ts'
import { startSensors } from './collector/sensors/sensors.ts'
import { type Doors, openDoors } from './core/auth/authentication.ts'
import { lockData } from './core/backup/restoring.ts'
import { Snapshots } from './core/backup/snapshots.ts'
import type { Broker } from './core/broker/broker.ts'
import { needsOf } from './core/catalogue/config/roles.ts'
import type { Config } from './core/catalogue/config/schema.ts'
import type { EventBus } from './core/catalogue/events/event-bus.ts'
import { createIntensities } from './core/factors/intensities.ts'
import { type BufferPool, createBufferPool } from './core/http/buffer-pool.ts'
import { urlOf } from './core/http/url-of.ts'
import { Lifecycle } from './core/runtime/lifecycle.ts'
import type { Losses } from './core/runtime/losses.ts'
import { keepStartReserve, releaseStartReserve } from './core/runtime/start-reserve.ts'
import { createStartWaits, type StartWaits } from './core/runtime/start-waits.ts'
import { startTelemetry } from './core/runtime/telemetry.ts'
import type { EmbeddedOptions } from './core/storage/open-warehouse.ts'
import type { Warehouse } from './core/warehouse/warehouse.ts'
import { type Erasures, startErasures } from './processors/erase/erasures.ts'
import { createReplay } from './processors/loop/replay.ts'
import type { Runner } from './processors/loop/runner.ts'
import { StateBudget } from './processors/meter/state/budget.ts'
import { readersOf, startForward, startProcessors } from './processors/processors.ts'
import { intensityOf } from './processors/rate/factors.ts'
import { RowAges } from './processors/store/row-ages.ts'
import { engineWatch, type Readiness } from './query/http/readiness.ts'
import { createQueryServer, createStatusServer, type QueryServer } from './query/server.ts'
import { startEarlyHealth } from './wiring/early-health.ts'
import { startLateLog, startLog, startWarehouse } from './wiring/neighbours.ts'
import { restoredOf, startLosses } from './wiring/storage.ts'

export interface WattlineOptions {
  readonly config: Config
  readonly version: string
  readonly events: EventBus
  readonly engine?: EmbeddedOptions
  /** Where this is one of several processes on the same OTLP ports: its share of their connections. */
  readonly shared?: { readonly connections: number }
  /** Aborting it ends the start. */
  readonly signal?: AbortSignal
  /** Asked while the start goes on: what it waits for, in words. */
  readonly onWaits?: (reasons: () => readonly string[]) => void
}

export interface RunningWattline {
  /** Null: not started, by configuration. */
  readonly addresses: {
    readonly http: string | null
    readonly otlpHttp: string | null
    readonly otlpGrpc: string | null
  }
  /** Per role, what keeps it from working. */
  readiness(): Promise<Readiness>
  /**
   * Takes in no more, finishes what is in flight, commits. Resolves with a line for each part that failed or was late.
   * @param onPart told of each part before it is stopped
   */
  stop(deadlineMs: number, onPart?: (name: string) => void): Promise<readonly string[]>
}

/** What every part gets. */
interface Wiring extends WattlineOptions {
  readonly lifecycle: Lifecycle
  readonly waits: StartWaits
  readonly doors: Doors
  readonly started: Date
  readonly rowAges: RowAges
  readonly meterBudget: StateBudget
  /** For bodies of requests, whichever door they come by. */
  readonly pool: BufferPool
  /** What files have lost; null where this process keeps none. */
  losses: Losses | null
}

/** Starts what the roles need, or throws a WattlineError after stopping what had started. */
export async function startWattline(options: WattlineOptions): Promise<RunningWattline> {
  const { config, version, events, signal } = options
  const lifecycle = new Lifecycle(signal)
  const waits = createStartWaits({ events, signal })
  options.onWaits?.(waits.reasons)
  const doors = await lifecycle.start(
    'tokens and certificate',
    () => openDoors(config, events),
    opened => opened.close(),
  )
  const wiring: Wiring = {
    ...options,
    lifecycle,
    waits,
    doors,
    started: new Date(),
    rowAges: new RowAges(),
    meterBudget: new StateBudget(config.metering.state_bytes, events),
    pool: createBufferPool(),
    losses: null,
  }
  const needs = needsOf(config)
  const [isCollector, isProcessors] = [
    config.roles.includes('collector'),
    config.roles.includes('processors'),
  ]
  events.emit('processStarted', { version, roles: config.roles.join(','), data: config.data })

  if (needs.folder) {
    await lifecycle.start(
      'folder lock',
      () => lockData(config.data),
      lock => lock.release(),
    )
    wiring.losses = await startLosses(wiring)
  }
  const early = await startEarlyHealth(wiring, needs)
  const broker = needs.log === 'open' ? await startLog(wiring) : null
  if (needs.folder) releaseStartReserve(config.data)
  const log = needs.log === 'late' ? await startLateLog(wiring) : broker
  const warehouse = needs.warehouse ? await startWarehouse(wiring, broker) : null
  const { data } = config
  const snapshots = needs.folder && (await Snapshots.start(lifecycle, { data, version, broker, warehouse }))
  const processors = isProcessors && broker && warehouse ? await startRunner(wiring, broker, warehouse) : null
  const erasures = isProcessors && broker && warehouse && (await startErasures(wiring, broker, warehouse))
  const uplink = isCollector && broker ? await startUplink(wiring, broker) : null
  const intake = isCollector && broker ? await startIntake(wiring, broker) : null
  const otlpHttp = intake && (await startOtlpHttp(wiring, intake))
  const otlpGrpc = intake && (await startOtlpGrpc(wiring, intake))
  await startOwnTelemetry(wiring, otlpHttp, intake)
  const engineProblems = config.roles.includes('query') && warehouse ? engineWatch(warehouse) : null
  const { losses } = wiring
  const readiness = () => readinessOf({ intake, processors, losses }, engineProblems)
  const parts = { log, warehouse, snapshots, erasures, processors, uplink, otlpHttp, otlpGrpc, readiness }
  const http = await startHttp(wiring, parts, early)
  if (intake) await startOwnSensors(wiring, intake)
  if (intake) await startScraping(wiring, intake)
  if (needs.folder) keepStartReserve(config.data)
  return {
    addresses: { http, otlpHttp, otlpGrpc },
    readiness,
    stop: async (deadlineMs, onPart) => {
      events.emit('processStopping')
      const left = await lifecycle.stop(deadlineMs, onPart)
      events.emit('processStopped', { left: left.join(', ') })
      return left
    },
  }
}

function startRunner(wiring: Wiring, broker: Broker, warehouse: Warehouse): Promise<Runner> {
  const { lifecycle, config, events, rowAges, meterBudget } = wiring
  const restored = restoredOf(wiring.losses)
  const more = { rowAges, meterBudget, restored, isSensor: isSensorSource, now: Date.now }
  return lifecycle.start(
    'processors',
    () => startProcessors({ config, broker, warehouse, events, ...more }),
    runner => runner.stop(),
  )
}

/** Null where nothing is forwarded. */
async function startUplink({ lifecycle, config, events }: Wiring, broker: Broker): Promise<Runner | null> {
  const { url } = config.forward
  if (url === undefined) return null
  return await lifecycle.start(
    'uplink',
    () => startForward({ config, broker, events, isSensor: isSensorSource, now: Date.now }, url),
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
        recogniser: createRecogniser({ aliases: config.hosts.aliases }),
      }),
    door => door.drain(),
  )
}

async function startOtlpHttp(wiring: Wiring, intake: Intake): Promise<string | null> {
  const { host, otlp_http: port, cors_origins: corsOrigins } = wiring.config.listen
  if (port === 'off') return null
  const { access, tls } = wiring.doors
  const parts = { host, port, intake, access, tls, corsOrigins, ...sharing(wiring) }
  return await startHttpReceiver(wiring, parts)
}

const sharing = ({ shared }: Wiring) =>
  shared === undefined ? {} : { reusePort: true, maxConnections: shared.connections }

async function startOtlpGrpc(wiring: Wiring, intake: Intake): Promise<string | null> {
  const { config, doors, events, pool } = wiring
  const { host, otlp_grpc: port } = config.listen
  if (port === 'off') return null
  const { access, tls } = doors
  const { limits } = config
  const parts = { host, port, intake, access, tls, limits, events, pool, ...sharing(wiring) }
  const receiver = createOtlpGrpcReceiver(parts)
  return await startReceiver(wiring, 'OTLP over gRPC', receiver, doors)
}

type HttpReceiverParts = Omit<Parameters<typeof createOtlpHttpReceiver>[0], 'limits' | 'events' | 'pool'>

function startHttpReceiver(wiring: Wiring, parts: HttpReceiverParts): Promise<string> {
  const { config, events, pool } = wiring
  const receiver = createOtlpHttpReceiver({ ...parts, limits: config.limits, events, pool })
  return startReceiver(wiring, 'OTLP over HTTP', receiver, parts)
}

/** Resolves with its address. */
async function startReceiver(
  { lifecycle }: Wiring,
  name: string,
  receiver: Receiver,
  doors: Partial<Pick<Doors, 'tls'>>,
): Promise<string> {
  await lifecycle.start(
    name,
    () => receiver.start(),
    () => receiver.stop(),
  )
  return urlOf(receiver.address(), doors)
}

/** Spans of its own go to the configured receiver, else to its own, else nowhere. */
async function startOwnTelemetry(
  wiring: Wiring,
  otlpHttp: string | null,
  intake: Intake | null,
): Promise<void> {
  const { lifecycle, config, version, doors } = wiring
  const { traces, endpoint, sample_ratio: sampleRatio } = config.telemetry
  if (!traces) return
  const url = endpoint ?? (intake && otlpHttp && (await ownReceiver(wiring, otlpHttp, intake)))
  if (url === null) return
  const instance = `${config.instance ?? hostname()}-${process.pid}`
  const token = endpoint === undefined ? doors.own.token : config.telemetry.token
  await lifecycle.start(
    'telemetry',
    () => startTelemetry({ url, version, instance, sampleRatio, ...(token === undefined ? {} : { token }) }),
    telemetry => telemetry.stop(),
  )
}

/**
 * With TLS one more port, plain and on loopback, for this process alone: its certificate names others. The same where the
 * port is shared: another process answers there, which does not know this one's token.
 */
async function ownReceiver(wiring: Wiring, otlpHttp: string, intake: Intake): Promise<string> {
  if (wiring.doors.tls === undefined && wiring.shared === undefined) return otlpHttp
  const { access } = wiring.doors.own
  return await startHttpReceiver(wiring, { host: '127.0.0.1', port: 0, intake, access })
}

/** What this process runs; null where its roles do not need it. */
interface Parts {
  readonly log: Pick<Broker, 'lag' | 'append' | 'newest'> | null
  readonly warehouse: Warehouse | null
  readonly snapshots: Snapshots | false
  readonly erasures: Erasures | null | false
  readonly processors: Runner | null
  readonly uplink: Runner | null
  readonly otlpHttp: string | null
  readonly otlpGrpc: string | null
  readonly readiness: () => Promise<Readiness>
}

async function startHttp(wiring: Wiring, parts: Parts, early: QueryServer | null): Promise<string | null> {
  const { lifecycle, events } = wiring
  const { host, http: port } = wiring.config.listen
  if (port === 'off') return null
  let address = ''
  await lifecycle.start(
    'query',
    async () => {
      const server = await createHttpServer(wiring, parts)
      const place = early === null ? await server.listen(host, port) : await server.takeOver(early)
      address = urlOf(place, wiring.doors)
      return server
    },
    server => server.stop(),
  )
  events.emit('listenerStarted', { listener: 'http', address })
  return address
}

/** Every process tells of itself; questions are answered where the role is. */
async function createHttpServer(wiring: Wiring, parts: Parts): Promise<QueryServer> {
  const { config, events, version, started, doors } = wiring
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
    waiting: () => parts.uplink?.problems() ?? [],
    notes: () => [...doors.notes(), ...wiring.meterBudget.notes(), ...(wiring.losses?.notes() ?? [])],
    losses: () => wiring.losses?.all() ?? [],
    lossNotes: () => wiring.losses?.notes() ?? [],
    logReaders: readersOf(config),
    access: doors.access,
    tls: doors.tls,
    ...(parts.snapshots ? { snapshots: parts.snapshots } : {}),
    // The same from every reader of the log; collectors, of which there are most, do not ask.
    ...(log && (isQuery || parts.processors || parts.uplink) ? { broker: log } : {}),
  }
  if (!isQuery || warehouse === null) return createStatusServer(common)
  const { buildPage } = await import('./dashboards/page.ts')
  const replay = log && createReplay({ broker: log, events, now: Date.now })
  return createQueryServer({
    ...common,
    config,
    warehouse,
    page: await buildPage(),
    ...(replay ? { replay } : {}),
    ...(log ? { intensities: createIntensities(log, intensityOf(config.factors)) } : {}),
    ...(parts.erasures ? { erasures: parts.erasures } : {}),
  })
}

/** Per role of this process, what keeps it from working. */
async function readinessOf(
  {
    intake,
    processors,
    losses,
  }: { readonly intake: Intake | null; readonly processors: Runner | null; readonly losses: Losses | null },
  engineProblems: (() => Promise<readonly string[]>) | null,
): Promise<Readiness> {
  const failure = intake?.stats().brokerFailure ?? null
  const missing = losses?.reasons() ?? []
  const ofIntake = failure === null ? [] : [`intake: ${failure}`]
  return {
    ...(intake ? { collector: ofIntake } : {}),
    ...(processors ? { processors: processors.problems() } : {}),
    ...(engineProblems ? { query: await engineProblems() } : {}),
    ...(missing.length > 0 ? { files: missing } : {}),
  }
}

async function startOwnSensors({ lifecycle, config, events }: Wiring, intake: Intake): Promise<void> {
  await lifecycle.start(
    'sensors',
    () =>
      startSensors({
        config: config.sensors,
        tenant: config.sensors.tenant,
        append: readings => intake.appendReadings(config.sensors.tenant, readings),
        events,
      }),
    sensors => sensors.stop(),
  )
}

/** Last, so that a process which scrapes itself finds its pages; stopped first. */
async function startScraping({ lifecycle, config, events, version }: Wiring, intake: Intake): Promise<void> {
  if (config.scrape.jobs.length === 0) return
  await lifecycle.start(
    'scraper',
    () => startScraper({ config, intake, events, version }),
    scraper => scraper.stop(),
  )
}
