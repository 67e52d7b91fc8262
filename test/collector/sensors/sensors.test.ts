/**
 * Guarantees: one call of `append` per round, all readings with the same time, rounds never overlap and are on
 * multiples of the interval; a failing sensor or append is reported and stops nothing; measured energy and the estimate
 * exclude each other; stopping waits for the current round.
 */

import { describe, expect, test } from 'vitest'
import type { Reading } from '../../../collector/readings/reading.ts'
import { kernelFiles } from '../../../collector/sensors/host/files.ts'
import { hostIdentity } from '../../../collector/sensors/host/host-identity.ts'
import { rootsUnder } from '../../../collector/sensors/host/sensor.ts'
import { openMeters } from '../../../collector/sensors/meters.ts'
import { cpuTimeSensor } from '../../../collector/sensors/proc/cpu-time.ts'
import { type SensorClock, sensorClock, untilNextRound } from '../../../collector/sensors/rounds.ts'
import { startSensors } from '../../../collector/sensors/sensors.ts'
import { isSensorSource } from '../../../core/books/sources.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import type { EventName, Events, Facts } from '../../../core/catalogue/events/events.ts'
import { type Files, machine, type Tree, tree } from './tree.ts'

const config = configSchema.parse({}).sensors
const RAPL: Files = {
  'sys/class/powercap/intel-rapl:0/name': 'package-0\n',
  'sys/class/powercap/intel-rapl:0/energy_uj': '1000\n',
  'sys/class/powercap/intel-rapl:0/max_energy_range_uj': '5000\n',
}

interface Recorded {
  readonly events: Events
  readonly list: { name: EventName; facts: Facts }[]
}
function recorder(): Recorded {
  const list: Recorded['list'] = []
  return { list, events: { emit: (name, facts = {}) => void list.push({ name, facts }) } }
}

/** A clock that stands still between waits; the test ends each wait. */
function manualClock(start: bigint): SensorClock & { advance(): Promise<void>; waited: number[] } {
  let now = start
  let wake: (() => void) | undefined
  const waited: number[] = []
  return {
    waited,
    now: () => now,
    monotonic: () => now,
    wait: (milliseconds, signal) =>
      new Promise(resolve => {
        waited.push(milliseconds)
        wake = () => {
          now += BigInt(milliseconds) * 1_000_000n
          resolve()
        }
        if (signal.aborted) resolve()
        else signal.addEventListener('abort', () => resolve())
      }),
    async advance() {
      wake?.()
      await settle()
    },
  }
}
const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

function start(fixture: Tree, append: (readings: Reading[]) => Promise<void>, more: object = {}) {
  const { events, list } = recorder()
  const clock = manualClock(1_000_000_001_200_000_000n)
  const running = startSensors({
    config: { ...config, ...more },
    tenant: 'acme',
    append,
    events,
    roots: fixture.roots,
    clock,
  })
  return { running, clock, list }
}

describe('startSensors', () => {
  test('run the first round at once, then on multiples of the interval, with one record and one time each', async () => {
    const rounds: Reading[][] = []
    const { running, clock } = start(tree(machine()), async readings => void rounds.push(readings))
    await settle()
    await clock.advance()
    await clock.advance()
    await running.stop()
    expect(rounds.map(readings => [...new Set(readings.map(reading => reading.Timestamp))])).toEqual([
      [1_000_000_001_200_000_000n],
      [1_000_000_005_000_000_000n],
      [1_000_000_010_000_000_000n],
    ])
    expect(rounds.flat().filter(reading => !isSensorSource(reading.Source))).toEqual([])
  })

  test('a round waits for its append, and stopping waits for the round', async () => {
    let release = (): void => {}
    const rounds: Reading[][] = []
    const { running, clock } = start(tree(machine()), readings => {
      rounds.push(readings)
      return new Promise(resolve => {
        release = resolve
      })
    })
    await settle()
    await clock.advance()
    expect([rounds.length, clock.waited.length]).toEqual([1, 0])
    let isStopped = false
    const stopped = running.stop().then(() => {
      isStopped = true
    })
    await settle()
    expect(isStopped).toBe(false)
    release()
    await stopped
    expect(rounds).toHaveLength(1)
  })

  test('a failing append loses only its round, and is reported once until it works again', async () => {
    let failing = true
    const rounds: Reading[][] = []
    const { running, clock, list } = start(tree(machine()), async readings => {
      if (failing) throw new Error('disk full')
      rounds.push(readings)
    })
    await settle()
    await clock.advance()
    await clock.advance()
    failing = false
    await clock.advance()
    await running.stop()
    expect(rounds).toHaveLength(1)
    expect(list.filter(event => event.name === 'sensorFailed').map(event => event.facts)).toEqual([
      { sensor: 'append', amount: 1 },
      { sensor: 'append', amount: 2 },
    ])
  })

  test('a failing sensor does not affect the others', async () => {
    const fixture = tree({ ...machine(), ...RAPL })
    const rounds: Reading[][] = []
    const { running, clock, list } = start(fixture, async readings => void rounds.push(readings))
    await settle()
    fixture.remove('proc/stat')
    await clock.advance()
    await running.stop()
    expect(rounds[0]!.length).toBeGreaterThan(5)
    expect(rounds[1]!.map(reading => reading.Source)).toEqual(['rapl'])
    expect(list.at(-1)).toMatchObject({ name: 'sensorFailed', facts: { sensor: 'cpu_time' } })
  })

  test('reports nothing if everything is switched off', async () => {
    const off = {
      cpu_time: 'off',
      rapl: 'off',
      hwmon: 'off',
      battery: 'off',
      guest: 'off',
      estimate: 'off',
    }
    const { running, clock } = start(tree(machine()), () => Promise.reject(new Error('called')), off)
    await running.stop()
    expect(clock.waited).toEqual([])
  })
})

describe('openMeters', () => {
  type Toggles = { rapl?: 'auto' | 'on' | 'off'; estimate?: 'auto' | 'on' | 'off' }
  const opened = (files: Files, toggles: Toggles): { names: string[]; failures: Facts[] } => {
    const { roots } = tree({ ...machine(), ...files })
    const kernel = kernelFiles()
    const identity = hostIdentity(kernel, roots, 'acme', {})
    const { events, list } = recorder()
    const sensors = openMeters({
      config: { ...config, ...toggles },
      events,
      files: kernel,
      roots,
      identity,
      runId: 'r',
    })
    return {
      names: sensors.map(sensor => sensor.name),
      failures: list.filter(event => event.name === 'sensorFailed').map(event => event.facts),
    }
  }
  test.each<[string, Files, Toggles, string[]]>([
    ['a meter', RAPL, {}, ['rapl/package-0']],
    ['no meter', {}, {}, ['estimate']],
    ['a meter, not to be used', RAPL, { rapl: 'off' }, ['estimate']],
    ['a meter, but the estimate is asked for', RAPL, { estimate: 'on' }, ['estimate']],
    ['a meter, and both are asked for', RAPL, { estimate: 'on', rapl: 'on' }, ['rapl/package-0']],
    ['no meter, no estimate', {}, { estimate: 'off' }, []],
  ])('%s', (_, files, toggles, expected) => {
    expect(opened(files, toggles).names).toEqual(expected)
  })

  test('a configured meter that is missing or unreadable is reported once with a remedy', () => {
    expect(opened({}, { rapl: 'on' }).failures).toEqual([
      { sensor: 'rapl', reason: expect.stringContaining('sensors.rapl: auto') },
    ])
    const unreadable = { 'sys/class/powercap/intel-rapl:0/name': 'package-0\n' }
    expect(opened(unreadable, {})).toEqual({
      names: ['estimate'],
      failures: [{ sensor: 'rapl', reason: expect.stringContaining('CAP_DAC_READ_SEARCH') }],
    })
  })
})

describe('the identity of this machine', () => {
  test.each<[string, Files, string | undefined, string]>([
    ['configured', {}, 'rack-7', 'rack-7'],
    ['machine id', {}, undefined, 'ab'.repeat(16)],
    ['an uninitialised machine id is none', { 'etc/machine-id': 'uninitialized\n' }, undefined, 'machine-1'],
  ])('%s', (_, files, configured, expected) => {
    const { roots } = tree({ ...machine(), ...files })
    expect(hostIdentity(kernelFiles(), roots, 't', { host_id: configured }).host).toBe(expected)
  })

  test('a container has its own name, so the host name is required', () => {
    const { roots } = tree(machine())
    expect(hostIdentity(kernelFiles(), roots, 't', { host_name: 'node-7' })).toMatchObject({
      host: 'ab'.repeat(16),
      hostName: 'node-7',
    })
  })

  test('a container reads the folders of the host where they are mounted', () => {
    expect(rootsUnder('/host')).toEqual({
      proc: '/host/proc',
      sys: '/host/sys',
      etc: '/host/etc',
      ...{ cloud: '/host/var/lib/cloud', ownSys: '/sys' },
    })
    expect(rootsUnder('/')).toEqual({
      ...{ proc: '/proc', sys: '/sys', etc: '/etc', cloud: '/var/lib/cloud', ownSys: '/sys' },
    })
  })

  test('without a boot id the boot time is used', () => {
    const fixture = tree(machine())
    fixture.remove('proc/sys/kernel/random')
    expect(hostIdentity(kernelFiles(), fixture.roots, 't', {}).bootId).toBe('btime 1767268800')
  })
})

describe('rounds', () => {
  test.each([
    [0n, 5000, 5000],
    [1n, 5000, 5000],
    [4_999_999_999n, 5000, 1],
    [1_200_000_000n, 5000, 3800],
    [7n, 0.2, 1],
  ])('%s ns at %s ms: %s ms', (now, interval, expected) => {
    expect(untilNextRound(now, interval)).toBe(expected)
  })

  test('the system clock stops waiting when asked to', async () => {
    const stopping = new AbortController()
    const waiting = sensorClock.wait(600_000, stopping.signal)
    stopping.abort()
    await waiting
    await sensorClock.wait(600_000, stopping.signal)
    expect(sensorClock.now()).toBeGreaterThan(1_600_000_000_000_000_000n)
  })
})

describe('this machine', () => {
  test('gives its own CPU time, and some energy', () => {
    const files = kernelFiles()
    const identity = hostIdentity(files, rootsUnder('/'), 'acme', {})
    const { events } = recorder()
    const opening = { config, events, files, roots: rootsUnder('/'), identity, runId: 'r' }
    const sensors = [cpuTimeSensor(opening), ...openMeters(opening)]
    const readings = sensors.flatMap(sensor => sensor.read({ timestampUnixNano: 1n }))
    expect(readings.some(reading => reading.Quantity === 'energy' && reading.Value > 0n)).toBe(true)
    expect(readings.some(reading => reading.Domain === 'idle' && reading.Value > 0n)).toBe(true)
    expect(readings.some(reading => reading.WorkloadId !== '')).toBe(true)
  })
})
