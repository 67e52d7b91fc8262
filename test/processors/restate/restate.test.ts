/**
 * Guarantees: after intensities are revised the entries of each thing and minute sum to what `rate` gives with the values in
 * force now, to the microgram; nothing else changes; corrections name their reason; stops in the middle change nothing.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Broker } from '../../../core/broker/broker.ts'
import { openEmbeddedBroker } from '../../../core/broker/embedded/embedded-broker.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { encodeRows } from '../../../core/columns/rows.ts'
import { putIntensities } from '../../../core/factors/intensity-log.ts'
import { factorsOf, intensityValues } from '../../../core/factors/intensity-values.ts'
import { energy, factors, ledger } from '../../../core/model/streams/index.ts'
import type { EnergyRow } from '../../../core/model/streams/ledger.ts'
import { Runner } from '../../../processors/loop/runner.ts'
import { streamSettings } from '../../../processors/processors.ts'
import { createRateProcessor, RATE } from '../../../processors/rate/processor.ts'
import { createRate } from '../../../processors/rate/rate.ts'
import { createRestate, RESTATE } from '../../../processors/restate/processor.ts'
import { createStore } from '../../../processors/store/store.ts'
import { openTestWarehouse, type TestWarehouse } from '../../query/support/warehouse.ts'
import { followerOf } from '../../support/factor-follower.ts'
import { impatient } from '../../support/impatient.ts'
import { seededRandom } from '../../support/random.ts'
import { energyRow } from '../rate/energy-row.ts'
import { rateRows } from '../rate/rate-rows.ts'

const START = Date.parse('2026-10-31T22:00:00Z') / 1000
const MINUTES = 300
const config = configSchema.parse({
  factors: { zone: 'DE', pue: '1.25' },
  tariffs: { price_per_kwh: '0.30' },
  sites: [
    { name: 'north', hosts: ['n*'], zone: 'SE-SE3', pue: '1.1' },
    { name: 'west', hosts: ['w*'], zone: 'FR' },
  ],
  workloads: { rules: [{ match: { label: { app: '*' } }, account: '{label.app}' }] },
})
/** A range has several pieces. */
const limits = { entries: 1_300, corrections: 100, hosts: 2 }

let store: TestWarehouse
let folder: string
let broker: Broker
let runner: Runner
/** Ahead of the machine's, so that nothing waits for revisions to settle. */
let aheadMs = 0

async function start(): Promise<void> {
  runner = new Runner({ broker, events: silentEvents, now: () => Date.now() + aheadMs })
  const follower = followerOf(broker, () => performance.now() + aheadMs)
  const book = async () => {
    return (await follower.catchUp()).intensities
  }
  const streams = [ledger, factors]
  await runner.start(createStore({ streams, warehouse: store.warehouse, events: silentEvents }))
  await runner.start(
    createRateProcessor({
      rate: createRate(config, () => follower.books),
      follow: () => follower.follow(),
      catchUp: () => follower.catchUp(),
      publish: async () => undefined,
      events: silentEvents,
    }),
  )
  const { statements } = store.warehouse
  if (statements === undefined) throw new Error('the engine takes no statements')
  const now = (): number => Date.now() + aheadMs
  const raters = [[RATE, energy]] as const
  const restating = { broker, statements, folder, book, raters, events: silentEvents, now, limits }
  await runner.start(createRestate(restating))
}
beforeAll(async () => {
  store = await openTestWarehouse()
  folder = await mkdtemp(join(tmpdir(), 'wattline-restate-'))
  broker = impatient(
    await openEmbeddedBroker({ path: join(folder, 'log'), maxBytes: 1e9, events: silentEvents }),
  )
  await broker.createStreams(streamSettings(config))
  await start()
})
afterAll(async () => {
  await runner.stop()
  await broker.close()
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 6_000; tries++) {
    if (await isSo()) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error(`${what}: ${runner.problems().join()}`)
}
const isRead = async (group: string, stream: string): Promise<boolean> =>
  (await broker.lag(group, stream)).every(({ committed, end }) => committed === end)
const isIdle = async (): Promise<boolean> =>
  (broker.holdings?.(RESTATE, factors.name) ?? []).every(({ state }) =>
    [...state.keys()].every(name => name === 'next'),
  )
async function settled(): Promise<void> {
  await until('revisions are not read', () => isRead(RESTATE, factors.name))
  aheadMs += 10_000
  await until('ranges are not restated', isIdle)
  await until('entries are not stored', () => isRead('store', ledger.name))
}

const random = seededRandom(20261130)
const HOSTS = ['de1', "n'1", 'n2', 'w1']
const unshared: readonly EnergyRow[] = HOSTS.flatMap(host =>
  Array.from({ length: MINUTES }, (_, minute) =>
    ['a', 'b', ''].map(workload =>
      energyRow({
        Tenant: host === 'n2' ? "t'2" : 'default',
        Host: host,
        HostName: host,
        WindowStart: START + minute * 60,
        WorkloadKind: workload === '' ? '' : 'container',
        WorkloadId: workload,
        Share: workload === '' ? (minute % 7 === 0 ? 'skew' : 'idle') : 'active',
        EnergyUj:
          BigInt(Math.floor(random() * 9e9)) - (workload === '' && minute % 7 === 0 ? 9_000_000_000n : 0n),
        EnergyQuality: minute % 31 === 0 ? 'none' : 'measured',
        Labels: { app: workload },
      }),
    ),
  ).flat(),
)

/** Idle energy of two of the hosts is shared over two workloads and a rest. */
const rows: readonly EnergyRow[] = unshared.flatMap(row => {
  const whole = row.EnergyUj
  if (row.Share !== 'idle' || whole === 0n || !['de1', "n'1"].includes(row.Host)) return [row]
  const parts = [whole / 3n, whole / 5n, whole - whole / 3n - whole / 5n]
  let before = 0n
  return parts.map((own, index) => {
    const id = ['a', 'b', ''][index]!
    const who = { WorkloadKind: id === '' ? '' : 'container', WorkloadId: id }
    const place = { EnergyUj: own, IdleSharedUj: whole, IdleBeforeUj: before, IdlePolicy: 'by_request' }
    before += own
    return { ...row, ...who, ...place }
  })
})

interface Summed {
  readonly key: string
  readonly energy: string
  readonly carbon: string | null
  readonly cost: string | null
}

/** What the books say now: sums over all entries of a thing and hour. */
const sums = (): Promise<readonly Summed[]> =>
  store.warehouse.query<Summed>(
    `SELECT concat(Host, '/', WorkloadId, '/', Share, '/', toString(toUnixTimestamp(toStartOfHour(WindowStart)))) AS key,
       toString(sum(EnergyUj)) AS energy, toString(sum(CarbonOperationalUg)) AS carbon,
       toString(sum(CostEnergyNano)) AS cost
     FROM wattline.ledger GROUP BY key ORDER BY key`,
  )

/** What `rate` gives for all rows by the values that are in force now, summed likewise. */
async function rated(): Promise<readonly Summed[]> {
  const follower = followerOf(broker, () => 0)
  await follower.follow()
  const entries = rateRows(
    createRate(config, () => follower.books),
    rows,
  )
  const byHour = Map.groupBy(
    entries,
    row => `${row.Host}/${row.WorkloadId}/${row.Share}/${Math.floor(row.WindowStart / 3600) * 3600}`,
  )
  /** Null where no entry has a value. */
  const total = (values: readonly (bigint | null)[]): string | null => {
    const known = values.filter(value => value !== null)
    return known.length === 0 ? null : `${known.reduce((sum, value) => sum + value, 0n)}`
  }
  return [...byHour]
    .map(([key, of]) => ({
      key,
      energy: `${total(of.map(row => row.EnergyUj))}`,
      carbon: total(of.map(row => row.CarbonOperationalUg)),
      cost: total(of.map(row => row.CostEnergyNano)),
    }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
}

const iso = (minute: number): string => new Date((START + minute * 60) * 1000).toISOString()
const put = (zone: string, values: readonly (readonly [from: number, to: number, grams: string])[]) =>
  putIntensities(
    broker,
    factorsOf(
      intensityValues.parse({
        zone,
        source: 'test',
        values: values.map(([from, to, g_per_kwh]) => ({ from: iso(from), to: iso(to), g_per_kwh })),
      }),
      'api',
    ),
    Date.now() + aheadMs,
  )

const corrected = async (): Promise<number> => {
  const sql = "SELECT toUInt32(count()) AS n FROM wattline.ledger WHERE EntryKind = 'correction'"
  const [found] = await store.warehouse.query<{ n: number }>(sql)
  return found?.n ?? 0
}

test('entries sum to what the revised values give, whatever was known before', async () => {
  await broker.append(
    energy.name,
    0,
    HOSTS.map(host => ({
      value: encodeRows(
        energy,
        rows.filter(row => row.Host === host),
      ),
      timestampMs: Date.now(),
    })),
  )
  await until('energy is not rated', () => isRead('rate', energy.name))
  await settled()
  expect(await sums()).toEqual(await rated())
  expect(await corrected()).toBe(0)

  // A zone that nothing was known of, over the edge of a month; and a part of one that had a yearly average.
  await put('SE-SE3', [
    [0, 60, '31.5'],
    [60, 200, '28'],
  ])
  await put('FR', [[30, 90, '52.125']])
  await settled()
  expect(await sums()).toEqual(await rated())
  const before = await corrected()
  expect(before).toBeGreaterThan(20)

  // Again by the same values: nothing. Then revised in part, twice before anything is restated.
  await put('FR', [[30, 90, '52.125']])
  await settled()
  expect(await corrected()).toBe(before)
  await put('SE-SE3', [[50, 70, '40']])
  await put('SE-SE3', [[55, 65, '0']])
  await settled()
  expect(await sums()).toEqual(await rated())

  // Back to what was said first.
  await put('SE-SE3', [[50, 60, '31.5']])
  await put('SE-SE3', [[60, 70, '28']])
  await settled()
  expect(await sums()).toEqual(await rated())
})

test('corrections name why and by what, and take part in sums of their zone and kind alone', async () => {
  const [found] = await store.warehouse.query<{ reasons: string[]; kinds: string[]; ids: number; n: number }>(
    `SELECT groupUniqArray(CorrectionReason) AS reasons, groupUniqArray(EntryKind) AS kinds,
       toUInt32(uniqExact(EntryId)) AS ids, toUInt32(count()) AS n FROM wattline.ledger WHERE Revision > 0`,
  )
  expect(found).toMatchObject({ reasons: ['intensity_revised'], kinds: ['correction'] })
  expect(found!.ids).toBe(found!.n)
  const unpriced = await store.warehouse.query<{ zone: string; uj: string }>(
    `SELECT Zone AS zone, toString(sumIf(EnergyUj, CarbonOperationalUg IS NULL)) AS uj FROM wattline.ledger
     WHERE EnergyQuality != 'none' AND WindowStart < toDateTime(${START + 200 * 60}) GROUP BY zone ORDER BY zone`,
  )
  expect(unpriced).toEqual(['DE', 'FR', 'SE-SE3'].map(zone => ({ zone, uj: '0' })))
})

test('stops in the middle change nothing', async () => {
  for (let round = 0; round < 6; round++) {
    await put('SE-SE3', [[round * 30, 250, `${100 + round}.5`]])
    await put('DE', [[0, 300 - round * 20, `${300 + round}`]])
    await until('revisions are not read', () => isRead(RESTATE, factors.name))
    aheadMs += 10_000
    await new Promise(resolve => setTimeout(resolve, random() * 300))
    await runner.stop()
    await start()
  }
  await settled()
  expect(await sums()).toEqual(await rated())
})
