/**
 * Guarantees of usage, on the real engine: sums are exact and conserve, whatever serves them (minutes, hours, days) and
 * however they are grouped, stepped or filtered; idle can be left out or shared without losing a microjoule; what is
 * unpriced is told with its reason and never counted as zero; accounts of others stay unseen.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { UsageAnswer, UsageRow } from '../../../core/api/answers.ts'
import type { Identity } from '../../../core/model/identity.ts'
import { ledger } from '../../../core/model/streams/index.ts'
import type { RawQuery } from '../../../query/http/parameters.ts'
import { parseUsageRequest } from '../../../query/usage/parse.ts'
import { answerUsage } from '../../../query/usage/service.ts'
import { ledgerRow, unixSeconds } from '../support/rows.ts'
import { openTestWarehouse, type TestWarehouse } from '../support/warehouse.ts'

const NOW = unixSeconds('2026-11-20T12:10:30Z')
const EVERYBODY: Identity = { tenant: 'default', scopes: ['read'], accounts: null }
let store: TestWarehouse

beforeAll(async () => {
  store = await openTestWarehouse()
  const minute = unixSeconds('2026-11-20T12:05:00Z')
  const idle = { WorkloadKind: '', WorkloadId: '', WorkloadName: '', Namespace: '', Account: 'operator' }
  await store.insert(ledger, [
    // the worked example: 3,600 J
    ledgerRow({
      WindowStart: minute,
      EnergyUj: 450_000_000n,
      CpuUs: 60_000_000n,
      CarbonOperationalUg: 45_000n,
      CostEnergyNano: 37_500n,
    }),
    ledgerRow({
      WindowStart: minute,
      WorkloadId: 'b',
      WorkloadName: '',
      Account: 'bank',
      EnergyUj: 225_000_000n,
      CpuUs: 30_000_000n,
      CarbonOperationalUg: 22_500n,
      CostEnergyNano: null,
      EnergyQuality: 'estimated',
      Reason: 'no tariff',
      Coverage: 0.5,
      CpuRequestUs: 120_000_000n,
      CapacityUs: 480_000_000n,
      EnergyErrorUj: 78_750_000n,
      OverBusy: true,
    }),
    ledgerRow({
      ...idle,
      WindowStart: minute,
      Share: 'unattributed',
      EnergyUj: 225_000_000n,
      CpuUs: 30_000_000n,
    }),
    ledgerRow({
      ...idle,
      WindowStart: minute,
      Share: 'idle',
      EnergyUj: 2_700_000_001n,
      CarbonOperationalUg: 7n,
    }),
    ledgerRow({ Tenant: 'other', WindowStart: minute, EnergyUj: 99n }),
    ...Array.from({ length: 6 }, (_, index) =>
      ledgerRow({
        Tenant: 'large',
        WindowStart: unixSeconds('2026-11-10T00:00:00Z') + index * 60,
        Share: index < 4 ? 'active' : 'idle',
        EnergyUj: 2n ** 62n,
        CpuUs: 2n ** 62n,
        MemoryByteSeconds: 2n ** 62n,
        CostEnergyNano: 2n ** 62n,
      }),
    ),
    // Use whose price is in another currency; the month of it is summed from a projection.
    ledgerRow({ Tenant: 'abroad', WindowStart: minute, CpuUs: 5n, GpuUs: 7n, CostResourceNano: 3n }),
    ledgerRow({
      Tenant: 'abroad',
      WindowStart: minute + 60,
      CpuUs: 11n,
      GpuUs: 13n,
      CostResourceNano: null,
      Reason: 'no_intensity,other_currency',
    }),
    // A alone in one minute, A and B in the next.
    ...[
      ['A', 0, 'active', 100n],
      ['', 0, 'idle', 900n],
      ['A', 1, 'active', 100n],
      ['B', 1, 'active', 300n],
      ['', 1, 'idle', 401n],
    ].map(([id, at, share, uj]) =>
      ledgerRow({
        Tenant: 'minutes',
        WindowStart: minute - 300 + Number(at) * 60,
        WorkloadKind: id === '' ? '' : 'container',
        WorkloadId: String(id),
        WorkloadName: String(id),
        Share: String(share),
        EnergyUj: uj as bigint,
        CpuUs: share === 'active' ? (uj as bigint) : 0n,
      }),
    ),
    ...[
      ['EUR', 'A', 10n, 100n],
      ['EUR', 'B', 20n, null],
      ['SEK', 'A', 300n, null],
      ['GBP', 'C', null, null],
    ].map(([currency, account, energy, resources], index) =>
      ledgerRow({
        Tenant: 'money',
        WindowStart: minute,
        WorkloadId: `m${index}`,
        Account: String(account),
        Currency: String(currency),
        EnergyUj: 1_000n + BigInt(index),
        CostEnergyNano: energy as bigint | null,
        CostResourceNano: resources as bigint | null,
        Reason: energy === null ? 'no_tariff' : '',
      }),
    ),
    ledgerRow({ Tenant: 'lab', WindowStart: minute, EnergyUj: 300n, EnergyQuality: 'simulated' }),
    ledgerRow({ Tenant: 'lab', WindowStart: minute, EnergyUj: 100n, EnergyQuality: 'measured' }),
    // ten days before, every 7 hours
    ...Array.from({ length: 34 }, (_, index) =>
      ledgerRow({
        WindowStart: minute - (index + 1) * 25_200,
        EnergyUj: BigInt(1_000 + index),
        WorkloadId: index % 2 === 0 ? 'a' : 'b',
      }),
    ),
  ])
})
afterAll(() => store.close())

const usage = (query: RawQuery, identity = EVERYBODY): Promise<UsageAnswer> =>
  answerUsage(store.reader(identity.tenant), parseUsageRequest(query, identity, NOW, 'operator'), 'EUR')

it('shares idle minute by minute, whatever is asked for', async () => {
  const identity = { ...EVERYBODY, tenant: 'minutes' }
  const sums = async (query: RawQuery) => {
    const answer = await usage({ group_by: 'workload', share_idle: 'by_usage', ...query }, identity)
    const of = (name: string) => total(answer.rows.filter(row => row.group['workload'] === name))
    return [of('A'), of('B'), BigInt(answer.total.energy_uj), answer.idle_shared_by_seconds]
  }
  for (const query of [
    { window: '10m' },
    { window: '10m', step: '1m' },
    { window: '2026-11-20,2026-11-20T12:10:00Z', step: '1h' },
    { window: '30d', step: 'month' },
    { window: '300d' },
  ] as RawQuery[]) {
    expect(await sums(query)).toEqual([1200n, 601n, 1801n, 60])
  }
})

describe('several currencies', () => {
  it('says how much use has no price because its list is in another currency', async () => {
    const answer = await usage({ window: '10m' }, { ...EVERYBODY, tenant: 'abroad' })
    expect(answer.total).toMatchObject({
      cpu_us: '16',
      cost_resource_nano: '3',
      unpriced: {
        resource_entries: '1',
        resource_cpu_us: '11',
        resource_gpu_us: '13',
        reasons: ['no_intensity,other_currency'],
      },
    })
  })

  const identity = { ...EVERYBODY, tenant: 'money' }
  const costs = (rows: readonly UsageRow[]) =>
    rows.map(row => [
      row.group['account'],
      row.group['currency'],
      row.cost_energy_nano,
      row.cost_resource_nano,
    ])

  it.each([{}, { share_idle: 'by_usage' }])('are never added up: %o', async more => {
    const answer = await usage({ window: '10m', group_by: 'account', ...more }, identity)
    expect(answer).toMatchObject({ currency: null, group_by: ['account', 'currency'] })
    expect(costs(answer.rows).toSorted()).toEqual([
      ['A', 'EUR', '10', '100'],
      ['A', 'SEK', '300', null],
      ['B', 'EUR', '20', null],
      ['C', 'GBP', null, null],
    ])
    // What has no price has no currency of a cost.
    expect(answer.costs).toEqual([
      { currency: 'EUR', cost_energy_nano: '30', cost_resource_nano: '100' },
      { currency: 'SEK', cost_energy_nano: '300', cost_resource_nano: null },
    ])
    expect(answer.total).toMatchObject({
      energy_uj: '4006',
      cost_energy_nano: null,
      cost_resource_nano: null,
    })
  })

  it('have totals where rows are left out, too', async () => {
    const answer = await usage({ window: '10m', group_by: 'workload_id', limit: '1' }, identity)
    expect([answer.truncated, answer.rows.length, answer.total.energy_uj]).toEqual([true, 1, '4006'])
    expect(answer.costs.map(one => one.cost_energy_nano)).toEqual(['30', '300'])
    expect(answer.total.cost_energy_nano).toBeNull()
  })

  it('stay one answer as before where there is one', async () => {
    const answer = await usage({ window: '10m', group_by: 'account', filter: 'account:B' }, identity)
    expect(answer).toMatchObject({ currency: 'EUR', group_by: ['account'] })
    expect(answer.total.cost_energy_nano).toBe('20')
    expect(answer.costs).toEqual([{ currency: 'EUR', cost_energy_nano: '20', cost_resource_nano: null }])
    const own = await usage({ window: '10m', group_by: 'currency', filter: 'currency:SEK' }, identity)
    expect(own.rows.map(row => [row.group['currency'], row.cost_energy_nano])).toEqual([['SEK', '300']])
    const none = await usage({ window: '10m', filter: 'account:C' }, identity)
    expect([none.currency, none.costs]).toEqual(['EUR', []])
  })
})

it('is right beyond 64 bits, whatever serves the window, idle shared or not', async () => {
  const identity = { ...EVERYBODY, tenant: 'large' }
  const [day, month] = ['2026-11-10T00:00:00Z,2026-11-10T02:00:00Z', '2026-10-20,2026-11-19']
  for (const window of [day, '2026-11-10,2026-11-11', month]) {
    const { total: sum, rows } = await usage({ window, group_by: 'share' }, identity)
    expect([sum.energy_uj, sum.active_uj, sum.idle_uj]).toEqual([6n, 4n, 2n].map(n => `${n * 2n ** 62n}`))
    expect([sum.cpu_us, sum.cost_energy_nano]).toEqual([`${6n * 2n ** 62n}`, `${6n * 2n ** 62n}`])
    expect(sum.quality.measured).toBe(1)
    expect(rows.map(row => row.energy_uj)).toEqual([`${4n * 2n ** 62n}`, `${2n * 2n ** 62n}`])
    const shared = await usage({ window, share_idle: 'by_usage' }, identity)
    expect(shared.total.energy_uj).toBe(`${6n * 2n ** 62n}`)
  }
})

const total = (rows: readonly UsageRow[]): bigint =>
  rows.reduce((sum, row) => sum + BigInt(row.energy_uj), 0n)
const TEN_DAYS = Array.from({ length: 34 }, (_, index) => 1_000n + BigInt(index)).reduce((a, b) => a + b)

describe('one window', () => {
  it('answers groups by energy, with quality, coverage and what is unpriced', async () => {
    const answer = await usage({ window: '10m', group_by: 'share,workload,account' })
    expect(answer.window).toEqual({ from: '2026-11-20T12:00:00.000Z', to: '2026-11-20T12:10:00.000Z' })
    expect(answer.rows.map(row => [row.group, row.energy_uj])).toEqual([
      [{ share: 'idle', workload: '', account: 'operator' }, '2700000001'],
      [{ share: 'active', workload: 'alpha', account: 'shop' }, '450000000'],
      [{ share: 'active', workload: 'b', account: 'bank' }, '225000000'],
      [{ share: 'unattributed', workload: '', account: 'operator' }, '225000000'],
    ])
    const bank = answer.rows.find(row => row.group['account'] === 'bank')!
    expect(bank).toMatchObject({
      start: null,
      active_uj: '225000000',
      carbon_operational_ug: '22500',
      carbon_embodied_ug: null,
      cost_energy_nano: null,
      cost_resource_nano: null,
      coverage: 0.5,
      energy_error_uj: '78750000',
      unknown_error_uj: '0',
      over_busy_uj: '225000000',
      quality: { measured: 0, interpolated: 0, estimated: 1, simulated: 0 },
      unpriced: {
        carbon_entries: '0',
        carbon_uj: '0',
        cost_entries: '1',
        cost_uj: '225000000',
        ...{ resource_entries: '0', resource_cpu_us: '0', resource_gpu_us: '0' },
        reasons: ['no tariff'],
      },
    })
    expect(answer.total).toMatchObject({
      energy_uj: '3600000001',
      active_uj: '675000000',
      idle_uj: '2700000001',
      unattributed_uj: '225000000',
      cpu_us: '120000000',
      energy_error_uj: '78750000',
      unknown_error_uj: '3375000001',
      over_busy_uj: '225000000',
      cost_energy_nano: '37500',
      unpriced: { cost_entries: '1', reasons: ['no tariff'] },
    })
    expect(answer).toMatchObject({ currency: 'EUR', excluded_uj: '0', step_seconds: null })
  })

  it('tells what is simulated from what is measured', async () => {
    const answer = await usage({ window: '10m' }, { ...EVERYBODY, tenant: 'lab' })
    expect(answer.total.quality).toEqual({ measured: 0.25, interpolated: 0, estimated: 0, simulated: 0.75 })
  })

  it('leaves idle out and names what that was', async () => {
    const answer = await usage({ window: '10m', group_by: 'share', include_idle: 'false' })
    expect(answer.rows.map(row => row.group['share'])).toEqual(['active', 'unattributed'])
    expect(answer.total.energy_uj).toBe('900000000')
    expect(answer.excluded_uj).toBe('2700000001')
  })

  it('filters: values of one key are alternatives, keys narrow each other', async () => {
    const answer = await usage({ window: '10m', filter: ['account:shop,account:bank', 'workload:alpha'] })
    expect(answer.rows.map(row => row.energy_uj)).toEqual(['450000000'])
    expect((await usage({ window: '10m', filter: "account:' OR 1 --" })).rows).toEqual([])
  })

  it('says that a limit left rows out, and counts them in the total all the same', async () => {
    for (const share_idle of ['none', 'by_usage']) {
      const all = await usage({ window: '10m', group_by: 'account', share_idle })
      const cut = await usage({ window: '10m', group_by: 'account', share_idle, limit: '1' })
      const exact = await usage({
        window: '10m',
        group_by: 'account',
        share_idle,
        limit: String(all.rows.length),
      })
      expect(all.rows.length).toBeGreaterThan(1)
      expect([all.truncated, exact.truncated, cut.truncated]).toEqual([false, false, true])
      expect(cut.rows).toEqual(all.rows.slice(0, 1))
      expect(cut.total).toEqual(all.total)
    }
  })

  it('shows a limited token its accounts only', async () => {
    const limited: Identity = { ...EVERYBODY, accounts: ['bank'] }
    expect((await usage({ window: '10m', group_by: 'account' }, limited)).total.energy_uj).toBe('225000000')
    const shared = await usage({ window: '10m', group_by: 'account', share_idle: 'by_usage' }, limited)
    expect(shared.rows.map(row => row.group['account'])).toEqual(['bank'])
  })

  it('answers nothing with no rows and zeros', async () => {
    const answer = await usage({ window: '2020-01-01,2020-01-02', group_by: 'host' })
    expect(answer.rows).toEqual([])
    expect(answer.total).toMatchObject({ energy_uj: '0', carbon_operational_ug: null, coverage: 0 })
  })
})

describe('sharing idle energy', () => {
  it('by usage conserves every quantity to the last unit', async () => {
    const plain = await usage({ window: '10m' })
    const shared = await usage({ window: '10m', group_by: 'workload', share_idle: 'by_usage' })
    // 2,700,000,001 by 2:1 is 1,800,000,000.67 and 900,000,000.33
    expect(shared.rows.map(row => [row.group['workload'], row.energy_uj, row.idle_uj])).toEqual([
      ['alpha', '2250000001', '1800000001'],
      ['b', '1125000000', '900000000'],
      ['', '225000000', '0'],
    ])
    expect(total(shared.rows)).toBe(BigInt(plain.total.energy_uj))
    for (const key of [
      'energy_uj',
      'cpu_us',
      'carbon_operational_ug',
      'cost_energy_nano',
      'idle_uj',
    ] as const) {
      expect([key, shared.total[key]]).toEqual([key, plain.total[key]])
    }
  })

  it('by request gives a quarter of the capacity to who reserved that, and the rest to the operator', async () => {
    const shared = await usage({ window: '10m', group_by: 'workload', share_idle: 'by_request' })
    expect(shared.rows.map(row => [row.group['workload'], row.energy_uj])).toEqual([
      ['', '2250000001'],
      ['b', '900000000'],
      ['alpha', '450000000'],
    ])
  })

  it('leaves out what stays with the operator, and names it', async () => {
    const query = { window: '10m', group_by: 'workload', include_idle: 'false' }
    const shared = await usage({ ...query, share_idle: 'by_request' })
    expect(shared.rows.map(row => row.energy_uj)).toEqual(['900000000', '450000000', '225000000'])
    expect(shared.excluded_uj).toBe('2025000001')
    expect((await usage({ ...query, share_idle: 'by_usage' })).excluded_uj).toBe('0')
  })

  it('under a filter shows the share that the whole host decided', async () => {
    const shared = await usage({ window: '10m', filter: 'workload:b', share_idle: 'by_usage' })
    expect(shared.total.energy_uj).toBe('1125000000')
  })
})

describe('long windows', () => {
  const window = '2026-11-08T00:17:00Z,2026-11-20T12:10:00Z'

  it('sum the same from minutes, hours and days', async () => {
    const minutes = await usage({ window, step: '7m' })
    const hours = await usage({ window, step: '1h' })
    const days = await usage({ window, step: '1d' })
    const whole = await usage({ window })
    const expected = 3_600_000_001n + TEN_DAYS
    expect([minutes, hours, days, whole].map(answer => total(answer.rows))).toEqual(Array(4).fill(expected))
    expect(whole.total.energy_uj).toBe(expected.toString())
    expect(days.rows.at(-1)).toMatchObject({ start: '2026-11-20T00:00:00.000Z' })
    expect(hours.rows.length).toBe(35)
    expect(hours.step_seconds).toBe(3600)
  })

  it('cut off what lies outside by the minute', async () => {
    const inside = await usage({ window: '2026-11-12T12:05:00Z,2026-11-20T12:05:00Z' })
    expect(inside.total.energy_uj).toBe(
      Array.from({ length: 27 }, (_, index) => 1_000 + index)
        .reduce((a, b) => a + b)
        .toString(),
    )
  })

  it('are grouped alike', async () => {
    const answer = await usage({ window, group_by: 'workload_id', filter: 'share:active' })
    expect(answer.rows.map(row => row.group['workload_id'])).toEqual(['a', 'b'])
    expect(total(answer.rows)).toBe(675_000_000n + TEN_DAYS)
  })
})
