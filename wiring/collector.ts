import { startFactorPoller } from '../collector/factors/poller.ts'
import { providersOf } from '../collector/factors/providers.ts'
import { createOtlpGrpcReceiver } from '../collector/grpc/receiver.ts'
import { createOtlpHttpReceiver } from '../collector/http/receiver.ts'
import { createIntake, type Intake } from '../collector/intake/intake.ts'
import type { NodeHost } from '../collector/kubernetes/describe/describe.ts'
import { startKubernetes } from '../collector/kubernetes/kubernetes.ts'
import { decodeLogs } from '../collector/otlp/decode/logs.ts'
import { decodeMetrics } from '../collector/otlp/decode/metrics.ts'
import { decodeTraces } from '../collector/otlp/decode/traces.ts'
import { startScraper } from '../collector/prometheus/scrape/scraper.ts'
import { createRecogniser } from '../collector/readings/recogniser.ts'
import type { Receiver } from '../collector/receiver.ts'
import { openControllers } from '../collector/sensors/bmc/open.ts'
import { ownControllers } from '../collector/sensors/bmc/own.ts'
import { startControllers } from '../collector/sensors/bmc/poller.ts'
import { openGpus } from '../collector/sensors/gpus.ts'
import { sensorClock } from '../collector/sensors/rounds.ts'
import { startSensors } from '../collector/sensors/sensors.ts'
import type { Authentication } from '../core/auth/authentication.ts'
import type { Broker } from '../core/broker/broker.ts'
import { appendForecasts } from '../core/factors/forecasts.ts'
import { putIntensities } from '../core/factors/intensity-log.ts'
import { putSpotPrices } from '../core/factors/prices/spot-records.ts'
import { urlOf } from '../core/http/url-of.ts'
import type { Wiring } from './wiring.ts'

/** Addresses that receive telemetry; null if disabled by configuration. */
export interface OtlpAddresses {
  readonly otlpHttp: string | null
  readonly otlpGrpc: string | null
}

/** Starts the conversion of telemetry to records. */
export function startIntake({ lifecycle, config, events }: Wiring, broker: Broker): Promise<Intake> {
  return lifecycle.start(
    'intake',
    () =>
      createIntake({
        broker,
        config,
        events,
        decoders: { traces: decodeTraces, metrics: decodeMetrics, logs: decodeLogs },
        recogniser: createRecogniser({
          separate: config.hosts.separate,
          drops: config.metrics.recognised === 'drop',
          mappings: config.mappings,
          regionUnknown: region => events.emit('regionUnknown', { region }),
        }),
      }),
    receiver => receiver.drain(),
  )
}

/** Opens the OTLP ports. */
export async function startReceivers(wiring: Wiring, intake: Intake): Promise<OtlpAddresses> {
  const otlpHttp = await startOtlpHttp(wiring, intake)
  const otlpGrpc = await startOtlpGrpc(wiring, intake)
  return { otlpHttp, otlpGrpc }
}

/** Queries providers of grid intensities, if any are configured. */
export async function startFactors({ lifecycle, config, events }: Wiring, broker: Broker): Promise<void> {
  if (config.factors.providers.length === 0) return
  await lifecycle.start(
    'providers of intensities',
    () =>
      startFactorPoller({
        providers: providersOf(config.factors.providers),
        put: revised => putIntensities(broker, revised, Date.now()),
        putPrices: revised => putSpotPrices(broker, revised, Date.now()),
        keep: forecasts => appendForecasts(broker, forecasts, Date.now()),
        events,
        now: Date.now,
      }),
    poller => poller.stop(),
  )
}

/** Last, so that a process that scrapes itself finds its pages; stopped first. */
export async function startSources(wiring: Wiring, intake: Intake): Promise<void> {
  const { identity } = await startOwnSensors(wiring, intake)
  await startBmcs(wiring, intake)
  await startKubernetesNames(wiring, intake, identity)
  await startScraping(wiring, intake)
}

async function startOtlpHttp(wiring: Wiring, intake: Intake): Promise<string | null> {
  const { host, otlp_http: port, cors_origins: corsOrigins } = wiring.config.listen
  if (port === 'off') return null
  const { access, tls } = wiring.authentication
  const parts = { host, port, intake, access, tls, corsOrigins, ...sharing(wiring) }
  return await startHttpReceiver(wiring, parts)
}

const sharing = ({ shared }: Wiring) =>
  shared === undefined ? {} : { reusePort: true, maxConnections: shared.connections }

async function startOtlpGrpc(wiring: Wiring, intake: Intake): Promise<string | null> {
  const { config, authentication, events, pool } = wiring
  const { host, otlp_grpc: port } = config.listen
  if (port === 'off') return null
  const { access, tls } = authentication
  const { limits } = config
  const parts = { host, port, intake, access, tls, limits, events, pool, ...sharing(wiring) }
  const receiver = createOtlpGrpcReceiver(parts)
  return await startReceiver(wiring, 'OTLP over gRPC', receiver, authentication)
}

type HttpReceiverParts = Omit<Parameters<typeof createOtlpHttpReceiver>[0], 'limits' | 'events' | 'pool'>

/** Resolves with its address. */
export function startHttpReceiver(wiring: Wiring, parts: HttpReceiverParts): Promise<string> {
  const { config, events, pool } = wiring
  const receiver = createOtlpHttpReceiver({ ...parts, limits: config.limits, events, pool })
  return startReceiver(wiring, 'OTLP over HTTP', receiver, parts)
}

/** Resolves with its address. */
async function startReceiver(
  { lifecycle }: Wiring,
  name: string,
  receiver: Receiver,
  authentication: Partial<Pick<Authentication, 'tls'>>,
): Promise<string> {
  await lifecycle.start(
    name,
    () => receiver.start(),
    () => receiver.stop(),
  )
  return urlOf(receiver.address(), authentication)
}

function startOwnSensors({ lifecycle, config, events }: Wiring, intake: Intake) {
  return lifecycle.start(
    'sensors',
    () =>
      startSensors({
        config: config.sensors,
        tenant: config.sensors.tenant,
        append: readings => intake.appendReadings(config.sensors.tenant, readings),
        events,
        more: openGpus,
      }),
    sensors => sensors.stop(),
  )
}

async function startKubernetesNames(
  { lifecycle, config, events }: Wiring,
  intake: Intake,
  own: NodeHost,
): Promise<void> {
  if (config.kubernetes.mode === 'off') return
  await lifecycle.start(
    'names from Kubernetes',
    () =>
      startKubernetes({
        config: config.kubernetes,
        own,
        aliases: new Map(Object.entries(config.hosts.aliases)),
        dataDir: config.data,
        append: readings => intake.appendReadings(config.sensors.tenant, readings),
        events,
        regionUnknown: region => events.emit('regionUnknown', { region }),
      }),
    kubernetes => kubernetes.stop(),
  )
}

async function startBmcs({ lifecycle, config, events }: Wiring, intake: Intake): Promise<void> {
  const controllers = [...ownControllers(config, events), ...openControllers(config)]
  if (controllers.length === 0) return
  await lifecycle.start(
    'controllers of servers',
    () =>
      startControllers({
        controllers,
        intervalMs: config.bmc.interval * 1000,
        timeoutMs: config.bmc.timeout * 1000,
        append: (tenant, readings) => intake.appendReadings(tenant, readings),
        events,
        clock: sensorClock,
      }),
    poller => poller.stop(),
  )
}

async function startScraping({ lifecycle, config, events, version }: Wiring, intake: Intake): Promise<void> {
  if (config.scrape.jobs.length === 0) return
  await lifecycle.start(
    'scraper',
    () => startScraper({ config, intake, events, version }),
    scraper => scraper.stop(),
  )
}
