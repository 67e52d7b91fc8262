/**
 * A collector with several processes: this one starts the others, which each run `main.ts` with their share and listen
 * on the same OTLP ports, and answers for all of them on `listen.http`. It handles no telemetry itself.
 */

import { type Authentication, openAuthentication } from './core/auth/authentication.ts'
import { collectorProcesses, workerConfig } from './core/catalogue/config/processes.ts'
import type { Config } from './core/catalogue/config/schema.ts'
import type { EventBus } from './core/catalogue/events/event-bus.ts'
import { FIXED_LIMITS } from './core/catalogue/limits/limits.ts'
import { checkPortFree } from './core/http/free-port.ts'
import { urlOf } from './core/http/url-of.ts'
import { Lifecycle } from './core/runtime/lifecycle.ts'
import { watchProcess } from './core/runtime/process-figures.ts'
import type { WorkerAddresses } from './core/runtime/processes/messages.ts'
import { Supervisor } from './core/runtime/processes/supervisor.ts'
import type { RunningWattline } from './main.ts'
import { createStatusServer } from './query/status-server.ts'

/** Minimum time for workers to finish, even if closing this process's own port took all the time. */
const LEAST_GRACE_MS = 500
/** Extra time after the deadline for the workers' last messages. */
const LAST_WORDS_MS = 600
/** Time limit for processes that are stopped while they start. */
const STOP_STARTING_MS = 2_000
const ENTRY = new URL('cli/worker.ts', import.meta.url)

interface SupervisorOptions {
  readonly config: Config
  readonly version: string
  readonly events: EventBus
  /** Aborting it ends the start. */
  readonly signal?: AbortSignal
}

/** Starts all processes, or throws the WattlineError of the one that could not start, after stopping the others. */
export async function superviseWattline(options: SupervisorOptions): Promise<RunningWattline> {
  const { config, version, events } = options
  const lifecycle = new Lifecycle(options.signal)
  const authentication = await lifecycle.start(
    'tokens and certificate',
    () => openAuthentication(config, events),
    opened => opened.close(),
  )
  const processes = collectorProcesses(config)
  events.emit('processStarted', { version, roles: config.roles.join(','), processes })
  const supervisor = new Supervisor({
    processes,
    entry: ENTRY,
    events,
    order: (index, first) => ({
      index,
      version,
      config: withPorts(workerConfig(config, index), first),
      connections: Math.ceil(FIXED_LIMITS.connections / processes),
    }),
  })
  options.signal?.addEventListener('abort', () => void supervisor.stop(STOP_STARTING_MS), { once: true })
  let left: readonly string[] = []
  let untilMs = 0
  // Before the processes, which may have to wait for Kafka: this port reports what they wait for.
  const http = await startHttp(options, lifecycle, authentication, supervisor)
  const addresses = await lifecycle.start(
    'processes',
    async () => {
      await checkPorts(config)
      return await supervisor.start()
    },
    async () => {
      left = await supervisor.stop(Math.max(LEAST_GRACE_MS, untilMs - performance.now()))
    },
  )
  return {
    addresses: { ...addresses, http, clickhouse: null, keda: null, kubernetes: null, jaeger: null },
    readiness: async () => ({ collector: supervisor.reasons() }),
    stop: async (deadlineMs, onPart) => {
      untilMs = performance.now() + deadlineMs
      events.emit('processStopping')
      const late = await lifecycle.stop(deadlineMs + LAST_WORDS_MS, onPart)
      const all = [...late, ...left]
      events.emit('processStopped', { left: all.join(', ') })
      return all
    },
  }
}

async function checkPorts({ listen }: Config): Promise<void> {
  const { host, otlp_http: http, otlp_grpc: grpc } = listen
  if (http !== 'off') await checkPortFree('OTLP over HTTP', host, http)
  if (grpc !== 'off') await checkPortFree('OTLP over gRPC', host, grpc)
}

/** Ports chosen by the system are those of the first process. */
function withPorts(config: Config, first: WorkerAddresses | null): Config {
  if (first === null) return config
  const portOf = (address: string | null) => (address === null ? 'off' : Number(/\d+$/.exec(address)?.[0]))
  return {
    ...config,
    listen: {
      ...config.listen,
      otlp_http: portOf(first.otlpHttp),
      otlp_grpc: portOf(first.otlpGrpc),
    },
  }
}

async function startHttp(
  { config, version, events }: SupervisorOptions,
  lifecycle: Lifecycle,
  authentication: Authentication,
  supervisor: Supervisor,
): Promise<string | null> {
  const { host, http: port } = config.listen
  if (port === 'off') return null
  const server = createStatusServer({
    events: {
      emit: (name, facts, error) => events.emit(name, facts, error),
      samples: () => supervisor.counters(events.samples()),
    },
    figures: supervisor.figures(watchProcess()),
    readiness: async () => ({ collector: supervisor.reasons() }),
    waiting: () => supervisor.waiting(),
    notes: authentication.notes,
    access: authentication.access,
    tls: authentication.tls,
    version,
    started: new Date(),
    roles: config.roles,
  })
  let address = ''
  await lifecycle.start(
    'health',
    async () => {
      address = urlOf(await server.listen(host, port), authentication)
    },
    () => server.stop(),
  )
  events.emit('listenerStarted', { listener: 'http', address })
  return address
}
