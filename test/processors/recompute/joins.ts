import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import type { RecomputeAnswer } from '../../../core/api/recompute.ts'
import type { Arrival } from '../../books/scenes.ts'
import { at, energyAt, modeAt, NOON_SECONDS, reading } from '../meter/support.ts'
import { openRig, type Rig } from './rig.ts'

/** When readings come. */
export const SECONDS = Array.from({ length: 31 }, (_, index) => index * 10)
/** Minutes that are whole. */
const MINUTES = 4
const CPU_WATTS = 60n
const BMC_MILLIWATTS = 100_000n
/** Of the board. */
export const GPU_MILLIWATTS = 100_000n

/** Two machines of 60 W of processors each, and a controller that shows 100 W. */
export const arrivals = (): Arrival[] =>
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
export async function books(rig: Rig) {
  const rows = await rig.store.warehouse.query<{ host: string; component: string; watts: number[] }>(
    `SELECT Host AS host, Component AS component, groupUniqArray(toFloat64(uj) / 6e7) AS watts FROM (
       SELECT Host, Component, WindowStart, sum(EnergyUj) AS uj FROM wattline.ledger
       WHERE WindowStart < toDateTime(${NOON_SECONDS + MINUTES * 60}) GROUP BY ALL HAVING uj != 0)
     GROUP BY host, component ORDER BY host, component`,
  )
  return rows.map(({ host, component, watts }) => `${host} ${component} ${watts.join()}`)
}

/** Entries of the ledger by kind. */
export const entries = (rig: Rig) =>
  rig.store.warehouse.query<{ kind: string; n: number }>(
    `SELECT EntryKind AS kind, toFloat64(count()) AS n FROM wattline.ledger GROUP BY kind ORDER BY kind`,
  )

/** Recomputes the whole minutes and books the differences. */
export async function recompute(rig: Rig): Promise<RecomputeAnswer> {
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

/** A machine of 60 W that says its id beside its name, and a GPU of 100 W that another sender reports under the name alone. */
export const named = (hosts: readonly string[] = ['id-7', 'node-7'], start = 0): Arrival[] =>
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
export async function microjoules(rig: Rig) {
  const rows = await rig.store.warehouse.query<{ host: string; uj: string }>(
    `SELECT Host AS host, toString(sum(EnergyUj)) AS uj FROM wattline.ledger
     WHERE WindowStart < toDateTime(${NOON_SECONDS + MINUTES * 60}) GROUP BY host HAVING uj != '0' ORDER BY host`,
  )
  return Object.fromEntries(rows.map(({ host, uj }) => [host, uj]))
}

/** Both senders stand for one machine. */
export const JOINED = { 'id-7': `${160 * 60 * MINUTES}000000` }
/** Each name stands for itself. */
export const APART = { 'id-7': `${60 * 60 * MINUTES}000000`, 'node-7': `${100 * 60 * MINUTES}000000` }

/** Opens the same folder with other rules, works, and closes it. */
export async function inOneFolder(): Promise<
  (hosts: object, work: (rig: Rig) => Promise<void>) => Promise<void>
> {
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
export async function corrected(rig: Rig) {
  expect(await recompute(rig)).toMatchObject({ state: 'done', problem: null })
  const [after, kinds] = [await microjoules(rig), await entries(rig)]
  expect(await recompute(rig)).toMatchObject({ state: 'done', entries: 0 })
  expect([await microjoules(rig), await entries(rig)]).toEqual([after, kinds])
  return after
}
