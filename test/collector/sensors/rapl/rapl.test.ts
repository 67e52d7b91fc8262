/**
 * Guarantees: RAPL zones become the domains of the meter tree with their wrap value, no energy is counted twice, psys
 * is the host only if nothing else exists, and an unreadable counter has a remedy.
 */
import { describe, expect, test } from 'vitest'
import { counterLives, suspendCounter } from '../../../../collector/sensors/host/counter-epoch.ts'
import { kernelFiles } from '../../../../collector/sensors/host/files.ts'
import { hostIdentity } from '../../../../collector/sensors/host/host-identity.ts'
import { probeRapl, raplSensor } from '../../../../collector/sensors/rapl/rapl.ts'
import { type Files, machine, tree } from '../tree.ts'

const RANGE = '262143328850'
const zone = (entry: string, name: string, energy = '1000'): Files => ({
  [`sys/class/powercap/${entry}/name`]: `${name}\n`,
  [`sys/class/powercap/${entry}/energy_uj`]: `${energy}\n`,
  [`sys/class/powercap/${entry}/max_energy_range_uj`]: `${RANGE}\n`,
})
const SERVER: Files = {
  ...zone('intel-rapl:0', 'package-0'),
  ...zone('intel-rapl:0:0', 'core'),
  ...zone('intel-rapl:0:1', 'dram'),
  // The second package is the third zone: its number is in its name.
  ...zone('intel-rapl:1', 'psys'),
  ...zone('intel-rapl:2', 'package-1'),
  ...zone('intel-rapl:2:0', 'uncore'),
  ...zone('intel-rapl:2:1', 'dram'),
}
const probe = (files: Files) => probeRapl(kernelFiles(), tree(files).roots)
const domains = (files: Files): string[] => probe(files).zones.map(found => `${found.domain} ${found.source}`)

describe('probeRapl', () => {
  test('packages, and children under the number of their package', () => {
    expect(domains(SERVER)).toEqual([
      'package-0 rapl',
      'core-0 rapl',
      'dram-0 rapl',
      'package-1 rapl',
      'uncore-1 rapl',
      'dram-1 rapl',
    ])
    expect(probe(SERVER).leftOut).toEqual(['psys'])
  })

  test('the memory-mapped interface fills gaps, and never counts twice', () => {
    const mmio = zone('intel-rapl-mmio:0', 'package-0')
    expect(domains({ ...mmio, ...zone('intel-rapl:0', 'package-0') })).toEqual(['package-0 rapl'])
    expect(domains(mmio)).toEqual(['package-0 rapl:mmio'])
  })

  test('psys alone is the host', () => {
    expect(domains(zone('intel-rapl:0', 'psys'))).toEqual(['host rapl:psys'])
  })

  test('dies of one package stay apart; other zones and folders are no meters', () => {
    expect(
      domains({
        ...zone('intel-rapl:0', 'package-0-die-0'),
        ...zone('intel-rapl:0:0', 'dram'),
        ...zone('intel-rapl:1', 'package-0-die-1'),
        ...zone('intel-rapl:2', 'something'),
        'sys/class/powercap/intel-rapl/enabled': '1',
        'sys/class/powercap/dtpm/name': 'package-9',
      }),
    ).toEqual(['package-0-die-0 rapl', 'dram-0-die-0 rapl', 'package-0-die-1 rapl'])
  })

  test('a missing powercap is no problem; an unreadable counter is one, with a remedy', () => {
    expect(probe({ 'sys/x': '' })).toEqual({ zones: [], leftOut: [], unreadable: [] })
    const fixture = tree({ 'sys/class/powercap/intel-rapl:0/name': 'package-0\n' })
    const found = probeRapl(kernelFiles(), fixture.roots)
    expect(found.zones).toEqual([])
    expect(found.problem).toMatch(/intel-rapl:0\/energy_uj \(ENOENT\)\. Run as root.*udev/)
  })
})

describe('raplSensor', () => {
  test('gives the counter with its wrap value and the boot as its epoch; fails when it disappears', () => {
    const fixture = tree({ ...machine(), ...SERVER })
    const files = kernelFiles()
    const [found] = probeRapl(files, fixture.roots).zones
    const identity = hostIdentity(files, fixture.roots, 'acme', { host_id: 'h9' })
    const sensor = raplSensor({ files, identity, lives: counterLives() }, found!)
    expect(sensor.read({ timestampUnixNano: 9n })).toEqual([
      {
        Tenant: 'acme',
        Host: 'h9',
        HostName: 'machine-1',
        BootId: 'boot-1',
        Timestamp: 9n,
        Quantity: 'energy',
        Domain: 'package-0',
        Device: '',
        WorkloadKind: '',
        WorkloadId: '',
        Value: 1000n,
        RangeMax: BigInt(RANGE),
        Source: 'rapl',
        Quality: 'measured',
        Attributes: {},
      },
    ])
    fixture.remove('sys/class/powercap/intel-rapl:0')
    expect(() => sensor.read({ timestampUnixNano: 9n })).toThrow('can no longer be read')
  })
})

describe('what restarts a counter without a boot', () => {
  const PACKAGE = 'sys/class/powercap/intel-rapl:0'
  const opened = () => {
    const fixture = tree({ ...machine(), ...zone('intel-rapl:0', 'package-0', '200000000000') })
    const files = kernelFiles()
    const identity = hostIdentity(files, fixture.roots, 'acme', {})
    const [found] = probeRapl(files, fixture.roots).zones
    const sensor = raplSensor({ files, identity, lives: counterLives() }, found!)
    const read = (suspends = 0) => {
      const { BootId, Value, RangeMax } = sensor.read({ timestampUnixNano: 9n, suspends })[0]!
      return [BootId, Value, RangeMax]
    }
    return { fixture, read }
  }

  test('a driver that is loaded again: another epoch, and the range that it uses now', () => {
    const { fixture, read } = opened()
    expect(read()).toEqual(['boot-1', 200_000_000_000n, BigInt(RANGE)])
    // The old folder is kept beside it, so that its inode is not used again.
    fixture.rename(PACKAGE, 'sys/class/before')
    fixture.write({
      ...zone('intel-rapl:0', 'package-0', '77'),
      [`${PACKAGE}/max_energy_range_uj`]: '65712999613',
    })
    expect(read()).toEqual(['boot-1/d1', 77n, 65_712_999_613n])
    expect(read()).toEqual(['boot-1/d1', 77n, 65_712_999_613n])
  })

  test('a suspend: another epoch, since a counter that restarts looks like one that wraps', () => {
    const { fixture, read } = opened()
    fixture.write({ [`${PACKAGE}/energy_uj`]: '5' })
    expect(read(1)).toEqual(['boot-1/s1', 5n, BigInt(RANGE)])
  })

  test('suspends are counted by the clock that stands still meanwhile', () => {
    const count = suspendCounter()
    const S = 1_000_000_000n
    expect(count(100_00, 50n * S)).toBe(0)
    expect(count(105_00, 55n * S)).toBe(0)
    expect(count(105_90, 55n * S)).toBe(0)
    expect(count(705_90, 60n * S)).toBe(1)
    expect(count(710_90, 65n * S)).toBe(1)
  })
})

describe('dies of one package', () => {
  const J = 1_000_000
  const dies = (first: number, second: number): Files => ({
    ...zone('intel-rapl:0', 'package-0-die-0', `${first * J}`),
    ...zone('intel-rapl:1', 'package-0-die-1', `${second * J}`),
  })
  /** The readings of each round, in J, of counters with these values. */
  function rounds(counters: readonly (readonly [number, number])[]): (readonly number[])[] {
    const fixture = tree({ ...machine(), ...dies(...counters[0]!) })
    const files = kernelFiles()
    const identity = hostIdentity(files, fixture.roots, 'acme', {})
    const { zones } = probeRapl(files, fixture.roots)
    const sensors = zones.map(found => raplSensor({ files, identity, lives: counterLives() }, found))
    return counters.map(values => {
      fixture.write(dies(...values))
      const told = sensors.flatMap(sensor => sensor.read({ timestampUnixNano: 9n }))
      return told.map(({ Value }) => Number(Value) / J)
    })
  }

  test('with counters of their own are two meters, from the first round on', () => {
    expect(
      rounds([
        [1000, 60_000],
        [1100, 60_100],
      ]),
    ).toEqual([
      [1000, 60_000],
      [1100, 60_100],
    ])
  })

  test('that repeat one counter are one meter', () => {
    const twins = [0, 100, 200, 300].map(joules => [5000 + joules, 5000 + joules] as const)
    expect(rounds(twins)).toEqual(twins.map(([first]) => [first]))
  })

  test('that repeat it slightly later are one meter too, also around its wrap', () => {
    const range = Number(RANGE) / J
    const twins = [
      [range - 150, range - 155],
      [range - 50, range - 50],
      [50, range - 10],
      [150, 145],
      [250, 250],
    ] as const
    expect(rounds(twins)).toEqual(twins.map(([first]) => [first]))
  })

  test('that are close by chance become two when they are never equal', () => {
    const near = Array.from({ length: 8 }, (_, round) => [1000 + 100 * round, 1030 + 101 * round] as const)
    const told = rounds(near).map(values => values.length)
    expect(told).toEqual([1, 1, 1, 1, 1, 2, 2, 2])
    expect(
      rounds([
        [1000, 1030],
        [1100, 1250],
      ]).map(values => values.length),
    ).toEqual([1, 2])
  })

  test('that diverge later are two from then on', () => {
    const parted = Array.from({ length: 40 }, (_, round) => [1000 + 100 * round, 1000 + 200 * round] as const)
    const told = rounds(parted).map(values => values.length)
    expect([told[0], told.at(-1)]).toEqual([1, 2])
    expect(told.toSorted()).toEqual(told)
  })
})

test('the maximum power of a zone is on its readings', () => {
  const fixture = tree({
    ...machine(),
    ...zone('intel-rapl:0', 'package-0'),
    'sys/class/powercap/intel-rapl:0/constraint_0_max_power_uw': '165000000\n',
  })
  const files = kernelFiles()
  const [found] = probeRapl(files, fixture.roots).zones
  const identity = hostIdentity(files, fixture.roots, 'acme', {})
  const sensor = raplSensor({ files, identity, lives: counterLives() }, found!)
  expect(sensor.read({ timestampUnixNano: 9n })[0]!.Attributes).toEqual({ 'power.max_mw': '165000' })
})
