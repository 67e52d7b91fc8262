// Guarantees: a budget alert fires at the first evaluation after the ledger has the entries that burn it, in money, energy and
// carbon; not on windows that are half filled, nor on what was restated away; and it ends when the burning does.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { ledger } from '../../../core/model/streams/index.ts'
import type { LedgerRow } from '../../../core/model/streams/ledger.ts'
import { KWH, minutes, NOON, openRuleRig, type RuleRig, SETTINGS } from './rule-rig.ts'

/** 720 kWh in the 720 hours of November: 1 kWh an hour is what the budget can bear. */
const BUDGETS = [
  { accounts: ['shop'], name: 'team', amount: '180', energy_kwh: '720', carbon_kg: '360' },
  { accounts: ['batch-*'], name: 'batch', energy_kwh: '720' },
]
const FAST = { check: 'budget_burn_fast' }
const SLOW = { check: 'budget_burn_slow' }
let rig: RuleRig
let tests = 0

beforeAll(async () => {
  rig = await openRuleRig({ ...SETTINGS, billing: { budgets: BUDGETS } })
})

beforeEach(() => {
  tests += 1
  rig.tenant = `tenant-${tests}`
})

afterAll(() => rig.store.close())

/** Some kWh per hour, in each of some minutes. */
const burn = (from: number, to: number, kwhPerHour: bigint, account = 'shop') =>
  rig.book(
    minutes(from, to).map(WindowStart => ({
      WindowStart,
      Namespace: account,
      EnergyUj: (kwhPerHour * KWH) / 60n,
    })),
  )

/** Takes entries back, as restating does. */
const takeBack = (entries: readonly LedgerRow[]): Promise<void> =>
  rig.store.insert(
    ledger,
    entries.map((entry, index) => ({
      ...entry,
      EnergyUj: -entry.EnergyUj,
      CarbonOperationalUg: -(entry.CarbonOperationalUg ?? 0n),
      CostEnergyNano: -(entry.CostEnergyNano ?? 0n),
      EntryKind: 'correction',
      CorrectionReason: 'late_readings',
      Revision: 1,
      EntryId: `${entry.EntryId}/${index}`,
    })),
  )

const byMeasure = async (rule: object, at = NOON) =>
  Object.fromEntries(
    (await rig.values(rule, at)).map(({ labels, value }) => [
      `${labels['account']} ${labels['measure']}`,
      Number((value ?? Number.NaN).toPrecision(4)),
    ]),
  )

it('knows the rate in money, energy and carbon: the lower of the long and the short window', async () => {
  await burn(-60, -5, 24n)
  await burn(-5, 0, 12n)
  // 55 minutes at 24 and 5 at 12 make 23; the last five minutes 12.
  expect(await byMeasure(FAST)).toEqual({ 'shop energy': 12, 'shop money': 12, 'shop carbon': 12 })
  expect(await byMeasure({ ...FAST, window: '5m' })).toMatchObject({ 'shop energy': 12 })
  // Six hours in which one hour has entries.
  expect(await byMeasure(SLOW)).toMatchObject({ 'shop energy': 3.833 })
  expect(await byMeasure({ check: 'budget_used' })).toMatchObject({ 'shop energy': 0.03194 })
})

it('fires at the first evaluation that the ledger lets it, and ends with the burning', async () => {
  await burn(-300, 0, 1n)
  await burn(0, 43, 20n)
  await burn(43, 120, 1n)
  // More than 14.4 in the hour: (m * 20 + (60 - m) * 1) / 60 > 14.4 from m = 43 on.
  const said = await rig.changes({ ...FAST, keep_firing_for: '5m' }, [0, 42, 43, 44, 45, 49, 50])
  expect(said).toEqual([
    '43 firing team shop carbon kgCO2e',
    '43 firing team shop energy kWh',
    '43 firing team shop money EUR',
    '50 resolved team shop carbon kgCO2e',
    '50 resolved team shop energy kWh',
    '50 resolved team shop money EUR',
  ])
})

it('waits for `for` and notices a slow fire that a fast alert does not', async () => {
  await burn(-360, 60, 7n)
  expect(await rig.changes(FAST, [0, 30])).toEqual([])
  expect((await rig.changes({ ...SLOW, for: '15m' }, [0, 14, 15])).map(text => text.slice(0, 10))).toEqual([
    '0 pending ',
    '0 pending ',
    '0 pending ',
    '15 firing ',
    '15 firing ',
    '15 firing ',
  ])
})

it('does not fire on windows that are half filled', async () => {
  // The hour began three minutes ago; of the short window three of five minutes are there.
  await burn(-3, 0, 20n)
  expect(await byMeasure(FAST)).toMatchObject({ 'shop energy': 1 })
  expect(await rig.changes(FAST, [0])).toEqual([])
  // A minute that is not over does not count, however much is in it.
  await burn(0, 1, 10_000n)
  expect(await rig.changes(FAST, [0.5, 0.99])).toEqual([])
  expect(await rig.changes(FAST, [1])).toHaveLength(3)
})

it('does not fire on what was restated away before, and resolves what is restated away after', async () => {
  const wrong = await burn(-60, 0, 100n)
  await burn(-60, 5, 1n)
  await takeBack(wrong.slice(0, 30))
  await takeBack(wrong.slice(30))
  expect(await byMeasure(FAST)).toMatchObject({ 'shop energy': 1 })
  expect(await rig.changes(FAST, [0, 1])).toEqual([])
  const late = await burn(-30, 3, 100n)
  expect(await rig.changes(FAST, [2])).toHaveLength(3)
  await takeBack(late)
  expect((await rig.changes(FAST, [3])).map(text => text.slice(0, 10))).toEqual(Array(3).fill('3 resolved'))
})

it('follows accounts that patterns name, and ends when they have used nothing since', async () => {
  await burn(-60, 0, 20n, 'batch-7')
  await burn(-60, 90, 1n)
  expect(await rig.changes(FAST, [0, 6])).toEqual([
    '0 firing batch batch-7 energy kWh',
    '6 resolved batch batch-7 energy kWh',
  ])
})

it('says when the ledger has nothing, and keeps what it knew', async () => {
  await burn(-60, 0, 20n)
  expect((await rig.changes(FAST, [0])).length).toBe(3)
  expect(await rig.changes(FAST, [1_000])).toEqual(['1000 firing true'])
  expect(await rig.changes({ check: 'budget_used', above: 0.02 }, [0, 1_000])).toHaveLength(3)
})

it('counts what its period has spent: a new month begins with nothing', async () => {
  await burn(-60, 0, 720n)
  expect(await byMeasure({ check: 'budget_used' })).toMatchObject({ 'shop energy': 1 })
  const december = Date.parse('2026-12-01T00:30:00Z') / 1000
  await rig.book([{ WindowStart: (december - NOON) / 60 - 10, Namespace: 'shop', EnergyUj: KWH }])
  expect(await byMeasure({ check: 'budget_used' }, december)).toMatchObject({ 'shop energy': 0.001389 })
})
