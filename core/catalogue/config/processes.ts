/** A collector with several processes: when it is allowed, and the share of the limits that each process gets. */
import { availableBytes } from '../../runtime/available-memory.ts'
import type { ConfigProblem } from './problem.ts'
import type { Config } from './schema.ts'

/**
 * For the process that starts and watches the others and answers on `listen.http`. It is never on the path of a
 * request.
 */
const SUPERVISOR_BYTES = 160 * 1024 * 1024
/** A collector takes 135 to 170 MB at rest, and admits requests up to four fifths of its memory. */
const LEAST_BYTES = 256 * 1024 * 1024

/** Number of processes that ingest telemetry. The setting is for collectors and has no effect in other roles. */
export const collectorProcesses = ({ roles, collector }: Pick<Config, 'roles' | 'collector'>): number =>
  roles.includes('collector') ? collector.processes : 1

type ProcessKeys = 'roles' | 'collector' | 'broker' | 'forward' | 'limits'

/** Problems of `collector.processes` with the keys around it; none for one process. */
export function processesProblems(config: Pick<Config, ProcessKeys>): ConfigProblem[] {
  const { roles, broker, forward, limits } = config
  const processes = collectorProcesses(config)
  if (processes === 1) return []
  const problems: ConfigProblem[] = []
  const tell = (path: string, problem: string): void => void problems.push({ path, problem })
  if (broker.kind === 'embedded') {
    tell(
      'collector.processes',
      'only one process can write the embedded log: set `collector.processes: 1`, or `broker.kind: kafka`',
    )
  }
  if (roles.length > 1) {
    tell(
      'collector.processes',
      'needs a process with only role `collector`: start it with `--roles collector` and run the other roles in separate processes, or set it to 1',
    )
  }
  if (forward.url !== undefined) {
    tell(
      'collector.processes',
      'only one process can forward a log: set it to 1 where `forward.url` is set, or forward from a separate collector',
    )
  }
  if (limits.body_bytes * processes > limits.in_flight_bytes) {
    tell(
      'limits.in_flight_bytes',
      `must be at least limits.body_bytes (${limits.body_bytes}) for each of ${processes} processes`,
    )
  }
  if (limits.memory_bytes !== undefined && shareOfMemory(limits.memory_bytes, processes) < LEAST_BYTES) {
    const least = LEAST_BYTES * processes + SUPERVISOR_BYTES
    tell('limits.memory_bytes', `${processes} processes need at least ${least}`)
  }
  return problems
}

/**
 * The configuration of one of several processes: its share of the common limits, no page, and sensors, Kubernetes and scraper only
 * in the first process, so that nothing is measured twice.
 */
export function workerConfig(config: Config, index: number): Config {
  const processes = collectorProcesses(config)
  const { limits, listen, sensors, scrape, bmc, kubernetes } = config
  const off = {
    cpu_time: 'off',
    rapl: 'off',
    hwmon: 'off',
    battery: 'off',
    guest: 'off',
    estimate: 'off',
  } as const
  return {
    ...config,
    listen: { ...listen, http: 'off' },
    limits: {
      ...limits,
      in_flight_bytes: Math.floor(limits.in_flight_bytes / processes),
      memory_bytes: shareOfMemory(limits.memory_bytes ?? availableBytes(), processes),
    },
    sensors: index === 0 ? sensors : { ...sensors, ...off },
    bmc: index === 0 ? bmc : { ...bmc, local: 'off', redfish: [], ipmi: [] },
    scrape: index === 0 ? scrape : { ...scrape, jobs: [] },
    kubernetes: index === 0 ? kubernetes : { ...kubernetes, mode: 'off' },
  }
}

const shareOfMemory = (bytes: number, processes: number): number =>
  Math.max(1, Math.floor((bytes - SUPERVISOR_BYTES) / processes))
