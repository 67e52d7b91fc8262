/**
 * This machine's own meters: one round of all sensors every interval, with one call of `append` per round. Readings are
 * counters, so a round that fails or cannot be appended costs resolution, never energy: the next one continues.
 */
import type { Config } from '../../core/catalogue/config/schema.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import type { Reading } from '../readings/reading.ts'
import { estimateSensor } from './estimate/estimate.ts'
import { type KernelFiles, kernelFiles } from './host/files.ts'
import { hostIdentity } from './host/host-identity.ts'
import { type HostIdentity, type Roots, rootsUnder, type Sensor } from './host/sensor.ts'
import { cpuTimeSensor } from './proc/cpu-time.ts'
import { probeRapl, raplSensor } from './rapl/rapl.ts'
import { type SensorClock, systemClock, untilNextRound } from './rounds.ts'

interface SensorsOptions {
  readonly config: Config['sensors']
  readonly tenant: string
  /** Resolves when the readings are durable. A rejection loses only this round. */
  readonly append: (readings: Reading[]) => Promise<void>
  readonly events: Events
  /** Default: those under `sensors.host_root`. */
  readonly roots?: Roots
  readonly clock?: SensorClock
}

interface RunningSensors {
  readonly identity: HostIdentity
  /** Resolves when the current round, if any, has been appended or has failed. */
  stop(): Promise<void>
}

/**
 * A sensor that keeps failing is reported on its first failure, then once in this many rounds with the number of
 * failures in between.
 */
const REPEAT_AFTER_ROUNDS = 60

/** Opens the sensors of this machine and starts the rounds. Sensors that cannot be opened are reported, not thrown. */
export function startSensors(options: SensorsOptions): RunningSensors {
  const { config, events, clock = systemClock, roots = rootsUnder(options.config.host_root) } = options
  const files = kernelFiles()
  const identity = hostIdentity(files, roots, options.tenant, config)
  const runId = clock.now().toString(36)
  const sensors = openSensors({ config, events, files, roots, identity, runId })
  const failures = failureReporter(events)
  const stopping = new AbortController()

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted && sensors.length > 0) {
      await takeRound(sensors, clock, options.append, failures)
      await clock.wait(untilNextRound(clock.now(), config.interval * 1000), stopping.signal)
    }
  }
  const finished = run()
  return {
    identity,
    stop: async () => {
      stopping.abort()
      await finished
    },
  }
}

interface OpenOptions {
  readonly config: Config['sensors']
  readonly events: Events
  readonly files: KernelFiles
  readonly roots: Roots
  readonly identity: HostIdentity
  readonly runId: string
}

/**
 * The sensors of this machine. Measured energy wins; the estimate is used if no package or host counter can be read.
 * `estimate: on` uses the estimate instead of an optional meter; it never runs alongside one, since both would count
 * the same domain.
 */
export function openSensors(options: OpenOptions): Sensor[] {
  const { config, events, files, roots, identity } = options
  const sensors: Sensor[] = []
  if (config.cpu_time !== 'off') {
    sensors.push(cpuTimeSensor(options))
    events.emit('sensorStarted', { sensor: 'cpu_time', host: identity.host, host_name: identity.hostName })
  }
  const mayMeasure = config.rapl === 'on' || (config.rapl === 'auto' && config.estimate !== 'on')
  const probe = mayMeasure ? probeRapl(files, roots) : { zones: [], leftOut: [] }
  if (probe.problem !== undefined) events.emit('sensorFailed', { sensor: 'rapl', reason: probe.problem })
  if (config.rapl === 'on' && probe.zones.length === 0 && probe.problem === undefined) {
    const reason = 'This machine has no RAPL zones. Set `sensors.rapl: auto` to run without them.'
    events.emit('sensorFailed', { sensor: 'rapl', reason })
  }
  if (probe.zones.length > 0) {
    sensors.push(...probe.zones.map(zone => raplSensor(files, identity, zone)))
    const domains = probe.zones.map(zone => zone.domain).join(' ')
    events.emit('sensorStarted', { sensor: 'rapl', domains, left_out: probe.leftOut.join(' ') })
  }
  const isMeasured = probe.zones.some(zone => zone.domain === 'host' || zone.domain.startsWith('package-'))
  if (!isMeasured && config.estimate !== 'off') {
    const estimate = estimateSensor(options)
    sensors.push(estimate)
    events.emit('sensorStarted', {
      sensor: 'estimate',
      family: estimate.model.family,
      error_band: estimate.model.errorBand,
    })
  }
  return sensors
}

async function takeRound(
  sensors: readonly Sensor[],
  clock: SensorClock,
  append: SensorsOptions['append'],
  failures: FailureReporter,
): Promise<void> {
  const round = { timestampUnixNano: clock.now() }
  const readings: Reading[] = []
  for (const sensor of sensors) {
    try {
      readings.push(...sensor.read(round))
      failures.succeeded(sensor.name)
    } catch (error) {
      failures.failed(sensor.name, error)
    }
  }
  if (readings.length === 0) return
  try {
    await append(readings)
    failures.succeeded('append')
  } catch (error) {
    failures.failed('append', error)
  }
}

interface FailureReporter {
  failed(sensor: string, error: unknown): void
  succeeded(sensor: string): void
}

function failureReporter(events: Events): FailureReporter {
  const pending = new Map<string, { count: number; error: unknown }>()
  return {
    failed(sensor, error) {
      const waiting = pending.get(sensor)
      const count = (waiting?.count ?? 0) + 1
      const isTold = waiting === undefined || count >= REPEAT_AFTER_ROUNDS
      pending.set(sensor, { count: isTold ? 0 : count, error })
      if (isTold) events.emit('sensorFailed', { sensor, amount: count }, error)
    },
    succeeded(sensor) {
      const waiting = pending.get(sensor)
      if (waiting !== undefined && waiting.count > 0) {
        events.emit('sensorFailed', { sensor, amount: waiting.count }, waiting.error)
      }
      pending.delete(sensor)
    },
  }
}
