/**
 * Guarantees: each controller has a loop of its own, so that one that hangs delays no other; failures are told once and
 * asked about less often, refusals least; what is read is appended once a second by tenant; stopping ends all sessions.
 */
import { describe, expect, test } from 'vitest'
import type { Reading } from '../../../../collector/readings/reading.ts'
import { openControllers } from '../../../../collector/sensors/bmc/open.ts'
import { startControllers } from '../../../../collector/sensors/bmc/poller.ts'
import {
  type Controller,
  ControllerError,
  type ControllerValue,
} from '../../../../collector/sensors/host/controller.ts'
import type { SensorClock } from '../../../../collector/sensors/rounds.ts'
import { crossChecks } from '../../../../core/catalogue/config/cross-checks.ts'
import { configSchema } from '../../../../core/catalogue/config/schema.ts'
import type { Facts } from '../../../../core/catalogue/events/events.ts'

/** A clock whose waits end in order of their time as the test lets it pass. */
function steppedClock() {
  let nowMs = 1_000_000
  const waits: { atMs: number; wake: () => void }[] = []
  const clock: SensorClock = {
    now: () => BigInt(nowMs) * 1_000_000n,
    monotonic: () => BigInt(nowMs) * 1_000_000n,
    wait: (ms, signal) =>
      new Promise(resolve => {
        if (signal.aborted) return resolve()
        waits.push({ atMs: nowMs + ms, wake: resolve })
        signal.addEventListener('abort', () => resolve())
      }),
  }
  const settle = async () => {
    for (let turn = 0; turn < 8; turn++) await new Promise(setImmediate)
  }
  return {
    clock,
    async pass(ms: number) {
      const untilMs = nowMs + ms
      await settle()
      for (;;) {
        waits.sort((a, b) => a.atMs - b.atMs)
        if (waits.length === 0 || waits[0]!.atMs > untilMs) break
        const next = waits.shift()!
        nowMs = next.atMs
        next.wake()
        await settle()
      }
      nowMs = untilMs
    },
  }
}

const value = (name: string, tenant = 't'): ControllerValue => ({
  host: { tenant, host: name, hostName: name, zone: 'DE' },
  milliwatts: 5000n,
})

function fake(name: string, read: (call: number) => Promise<ControllerValue[]>) {
  let calls = 0
  const controller: Controller & { calls: () => number; closed: boolean } = {
    name,
    source: 'redfish',
    closed: false,
    calls: () => calls,
    read: async () => {
      calls += 1
      return await read(calls)
    },
    async close() {
      controller.closed = true
    },
  }
  return controller
}

function run(controllers: readonly Controller[]) {
  const { clock, pass } = steppedClock()
  const appended: Reading[][] = []
  const events: [string, Facts | undefined][] = []
  const poller = startControllers({
    controllers,
    intervalMs: 10_000,
    timeoutMs: 1_000_000,
    append: async (_, readings) => void appended.push(readings),
    events: { emit: (name, facts) => void events.push([name, facts]) },
    clock,
  })
  return { poller, pass, appended, events }
}

test('one that hangs delays no other', async () => {
  const hanging = fake('slow', () => new Promise(() => {}))
  const others = Array.from({ length: 20 }, (_, index) =>
    fake(`fast-${index}`, async () => [value(`h${index}`)]),
  )
  const { pass, appended } = run([hanging, ...others])
  await pass(60_000)
  expect(hanging.calls()).toBe(1)
  expect(new Set(others.map(other => other.calls()))).toEqual(new Set([6]))
  // In records of a second, not one each: 20 controllers are spread over 10 seconds.
  expect(appended.length).toBeLessThanOrEqual(60)
  expect(appended.flat()).toHaveLength(120)
})

test('readings are those of the host: power, and a counter in its own epoch', async () => {
  const energy = { microjoules: 7n, life: '2026' }
  const one = fake('a', async () => [{ ...value('node-1'), energy }])
  const { pass, appended } = run([one])
  await pass(2000)
  expect(
    appended
      .flat()
      .map(({ Host, HostName, Domain, Quantity, Value, BootId, Source, Attributes }) => [
        Host,
        HostName,
        Domain,
        Quantity,
        Value,
        BootId,
        Source,
        Attributes['wattline.zone'],
      ]),
  ).toEqual([
    ['node-1', 'node-1', 'host', 'power', 5000n, '', 'redfish', 'DE'],
    ['node-1', 'node-1', 'host', 'energy', 7n, 'redfish/2026', 'redfish', 'DE'],
  ])
})

describe('failures', () => {
  test('are told once, asked about less often, and so is the recovery', async () => {
    const one = fake('a', async call => {
      if (call <= 5) throw new ControllerError('unreachable', 'off')
      return [value('h')]
    })
    const { pass, events } = run([one])
    await pass(1)
    for (const [afterMs, calls] of [
      [10_000, 2],
      [20_000, 3],
      [40_000, 4],
      [60_000, 5],
      [60_000, 6],
      [10_000, 7],
    ] as const) {
      await pass(afterMs)
      expect(one.calls()).toBe(calls)
    }
    expect(events.map(([name]) => name)).toEqual([
      'controllerFailed',
      ...Array.from({ length: 4 }, () => 'controllerStillFails'),
      'controllerRecovered',
    ])
  })

  test('refusals are asked about every ten minutes: accounts are locked after a few wrong passwords', async () => {
    const one = fake('a', async () => {
      throw new ControllerError('credentials', 'no')
    })
    const { pass } = run([one])
    await pass(599_000)
    expect(one.calls()).toBe(1)
    await pass(2_000)
    expect(one.calls()).toBe(2)
  })
})

test('stopping appends what was read and ends every session', async () => {
  const controllers = ['a', 'b'].map(name => fake(name, async () => [value(name, name)]))
  const { poller, pass, appended } = run(controllers)
  await pass(5_500)
  await poller.stop()
  expect(controllers.map(({ closed }) => closed)).toEqual([true, true])
  expect(new Set(appended.flat().map(({ Tenant }) => Tenant))).toEqual(new Set(['a', 'b']))
  expect(appended.every(readings => new Set(readings.map(({ Tenant }) => Tenant)).size === 1)).toBe(true)
})

describe('configuration', () => {
  const bmc = {
    redfish: [
      {
        user: 'monitor',
        password: 's',
        hosts: {
          'node-1': 'https://10.0.0.1/',
          'blade-1': 'https://10.0.0.2#Blade1',
          'blade-2': 'https://10.0.0.2#Blade2',
        },
      },
    ],
    ipmi: [{ hosts: { 'node-2': '10.0.0.3', 'node-3': '10.0.0.4:1623', 'node-4': '[fd00::1]:624' } }],
  }

  test('one controller an address', () => {
    expect(openControllers(configSchema.parse({ bmc })).map(({ name }) => name)).toEqual([
      'https://10.0.0.1',
      'https://10.0.0.2',
      'ipmi://10.0.0.3:623',
      'ipmi://10.0.0.4:1623',
      'ipmi://fd00::1:624',
    ])
  })

  test.each<[object, RegExp]>([
    [{ redfish: [{ hosts: { a: '10.0.0.1' } }] }, /must be https:/],
    [{ redfish: [{ hosts: { a: 'https://user:secret@10.0.0.1' } }] }, /must be https:/],
    [{ ipmi: [{ hosts: { a: 'https://10.0.0.1' } }] }, /must be ADDRESS/],
    [{ ipmi: [{ hosts: {} }] }, /at least one host/],
    [{ ipmi: [{ hosts: { a: 'b' }, cipher_suites: [0] }] }, /cipher_suites/],
  ])('refuses %j', (given, message) => {
    const { error } = configSchema.safeParse({ bmc: given })
    expect(JSON.stringify(error?.issues)).toMatch(message)
  })

  test('a host twice, and a password without a user', () => {
    const given = { redfish: [{ password: 'x', hosts: { a: 'https://b' } }, { hosts: { a: 'https://c' } }] }
    expect(crossChecks(configSchema.parse({ bmc: given }))).toEqual([
      { path: 'bmc.redfish.0.user', problem: 'a password needs a user' },
      { path: 'bmc.redfish.1.hosts.a', problem: 'is also in bmc.redfish.0' },
    ])
  })
})
