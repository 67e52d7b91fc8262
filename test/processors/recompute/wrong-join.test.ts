/**
 * Guarantees: a wrong join is undone by a corrected configuration and recomputing: energy moves to the right machine by entries that say
 * so, what was booked stays visible, each joule stands once, and doing it again changes nothing. A name under which nothing was booked
 * gets its energy once it stands for itself, and none while it stands for another machine.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { RecomputeAnswer } from '../../../core/api/recompute.ts'
import type { Arrival } from '../../books/scenes.ts'
import { at, energyAt, modeAt, NOON_SECONDS, reading } from '../meter/support.ts'
import { openRig, type Rig } from './rig.ts'

const SECONDS = Array.from({ length: 31 }, (_, index) => index * 10)
/** Minutes that are whole. */
const MINUTES = 4
const CPU_WATTS = 60n
const BMC_MILLIWATTS = 100_000n
const GPU_MILLIWATTS = 100_000n

/** Two machines of 60 W of processors each, and a controller that shows 100 W. */
const arrivals = (): Arrival[] =>
  SECONDS.flatMap(s => [
    ...['node-7', 'node-8'].flatMap(Host => [
      energyAt(s, BigInt(s) * CPU_WATTS * 1_000_000n, { Host }),
      modeAt(s, 'user', BigInt(s) * 2_000_000n, { Host }),
      modeAt(s, 'idle', BigInt(s) * 6_000_000n, { Host }),
    ]),
    reading({
      ...{ Host: 'bmc-7', HostName: 'bmc-7', Quantity: 'power', Domain: 'host', Source: 'ipmi', BootId: '' },
      ...{ Value: BMC_MILLIWATTS, Timestamp: at(s) },
    }),
  ]).map(row => ({ arrives: Number((row.Timestamp - at(0)) / 1_000_000_000n), row }))

/** Watts of each host by component, in every whole minute; and its entries by kind. */
async function books(rig: Rig) {
  const rows = await rig.store.warehouse.query<{ host: string; component: string; watts: number[] }>(
    `SELECT Host AS host, Component AS component, groupUniqArray(toFloat64(uj) / 6e7) AS watts FROM (
       SELECT Host, Component, WindowStart, sum(EnergyUj) AS uj FROM wattline.ledger
       WHERE WindowStart < toDateTime(${NOON_SECONDS + MINUTES * 60}) GROUP BY ALL HAVING uj != 0)
     GROUP BY host, component ORDER BY host, component`,
  )
  return rows.map(({ host, component, watts }) => `${host} ${component} ${watts.join()}`)
}

const entries = (rig: Rig) =>
  rig.store.warehouse.query<{ kind: string; n: number }>(
    `SELECT EntryKind AS kind, toFloat64(count()) AS n FROM wattline.ledger GROUP BY kind ORDER BY kind`,
  )

async function recompute(rig: Rig): Promise<RecomputeAnswer> {
  const range = {
    tenant: 'default',
    host: null,
    ...{ from: NOON_SECONDS, to: NOON_SECONDS + MINUTES * 60, reason: 'recomputed' as const },
  }
  const { id } = await rig.recomputations.begin(range, true)
  while (rig.recomputations.get(id).state === 'running') {
    rig.pass(60)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  await rig.settle()
  return rig.recomputations.get(id)
}

test('an alias that named another machine', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wattline-wrong-join-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const wrong = await openRig(folder, { hosts: { aliases: { 'bmc-7': 'node-8' } } })
  await wrong.deliver(arrivals())
  await wrong.settle()
  expect(await books(wrong)).toEqual(['node-7 cpu 60', 'node-8 cpu 60', 'node-8 other 40'])
  await wrong.close()

  const right = await openRig(folder, { hosts: { aliases: { 'bmc-7': 'node-7' } } })
  try {
    expect((await recompute(right)).state).toBe('done')
    const corrected = await books(right)
    expect(corrected).toEqual(['node-7 cpu 60', 'node-7 other 40', 'node-8 cpu 60'])
    const kinds = await entries(right)
    expect(kinds.map(({ kind }) => kind)).toContain('correction')
    expect(await recompute(right)).toMatchObject({ state: 'done', entries: 0 })
    expect(await books(right)).toEqual(corrected)
    expect(await entries(right)).toEqual(kinds)
  } finally {
    await right.close()
  }
})

/** A machine of 60 W that says its id beside its name, and a GPU of 100 W that another sender reports under the name alone. */
const named = (hosts: readonly string[] = ['id-7', 'node-7'], start = 0): Arrival[] =>
  SECONDS.map(s => s + start).flatMap(s =>
    [
      energyAt(s, BigInt(s) * CPU_WATTS * 1_000_000n, { Host: 'id-7', HostName: 'node-7' }),
      modeAt(s, 'user', BigInt(s) * 2_000_000n, { Host: 'id-7', HostName: 'node-7' }),
      modeAt(s, 'idle', BigInt(s) * 6_000_000n, { Host: 'id-7', HostName: 'node-7' }),
      reading({
        ...{ Host: 'node-7', HostName: 'node-7', Quantity: 'power', Domain: 'gpu', Device: 'GPU-1' },
        ...{ Source: 'dcgm', BootId: '', Value: GPU_MILLIWATTS, Timestamp: at(s) },
      }),
    ]
      .filter(({ Host }) => hosts.includes(Host))
      .map(row => ({ arrives: s, row })),
  )

/** Energy of each host in the whole minutes, in microjoules. */
async function microjoules(rig: Rig) {
  const rows = await rig.store.warehouse.query<{ host: string; uj: string }>(
    `SELECT Host AS host, toString(sum(EnergyUj)) AS uj FROM wattline.ledger
     WHERE WindowStart < toDateTime(${NOON_SECONDS + MINUTES * 60}) GROUP BY host HAVING uj != '0' ORDER BY host`,
  )
  return Object.fromEntries(rows.map(({ host, uj }) => [host, uj]))
}

const JOINED = { 'id-7': `${160 * 60 * MINUTES}000000` }
const APART = { 'id-7': `${60 * 60 * MINUTES}000000`, 'node-7': `${100 * 60 * MINUTES}000000` }

/** Opens the same folder with other rules, works, and closes it. */
async function inOneFolder(): Promise<(hosts: object, work: (rig: Rig) => Promise<void>) => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'wattline-wrong-join-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return async (hosts, work) => {
    const rig = await openRig(folder, { hosts })
    // The minutes are an hour old.
    rig.wait(3_900_000)
    try {
      await work(rig)
    } finally {
      await rig.close()
    }
  }
}

/** Recomputes until nothing is left to book, which the second time shows. */
async function corrected(rig: Rig) {
  expect(await recompute(rig)).toMatchObject({ state: 'done', problem: null })
  const [after, kinds] = [await microjoules(rig), await entries(rig)]
  expect(await recompute(rig)).toMatchObject({ state: 'done', entries: 0 })
  expect([await microjoules(rig), await entries(rig)]).toEqual([after, kinds])
  return after
}

test('a name that is only separated gets its energy back, and gives it back when it is joined again', async () => {
  const open = await inOneFolder()
  await open({}, async rig => {
    await rig.deliver(named())
    await rig.settle()
    expect(await microjoules(rig)).toEqual(JOINED)
    expect(await recompute(rig)).toMatchObject({ state: 'done', entries: 0 })
  })
  await open({ separate: ['node-7'] }, async rig => {
    expect(await corrected(rig)).toEqual(APART)
    expect(await books(rig)).toEqual(['id-7 cpu 60', 'node-7 gpu 100'])
  })
  await open({}, async rig => expect(await corrected(rig)).toEqual(JOINED))
})

test('a name that has entries of later minutes does not get what stands under its machine', async () => {
  const open = await inOneFolder()
  await open({}, async rig => {
    await rig.deliver(named())
    await rig.settle()
  })
  await open({ separate: ['node-7'] }, async rig => {
    await rig.deliver(named(['node-7'], 36_000))
    await rig.settle()
  })
  await open({}, async rig => {
    expect(await recompute(rig)).toMatchObject({ state: 'done', entries: 0 })
    expect(await microjoules(rig)).toEqual(JOINED)
  })
  await open({ separate: ['node-7'] }, async rig => expect(await corrected(rig)).toEqual(APART))
})

test('a name that an alias gave to a machine and that no rule speaks of any more', async () => {
  const open = await inOneFolder()
  await open({ aliases: { 'bmc-7': 'node-8' } }, rig => rig.deliver(arrivals()))
  await open({}, async rig => {
    expect(await recompute(rig)).toMatchObject({ state: 'done' })
    expect(await books(rig)).toEqual(['bmc-7 host 100', 'node-7 cpu 60', 'node-8 cpu 60'])
    expect(await recompute(rig)).toMatchObject({ state: 'done', entries: 0 })
  })
})
