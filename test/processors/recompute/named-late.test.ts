/**
 * Guarantees: energy that was booked before the name of its container was known is booked again under the name, in its minutes, once;
 * whoever pays for the name then pays for it; sums stay.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Arrival } from '../../books/scenes.ts'
import { at, energyAt, modeAt, type Reading, reading, workAt } from '../meter/support.ts'
import { openRig, type Rig } from './rig.ts'

let rig: Rig
beforeAll(async () => {
  rig = await openRig(undefined, {
    workloads: { rules: [{ match: { namespace: 'shop' }, account: 'team-shop' }] },
  })
})
afterAll(() => rig.close())

const HOST = 'n1'
const ID = 'c'.repeat(64)
const SANDBOX = 'd'.repeat(64)
const UID = '3f1c9a02-0000-4000-8000-000000000001'
const SECONDS = Array.from({ length: 37 }, (_, index) => index * 10)
const byPath = { 'container.id': ID, 'k8s.pod.uid': UID, 'workload.name': ID.slice(0, 12) }
const POD = {
  'k8s.namespace.name': 'shop',
  'k8s.pod.name': 'web-5d9-x',
  'k8s.pod.uid': UID,
  'k8s.owner.kind': 'Deployment',
  'k8s.owner.name': 'web',
  'workload.namespace': 'shop',
  'workload.name': 'web-5d9-x',
}
const NAMED = { ...POD, 'container.id': ID, 'k8s.container.name': 'main', 'workload.name': 'main' }

/** A host of 60 W, 2 of 8 CPUs busy, of which the container uses 1, and the sandbox of its pod a tenth. */
const measured = (): Arrival[] =>
  SECONDS.flatMap(s =>
    [
      energyAt(s, BigInt(s) * 60_000_000n, { Host: HOST }),
      modeAt(s, 'user', BigInt(s) * 2_000_000n, { Host: HOST }),
      modeAt(s, 'idle', BigInt(s) * 6_000_000n, { Host: HOST }),
      workAt(s, ID, BigInt(s) * 1_000_000n, { Host: HOST, Attributes: byPath }),
      workAt(s, SANDBOX, BigInt(s) * 100_000n, {
        Host: HOST,
        Attributes: { 'container.id': SANDBOX, 'k8s.pod.uid': UID, 'workload.name': SANDBOX.slice(0, 12) },
      }),
    ].map(row => ({ arrives: s, row })),
  )

const says = (
  arrives: number,
  s: number,
  kind: string,
  id: string,
  Attributes: Reading['Attributes'],
): Arrival => ({
  arrives,
  row: reading({
    Host: HOST,
    Quantity: 'cpu_request',
    WorkloadKind: kind,
    WorkloadId: id,
    Timestamp: at(s),
    Value: kind === 'pod' ? 0n : 500n,
    Source: 'kubernetes',
    BootId: '',
    Attributes,
  }),
})

/** The API comes back after the last minute, and says who it was since the second 70. */
const named = (): Arrival[] =>
  [70, 90, 120, 150, 180, 210, 240].flatMap(s => [
    says(400, s, 'container', ID, NAMED),
    says(400, s, 'pod', UID, POD),
  ])

interface Line {
  readonly minute: number
  readonly who: string
  readonly joules: number
  readonly reserved: number
}

const lines = (): Promise<readonly Line[]> =>
  rig.store.warehouse.query<Line>(
    `SELECT toFloat64(toMinute(WindowStart)) AS minute,
       concat(if(WorkloadId = '', Share, WorkloadName), ' ', Namespace, ' ', Labels['k8s.owner.name'], ' ', Account) AS who,
       toFloat64(intDiv(sum(EnergyUj), 1000000)) AS joules, toFloat64(intDiv(sum(CpuRequestUs), 1000000)) AS reserved
     FROM wattline.ledger WHERE WindowStart < toDateTime('2026-01-01 12:06:00', 'UTC') AND WorkloadId != ''
     GROUP BY minute, who HAVING sum(EnergyUj) != 0 ORDER BY minute, who`,
  )

const SUMS = `SELECT toString(WindowStart) AS minute, toString(sum(EnergyUj)) AS uj, toString(sum(CpuUs)) AS us,
  toString(sum(CarbonEmbodiedUg)) AS ug FROM wattline.ledger GROUP BY minute ORDER BY minute`

test('energy is booked again under the name, also of minutes before the first that says it', async () => {
  await rig.deliver(measured())
  const sums = await rig.store.warehouse.query(SUMS)
  expect(await lines()).toContainEqual({ minute: 2, who: 'cccccccccccc   default', joules: 450, reserved: 0 })
  await rig.deliver(named())
  await rig.settle()
  const after = await lines()
  const of = (minute: number): string[] =>
    after
      .filter(line => line.minute === minute)
      .map(({ who, joules, reserved }) => `${who}: ${joules} J, ${reserved} s`)
  // An id is never another container's, so its name holds for minutes from before it was heard, too.
  expect(of(0)).toEqual(['dddddddddddd shop web team-shop: 45 J, 0 s', 'main shop web team-shop: 450 J, 0 s'])
  for (const minute of [2, 3])
    expect(of(minute)).toEqual([
      'dddddddddddd shop web team-shop: 45 J, 0 s',
      'main shop web team-shop: 450 J, 30 s',
    ])
  expect(await rig.store.warehouse.query(SUMS)).toEqual(sums)
  expect(await rig.corrections(HOST)).toMatchObject({ reasons: ['late_readings'], ids: true })
})

test('the same once more changes nothing, and what comes late later stays under the name', async () => {
  const { count } = await rig.corrections(HOST)
  await rig.deliver(named())
  await rig.settle()
  expect((await rig.corrections(HOST)).count).toBe(count)
  // Another container turns out to have used half a CPU in the third minute.
  const other = [120, 180].map(s => ({
    arrives: 9_000,
    row: workAt(s, 'e'.repeat(64), BigInt(s) * 500_000n, { Host: HOST }),
  }))
  await rig.deliver(other)
  await rig.settle()
  const named2 = (await lines()).filter(({ minute }) => minute === 2)
  expect(named2.map(({ who }) => who)).toContain('main shop web team-shop')
  expect(named2.map(({ who }) => who).some(who => who.startsWith('cccc'))).toBe(false)
})
