/**
 * Wires a configuration into a running process: log, warehouse, processors, intake, receiver, telemetry of its own, query
 * server, sensors. Started in this order, so that each part finds its neighbours; stopped in the opposite one, so that
 * what was taken in is finished.
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
import { openEmbeddedBroker } from './core/broker/embedded/embedded-broker.ts'
import { openKafkaBroker } from './core/broker/kafka/kafka-broker.ts'
import { STREAMS } from './core/model/streams/index.ts'
import type { Config } from './core/runtime/config/schema.ts'
import type { EventBus } from './core/runtime/events.ts'
import { lockFolder } from './core/runtime/folder-lock.ts'
import { instanceName } from './core/runtime/instance.ts'
import { Lifecycle } from './core/runtime/lifecycle.ts'
import { startTelemetry } from './core/runtime/telemetry.ts'
import { openEmbeddedWarehouse } from './core/warehouse/embedded/embedded.ts'
import type { Warehouse } from './core/warehouse/warehouse.ts'
import { buildPage } from './dashboards/page.ts'
import { startProcessors, streamSettings } from './processors/processors.ts'
import { publishFactors } from './processors/rate/publish.ts'
import { createReplay } from './processors/replay.ts'
import { createQueryServer } from './query/server.ts'

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

/** Starts everything, or throws a WattlineError after stopping what had started. */
export async function startWattline(options: WattlineOptions): Promise<RunningWattline> {
  const { config, version, events } = options
  const started = new Date()
  const lifecycle = new Lifecycle()
  events.emit('processStarted', { version, data: config.data })

  await lifecycle.start(
    'folder lock',
    () => lockFolder(config.data),
    lock => lock.release(),
  )
  const broker = await lifecycle.start(
    'log',
    () => openBroker(config, events),
    log => log.close(),
  )
  const warehouse = await lifecycle.start(
    'warehouse',
    () => openWarehouse(options),
    engine => engine.close(),
  )
  const processors = await lifecycle.start(
    'processors',
    () => startProcessors({ config, broker, warehouse, events, isSensor: isSensorSource, now: Date.now }),
    runner => runner.stop(),
  )
  const intake = await lifecycle.start(
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
  const otlpHttp = await startOtlpHttp(lifecycle, config, intake, events)
  await startOwnTelemetry(lifecycle, config, otlpHttp, version)

  const readiness = (): readonly string[] => {
    const { brokerFailure } = intake.stats()
    return [...processors.problems(), ...(brokerFailure === null ? [] : [`intake: ${brokerFailure}`])]
  }
  const http = await startQuery(lifecycle, {
    config,
    broker,
    warehouse,
    replay: createReplay({ broker, events, now: Date.now }),
    events,
    readiness,
    version,
    started,
    otlpHttp,
  })
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

function openBrokerOfKind({ data, broker }: Config, events: EventBus): Promise<Broker> {
  if (broker.kind === 'embedded') {
    return openEmbeddedBroker({ path: join(data, 'log'), maxBytes: broker.max_bytes, events })
  }
  const { brokers, topic_prefix: topicPrefix, replication, tls, sasl } = broker
  const { mechanism, username = '', password = '' } = sasl
  return openKafkaBroker({
    brokers,
    topicPrefix,
    replication,
    events,
    instance: instanceName(data),
    ...(tls.enabled ? { tls } : {}),
    ...(mechanism === 'none' ? {} : { sasl: { mechanism, username, password } }),
  })
}

async function openWarehouse({ config, events, repairTokens = true }: WattlineOptions): Promise<Warehouse> {
  const path = join(config.data, 'warehouse')
  const maxMemoryBytes = config.warehouse.max_memory_bytes
  const warehouse = await openEmbeddedWarehouse({ path, maxMemoryBytes, events, repairTokens })
  try {
    const { signals_days: signalsDays, ledger_days: ledgerDays } = config.retention
    await warehouse.migrate(STREAMS, { signalsDays, ledgerDays })
    await publishFactors(warehouse, config)
    return warehouse
  } catch (error) {
    await warehouse.close()
    throw error
  }
}

async function startOtlpHttp(
  lifecycle: Lifecycle,
  config: Config,
  intake: Intake,
  events: EventBus,
): Promise<string | null> {
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

async function startOwnTelemetry(
  lifecycle: Lifecycle,
  config: Config,
  otlpHttp: string | null,
  version: string,
): Promise<void> {
  if (!config.telemetry.traces || otlpHttp === null) return
  await lifecycle.start(
    'telemetry',
    () => startTelemetry({ url: otlpHttp, version, sampleRatio: config.telemetry.sample_ratio }),
    telemetry => telemetry.stop(),
  )
}

type QueryParts = Omit<Parameters<typeof createQueryServer>[0], 'page'> & { readonly events: EventBus }

async function startQuery(lifecycle: Lifecycle, parts: QueryParts): Promise<string | null> {
  const { host, http: port } = parts.config.listen
  if (port === 'off') return null
  let address = ''
  await lifecycle.start(
    'query',
    async () => {
      const server = createQueryServer({ ...parts, page: await buildPage() })
      const bound = await server.listen(host, port)
      address = urlOf(bound)
      return server
    },
    server => server.stop(),
  )
  parts.events.emit('listenerStarted', { listener: 'http', address })
  return address
}

const urlOf = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}`
