/**
 * Guarantees: a controller's watts are read over an authenticated and encrypted session, which is kept, opened again when
 * it ends and closed at the end; lost datagrams and noise change nothing; each refusal says what to do. Output of local
 * tools is read as it is printed.
 */
import { describe, expect, test } from 'vitest'
import { wattsPrinted } from '../../../../collector/sensors/ipmi/dcmi.ts'
import type { Login } from '../../../../collector/sensors/ipmi/handshake.ts'
import { lanController } from '../../../../collector/sensors/ipmi/lan.ts'
import { type BmcBehaviour, startBmc } from './bmc.ts'

const host = { tenant: 't', host: 'node-1', hostName: 'node-1' }

interface Given {
  readonly suites?: readonly (3 | 17)[]
  readonly login?: Partial<Omit<Login, 'suite'>>
  readonly keepsSession?: boolean
}

async function connected(behaviour: Partial<BmcBehaviour> = {}, given: Given = {}) {
  const bmc = await startBmc(behaviour)
  const controller = lanController({
    address: '127.0.0.1',
    port: bmc.port,
    host,
    suites: given.suites ?? [17, 3],
    login: { user: 'monitor', password: 'secret', privilege: 'user', ...given.login },
    keepsSession: given.keepsSession ?? true,
  })
  const read = async (ms = 30_000) => (await controller.read(AbortSignal.timeout(ms)))[0]?.milliwatts
  return { bmc, controller, read }
}

describe('sessions', () => {
  test.each([[[17]], [[3]], [[17, 3]]] as const)(
    'with cipher suites %j, one for all readings',
    async suites => {
      const { bmc, read, controller } = await connected({}, { suites })
      expect(await read()).toBe(100_000n)
      bmc.behaviour.watts = 65_535
      expect(await read()).toBe(65_535_000n)
      expect([bmc.opened(), bmc.sessions()]).toEqual([1, 1])
      await controller.close(AbortSignal.timeout(5000))
      await new Promise(setImmediate)
      expect(bmc.sessions()).toBe(0)
    },
  )

  test('the second suite where the first is not offered', async () => {
    const { read } = await connected({ suites: [3] })
    expect(await read()).toBe(100_000n)
  })

  test('another one after a restart of the controller', async () => {
    const { bmc, read } = await connected()
    await read()
    bmc.forget()
    expect(await read()).toBe(100_000n)
    expect(bmc.opened()).toBe(2)
  })

  test('a controller that no longer answers is a failure within the time of a reading', async () => {
    const { bmc, read } = await connected()
    await read()
    bmc.behaviour.loses = 1
    await expect(read(200)).rejects.toThrow(/did not answer in time.*IPMI over LAN/)
  })

  test('one for each reading where readings are rare', async () => {
    const { bmc, read } = await connected({}, { keepsSession: false })
    await read()
    await read()
    await new Promise(setImmediate)
    expect([bmc.opened(), bmc.sessions()]).toEqual([2, 0])
  })

  test('more than the privilege of a user, once', async () => {
    const { read } = await connected({}, { login: { privilege: 'operator' } })
    expect([await read(), await read()]).toEqual([100_000n, 100_000n])
  })

  test('lost datagrams are sent again', async () => {
    const { read } = await connected({ loses: 3 })
    expect(await read()).toBe(100_000n)
  })
})

describe('refusals', () => {
  test.each<[string, Partial<BmcBehaviour>, Given, string, RegExp]>([
    ['a wrong password', { password: 'other' }, {}, 'credentials', /password is not the one/],
    ['an unknown user', {}, { login: { user: 'nobody' } }, 'credentials', /refuses user nobody.*Check user/],
    ['no cipher suite', { suites: [] }, {}, 'unsupported', /cipher suite 3/],
    ['no DCMI', { code: 0xc1 }, {}, 'unsupported', /no DCMI power reading.*Redfish/],
    ['too little privilege', { code: 0xd4 }, {}, 'credentials', /privilege: operator/],
    [
      'more privilege than the user has',
      { privilege: 2 },
      { login: { privilege: 'administrator' } },
      'credentials',
      /may not have privilege administrator/,
    ],
    ['no measurement', { isActive: false }, {}, 'unsupported', /ipmitool dcmi power activate/],
    ['a busy controller', { code: 0xc0 }, {}, 'invalid', /completion code 0xc0/],
    [
      'a password that IPMI does not allow',
      {},
      { login: { password: 'x'.repeat(21) } },
      'credentials',
      /20 bytes/,
    ],
  ])('%s', async (_, behaviour, given, kind, message) => {
    const { read } = await connected(behaviour, given)
    await expect(read()).rejects.toMatchObject({ kind, message: expect.stringMatching(message) })
  })

  test('nobody there', async () => {
    const { bmc, controller } = await connected()
    const elsewhere = lanController({
      address: '127.0.0.1',
      port: bmc.port === 1 ? 2 : 1,
      host,
      suites: [3],
      login: { user: 'monitor', password: 'secret', privilege: 'user' },
      keepsSession: true,
    })
    await expect(elsewhere.read(AbortSignal.timeout(300))).rejects.toMatchObject({ kind: 'unreachable' })
    await controller.close(AbortSignal.timeout(100))
  })
})

describe('output of tools', () => {
  const IPMITOOL = `
    Instantaneous power reading:                   220 Watts
    Minimum during sampling period:                 60 Watts
    Maximum during sampling period:                400 Watts
    Average power reading over sample period:      210 Watts
    IPMI timestamp:                           Mon Nov 30 10:00:00 2026
    Sampling period:                          00000001 Seconds.
    Power reading state is:                   activated
`
  const FREEIPMI = `Current Power                        : 164 Watts
Minimum Power over sampling duration : 2 watts
Maximum Power over sampling duration : 339 watts
Average Power over sampling duration : 160 watts
Time Stamp                           : 11/30/2026 - 10:00:00
Statistics reporting time period     : 1000 milliseconds
Power Measurement                    : Active
`
  test('watts now, not the mean', () => {
    expect([wattsPrinted(IPMITOOL), wattsPrinted(FREEIPMI)]).toEqual([220, 164])
  })

  test('no value where the measurement is off or missing', () => {
    expect(() => wattsPrinted(IPMITOOL.replace('activated', 'deactivated'))).toThrow(/activate/)
    expect(() => wattsPrinted(FREEIPMI.replace(': Active', ': Not Available'))).toThrow(/activate/)
    expect(() => wattsPrinted('DCMI request failed')).toThrow(/Redfish/)
  })
})
