/**
 * Guarantees: events of perf become the domains of the meter tree, exactly to the microjoule; they are read where powercap shows
 * nothing, and never beside it; what the kernel refuses has a remedy; the system call is the real one.
 */
import { describe, expect, test } from 'vitest'
import { counterLives } from '../../../../collector/sensors/host/counter-epoch.ts'
import { kernelFiles } from '../../../../collector/sensors/host/files.ts'
import { hostIdentity } from '../../../../collector/sensors/host/host-identity.ts'
import { openMeters } from '../../../../collector/sensors/meters.ts'
import {
  type CounterOptions,
  openCounter,
  type PerfCounter,
  PerfError,
} from '../../../../collector/sensors/perf/open-counter.ts'
import { PerfCounters, perfProblem } from '../../../../collector/sensors/perf/perf.ts'
import { cpusIn, findPowerEvents } from '../../../../collector/sensors/perf/power-events.ts'
import { configSchema } from '../../../../core/catalogue/config/schema.ts'
import { type Files, machine, tree } from '../tree.ts'

const SCALE = '2.3283064365386962890625e-10'
const event = (driver: string, name: string, code: string, scale = SCALE): Files => {
  const folder = `sys/bus/event_source/devices/${driver}`
  return {
    [`${folder}/events/${name}`]: `event=${code}\n`,
    [`${folder}/events/${name}.scale`]: `${scale}\n`,
    [`${folder}/events/${name}.unit`]: 'Joules\n',
  }
}
const cpu = (number: number, inPackage: number, die = 0): Files => ({
  [`sys/devices/system/cpu/cpu${number}/topology/physical_package_id`]: `${inPackage}\n`,
  [`sys/devices/system/cpu/cpu${number}/topology/die_id`]: `${die}\n`,
})
/** Two sockets. */
const SERVER: Files = {
  'sys/bus/event_source/devices/power/type': '21\n',
  'sys/bus/event_source/devices/power/cpumask': '0,16\n',
  ...event('power', 'energy-pkg', '0x02'),
  ...event('power', 'energy-ram', '0x03', '1.52587890625e-05'),
  ...event('power', 'energy-psys', '0x05'),
  ...cpu(0, 0),
  ...cpu(16, 1),
}
const found = (files: Files, perCore = false) =>
  findPowerEvents(kernelFiles(), tree(files).roots, perCore).map(
    ({ name, domain, device, config, cpu: on }) => `${name} ${domain} ${device} ${config} @${on}`,
  )

describe('events', () => {
  test('one for each package; psys only where there is nothing else', () => {
    expect(found(SERVER)).toEqual([
      'power/energy-pkg package-0  2 @0',
      'power/energy-pkg package-1  2 @16',
      'power/energy-ram dram-0  3 @0',
      'power/energy-ram dram-1  3 @16',
    ])
    const { 'sys/bus/event_source/devices/power/events/energy-pkg': _, ...rest } = SERVER
    const { 'sys/bus/event_source/devices/power/events/energy-ram': __, ...psys } = rest
    expect(found(psys)).toEqual(['power/energy-psys host  5 @0'])
  })

  test('dies of one package stay apart', () => {
    const files = { ...SERVER, ...cpu(16, 0, 1) }
    expect(found(files).slice(0, 2)).toEqual([
      'power/energy-pkg package-0-die-0  2 @0',
      'power/energy-pkg package-0-die-1  2 @16',
    ])
  })

  test('single cores, where they are wanted', () => {
    const files = {
      ...SERVER,
      'sys/bus/event_source/devices/power_core/type': '22\n',
      'sys/bus/event_source/devices/power_core/cpumask': '0-1,16\n',
      ...event('power_core', 'energy-core', '0x01'),
      ...cpu(1, 0),
    }
    expect(found(files).some(text => text.includes('power_core'))).toBe(false)
    expect(found(files, true).filter(text => text.includes('power_core'))).toEqual([
      'power_core/energy-core core-0 cpu-0 1 @0',
      'power_core/energy-core core-0 cpu-1 1 @1',
      'power_core/energy-core core-1 cpu-16 1 @16',
    ])
  })

  test('none without the driver, its unit or its scale', () => {
    expect(found(machine())).toEqual([])
    const folder = 'sys/bus/event_source/devices/power/events'
    expect(found({ ...SERVER, [`${folder}/energy-pkg.unit`]: 'Watts\n' })).not.toContain('package-0')
    expect(found({ ...SERVER, [`${folder}/energy-pkg.scale`]: 'x\n' }).join()).not.toContain('energy-pkg')
    expect(cpusIn('0-2,8')).toEqual([0, 1, 2, 8])
    expect(cpusIn('')).toEqual([])
  })
})

describe('counters', () => {
  const { sensors: config } = configSchema.parse({})
  /** Counts by CPU and event. */
  function opened(files: Files, counts: Record<string, bigint>, refuses: (cpu: number) => number = () => 0) {
    const { roots } = tree({ ...machine(), ...files })
    const kernel = kernelFiles()
    const closed: string[] = []
    const open = ({ config: code, cpu: on }: CounterOptions): PerfCounter => {
      if (refuses(on) > 0) throw new PerfError(refuses(on))
      const key = `${on}/${code}`
      return { read: () => counts[key] ?? 0n, close: () => void closed.push(key) }
    }
    const perf = new PerfCounters()
    perf.open(kernel, roots, false, open)
    const identity = hostIdentity(kernel, roots, 'acme', {})
    const events: [string, object][] = []
    const sensors = openMeters({
      ...{ config, files: kernel, roots, identity, runId: 'r', lives: counterLives(), perf },
      events: { emit: (name: string, fields: object) => void events.push([name, fields]) } as never,
    })
    const read = (suspends = 0) =>
      sensors
        .flatMap(sensor => sensor.read({ timestampUnixNano: 9n, suspends }))
        .map(({ Domain, Value, Source, BootId }) => `${Domain} ${Value} ${Source} ${BootId}`)
    return { read, events, perf, closed }
  }

  test('are read to the microjoule where powercap shows nothing, with an epoch of this run', () => {
    // 2^32 counts are 1 J; 65,536 of the other scale too.
    const counts = { '0/2': 5n << 32n, '16/2': (1n << 50n) + 4295n, '0/3': 65_537n }
    const { read, perf, closed } = opened(SERVER, counts)
    const exact = ((1n << 50n) + 4295n) * 1_000_000n
    expect(read()).toEqual([
      'package-0 5000000 rapl:perf boot-1/r',
      `package-1 ${exact >> 32n} rapl:perf boot-1/r`,
      'dram-0 1000015 rapl:perf boot-1/r',
      'dram-1 0 rapl:perf boot-1/r',
    ])
    expect(read(1)[0]).toBe('package-0 5000000 rapl:perf boot-1/s1/r')
    perf.close()
    expect(closed).toHaveLength(4)
  })

  test('are left alone where powercap shows them', () => {
    const powercap = {
      'sys/class/powercap/intel-rapl:0/name': 'package-0\n',
      'sys/class/powercap/intel-rapl:0/energy_uj': '77\n',
    }
    expect(opened({ ...SERVER, ...powercap }, {}).read()).toEqual(['package-0 77 rapl boot-1'])
  })

  test('are estimated where the kernel refuses, which is reported with the remedy', () => {
    const { read, events } = opened(SERVER, {}, () => 13)
    expect(read().map(text => text.split(' ')[2])).toEqual(['estimate:ccf', 'estimate:ccf'])
    expect(events).toContainEqual([
      'sensorFailed',
      { sensor: 'perf', reason: expect.stringContaining('kernel.perf_event_paranoid=0') },
    ])
    expect(perfProblem(new PerfError(95)).command).toBe('')
  })

  test('one that is refused does not hide the others', () => {
    expect(opened(SERVER, { '0/2': 1n << 32n }, on => (on === 16 ? 19 : 0)).read()).toEqual([
      'package-0 1000000 rapl:perf boot-1/r',
      'dram-0 0 rapl:perf boot-1/r',
    ])
  })
})

test('the system call: a clock of the kernel rises, or the kernel says why not', async () => {
  const CLOCK = { type: 1, config: 0n, cpu: 0 }
  let counter: PerfCounter
  try {
    counter = openCounter(CLOCK)
  } catch (error) {
    expect(error).toBeInstanceOf(PerfError)
    // Not permitted, or no such call in this sandbox.
    expect([1, 2, 13, 38]).toContain((error as PerfError).errno)
    return
  }
  const first = counter.read()
  await new Promise(resolve => setTimeout(resolve, 20))
  const second = counter.read()
  counter.close()
  expect(second > first).toBe(true)
  expect(() => openCounter({ type: 0x7fff_fff0, config: 0n, cpu: 0 })).toThrow(PerfError)
})
