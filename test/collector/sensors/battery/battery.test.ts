/**
 * Guarantees: batteries are the meter of the whole machine while they discharge, and at no other time; batteries of
 * devices are none of ours. A hypervisor's counters stand for a processor without its own.
 */
import { describe, expect, test } from 'vitest'
import { batterySensor, findBatteries } from '../../../../collector/sensors/battery/battery.ts'
import { kernelFiles } from '../../../../collector/sensors/host/files.ts'
import { hostIdentity } from '../../../../collector/sensors/host/host-identity.ts'
import type { Sensor } from '../../../../collector/sensors/host/sensor.ts'
import { findGuestPackages, guestSensor } from '../../../../collector/sensors/rapl/guest.ts'
import { type Files, machine, type Tree, tree } from '../tree.ts'

const supply = (name: string, files: Readonly<Record<string, string | number>>): Files =>
  Object.fromEntries(
    Object.entries(files).map(([file, content]) => [
      `sys/class/power_supply/${name}/${file}`,
      `${content}\n`,
    ]),
  )

function open(fixture: Tree): Sensor {
  const kernel = kernelFiles()
  const identity = hostIdentity(kernel, fixture.roots, 'acme', {})
  return batterySensor(kernel, identity, findBatteries(kernel, fixture.roots), 'run1')
}

function watts(files: Files): (readonly [string, bigint])[] {
  const sensor = open(tree({ ...machine(), ...files }))
  return sensor.read({ timestampUnixNano: 1n }).map(({ Domain, Value }) => [Domain, Value])
}

describe('batteries', () => {
  test.each<[string, Files, unknown]>([
    ['power_now', supply('BAT0', { type: 'Battery', status: 'Discharging', power_now: 12_345_600 }), 12_346n],
    [
      'current and voltage, with the sign of some drivers',
      supply('BAT1', {
        type: 'Battery',
        status: 'Discharging',
        current_now: -1_500_000,
        voltage_now: 11_400_000,
      }),
      17_100n,
    ],
    [
      'two batteries, of which one discharges',
      {
        ...supply('BAT0', { type: 'Battery', status: 'Not charging', power_now: 0 }),
        ...supply('BAT1', { type: 'Battery', status: 'Discharging', power_now: 8_000_000 }),
      },
      8_000n,
    ],
  ])('%s', (_, files, expected) => {
    expect(watts(files)).toEqual([['host', expected]])
  })

  test.each<[string, Files]>([
    ['charging', supply('BAT0', { type: 'Battery', status: 'Charging', power_now: 30_000_000 })],
    ['full', supply('BAT0', { type: 'Battery', status: 'Full', power_now: 0 })],
    ['not measured yet', supply('BAT0', { type: 'Battery', status: 'Discharging', power_now: 0 })],
    [
      'a mouse',
      supply('hid', { type: 'Battery', scope: 'Device', status: 'Discharging', power_now: 1_000_000 }),
    ],
    ['mains', supply('AC', { type: 'Mains', online: 1 })],
  ])('%s: no reading', (_, files) => {
    expect(watts(files)).toEqual([])
  })

  test('without power, by what it still holds: a counter for each discharge', () => {
    const holds = (status: string, energy: number): Files =>
      supply('BAT0', { type: 'Battery', status, energy_now: energy })
    const fixture = tree({ ...machine(), ...holds('Discharging', 40_000_000) })
    const sensor = open(fixture)
    const read = (files: Files): unknown[] => {
      fixture.write(files)
      return sensor
        .read({ timestampUnixNano: 1n })
        .map(({ Quantity, Domain, Value, BootId }) => `${Quantity} ${Domain} ${Value} ${BootId}`)
    }
    expect(read({})).toEqual(['energy host 0 boot-1/run1/1'])
    // 10 mWh are 36 J.
    expect(read(holds('Discharging', 39_990_000))).toEqual(['energy host 36000000 boot-1/run1/1'])
    expect(read(holds('Discharging', 39_990_000))).toEqual(['energy host 36000000 boot-1/run1/1'])
    // Measured anew a little higher: nothing comes back.
    expect(read(holds('Discharging', 39_995_000))).toEqual(['energy host 36000000 boot-1/run1/1'])
    expect(read(holds('Discharging', 39_985_000))).toEqual(['energy host 72000000 boot-1/run1/1'])
    expect(read(holds('Charging', 41_000_000))).toEqual([])
    expect(read(holds('Discharging', 41_000_000))).toEqual(['energy host 0 boot-1/run1/2'])
    expect(read(holds('Discharging', 40_999_000))).toEqual(['energy host 3600000 boot-1/run1/2'])
  })

  test('the same by charge, at the nominal voltage', () => {
    const holds = (charge: number, voltage: number): Files =>
      supply('BAT0', {
        ...{ type: 'Battery', status: 'Discharging', charge_now: charge },
        ...{ voltage_min_design: 11_400_000, voltage_now: voltage },
      })
    const fixture = tree({ ...machine(), ...holds(3_000_000, 12_000_000) })
    const sensor = open(fixture)
    sensor.read({ timestampUnixNano: 1n })
    fixture.write(holds(2_999_000, 11_900_000))
    // 1 mAh at 11.4 V: 41.04 J.
    expect(sensor.read({ timestampUnixNano: 2n }).map(({ Value }) => Value)).toEqual([41_040_000n])
  })

  test('a battery that says neither power nor what it holds is a failure', () => {
    expect(() => watts(supply('BAT0', { type: 'Battery', status: 'Discharging' }))).toThrow(/power_now/)
  })
})

test("a hypervisor's counters: packages alone, as estimates without a band", () => {
  const { roots } = tree({
    ...machine(),
    'var/intel-rapl:0/energy_uj': '123',
    'var/intel-rapl:1/energy_uj': '45',
    'var/intel-rapl:0:0/name': 'core',
    'var/intel-rapl:2/name': 'empty',
  })
  const kernel = kernelFiles()
  const folders = findGuestPackages(kernel, `${roots.proc}/../var`)
  const identity = hostIdentity(kernel, roots, 'acme', {})
  const readings = guestSensor(kernel, identity, folders).read({ timestampUnixNano: 1n })
  expect(
    readings.map(({ Domain, Value, Quality, Source, Attributes }) => [
      Domain,
      Value,
      Quality,
      Source,
      Attributes,
    ]),
  ).toEqual([
    ['package-0', 123n, 'estimated', 'rapl:guest', {}],
    ['package-1', 45n, 'estimated', 'rapl:guest', {}],
  ])
})
