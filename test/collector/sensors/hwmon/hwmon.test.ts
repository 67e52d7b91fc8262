/**
 * Guarantees: each known sensor of a hardware monitoring chip becomes a meter of the right domain in the right unit, no
 * domain is measured twice, parts add up, and what is not known is named and not booked.
 */
import { describe, expect, test } from 'vitest'
import { counterLives } from '../../../../collector/sensors/host/counter-epoch.ts'
import { kernelFiles } from '../../../../collector/sensors/host/files.ts'
import { hostIdentity } from '../../../../collector/sensors/host/host-identity.ts'
import { hwmonSensor } from '../../../../collector/sensors/hwmon/hwmon.ts'
import { probeHwmon } from '../../../../collector/sensors/hwmon/probe.ts'
import { configSchema } from '../../../../core/catalogue/config/schema.ts'
import { type Files, machine, tree } from '../tree.ts'

const { sensors: defaults } = configSchema.parse({})

const chip = (number: number, name: string, files: Readonly<Record<string, string | number>>): Files =>
  Object.fromEntries(
    [['name', name] as const, ...Object.entries(files)].map(([file, content]) => [
      `sys/class/hwmon/hwmon${number}/${file}`,
      `${content}\n`,
    ]),
  )

function open(files: Files, options: object = {}) {
  const fixture = tree({ ...machine(), ...files })
  const kernel = kernelFiles()
  const identity = hostIdentity(kernel, fixture.roots, 'acme', {})
  const found = probeHwmon(kernel, fixture.roots, { ...defaults, ...options })
  const opening = { files: kernel, identity, lives: counterLives() }
  const sensors = found.meters.map(meter => hwmonSensor(opening, meter))
  const read = () =>
    sensors
      .flatMap(sensor => sensor.read({ timestampUnixNano: 9n }))
      .map(({ Domain, Device, Quantity, Value }) => [Domain, Device, Quantity, Value])
  return { fixture, read, leftOut: found.leftOut.map(({ name, reason }) => `${name}: ${reason}`), sensors }
}

describe('chips', () => {
  test.each<[string, Files, unknown[]]>([
    [
      'an ACPI power meter: average before input, µW as mW',
      chip(0, 'power_meter', { power1_average: 215_400_600, power1_input: 1 }),
      [['host', '', 'power', 215_401n]],
    ],
    [
      'the same by an old driver, whose files are with the device',
      { ...chip(0, 'power_meter', {}), 'sys/class/hwmon/hwmon0/device/power1_average': '90000000\n' },
      [['host', '', 'power', 90_000n]],
    ],
    [
      'two power supplies over PMBus add up',
      {
        ...chip(0, 'cffps2', {
          power1_input: 210_000_000,
          power1_label: 'pin',
          power2_input: 1,
          power2_label: 'pout1',
        }),
        ...chip(1, 'cffps2', { power1_input: 190_000_000, power1_label: 'pin' }),
      },
      [
        ['host', 'hwmon0/power1', 'power', 210_000n],
        ['host', 'hwmon1/power1', 'power', 190_000n],
      ],
    ],
    [
      'AMD energy: sockets, not cores',
      chip(2, 'amd_energy', {
        energy1_input: 5_000_001,
        energy1_label: 'Ecore000',
        energy2_input: 7_000_000,
        energy2_label: 'Esocket0',
        energy3_input: 8_000_000,
        energy3_label: 'Esocket1',
      }),
      [
        ['package-0', '', 'energy', 7_000_000n],
        ['package-1', '', 'energy', 8_000_000n],
      ],
    ],
    [
      'zenpower: one chip a socket',
      {
        ...chip(3, 'zenpower', { power1_input: 30_000_000, power1_label: 'SVI2_P_Core' }),
        ...chip(4, 'zenpower', { power1_input: 10_000_000, power1_label: 'SVI2_P_SoC' }),
      },
      [
        ['core-0', '', 'power', 30_000n],
        ['uncore-1', '', 'power', 10_000n],
      ],
    ],
    [
      'Jetson: the board and its rails from voltage and current; a rail without a place is left to the rest',
      chip(5, 'ina3221', {
        in1_label: 'VDD_IN',
        in1_input: 5000,
        curr1_input: 1500,
        in2_label: 'VDD_CPU_GPU_CV',
        in2_input: 5000,
        curr2_input: 333,
        in3_label: 'VDD_SOC',
        in3_input: 5000,
        curr3_input: 200,
        in7_label: 'sum of shunt voltages',
        in7_input: 3,
      }),
      [
        ['host', '', 'power', 7_500n],
        ['package-0', '', 'power', 1_665n],
      ],
    ],
    [
      'POWER: energy before power of the same label',
      chip(6, 'ibmpowernv', {
        energy1_input: 400,
        energy1_label: 'System',
        power1_input: 100,
        power1_label: 'System',
        power2_input: 50_000_000,
        power2_label: 'Chip 0',
      }),
      [
        ['host', '', 'energy', 400n],
        ['package-0', '', 'power', 50_000n],
      ],
    ],
  ])('%s', (_, files, expected) => {
    expect(open(files).read()).toEqual(expected)
  })

  test('single cores are read when asked for', () => {
    const files = chip(0, 'amd_energy', {
      energy1_input: 5,
      energy1_label: 'Ecore000',
      energy2_input: 6,
      energy2_label: 'Ecore001',
    })
    expect(open(files).leftOut[0]).toMatch('sensors.per_core: on')
    expect(open(files, { per_core: 'on' }).read()).toEqual([
      ['core-0', 'hwmon0/energy1', 'energy', 5n],
      ['core-0', 'hwmon0/energy2', 'energy', 6n],
    ])
  })
})

describe('what is not booked', () => {
  test('unknown sensors, those of other sensors, and a second meter of one domain', () => {
    const { leftOut, read } = open({
      ...chip(0, 'power_meter', { power1_average: 1_000_000 }),
      ...chip(1, 'power_meter', { power1_average: 2_000_000 }),
      ...chip(2, 'ina226', { power1_input: 5, power1_label: 'VDD_MAIN' }),
      ...chip(3, 'amdgpu', { power1_average: 5, power1_label: 'PPT' }),
      ...chip(4, 'BAT0', { power1_input: 5 }),
      ...chip(5, 'coretemp', { temp1_input: 5 }),
    })
    expect(read()).toEqual([['host', '', 'power', 1_000n]])
    expect(leftOut).toEqual([
      'power_meter/power1: power_meter/power1 already measures host',
      expect.stringMatching(/^ina226\/VDD_MAIN: unknown; .*sensors\.hwmon_domains/),
      'amdgpu/PPT: read by the GPU sensors',
      'BAT0/power1: read as a battery',
    ])
  })

  test('configuration names what the table does not know, and switches off what it does', () => {
    const files = {
      ...chip(0, 'power_meter', { power1_average: 1_000_000 }),
      ...chip(2, 'ina226', { power1_input: 5_000_000, power1_label: 'VDD_MAIN' }),
    }
    const own = { hwmon_domains: { 'ina226/VDD_MAIN': 'host', 'power_meter/power1': 'off' } }
    expect(open(files, own).read()).toEqual([['host', 'hwmon2/power1', 'power', 5_000n]])
  })

  test('a sensor that stops answering fails alone, and says which file', () => {
    const { fixture, sensors } = open({
      ...chip(0, 'power_meter', { power1_average: 1 }),
      ...chip(1, 'zenpower', { power1_input: 1, power1_label: 'SVI2_P_Core' }),
    })
    fixture.remove('sys/class/hwmon/hwmon0/power1_average')
    expect(() => sensors[0]!.read({ timestampUnixNano: 1n })).toThrow(
      /hwmon0\/power1_average cannot be read \(ENOENT\)/,
    )
    expect(sensors[1]!.read({ timestampUnixNano: 1n })).toHaveLength(1)
  })
})
