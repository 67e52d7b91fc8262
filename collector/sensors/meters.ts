/** Which energy meters this machine has, and which of them are used. */
import { statSync } from 'node:fs'
import type { Config } from '../../core/catalogue/config/schema.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import { batterySensor, findBatteries } from './battery/battery.ts'
import { estimateSensor } from './estimate/estimate.ts'
import { type CounterLives, counterLives } from './host/counter-epoch.ts'
import type { KernelFiles } from './host/files.ts'
import type { HostIdentity, Roots, Sensor } from './host/sensor.ts'
import { hwmonSensor } from './hwmon/hwmon.ts'
import { probeHwmon } from './hwmon/probe.ts'
import { PerfCounters, perfProblem, perfSensor } from './perf/perf.ts'
import { findGuestPackages, guestSensor } from './rapl/guest.ts'
import { probeRapl, raplSensor } from './rapl/rapl.ts'

type SensorsConfig = Config['sensors']

interface OpenOptions {
  readonly config: SensorsConfig
  readonly events: Events
  readonly files: KernelFiles
  readonly roots: Roots
  readonly identity: HostIdentity
  readonly runId: string
  readonly lives?: CounterLives
  readonly perf?: PerfCounters
}

/** Whether meters are on, of those that this file opens. */
export const meterToggles = ({ rapl, hwmon, battery, guest, estimate }: SensorsConfig) =>
  [rapl, hwmon, battery, guest, estimate] as const

const isHostOrPackage = (domain: string): boolean => domain === 'host' || domain.startsWith('package-')

/**
 * The meters of this machine. Measured energy wins; the estimate is used if no package or host counter can be read.
 * `estimate: on` uses the estimate instead of an optional meter; it never runs alongside one, since both would count
 * the same domain. A battery measures only while it discharges, so it never replaces the estimate.
 */
export function openMeters(options: OpenOptions): Sensor[] {
  const { config, events } = options
  const { lives = counterLives(), perf = new PerfCounters() } = options
  const opened = { ...options, lives, perf }
  const measured = [...openRapl(opened), ...openHwmon(opened), ...openGuest(opened)]
  const sensors = [...measured.map(({ sensor }) => sensor), ...openBatteries(opened)]
  if (config.estimate === 'off' || measured.some(({ domain }) => isHostOrPackage(domain))) return sensors
  const estimate = estimateSensor(options)
  const { family, errorBand } = estimate.model
  events.emit('sensorStarted', { sensor: 'estimate', family, error_band: errorBand })
  return [...sensors, estimate]
}

interface OpenedMeter {
  readonly domain: string
  readonly sensor: Sensor
}

type MeterOpenOptions = OpenOptions & { readonly lives: CounterLives; readonly perf: PerfCounters }

/** Whether an optional meter is read: not where the estimate is wanted in its place. */
const mayMeasure = (toggle: 'auto' | 'on' | 'off', { estimate }: SensorsConfig): boolean =>
  toggle === 'on' || (toggle === 'auto' && estimate !== 'on')

function openRapl(options: MeterOpenOptions): OpenedMeter[] {
  const { config, events, files, roots } = options
  if (!mayMeasure(config.rapl, config)) return []
  const probe = probeRapl(files, roots)
  if (probe.problem !== undefined) events.emit('sensorFailed', { sensor: 'rapl', reason: probe.problem })
  else if (config.rapl === 'on' && probe.zones.length === 0) {
    const reason = 'This machine has no RAPL zones. Set `sensors.rapl: auto` to run without them.'
    events.emit('sensorFailed', { sensor: 'rapl', reason })
  }
  if (probe.zones.length === 0) return openPerf(options)
  const domains = probe.zones.map(zone => zone.domain).join(' ')
  events.emit('sensorStarted', { sensor: 'rapl', domains, left_out: probe.leftOut.join(' ') })
  return probe.zones.map(zone => ({ domain: zone.domain, sensor: raplSensor(options, zone) }))
}

/** The same counters by perf, where powercap does not show them. */
function openPerf(options: MeterOpenOptions): OpenedMeter[] {
  const { config, events, files, roots, perf } = options
  const { opened, refused } = perf.open(files, roots, config.per_core === 'on')
  const [first] = refused
  if (first !== undefined) {
    const { reason, command } = perfProblem(first.error)
    events.emit('sensorFailed', {
      sensor: 'perf',
      reason: `${first.event.name}: ${reason}. ${command}`.trim(),
    })
  }
  if (opened.length === 0) return []
  const domains = [...new Set(opened.map(({ event }) => event.domain))].join(' ')
  events.emit('sensorStarted', { sensor: 'perf', domains })
  return opened.map(one => ({ domain: one.event.domain, sensor: perfSensor(options, one) }))
}

function openHwmon(options: MeterOpenOptions): OpenedMeter[] {
  const { config, events, files, roots } = options
  if (!mayMeasure(config.hwmon, config)) return []
  const { meters, leftOut } = probeHwmon(files, roots, config)
  if (config.hwmon === 'on' && meters.length === 0) {
    const reason =
      'No hwmon chip of this machine measures power that is known. Run `wattline doctor`, or set `sensors.hwmon: auto`.'
    events.emit('sensorFailed', { sensor: 'hwmon', reason })
  }
  if (meters.length === 0) return []
  events.emit('sensorStarted', {
    sensor: 'hwmon',
    domains: [...new Set(meters.map(({ domain }) => domain))].join(' '),
    left_out: leftOut.map(({ name }) => name).join(' '),
  })
  return meters.map(meter => ({ domain: meter.domain, sensor: hwmonSensor(options, meter) }))
}

/** Only where the machine has no counters of its own, so that the hypervisor's share stands for the processor. */
function openGuest({ config, events, files, roots, identity }: MeterOpenOptions): OpenedMeter[] {
  if (!mayMeasure(config.guest, config)) return []
  if (probeRapl(files, roots).zones.length > 0) return []
  const folders = findGuestPackages(files, config.guest_folder)
  if (folders.length === 0) return []
  events.emit('sensorStarted', { sensor: 'guest', domains: folders.length })
  return [{ domain: 'package-0', sensor: guestSensor(files, identity, folders) }]
}

function openBatteries({ config, events, files, roots, identity, runId }: MeterOpenOptions): Sensor[] {
  if (!mayMeasure(config.battery, config)) return []
  const folders = findBatteries(files, roots)
  if (folders.length === 0) return []
  events.emit('sensorStarted', { sensor: 'battery', domains: 'host' })
  return [batterySensor(files, identity, folders, runId)]
}

interface MeterWatch {
  /** Whether drivers came or went, or permissions changed, since the last call; true at the first. */
  hasChanged(): boolean
}

/** Watches the folders in which drivers register their meters. */
export function meterWatch(files: KernelFiles, roots: Roots): MeterWatch {
  let last: string | undefined
  return {
    hasChanged() {
      const now = ['powercap', 'hwmon', 'power_supply']
        .flatMap(kind => files.names(`${roots.sys}/class/${kind}`).map(name => `${kind}/${name}`))
        .map(name => `${name} ${stateOf(`${roots.sys}/class/${name}`)}`)
        .sort()
        .join('\n')
      const isChanged = now !== last
      last = now
      return isChanged
    },
  }
}

/** A folder's inode, and who may read its counter: that may be changed while the process runs. */
function stateOf(folder: string): string {
  try {
    const { mode, uid, gid } = statSync(`${folder}/energy_uj`, { throwIfNoEntry: false }) ?? {}
    return [statSync(folder).ino, mode, uid, gid].join(' ')
  } catch {
    return ''
  }
}
