/**
 * This machine's own meters: one round of all sensors every interval, with one call of `append` per round. Nearly all
 * readings are counters, so a round that fails or cannot be appended costs resolution, never energy: the next one
 * continues. Meters that appear or disappear while the process runs (a module that is loaded) are opened and closed.
 */
import type { Config } from '../../core/catalogue/config/schema.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import type { Reading } from '../readings/reading.ts'
import { startExits } from './exits/report.ts'
import { cloudIdSensor } from './host/cloud-id.ts'
import { counterLives, suspendCounter } from './host/counter-epoch.ts'
import { kernelFiles } from './host/files.ts'
import { hostIdentity } from './host/host-identity.ts'
import { type HostIdentity, type Roots, type Round, rootsUnder, type Sensor } from './host/sensor.ts'
import { meterToggles, meterWatch, openMeters } from './meters.ts'
import { PerfCounters } from './perf/perf.ts'
import { cpuTimeSensor, uptimeTicks } from './proc/cpu-time.ts'
import { type SensorClock, sensorClock, untilNextRound } from './rounds.ts'

interface SensorsOptions {
  readonly config: Config['sensors']
  readonly tenant: string
  /** Resolves when the readings are durable. A rejection loses only this round. */
  readonly append: (readings: Reading[]) => Promise<void>
  readonly events: Events
  /** Default: those under `sensors.host_root`. */
  readonly roots?: Roots
  readonly clock?: SensorClock
  /** Opens sensors beside those of the kernel's files: GPUs. */
  readonly more?: (opening: SensorOpening) => MoreSensors
}

/** What sensors are opened with. */
export interface SensorOpening {
  readonly config: Config['sensors']
  readonly events: Events
  readonly files: ReturnType<typeof kernelFiles>
  readonly roots: Roots
  readonly identity: HostIdentity
  readonly runId: string
}

interface MoreSensors {
  readonly sensors: readonly Sensor[]
  close(): Promise<void>
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
  const { config, events, clock = sensorClock, roots = rootsUnder(options.config.host_root) } = options
  const files = kernelFiles()
  const identity = hostIdentity(files, roots, options.tenant, config)
  const runId = clock.now().toString(36)
  const perf = new PerfCounters()
  const opening = { config, events, files, roots, identity, runId, lives: counterLives(), perf }
  const exits = startExits(opening)
  const own = config.cpu_time === 'off' ? [] : [cpuTimeSensor({ ...opening, exits })]
  const said = [cloudIdSensor(files, roots, identity) ?? []].flat()
  if (own.length > 0) {
    events.emit('sensorStarted', { sensor: 'cpu_time', host: identity.host, host_name: identity.hostName })
  }
  const failures = failureReporter(events)
  const stopping = new AbortController()
  const watch = meterWatch(files, roots)
  const suspended = suspendCounter()
  const suspendsBy = (monotonicNs: bigint): number => {
    try {
      return suspended(uptimeTicks(files, roots.proc), monotonicNs)
    } catch {
      return 0
    }
  }
  const more = options.more?.(opening)
  const others = more?.sensors ?? []
  const isOff =
    others.length === 0 && [config.cpu_time, ...meterToggles(config)].every(toggle => toggle === 'off')

  const run = async (): Promise<void> => {
    let meters: readonly Sensor[] = []
    while (!stopping.signal.aborted && !isOff) {
      if (watch.hasChanged()) meters = openMeters(opening)
      const round = { timestampUnixNano: clock.now(), suspends: suspendsBy(clock.monotonic()) }
      await takeRound([...own, ...meters, ...others, ...said], round, options.append, failures)
      await clock.wait(untilNextRound(clock.now(), config.interval * 1000), stopping.signal)
    }
  }
  const finished = run()
  return {
    identity,
    stop: async () => {
      stopping.abort()
      await finished
      exits?.close()
      perf.close()
      await more?.close()
    },
  }
}

async function takeRound(
  sensors: readonly Sensor[],
  round: Round,
  append: SensorsOptions['append'],
  failures: FailureReporter,
): Promise<void> {
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
