/**
 * Guarantees: the power of the machine, and nothing else, in the shapes of several makers; counters exactly, if they are
 * fine enough; one session that is opened again and closed; documents of the search are not sent again; each refusal says
 * what to do; credentials go to the service alone.
 */
import { describe, expect, test } from 'vitest'
import type { RedfishAccess } from '../../../../collector/sensors/redfish/client.ts'
import { lastDigitStep, microjoulesOf } from '../../../../collector/sensors/redfish/quantities.ts'
import { redfishController } from '../../../../collector/sensors/redfish/redfish.ts'
import { createAuthority } from '../../../support/certificates.ts'
import { type ServiceOptions, startService, type Tree } from './service.ts'
import {
  blades,
  chassis,
  dell,
  hpe,
  lenovo,
  modern,
  openBmc,
  service,
  supermicro,
  supplies,
} from './trees.ts'

const hostNamed = (name: string) => ({ tenant: 't', host: name, hostName: name })

async function connected(tree: Tree, options: ServiceOptions = {}, access: Partial<RedfishAccess> = {}) {
  const running = await startService(tree, options)
  let now = 0
  const controller = redfishController(
    {
      origin: running.origin,
      user: options.auth === undefined ? undefined : 'monitor',
      password: 'secret',
      auth: 'session',
      skipVerify: false,
      ...access,
    },
    [{ host: hostNamed('node-1') }],
    () => now,
  )
  const read = async (ms = 20_000) => (await controller.read(AbortSignal.timeout(ms)))[0]!
  const later = (ms: number): void => {
    now += ms
  }
  return { ...running, controller, read, tree, later }
}

describe('makers', () => {
  test.each<[string, Tree, bigint]>([
    ['Dell', dell(232), 232_000n],
    ['HPE', hpe(310, []), 310_000n],
    [
      'HPE, without a reading of the whole',
      hpe(null, [{ LastPowerOutputWatts: 120 }, { LastPowerOutputWatts: 99.5 }]),
      219_500n,
    ],
    [
      'power supplies: inputs before outputs, absent ones not at all',
      hpe(null, [
        { PowerInputWatts: 130, LastPowerOutputWatts: 120 },
        { PowerInputWatts: 77, Status: { State: 'Absent' } },
      ]),
      130_000n,
    ],
    ['Lenovo', lenovo(412), 412_000n],
    ['Supermicro', supermicro('188'), 188_000n],
    ['OpenBMC', openBmc(151.25), 151_250n],
    ['EnvironmentMetrics', modern({ PowerWatts: { Reading: 374 } }), 374_000n],
    ['metrics of power supplies', supplies([201.5, 198]), 399_500n],
  ])('%s', async (_, tree, milliwatts) => {
    const { read } = await connected(tree)
    expect(await read()).toEqual({ host: hostNamed('node-1'), milliwatts })
    expect((await read()).milliwatts).toBe(milliwatts)
  })

  test.each<[string, Tree, RegExp]>([
    ['no power anywhere', dell(null), /Enclosure.Internal.0-1\. A licence/],
    ['a power supply that does not say', supplies([200, null]), /None of its chassis/],
    ['impossible power', lenovo(999_999), /None of its chassis/],
    ['no Redfish', {}, /no Redfish service/],
    ['text that is no JSON', { '/redfish/v1': '<html>' }, /is not a JSON object/],
    ['a service that fails', { '/redfish/v1': 500 }, /answered 500/],
  ])('%s is a failure', async (_, tree, message) => {
    if (message.source.startsWith('Enclosure'))
      Object.assign(tree, { '/redfish/v1/Chassis/System.Embedded.1/Power': {} })
    const { read } = await connected(tree)
    await expect(read()).rejects.toThrow(message)
  })
})

describe('several chassis', () => {
  const both = async (tree: Tree, ...names: (string | undefined)[]) => {
    const { origin } = await startService(tree)
    const controller = redfishController(
      { origin, password: '', auth: 'session', skipVerify: false },
      names.map((name, index) => ({ host: hostNamed(`node-${index + 1}`), chassis: name })),
    )
    const values = await controller.read(AbortSignal.timeout(20_000))
    return values.map(({ host, milliwatts }) => [host.host, milliwatts])
  }

  test('each host has its own, also inside an enclosure', async () => {
    expect(await both(blades(900, 250, 260), 'Blade1', 'Blade2')).toEqual([
      ['node-1', 250_000n],
      ['node-2', 260_000n],
    ])
  })

  test('without a name there is no choice between machines', async () => {
    await expect(both(blades(900, 250, 260), undefined)).rejects.toThrow(/Blade1, Blade2\. Name one.*#Blade1/)
    await expect(both(blades(900, 250), 'Blade7')).rejects.toThrow(
      /no chassis Blade7. It has: Enclosure, Blade1/,
    )
  })

  test('one that fails does not take the others with it', async () => {
    expect(await both(blades(900, 250), 'Blade9', 'Blade1')).toEqual([['node-2', 250_000n]])
  })

  test('a part inside the machine that measures itself is not another machine', async () => {
    const power = (id: string) => ({ Power: { '@odata.id': `/redfish/v1/Chassis/${id}/Power` } })
    const inside = service(
      {
        '/redfish/v1/Chassis/1/Power': { PowerControl: [{ PowerConsumedWatts: 2000 }] },
        '/redfish/v1/Chassis/gpus/Power': { PowerControl: [{ PowerConsumedWatts: 1400 }] },
      },
      chassis('1', { more: power('1') }),
      chassis('gpus', { containedBy: '1', more: power('gpus') }),
    )
    expect(await both(inside, undefined)).toEqual([['node-1', 2_000_000n]])
  })
})

describe('counters', () => {
  test('joules before kilowatt-hours, beside power, with the time of their reset', async () => {
    const energy = {
      PowerWatts: { Reading: 300 },
      EnergykWh: { Reading: 4.56 },
      EnergyJoules: { Reading: 16_416_123.5, SensorResetTime: '2026-01-01T00:00:00Z' },
    }
    const { read } = await connected(modern(energy))
    expect(await read()).toMatchObject({
      milliwatts: 300_000n,
      energy: { microjoules: 16_416_123_500_000n, life: '2026-01-01T00:00:00Z' },
    })
  })

  test('coarse kilowatt-hours only where there is no power; fine ones once they show it', async () => {
    const { read, tree } = await connected(
      modern({ PowerWatts: { Reading: 300 }, EnergykWh: { Reading: 12.5 } }),
    )
    const show = (metrics: object) => {
      tree['/redfish/v1/Chassis/1U/EnvironmentMetrics'] = metrics
    }
    expect(await read()).not.toHaveProperty('energy')
    show({ PowerWatts: { Reading: 300 }, EnergykWh: { Reading: 12.50083 } })
    expect(await read()).toMatchObject({ energy: { microjoules: 45_002_988_000_000n } })
    show({ PowerWatts: { Reading: 300 }, EnergykWh: { Reading: 12.501 } })
    expect(await read()).toHaveProperty('energy')
    const coarse = await connected(modern({ EnergykWh: { Reading: 12.5 } }))
    expect(await coarse.read()).toEqual({
      host: hostNamed('node-1'),
      energy: { microjoules: 45_000_000_000_000n, life: '' },
    })
  })

  test.each([
    ['EnergykWh', 0.1, 360_000_000_000n, 360_000_000_000n],
    ['EnergykWh', 1e-7, 360_000n, 360_000n],
    ['EnergyJoules', 7, 7_000_000n, 1_000_000n],
    ['EnergyJoules', 0.25, 250_000n, 10_000n],
  ] as const)('%s %s', (field, value, microjoules, step) => {
    expect([microjoulesOf(field, value), lastDigitStep(field, value)]).toEqual([microjoules, step])
  })
})

describe('access', () => {
  test('one session for all readings, opened again when it has ended, closed at the end', async () => {
    const { read, sessions, logins, controller, requests } = await connected(lenovo(5), { auth: 'session' })
    await read()
    await read()
    expect(logins()).toBe(1)
    sessions.clear()
    expect((await read()).milliwatts).toBe(5_000n)
    expect(logins()).toBe(2)
    await controller.close(AbortSignal.timeout(5000))
    expect(requests.at(-1)).toBe('DELETE /redfish/v1/SessionService/Sessions/2')
    expect(sessions.size).toBe(0)
  })

  test('basic authentication where there are no sessions', async () => {
    const { read, requests } = await connected(lenovo(5), { auth: 'basic' })
    await read()
    await read()
    expect(requests.filter(request => request.startsWith('POST'))).toHaveLength(1)
  })

  test('a search is done once an hour, with documents that have not changed', async () => {
    const { read, requests, later } = await connected(lenovo(5), { etags: true })
    await read()
    requests.length = 0
    await read()
    expect(requests).toEqual(['GET /redfish/v1/Chassis/1/Power'])
    later(3_600_001)
    requests.length = 0
    await read()
    expect(requests).toEqual([
      'GET /redfish/v1/ unchanged',
      'GET /redfish/v1/Chassis unchanged',
      'GET /redfish/v1/Chassis/1 unchanged',
      // A reading never comes from memory.
      'GET /redfish/v1/Chassis/1/Power',
    ])
  })

  test('a chassis that shows its power elsewhere after an update is found', async () => {
    const { read, tree } = await connected(lenovo(5))
    await read()
    for (const path of Object.keys(tree)) delete tree[path]
    Object.assign(tree, modern({ PowerWatts: { Reading: 7 } }))
    expect((await read()).milliwatts).toBe(7_000n)
  })

  test('a wrong password', async () => {
    const { read } = await connected(lenovo(5), { auth: 'session' }, { password: 'other' })
    await expect(read()).rejects.toMatchObject({
      kind: 'credentials',
      message: expect.stringMatching(/Check user/),
    })
  })

  test('over TLS, with its authority or without verification, never otherwise', async () => {
    const authority = createAuthority('Test CA')
    const tls = authority.issue(['127.0.0.1'])
    const options = { tls, auth: 'session' } as const
    await expect((await connected(lenovo(5), options)).read()).rejects.toThrow(/Set tls.ca to the authority/)
    for (const access of [{ ca: authority.cert }, { skipVerify: true }]) {
      expect((await (await connected(lenovo(5), options, access)).read()).milliwatts).toBe(5_000n)
    }
  })

  test('a service that does not answer, and one that is not there', async () => {
    const { read, hang } = await connected(lenovo(5))
    hang(true)
    await expect(read(200)).rejects.toMatchObject({
      kind: 'unreachable',
      message: expect.stringMatching(/bmc\.timeout/),
    })
    const elsewhere = redfishController(
      { origin: 'http://127.0.0.1:1', password: '', auth: 'session', skipVerify: false },
      [{ host: hostNamed('x') }],
    )
    await expect(elsewhere.read(AbortSignal.timeout(5000))).rejects.toThrow(/ECONNREFUSED.*Check its address/)
  })

  test('links to elsewhere stay with the service', async () => {
    const tree = lenovo(5)
    tree['/redfish/v1'] = { Chassis: { '@odata.id': 'http://attacker.invalid/redfish/v1/Chassis' } }
    const { read, requests } = await connected(tree)
    await read()
    expect(requests).toContain('GET /redfish/v1/Chassis')
  })
})
