/**
 * Chooses the parts that a configuration needs: log, warehouse, processors, intake, receivers, the process's own
 * telemetry, query server, sensors; wiring/ assembles each of them. They are started in this order, so that each part
 * finds its neighbours, and stopped in reverse order, so that ingested data is processed to the end. Logs and engines
 * are loaded only when they are opened: an unused engine costs 150 MB of memory. The stages are loaded when they are started:
 * a process loads what its roles need, so that autoscalers get answers from its first moments on.
 */
import type { DoctorAnswer } from './core/api/meter-findings.ts'
import type { Role } from './core/catalogue/config/keys/process.ts'
import { roleNeeds } from './core/catalogue/config/roles.ts'
import type { Config } from './core/catalogue/config/schema.ts'
import { keepStartReserve, releaseStartReserve } from './core/runtime/start-reserve.ts'
import type { Readiness } from './query/http/readiness.ts'
import { followDecisions, startAnswering } from './wiring/answering.ts'
import { startAutoscalers } from './wiring/autoscalers.ts'
import { startEarlyHealth } from './wiring/early-health.ts'
import { fairnessOf, readinessOf, startHttp } from './wiring/query.ts'
import { stages } from './wiring/stages.ts'
import { startWiring, type WattlineOptions } from './wiring/wiring.ts'

/** Checks every meter that a process with this configuration would read here. */
export const diagnoseMeters = async (config: Config): Promise<DoctorAnswer> =>
  (await import('./wiring/doctor.ts')).checkMeters(config)

export type { WattlineOptions }

/** A running process. */
export interface RunningWattline {
  /** Null: not started, by configuration. */
  readonly addresses: {
    readonly http: string | null
    readonly clickhouse: string | null
    readonly otlpHttp: string | null
    readonly otlpGrpc: string | null
    readonly keda: string | null
    readonly kubernetes: string | null
    readonly jaeger: string | null
  }
  /** Per role, why it cannot work. */
  readiness(): Promise<Readiness>
  /**
   * Accepts nothing more, finishes work in flight, commits. Resolves with a line for each part that failed or was late.
   * @param onPart called with each part before it is stopped
   */
  stop(deadlineMs: number, onPart?: (name: string) => void): Promise<readonly string[]>
}

/** Starts the parts that the roles need, or throws a WattlineError after stopping those that had started. */
export async function startWattline(options: WattlineOptions): Promise<RunningWattline> {
  const { config, version, events } = options
  const needs = roleNeeds(config)
  const runs = (role: Role): boolean => config.roles.includes(role)
  const wiring = await startWiring(options)
  const { lifecycle } = wiring
  events.emit('processStarted', { version, roles: config.roles.join(','), data: config.data })

  if (needs.folder) await (await import('./wiring/neighbours.ts')).startFolder(wiring)
  const answering = await startAnswering(wiring)
  const autoscalers =
    answering !== null && runs('scaling') ? await startAutoscalers(wiring, answering.answers) : null
  const early = await startEarlyHealth(wiring, needs, answering)
  const broker = needs.log === 'open' ? await stages.startLog(wiring) : null
  if (needs.folder) releaseStartReserve(config.data)
  const log = needs.log === 'late' ? await stages.startLateLog(wiring) : broker
  if (answering !== null) await followDecisions(wiring, answering, log)
  const warehouse = needs.warehouse ? await stages.startWarehouse(wiring, broker) : null
  const snapshots = needs.folder ? await stages.startSnapshots(wiring, broker, warehouse) : null

  const works = runs('processors') && broker !== null && warehouse !== null
  if (works) await stages.startFactorFiles(wiring, broker)
  const recomputations = works ? await stages.startRecomputations(wiring, broker) : null
  const processors =
    recomputations && works ? await stages.startRunner(wiring, broker, warehouse, recomputations) : null
  const exports = works ? await stages.startExports(wiring, warehouse) : null
  const erasures = works ? await stages.startErasures(wiring, broker, warehouse, exports) : null
  const collects = runs('collector') && broker !== null
  const uplink = collects ? await stages.startUplink(wiring, broker) : null
  const intake = collects ? await stages.startIntake(wiring, broker) : null
  const otlp =
    intake === null ? { otlpHttp: null, otlpGrpc: null } : await stages.startReceivers(wiring, intake)
  await stages.startOwnTelemetry(wiring, otlp.otlpHttp, intake)

  const fairness = runs('query') && warehouse ? fairnessOf(config, warehouse) : null
  const readiness = readinessOf(wiring, { intake, processors, warehouse })
  const parts = {
    log,
    warehouse,
    fairness,
    snapshots,
    erasures,
    exports,
    recomputations,
    processors,
    uplink,
    answering,
    autoscalers,
    ...otlp,
    readiness,
  }
  const query = await startHttp(wiring, parts, early)
  const jaeger = fairness && warehouse ? await stages.startJaeger(wiring, warehouse, fairness) : null
  if (intake !== null) await stages.startSources(wiring, intake)
  if (collects) await stages.startFactors(wiring, broker)
  if (needs.folder) keepStartReserve(config.data)
  return {
    addresses: {
      ...query,
      ...otlp,
      keda: autoscalers?.keda ?? null,
      kubernetes: autoscalers?.kubernetes ?? null,
      jaeger,
    },
    readiness,
    stop: async (deadlineMs, onPart) => {
      events.emit('processStopping')
      const left = await lifecycle.stop(deadlineMs, onPart)
      events.emit('processStopped', { left: left.join(', ') })
      return left
    },
  }
}
