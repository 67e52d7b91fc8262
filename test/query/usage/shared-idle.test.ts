/**
 * Guarantees: a question that shares idle energy gives what the books hold that were kept by that policy, of every amount and to the
 * last unit, whatever policy they were kept by; two adjacent windows sum to the window; sharing changes no sum.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { ledger } from '../../../core/model/streams/index.ts'
import type { EnergyRow, LedgerRow } from '../../../core/model/streams/ledger.ts'
import { createRate } from '../../../processors/rate/rate.ts'
import type { IdleSharing, UsageDimension, UsageRequest } from '../../../query/usage/request.ts'
import { answerUsage } from '../../../query/usage/service.ts'
import {
  at,
  drive,
  energyAt,
  modeAt,
  NOON_SECONDS,
  type Reading,
  reading,
  workAt,
} from '../../processors/meter/support.ts'
import { rateRows } from '../../processors/rate/rate-rows.ts'
import { seededRandom } from '../../support/random.ts'
import { openTestWarehouse, type TestWarehouse } from '../support/warehouse.ts'

const POLICIES = ['none', 'by_usage', 'by_request'] as const
const MINUTES = 75
/** From 12:00: the window crosses the edge of an hour. */
const END = NOON_SECONDS + MINUTES * 60
const config = configSchema.parse({
  factors: {
    zone: 'DE',
    pue: '1.13',
    intensity_g_per_kwh: '317.7',
    embodied_kg: '1317',
    embodied_years: '4',
  },
  tariffs: { price_per_kwh: '-0.0317', price_per_vcpu_hour: '0.03' },
  workloads: { rules: [{ match: { name: 'name of w1' }, account: 'shop' }] },
})

/** Five workloads that come and go on two hosts; some use nothing, some alike, not all have requests and memory. */
function readingsOf(host: string, seed: number): readonly Reading[] {
  const random = seededRandom(seed)
  const below = (most: number): bigint => BigInt(Math.floor(random() * most))
  const facts = { Host: host, HostName: host }
  const rows: Reading[] = []
  const counters = new Map<string, bigint>()
  const rise = (name: string, by: bigint): bigint => {
    const value = (counters.get(name) ?? 0n) + by
    counters.set(name, value)
    return value
  }
  const isUp = Array.from({ length: 5 }, () => Array.from({ length: MINUTES + 1 }, () => random() < 0.7))
  const gauge = (seconds: number, quantity: string, id: string, value: bigint): Reading =>
    reading({
      ...facts,
      Quantity: quantity,
      WorkloadKind: 'container',
      WorkloadId: id,
      Timestamp: at(seconds),
      Value: value,
      Attributes: { 'workload.name': `name of ${id}` },
    })
  for (let minute = 0; minute <= MINUTES; minute++) {
    const seconds = minute * 60
    let busy = below(2_000_000)
    for (const id of [0, 1, 2, 3, 4]) {
      const used = isUp[id]![minute] ? [0n, 1_000_000n, 1_000_000n, below(9_000_000), below(9)][id]! : 0n
      busy += used
      if (!isUp[id]![minute]) continue
      rows.push(workAt(seconds, `w${id}`, rise(`w${id}`, used), facts))
      if (id !== 2) rows.push(gauge(seconds, 'memory', `w${id}`, 1_000_000n + below(9_000_000)))
      if (id < 3) rows.push(gauge(seconds, 'cpu_request', `w${id}`, [2_500n, 333n, 0n][id]!))
      if (id === 0) rows.push(gauge(seconds, 'memory_request', 'w0', 77_777_777n))
    }
    const dram = {
      Domain: 'dram-0',
      Quality: 'estimated',
      Source: 'estimate:ccf',
      Attributes: { error_band: '0.6' },
    }
    rows.push(
      energyAt(seconds, rise('package', 1_000_000n + below(99_999_999)), facts),
      energyAt(seconds, rise('dram', below(9_999_999)), { ...facts, ...dram }),
      modeAt(seconds, 'user', rise('user', busy), facts),
      modeAt(seconds, 'idle', rise('idle', 480_000_000n - busy), facts),
    )
  }
  return rows
}

function booksBy(idle_policy: (typeof POLICIES)[number]): LedgerRow[] {
  const run = drive({ metering: { idle_policy } })
  for (const [host, seed] of [
    ['h1', 11],
    ['h2', 12],
  ] as const) {
    run.record(readingsOf(host, seed))
    run.flush(MINUTES * 60, { host })
  }
  // All rows of a host and window are in one record.
  const byHost = Map.groupBy(run.energy, (row: EnergyRow) => `${row.Host}/${row.WindowStart}`)
  return [...byHost.values()].flatMap(rows => rateRows(createRate(config), rows))
}

let store: TestWarehouse
beforeAll(async () => {
  store = await openTestWarehouse()
  for (const policy of POLICIES) {
    const rows = booksBy(policy).map(row => ({ ...row, Tenant: policy }))
    await store.insert(ledger, rows)
  }
})
afterAll(() => store.close())

const BY: readonly UsageDimension[] = [
  'account',
  'workload_id',
  'workload',
  'kind',
  'host',
  'component',
  'share',
  'zone',
]

async function answer(tenant: string, idleSharing: IdleSharing, over: Partial<UsageRequest> = {}) {
  return answerUsage(
    store.reader(tenant),
    {
      tenant,
      accounts: null,
      from: NOON_SECONDS,
      to: END,
      groupBy: BY,
      filters: [],
      step: null,
      includeIdle: true,
      idleSharing,
      operatorAccount: 'operator',
      limit: 10_000,
      ...over,
    },
    'EUR',
  )
}
type Rows = Awaited<ReturnType<typeof answer>>['rows']
const sorted = (rows: Rows) =>
  rows.toSorted((a, b) => (JSON.stringify([a.start, a.group]) < JSON.stringify([b.start, b.group]) ? -1 : 1))

it('books by every policy have the same sums', async () => {
  const totals = await Promise.all(
    POLICIES.map(policy => answer(policy, 'booked', { groupBy: ['component', 'share'] })),
  )
  const amounts = totals.map(({ rows }) => sorted(rows).map(({ coverage: _, ...row }) => row))
  expect(amounts[1]).toEqual(amounts[0])
  expect(amounts[2]).toEqual(amounts[0])
  expect(totals[0]!.rows.length).toBeGreaterThan(4)
  // Something is shared, in both components.
  const shared = await answer('by_usage', 'booked', {
    groupBy: ['component', 'kind'],
    filters: [{ dimension: 'share', value: 'idle' }],
  })
  expect(sorted(shared.rows).map(row => Object.values(row.group).join(' '))).toEqual(
    ['cpu container', 'dram container'].toSorted(),
  )
})

describe.each(['by_usage', 'by_request'] as const)('a question that shares %s', policy => {
  it.each(POLICIES)('equals the books by that policy, asked of those by %s', async kept => {
    for (const over of [{ step: 60 }, { groupBy: [] }]) {
      const [asked, booked] = [await answer(kept, policy, over), await answer(policy, 'booked', over)]
      expect(sorted(asked.rows)).toEqual(sorted(booked.rows))
      expect(asked.total).toEqual(booked.total)
      expect(asked.rows.length).toBeGreaterThan(0)
    }
  })

  it('shows a limited asker the same', async () => {
    const [asked, booked] = [
      await answer('none', policy, { accounts: ['shop'] }),
      await answer(policy, 'booked', { accounts: ['shop'] }),
    ]
    expect(sorted(asked.rows)).toEqual(sorted(booked.rows))
    expect(new Set(asked.rows.map(row => row.group['share']))).toEqual(new Set(['active', 'idle']))
  })

  it('gives windows that add up', async () => {
    const whole = await answer('none', policy)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: MINUTES - 1 }), async minute => {
        const edge = NOON_SECONDS + minute * 60
        const parts = [
          await answer('none', policy, { to: edge }),
          await answer('none', policy, { from: edge }),
        ]
        const sums = new Map<string, bigint>()
        for (const row of parts.flatMap(part => part.rows)) {
          for (const name of [
            'energy_uj',
            'carbon_operational_ug',
            'carbon_embodied_ug',
            'cost_energy_nano',
          ] as const) {
            const key = JSON.stringify([row.group, name])
            sums.set(key, (sums.get(key) ?? 0n) + BigInt(row[name] ?? 0))
          }
        }
        for (const row of whole.rows) {
          for (const name of [
            'energy_uj',
            'carbon_operational_ug',
            'carbon_embodied_ug',
            'cost_energy_nano',
          ] as const) {
            expect(sums.get(JSON.stringify([row.group, name]))).toBe(BigInt(row[name] ?? 0))
          }
        }
      }),
      { numRuns: 1 },
    )
  })
})

it('all idle energy can be given back to the operator', async () => {
  const amounts = (rows: Rows) => sorted(rows).map(({ coverage: _, ...row }) => row)
  const books = await answer('none', 'booked')
  for (const kept of POLICIES) expect(amounts((await answer(kept, 'none')).rows)).toEqual(amounts(books.rows))
})

/** What the books of a policy hold, with a correction of carbon and cost of all idle energy of an hour, as restating books it. */
it('corrections by the hour are shared by all idle energy of their hour, in whatever window they stand', async () => {
  const [first] = booksBy('none').filter(row => row.Share === 'idle' && row.Component === 'cpu')
  const correction = {
    ...first!,
    Tenant: 'corrected',
    EnergyUj: 0n,
    EnergyErrorUj: 0n,
    EntryKind: 'correction',
    Revision: 1,
  }
  await store.insert(
    ledger,
    booksBy('none').map(row => ({ ...row, Tenant: 'corrected' })),
  )
  await store.insert(ledger, [
    {
      ...correction,
      CarbonOperationalUg: 1_000_003n,
      CarbonEmbodiedUg: 0n,
      CostEnergyNano: -777n,
      CostResourceNano: 0n,
    },
  ])
  const shared = await answer('corrected', 'by_usage', {
    filters: [{ dimension: 'host', value: first!.Host }],
  })
  const before = await answer('none', 'by_usage', { filters: [{ dimension: 'host', value: first!.Host }] })
  const of = (rows: Rows) => new Map(rows.map(row => [JSON.stringify(row.group), row]))
  const gains = [...of(shared.rows)].map(([key, row]) => {
    const known = of(before.rows).get(key)!
    expect(row.energy_uj).toBe(known.energy_uj)
    return BigInt(row.carbon_operational_ug!) - BigInt(known.carbon_operational_ug!)
  })
  expect(gains.reduce((a, b) => a + b)).toBe(1_000_003n)
  // In proportion to what each took of the idle energy of the first hour.
  const hour = await answer('by_usage', 'booked', {
    to: NOON_SECONDS + 3_600,
    filters: [
      { dimension: 'host', value: first!.Host },
      { dimension: 'component', value: 'cpu' },
      { dimension: 'share', value: 'idle' },
    ],
  })
  const whole = BigInt(hour.total.energy_uj)
  for (const row of hour.rows) {
    const gain =
      BigInt(of(shared.rows).get(JSON.stringify(row.group))!.carbon_operational_ug!) -
      BigInt(of(before.rows).get(JSON.stringify(row.group))!.carbon_operational_ug!)
    const off = gain * whole - 1_000_003n * BigInt(row.energy_uj)
    expect(off < whole && off > -whole).toBe(true)
  }
})
