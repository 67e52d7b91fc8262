/** Guarantees: exact rating with one half-even rounding a row, and nothing priced without a factor in force. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import type { EnergyRow } from '../../../core/model/streams/ledger.ts'
import { createRate } from '../../../processors/rate/rate.ts'
import { runs } from '../../support/runs.ts'
import { drive, WORKED_EXAMPLE } from '../meter/support.ts'
import { energyRow } from './energy-row.ts'
import { createRateByRows } from './rate-by-rows.ts'
import { rateRows } from './rate-rows.ts'

const EXAMPLE = {
  factors: { zone: 'DE', pue: '1.2', intensity_g_per_kwh: '300', intensity_source: 'worked example' },
  tariffs: { currency: 'EUR', price_per_kwh: '0.25' },
}

const rateOf = (config: unknown) => {
  const rate = createRate(configSchema.parse(config))
  return {
    rate: (rows: readonly EnergyRow[], history?: string) => rateRows(rate, rows, history),
  }
}

test('the worked example of the accounting rules, from readings to money', () => {
  const run = drive()
  run.record(WORKED_EXAMPLE)
  run.flush(60)
  const rows = rateOf(EXAMPLE).rate(run.energy)
  expect(
    rows.map(row => [row.Share, row.WorkloadId, row.EnergyUj, row.CarbonOperationalUg, row.CostEnergyNano]),
  ).toEqual([
    ['active', 'A', 450_000_000n, 45_000n, 37_500n],
    ['active', 'B', 225_000_000n, 22_500n, 18_750n],
    ['idle', '', 2_700_000_000n, 270_000n, 225_000n],
    ['unattributed', '', 225_000_000n, 22_500n, 18_750n],
  ])
  const [first] = rows
  expect(first).toMatchObject({
    Account: 'default',
    Zone: 'DE',
    Currency: 'EUR',
    Pue: '1.2',
    IntensityKind: 'average',
    CarbonEmbodiedUg: null,
    CostResourceNano: null,
    EntryKind: 'original',
    Revision: 0,
    Reason: '',
  })
  expect(first!.IntensityVersion).toMatch(/^config:DE:300:[0-9a-f]{8}$/)
  expect(first!.TariffVersion).toMatch(/^0\.25:EUR:[0-9a-f]{8}$/)
  expect(rows.map(row => row.Account)).toEqual(['default', 'default', 'operator', 'operator'])
  expect(new Set(rows.map(row => row.EntryId)).size).toBe(4)
  expect(rateOf(EXAMPLE).rate(run.energy)).toEqual(rows)
  // What is metered of the same minute after the log was lost is no repetition of it.
  const anew = rateOf(EXAMPLE).rate(run.energy, 'log-2')
  expect(new Set([...rows, ...anew].map(row => row.EntryId)).size).toBe(8)
  expect(anew.map(row => ({ ...row, EntryId: '' }))).toEqual(rows.map(row => ({ ...row, EntryId: '' })))
})

test('a price below 0 gives a cost below 0, rounded as one above', () => {
  const cost = (price: string): bigint | null | undefined => {
    const input = { ...EXAMPLE, tariffs: { currency: 'EUR', price_per_kwh: price } }
    return rateOf(input).rate([energyRow({ EnergyUj: 100_001n })])[0]!.CostEnergyNano
  }
  expect(cost('0.05')).toBe(2n)
  expect(cost('-0.05')).toBe(-2n)
})

test('without configuration: the world average, marked as a yearly one, and no price', () => {
  const [row] = rateOf({}).rate([energyRow({ EnergyUj: 3_600_000_000_000n })])
  expect(row).toMatchObject({
    Zone: 'WORLD',
    CarbonOperationalUg: 473_000_000n,
    CostEnergyNano: null,
    TariffVersion: '',
    Reason: 'no_tariff',
  })
  expect(row!.IntensityVersion).toMatch(/^yearly-2024:WORLD:473:/)
})

test('what has no factor or no meter stays unpriced, with the reason', () => {
  const [unknown] = rateOf({ factors: { zone: 'XX' } }).rate([energyRow()])
  expect(unknown).toMatchObject({
    CarbonOperationalUg: null,
    IntensityKind: '',
    IntensityVersion: '',
    Reason: 'no_intensity,no_tariff',
  })
  const [unmetered] = rateOf(EXAMPLE).rate([energyRow({ EnergyUj: 0n, EnergyQuality: 'none' })])
  expect(unmetered).toMatchObject({ CarbonOperationalUg: null, CostEnergyNano: null, Reason: 'no_energy' })
  const [nothing] = rateOf(EXAMPLE).rate([energyRow({ EnergyUj: 0n })])
  expect(nothing).toMatchObject({ CarbonOperationalUg: 0n, CostEnergyNano: 0n, Reason: '' })
})

/** An independent rounding: the nearest integer by comparing distances, the even one when they are equal. */
function nearest(numerator: bigint, denominator: bigint): bigint {
  let low = numerator / denominator
  while (low * denominator > numerator) low -= 1n
  const [below, above] = [numerator - low * denominator, (low + 1n) * denominator - numerator]
  if (below !== above) return below < above ? low : low + 1n
  return low % 2n === 0n ? low : low + 1n
}

test('every quantity is the exact rational, rounded once', () => {
  const thousandths = fc.bigInt({ min: 0n, max: 5_000_000n })
  const text = (value: bigint): string => `${value / 1000n}.${(value % 1000n).toString().padStart(3, '0')}`
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(1n << 50n), max: 1n << 50n }),
      thousandths,
      thousandths,
      thousandths,
      (uj, pue, grams, price) => {
        const [row] = rateOf({
          factors: { pue: text(pue), intensity_g_per_kwh: text(grams) },
          tariffs: { price_per_kwh: text(price) },
        }).rate([energyRow({ EnergyUj: uj })])
        expect(row!.CarbonOperationalUg).toBe(nearest(uj * pue * grams, 1_000_000n * 3_600_000n))
        expect(row!.CostEnergyNano).toBe(nearest(uj * pue * price, 1_000_000n * 3600n))
      },
    ),
  )
})

test('halves go to the even neighbour', () => {
  const carbon = (uj: bigint) =>
    rateOf({ factors: { intensity_g_per_kwh: '1' } }).rate([energyRow({ EnergyUj: uj })])[0]!
      .CarbonOperationalUg
  expect([1_800_000n, 5_400_000n, -1_800_000n, -5_400_000n, 1_800_001n].map(carbon)).toEqual([
    0n,
    2n,
    0n,
    -2n,
    1n,
  ])
})

test('resources are priced by use: vCPU-hours and GiB-hours in one rounding', () => {
  const rate = rateOf({ tariffs: { price_per_vcpu_hour: '0.04', price_per_gib_hour: '0.005' } })
  const gibHour = 1_073_741_824n * 3600n
  const rows = rate.rate([
    energyRow({ CpuUs: 3_600_000_000n }),
    energyRow({ CpuUs: 0n, MemoryByteSeconds: 2n * gibHour }),
    energyRow({ CpuUs: 1n, MemoryByteSeconds: 1n }),
  ])
  // 1 µs: 0.111 nano; 1 byte-second: 0.0000013 nano.
  expect(rows.map(row => row.CostResourceNano)).toEqual([40_000_000n, 10_000_000n, 0n])
})

test("embodied emissions of a window's rows sum to the host's, idle included", () => {
  const rate = rateOf({ factors: { embodied_kg: '1000', embodied_years: '4' } })
  const rows = [
    energyRow({ CpuUs: 60_000_000n }),
    energyRow({ WorkloadId: 'B', CpuUs: 30_000_001n }),
    energyRow({ WorkloadKind: '', WorkloadId: '', Share: 'idle', CpuUs: 0n }),
    energyRow({ WorkloadKind: '', WorkloadId: '', Share: 'unattributed', CpuUs: 29_999_999n }),
    energyRow({ Component: 'dram', CpuUs: 0n }),
  ]
  const embodied = rate.rate([...rows, energyRow({ Host: 'h2' })]).map(row => row.CarbonEmbodiedUg!)
  // 1000 kg over 4 years of 365 days: 28.5 g an hour, 475,647 µg a minute.
  expect(embodied.slice(0, 5).reduce((a, b) => a + b)).toBe(475_647n)
  expect(embodied).toEqual([59_456n, 29_728n, 356_735n, 29_728n, 0n, 475_647n])
})

/** Idle energy of a minute in shares: workloads in their order, then what stays with the operator. */
const idleShares = (parts: readonly bigint[], facts: Partial<EnergyRow> = {}): readonly EnergyRow[] => {
  const whole = parts.reduce((sum, part) => sum + part, 0n)
  return parts.map((own, index) => {
    const isRest = index === parts.length - 1
    return energyRow({
      Share: 'idle',
      WorkloadKind: isRest ? '' : 'container',
      WorkloadId: isRest ? '' : `w${index}`,
      CpuUs: 0n,
      EnergyUj: own,
      IdlePolicy: 'by_request',
      IdleSharedUj: whole,
      IdleBeforeUj: parts.slice(0, index).reduce((sum, part) => sum + part, 0n),
      ...facts,
    })
  })
}

test('shares of idle energy take what all of it emits and costs, to the last unit, each within one of its exact part', () => {
  const settings = {
    factors: { pue: '1.13', intensity_g_per_kwh: '31.7', embodied_kg: '1000', embodied_years: '4' },
    tariffs: { price_per_kwh: '-0.0317' },
  }
  const parts = fc.array(fc.bigInt({ min: 0n, max: 1n << 40n }), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(parts, shares => {
      const whole = shares.reduce((sum, part) => sum + part, 0n)
      const rows = rateOf(settings).rate(idleShares(shares))
      const [unshared] = rateOf(settings).rate([energyRow({ Share: 'idle', CpuUs: 0n, EnergyUj: whole })])
      for (const name of ['CarbonOperationalUg', 'CostEnergyNano', 'CarbonEmbodiedUg'] as const) {
        expect(rows.reduce((sum, row) => sum + row[name]!, 0n)).toBe(unshared![name])
        for (const [index, row] of rows.entries()) {
          if (whole === 0n) continue
          const off = row[name]! * whole - unshared![name]! * shares[index]!
          expect(off < whole && off > -whole).toBe(true)
        }
      }
    }),
  )
})

test("a share of idle energy is its workload's, the rest the operator's", () => {
  const rows = rateOf({
    workloads: { account: 'all', operator_account: 'us', rules: [{ match: { name: 'a' }, account: 'shop' }] },
  }).rate([...idleShares([1n, 2n]), energyRow({ Share: 'idle', WorkloadKind: '', WorkloadName: 'a' })])
  expect(rows.map(row => row.Account)).toEqual(['shop', 'us', 'us'])
})

test('unknown capacity: embodied emissions go to what nobody is known to have used', () => {
  const rate = rateOf({ factors: { embodied_kg: '1000', embodied_years: '4' } })
  const rows = [
    energyRow({ CapacityUs: 0n }),
    energyRow({ CapacityUs: 0n, WorkloadKind: '', WorkloadId: '', Share: 'unattributed', CpuUs: 0n }),
  ]
  expect(rate.rate(rows).map(row => row.CarbonEmbodiedUg)).toEqual([0n, 475_647n])
})

test('impossible configuration is refused at start with the key', () => {
  expect(() => rateOf({ tariffs: { time_zone: 'Mars/Base', bands: [] } })).toThrow(/tariffs/)
  expect(() => rateOf({ factors: { embodied_kg: '1', embodied_years: '0' } })).toThrow(/embodied_years/)
})

test('hosts of several sites have the zone, the PUE and the embodied emissions of their site', () => {
  const rate = rateOf({
    factors: { zone: 'DE', pue: '1.5' },
    sites: [
      { name: 'stockholm', hosts: ['sto-*', 'h9'], zone: 'SE', pue: '1.1', embodied_kg: '1000' },
      { name: 'all others of the north', hosts: ['*o*'], zone: 'NOR' },
    ],
  })
  const rows = [
    energyRow({ HostName: 'sto-1' }),
    energyRow({ Host: 'h9', HostName: 'x' }),
    energyRow({ HostName: 'oslo' }),
    energyRow({ HostName: 'bln' }),
  ]
  const rated = rate.rate(rows)
  expect(rated.map(({ Zone, Pue }) => [Zone, Pue])).toEqual([
    ['SE', '1.1'],
    ['SE', '1.1'],
    ['NO', '1.5'],
    ['DE', '1.5'],
  ])
  // 450 J x PUE x g/kWh: by hand, 450e6 / 3.6e6 = 125.
  expect(rated.map(row => row.CarbonOperationalUg)).toEqual([4_922n, 4_922n, 5_756n, 64_519n])
  expect(rated.map(row => row.CarbonEmbodiedUg === null)).toEqual([false, false, true, true])
  expect(rated.map(row => row.IntensityState)).toEqual(Array(4).fill('estimated'))
})

const someRow = fc.record({
  Tenant: fc.constantFrom('default', 't"2\\'),
  Host: fc.constantFrom('h1', 'h2', 'sto-1'),
  HostName: fc.constantFrom('one', 'sto-9', 'é'),
  WindowStart: fc.integer({ min: 29_000_000, max: 29_000_100 }).map(minute => minute * 60),
  WorkloadKind: fc.constantFrom('container', 'vm', ''),
  WorkloadId: fc.constantFrom('a', 'b', '\u2028'),
  Namespace: fc.constantFrom('shop', 'kube-system', ''),
  Component: fc.constantFrom('cpu', 'dram', 'gpu'),
  Share: fc.constantFrom('active', 'idle', 'skew'),
  EnergyUj: fc.oneof(
    fc.bigInt({ min: -(2n ** 40n), max: 2n ** 40n }),
    fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
  ),
  CpuUs: fc.bigInt({ min: 0n, max: 480_000_000n }),
  MemoryByteSeconds: fc.bigInt({ min: 0n, max: 2n ** 50n }),
  GpuUs: fc.bigInt({ min: 0n, max: 480_000_000n }),
  CpuRequestUs: fc.bigInt({ min: 0n, max: 480_000_000n }),
  MemoryRequestByteSeconds: fc.bigInt({ min: 0n, max: 2n ** 50n }),
  GpuRequestUs: fc.bigInt({ min: 0n, max: 480_000_000n }),
  EnergyQuality: fc.constantFrom('measured', 'none', 'estimated'),
  Labels: fc.constantFrom({}, { tier: 'paid', customer: 'acme' }, { tier: 'free' }),
})
const CONFIGS = [
  EXAMPLE,
  {
    factors: { zone: 'FR', pue: '1.234567', embodied_kg: '1200' },
    sites: [
      { name: 'n', hosts: ['sto-*'], zone: 'SE', pue: '1' },
      { name: 'x', hosts: ['h2'], zone: 'XX' },
    ],
    tariffs: {
      currency: 'SEK',
      time_zone: 'Europe/Stockholm',
      price_per_kwh: '-0.0123456789',
      bands: [{ from: '06:00', to: '08:00', price_per_kwh: '3.14159265358979' }],
      price_per_vcpu_hour: '0.031',
      price_per_gib_hour: '0.0042',
    },
    workloads: {
      rules: [
        { match: { label: { tier: 'paid' } }, account: '${label:customer}' },
        { match: { namespace: 'kube-*' }, account: 'platform' },
      ],
    },
  },
  {
    factors: {
      zone: 'DE',
      pue_values: [
        {
          site: 'n',
          source: 'meter',
          values: [
            { from: '2025-02-20T13:20:00Z', to: '2025-02-20T13:45:30Z', pue: '1.31' },
            { from: '2025-02-20T14:00:00Z', pue: '1.29' },
          ],
        },
        { zone: 'DE', source: 'average', values: [{ from: '2025-02-20T13:30:00Z', pue: '1.58' }] },
      ],
      embodied: [
        { host_type: 'gpu', hosts: ['sto-*'], kg: '1300', gpus: { count: 8, kg: '164.5' }, source: 'maker' },
        {
          host_type: 'one',
          hosts: ['one', 'h2'],
          kg: '900',
          years: '4',
          source: 'maker',
          valid_to: '2025-02-20T13:59:00Z',
        },
      ],
    },
    sites: [{ name: 'n', hosts: ['sto-*'], zone: 'SE', pue: '1.07', embodied_kg: '700' }],
    workloads: { rules: [{ match: { label: { customer: 'acme' } }, account: 'acme' }] },
    tariffs: {
      price_per_kwh: '0.31',
      price_per_gib_hour: '0.003',
      lists: [
        { name: 'sweden', zone: 'SE', currency: 'SEK', price_per_kwh: '-1.25' },
        {
          name: 'acme',
          account: 'a*e',
          currency: 'GBP',
          time_zone: 'Europe/London',
          valid_from: '2025-02-20T14:07:00Z',
          bands: [{ weekdays: ['thu'], price_per_kwh: '0.2' }],
          charges: [{ name: 'levy', price_per_kwh: '0.0123' }],
        },
        {
          name: 'resources',
          resource_policy: 'max',
          currency: 'GBP',
          account: 'acme',
          price_per_vcpu_hour: '0.05',
          resource_prices: [
            { match: { label: { tier: 'p*' } }, price_per_vcpu_hour: '0.02', price_per_gpu_hour: '3' },
            { match: { host: 'sto-*' }, price_per_host_hour: '0.7' },
          ],
        },
        {
          name: 'own',
          tenant: 't"2\\',
          currency: 'USD',
          price_per_kwh: '0.1',
          price_per_gpu_hour: '2.5',
          resource_policy: 'request',
        },
      ],
    },
  },
] as const

test('gives what rating row by row in exact rationals gives', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...CONFIGS),
      fc.array(someRow, { maxLength: 40 }),
      fc.boolean(),
      (input, some, lost) => {
        const config = configSchema.parse(input)
        const rows = some.map(energyRow)
        const history = lost ? 'log-2' : ''
        expect(rateRows(createRate(config), rows, history)).toEqual(
          createRateByRows(config).rate(rows, history),
        )
      },
    ),
    { numRuns: runs(50), seed: 20261130 },
  )
})

test.each([
  ['usage', 1_000_000_000n],
  ['request', 2_000_000_000n],
  ['max', 2_500_000_000n],
])('resources by policy %s', (policy, nano) => {
  // A quarter of a vCPU-hour used and one reserved; half a GiB-hour used and none reserved.
  const [row] = rateOf({
    tariffs: { price_per_vcpu_hour: '2', price_per_gib_hour: '1', resource_policy: policy },
  }).rate([
    energyRow({
      CpuUs: 900_000_000n,
      CpuRequestUs: 3_600_000_000n,
      MemoryByteSeconds: 1_073_741_824n * 1_800n,
    }),
  ])
  expect(row!.CostResourceNano).toBe(nano)
})
