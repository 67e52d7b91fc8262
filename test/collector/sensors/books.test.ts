/**
 * Guarantees: what counters of processors show while anything happens to them (mirrored dies, two interfaces, psys, wraps, suspends, drivers
 * that are loaded again, zones that go and come) is in the books exactly: each joule once, and nothing invented across a restart.
 */
import { describe, expect, test } from 'vitest'
import { counterLives } from '../../../collector/sensors/host/counter-epoch.ts'
import { kernelFiles } from '../../../collector/sensors/host/files.ts'
import { hostIdentity } from '../../../collector/sensors/host/host-identity.ts'
import { meterWatch, openMeters } from '../../../collector/sensors/meters.ts'
import { PerfCounters } from '../../../collector/sensors/perf/perf.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { fleet, NOON_MS } from '../../processors/meter/fleet.ts'
import { at, modeAt } from '../../processors/meter/support.ts'
import { type Files, machine, type Tree, tree } from './tree.ts'

const STEP_S = 5
const LAST_S = 240
/** Whole minutes that are judged. */
const MINUTES = [1, 2, 3]
const RANGE = 262_143_328_850n
const J = 1_000_000n
const { sensors: config } = configSchema.parse({ sensors: { estimate: 'off', battery: 'off' } })

const zone = (entry: string, name: string, uj: bigint, range = RANGE): Files => ({
  [`sys/class/powercap/${entry}/name`]: `${name}\n`,
  [`sys/class/powercap/${entry}/energy_uj`]: `${uj}\n`,
  [`sys/class/powercap/${entry}/max_energy_range_uj`]: `${range}\n`,
})

interface Scene {
  /** What the machine shows at that second. */
  readonly shows: (seconds: number) => Files
  /** Beside that. */
  readonly happens?: (seconds: number, tree: Tree) => void
  readonly suspends?: (seconds: number) => number
  readonly perf?: (seconds: number) => bigint
  readonly config?: object
  /** µJ of each judged minute, by component. */
  readonly books: readonly Readonly<Record<string, bigint>>[]
}

/** Microjoules by component in each judged minute. */
async function booked(scene: Scene): Promise<Record<string, bigint>[]> {
  const fixture = tree({ ...machine(), ...scene.shows(0) })
  const files = kernelFiles()
  const { roots } = fixture
  const identity = hostIdentity(files, roots, 'default', { host_id: 'h1' })
  const perf = new PerfCounters()
  let now = 0
  if (scene.perf !== undefined) {
    const counts = scene.perf
    perf.open(files, roots, false, () => ({ read: () => counts(now), close: () => {} }))
  }
  const settings = { ...config, guest_folder: `${roots.etc}/guest`, ...scene.config }
  const opening = { config: settings, files, roots, identity, runId: 'r', lives: counterLives(), perf }
  const watch = meterWatch(files, roots)
  const meter = await fleet(1)
  let sensors: ReturnType<typeof openMeters> = []
  for (now = 0; now <= LAST_S; now += STEP_S) {
    scene.happens?.(now, fixture)
    fixture.write(scene.shows(now))
    if (watch.hasChanged()) sensors = openMeters({ ...opening, events: { emit: () => {} } as never })
    const round = { timestampUnixNano: at(now), suspends: scene.suspends?.(now) ?? 0 }
    const readings = sensors.flatMap(sensor => {
      try {
        return sensor.read(round)
      } catch {
        return []
      }
    })
    const idle = modeAt(now, 'idle', BigInt(now) * 8n * J, { Host: 'h1', HostName: identity.hostName })
    await meter.record([...readings, idle], now)
  }
  await meter.flush('h1', LAST_S + 120)
  return MINUTES.map(minute => {
    const sums: Record<string, bigint> = {}
    for (const { WindowStart, Component, EnergyUj } of meter.rows)
      if (WindowStart === NOON_MS / 1000 + minute * 60) sums[Component] = (sums[Component] ?? 0n) + EnergyUj
    return sums
  })
}

/** 60 W and a bit, so that nothing is round. */
const watts = (seconds: number, perSecond = 60_000_007n): bigint => BigInt(seconds) * perSecond
const each = (uj: bigint, component = 'cpu') => MINUTES.map(() => ({ [component]: uj }))
const MINUTE = 60n * 60_000_007n

const SCENES: Readonly<Record<string, Scene>> = {
  'one package': { shows: s => zone('intel-rapl:0', 'package-0', watts(s)), books: each(MINUTE) },
  'two dies that show one counter': {
    shows: s => ({
      ...zone('intel-rapl:0', 'package-0-die-0', 5n * J + watts(s)),
      ...zone('intel-rapl:1', 'package-0-die-1', 5n * J + watts(s)),
    }),
    books: each(MINUTE),
  },
  'two dies with counters of their own': {
    shows: s => ({
      ...zone('intel-rapl:0', 'package-0-die-0', watts(s)),
      ...zone('intel-rapl:1', 'package-0-die-1', 90_000n * J + watts(s, 41_000_003n)),
    }),
    books: each(MINUTE + 60n * 41_000_003n),
  },
  'a package by two interfaces, with psys beside it': {
    shows: s => ({
      ...zone('intel-rapl:0', 'package-0', watts(s)),
      ...zone('intel-rapl:1', 'psys', watts(s, 95_000_000n)),
      ...zone('intel-rapl-mmio:0', 'package-0', 7n + watts(s)),
    }),
    books: each(MINUTE),
  },
  'a core and memory inside and beside the package': {
    shows: s => ({
      ...zone('intel-rapl:0', 'package-0', watts(s)),
      ...zone('intel-rapl:0:0', 'core', watts(s, 20_000_000n)),
      ...zone('intel-rapl:0:1', 'dram', watts(s, 9_000_001n)),
    }),
    books: MINUTES.map(() => ({ cpu: MINUTE, dram: 60n * 9_000_001n })),
  },
  'a counter that wraps': {
    shows: s => zone('intel-rapl:0', 'package-0', (RANGE - 7_000n * J + watts(s)) % RANGE),
    books: each(MINUTE),
  },
  'a suspend after which the counter began again: five seconds are unknown': {
    shows: s => zone('intel-rapl:0', 'package-0', s < 120 ? 3_000n * J + watts(s) : watts(s - 120)),
    suspends: s => (s < 120 ? 0 : 1),
    books: [{ cpu: 55n * 60_000_007n }, { cpu: MINUTE }, { cpu: MINUTE }],
  },
  'a suspend over which the counter went on, frozen': {
    shows: s => zone('intel-rapl:0', 'package-0', 3_000n * J + watts(s < 120 ? s : s - 5)),
    suspends: s => (s < 120 ? 0 : 1),
    books: [{ cpu: 55n * 60_000_007n }, { cpu: MINUTE }, { cpu: MINUTE }],
  },
  'a driver that is loaded again, with another range': {
    shows: s =>
      s < 120
        ? zone('intel-rapl:0', 'package-0', 200_000n * J + watts(s))
        : zone('intel-rapl:0', 'package-0', watts(s - 120), 65_712_999_613n),
    happens: (s, fixture) => {
      if (s === 120) fixture.rename('sys/class/powercap/intel-rapl:0', 'sys/class/before')
    },
    books: [{ cpu: 55n * 60_000_007n }, { cpu: MINUTE }, { cpu: MINUTE }],
  },
  'a zone that is gone for twenty seconds, and comes back with a fresh counter': {
    shows: s =>
      s >= 125 && s < 145
        ? {}
        : zone('intel-rapl:0', 'package-0', s < 125 ? 9_000n * J + watts(s) : watts(s - 145)),
    happens: (s, fixture) => {
      if (s === 125) fixture.rename('sys/class/powercap/intel-rapl:0', 'sys/class/before')
    },
    books: [{ cpu: MINUTE }, { cpu: 35n * 60_000_007n }, { cpu: MINUTE }],
  },
  'sockets of AMD by hwmon, with single cores': {
    shows: s => ({
      'sys/class/hwmon/hwmon0/name': 'amd_energy\n',
      'sys/class/hwmon/hwmon0/energy1_label': 'Ecore000\n',
      'sys/class/hwmon/hwmon0/energy1_input': `${watts(s, 3_000_000n)}\n`,
      'sys/class/hwmon/hwmon0/energy2_label': 'Esocket0\n',
      'sys/class/hwmon/hwmon0/energy2_input': `${watts(s)}\n`,
    }),
    config: { per_core: 'on' },
    books: each(MINUTE),
  },
  'counters of perf': {
    shows: () => ({
      'sys/bus/event_source/devices/power/type': '21',
      'sys/bus/event_source/devices/power/cpumask': '0',
      'sys/bus/event_source/devices/power/events/energy-pkg': 'event=0x02',
      'sys/bus/event_source/devices/power/events/energy-pkg.scale': '2.3283064365386962890625e-10',
      'sys/bus/event_source/devices/power/events/energy-pkg.unit': 'Joules',
    }),
    // 60 J a second.
    perf: s => (BigInt(s) * 60n) << 32n,
    books: each(3_600n * J),
  },
  'the folder of a hypervisor': {
    shows: s => ({ 'etc/guest/intel-rapl:0/energy_uj': `${watts(s)}\n` }),
    books: each(MINUTE),
  },
}

describe('the books of', () => {
  test.each(Object.entries(SCENES))('%s', async (_, scene) => {
    expect(await booked(scene)).toEqual(scene.books)
  })
})
