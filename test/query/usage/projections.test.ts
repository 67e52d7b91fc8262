/**
 * Guarantees, on the real engine: usage of whole days is answered from the ledger's smallest projection that knows what
 * was asked, with its tenant's and accounts' filter too, and never from single entries; sums of many hosts do not wrap.
 */

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ledger } from '../../../core/model/streams/index.ts'
import { DIMENSION_NAMES, type UsageDimension, type UsageRequest } from '../../../query/usage/request.ts'
import { answerUsage } from '../../../query/usage/service.ts'
import { type QueryShape, usageStatement } from '../../../query/usage/statement.ts'
import { ledgerProjection } from '../../support/ledger-projection.ts'
import { ledgerRow, unixSeconds } from '../support/rows.ts'
import { openTestWarehouse, type TestWarehouse } from '../support/warehouse.ts'

const FROM = unixSeconds('2026-10-25T00:00:00Z')
const DAY = 86_400
const OF_WORKLOADS: readonly UsageDimension[] = ['host', 'workload', 'workload_id']
let store: TestWarehouse

beforeAll(async () => {
  store = await openTestWarehouse()
  await fill()
})
afterAll(() => store.close())

async function fill(): Promise<void> {
  for (let part = 0; part < 3; part++) {
    const rows = Array.from({ length: 600 }, (_, index) =>
      ledgerRow({
        WindowStart: FROM + index * 3_600 + part * 60,
        Account: `account-${index % 3}`,
        WorkloadId: `id-${index % 50}`,
        WorkloadName: index % 2 === 0 ? '' : `name-${index % 50}`,
        EnergyUj: BigInt(index),
        CostEnergyNano: index % 10 === 0 ? null : 1n,
        Reason: index % 10 === 0 ? 'no_tariff' : '',
      }),
    )
    await store.insert(ledger, rows)
  }
}

const request = (over: Partial<UsageRequest> = {}): UsageRequest => ({
  tenant: 'default',
  accounts: null,
  from: FROM,
  to: FROM + 30 * DAY,
  groupBy: [],
  filters: [],
  step: null,
  includeIdle: true,
  idleSharing: 'booked',
  operatorAccount: 'operator',
  limit: 1_000,
  ...over,
})
const shapeOf = ({ groupBy, step }: UsageRequest): QueryShape => ({
  groupBy,
  step,
  idle: 'with',
  from: 'books',
  limit: 1_000,
})

/** Fails when the engine would read anything else. The filters are those of the fence. */
const forced = (projection: string): string =>
  ` SETTINGS force_optimize_projection_name = '${ledgerProjection(projection)}', additional_table_filters = ` +
  "{'wattline.ledger': 'Tenant = \\'default\\' AND Account IN (\\'account-0\\', \\'account-1\\', \\'account-2\\')'}"

async function expectServedBy(projection: string, asked: UsageRequest): Promise<void> {
  const asks: readonly (readonly [UsageRequest, Partial<QueryShape>])[] = [
    [asked, {}],
    [
      { ...asked, idleSharing: 'by_usage' },
      { from: 'booked', idle: 'without' },
    ],
  ]
  for (const [one, shape] of asks) {
    const { text, params } = usageStatement(one, { ...shapeOf(one), ...shape })
    const rows = await store.warehouse.query(text + forced(projection), params)
    expect(rows.length).toBeGreaterThan(0)
  }
}

const ofWorkloads = (name: UsageDimension): boolean => OF_WORKLOADS.includes(name)

describe('whole days', () => {
  it.each(DIMENSION_NAMES)('by %s come from a projection, with and without steps', async name => {
    const projection = ofWorkloads(name) ? 'workloads_by_day' : 'bills_by_day'
    for (const step of [null, 'month', DAY, 3 * DAY] as const) {
      // Too few days for months.
      await expectServedBy(projection, request({ groupBy: [name], step, to: FROM + 27 * DAY }))
    }
  })

  it.each(DIMENSION_NAMES)('filtered by %s come from a projection', async name => {
    const values: Partial<Record<UsageDimension, string>> = {
      account: 'account-1',
      namespace: 'shop',
      workload: 'name-7',
      workload_id: 'id-10',
      kind: 'container',
      host: 'h1',
      zone: 'DE',
      component: 'cpu',
      share: 'active',
      currency: 'EUR',
    }
    const filters = [{ dimension: name, value: values[name]! }]
    const { text, params } = usageStatement(request({ filters }), shapeOf(request()))
    const projection = ofWorkloads(name) ? 'workloads_by_day' : 'bills_by_day'
    const [row] = await store.warehouse.query<{ entries: string }>(text + forced(projection), params)
    expect(Number(row?.entries)).toBeGreaterThan(0)
  })

  it('of a token limited to accounts come from a projection', () =>
    expectServedBy('bills_by_day', request({ accounts: ['account-0'] })))
})

it('idle energy that is given back to the operator comes from a projection', () =>
  expectServedBy('bills_by_day', request({ groupBy: ['account'], idleSharing: 'none', to: FROM + 27 * DAY })))

it('months come from theirs, but for single workloads', async () => {
  const months = request({ from: unixSeconds('2026-10-01'), to: unixSeconds('2026-12-01'), step: 'month' })
  await expectServedBy('accounts_by_month', { ...months, groupBy: ['account', 'namespace'] })
  await expectServedBy('accounts_by_month', { ...months, accounts: ['account-0'] })
  await expectServedBy('workloads_by_day', { ...months, groupBy: ['workload'] })
})

it('hours come from theirs', () =>
  expectServedBy('workloads_by_hour', request({ to: FROM + 2 * DAY, groupBy: ['workload'], step: 3_600 })))

it('minutes at the edges come from theirs, but for single workloads', async () => {
  const minutes = { from: FROM + 3_600 - 60, to: FROM + 3_600 }
  await store.insert(ledger, [
    ledgerRow({ WindowStart: minutes.from, Account: 'account-0', Reason: 'no_tariff' }),
  ])
  for (const name of DIMENSION_NAMES.filter(one => !ofWorkloads(one)))
    await expectServedBy('bills_by_minute', request({ ...minutes, groupBy: [name] }))
})

it('windows that begin and end anywhere hold what their entries hold', async () => {
  const minute = fc.nat(26 * 1_440)
  const groups = fc.subarray<UsageDimension>(['account', 'workload', 'host', 'share'], { maxLength: 2 })
  await fc.assert(
    fc.asyncProperty(minute, minute, groups, async (one, other, groupBy) => {
      const [from, to] = [Math.min(one, other), Math.max(one, other) + 1].map(at => FROM + at * 60)
      const [plain] = await store.warehouse.query<{ uj: string; entries: string }>(
        `SELECT toString(sum(toInt128(EnergyUj))) AS uj, toString(count()) AS entries FROM wattline.ledger
         WHERE Tenant = 'default' AND WindowStart >= toDateTime(${from}, 'UTC') AND WindowStart < toDateTime(${to}, 'UTC')
         SETTINGS optimize_use_projections = 0`,
      )
      const asked = request({ from: from!, to: to!, groupBy })
      const answer = await answerUsage(store.reader('default'), asked, 'EUR')
      const sum = answer.rows.reduce((all, row) => all + BigInt(row.energy_uj), 0n)
      expect([answer.total.energy_uj, String(sum)]).toEqual([plain!.uj, plain!.uj])
    }),
    { numRuns: 25, seed: 20261130 },
  )
})

it('months are those of the calendar', async () => {
  const asked = request({ step: 'month', groupBy: ['namespace'] })
  const answer = await answerUsage(store.reader('default'), asked, 'EUR')
  expect(answer).toMatchObject({ step_seconds: null, calendar_step: 'month' })
  expect(answer.rows.map(row => row.start)).toEqual(['2026-10-01T00:00:00.000Z', '2026-11-01T00:00:00.000Z'])
  // 7 days of October hold the hours 0 to 167.
  const october = (167 * 168) / 2
  const all = (599 * 600) / 2
  expect(answer.rows.map(row => row.energy_uj)).toEqual([3 * october, 3 * (all - october)].map(String))
})

it('sums beyond 64 bits do not wrap, whatever serves them', async () => {
  const most = 2n ** 63n - 1n
  const days = Array.from({ length: 8 }, (_, day) => FROM + day * DAY)
  for (const WindowStart of days) {
    await store.insert(ledger, [
      ledgerRow({ Tenant: 'large', WindowStart, EnergyUj: most, CostEnergyNano: most, CpuUs: most }),
      ledgerRow({ Tenant: 'large', WindowStart, EnergyUj: most, WorkloadId: 'b', CarbonOperationalUg: null }),
    ])
  }
  const sums = (answer: Awaited<ReturnType<typeof answerUsage>>) => ({
    energy: answer.total.energy_uj,
    rows: answer.rows.map(row => BigInt(row.energy_uj)).reduce((a, b) => a + b),
    cost: answer.total.cost_energy_nano,
    cpu: answer.total.cpu_us,
    unpriced: answer.total.unpriced.carbon_uj,
  })
  const wide = request({ tenant: 'large' })
  const expected = {
    energy: String(most * 16n),
    rows: most * 16n,
    cost: String(most * 8n),
    cpu: String(most * 8n),
    unpriced: String(most * 8n),
  }
  for (const asked of [wide, { ...wide, step: 3_600 }, { ...wide, step: 60, to: FROM + 8 * DAY - 60 }]) {
    expect(sums(await answerUsage(store.reader('large'), asked, 'EUR'))).toEqual(expected)
  }
  const [views] = await store.warehouse.query<{ hours: string; days: string }>(
    `SELECT (SELECT sum(EnergyUj) FROM wattline.usage_hourly WHERE Tenant = 'large') AS hours,
            (SELECT sum(EnergyUj) FROM wattline.usage_daily WHERE Tenant = 'large') AS days`,
  )
  expect(views).toEqual({ hours: expected.energy, days: expected.energy })
})
