import { configSchema } from '../../../core/catalogue/config/schema.ts'
import type { EnergyRow } from '../../../core/model/streams/ledger.ts'
import type { BillingRig } from '../../processors/invoice/rig.ts'

const at = (iso: string): number => Date.parse(iso) / 1000

/** Contracts of all kinds: discounts, commitments, credits, taxes, names. */
export const MONTH_SETTINGS = {
  factors: { zone: 'DE', pue: '1.25', intensity_g_per_kwh: '300', embodied_kg: '1000' },
  tariffs: {
    currency: 'EUR',
    price_per_kwh: '0.25',
    bands: [{ from: '22:00', to: '06:00', price_per_kwh: '-0.05' }],
    price_per_vcpu_hour: '0.03',
    price_per_gib_hour: '0.004',
  },
  workloads: { rules: [{ match: {}, account: '${namespace}' }] },
  billing: {
    time_zone: 'Europe/Berlin',
    issuer: 'Example Power, Ltd.',
    number_prefix: 'R',
    accounts: [{ account: 'shop', name: 'Shop "Nord", GmbH & Co' }],
    discounts: [{ accounts: ['shop'], skus: ['energy-*'], percent: '7.5' }],
    commitments: [{ accounts: ['small'], name: 'base', currency: 'EUR', amount: '25' }],
    credits: [
      { accounts: ['shop'], name: 'welcome', currency: 'EUR', amount: '10' },
      { accounts: ['shop'], name: 'second', currency: 'EUR', amount: '100', from: '2026-11' },
    ],
    budgets: [
      { accounts: ['shop'], name: 'team', amount: '0.5', energy_kwh: '1000' },
      { accounts: ['small'], name: 'small', amount: '5' },
    ],
    taxes: [
      { accounts: ['shop', 'small', 'operator'], name: 'VAT', percent: '19' },
      { accounts: ['abroad'], name: 'Reverse charge', percent: '0', category: 'AE' },
    ],
  },
}

/** In dollars, for those who are rated by another price list. */
const DOLLARS = configSchema.parse({
  ...MONTH_SETTINGS,
  factors: { ...MONTH_SETTINGS.factors, zone: 'US' },
  tariffs: { currency: 'USD', price_per_kwh: '0.1234567' },
})
const YEN = configSchema.parse({
  ...MONTH_SETTINGS,
  factors: { ...MONTH_SETTINGS.factors, zone: 'JP' },
  tariffs: { currency: 'JPY', price_per_kwh: '27.5' },
})
const UNPRICED = configSchema.parse({ ...MONTH_SETTINGS, tariffs: {} })

/** An hour of each day of some days, in several accounts: every kind of line. */
export async function bookMonth(rig: BillingRig, month: string, days: number): Promise<void> {
  const times = Array.from({ length: days }, (_, day) => [
    at(`${month}-${String(day + 1).padStart(2, '0')}T10:00:00Z`),
    at(`${month}-${String(day + 1).padStart(2, '0')}T23:30:00Z`),
  ]).flat()
  const rows = (more: Partial<EnergyRow>): readonly Partial<EnergyRow>[] =>
    times.map((WindowStart, index) => ({
      WindowStart,
      EnergyUj: 3_599_999_999_999n + BigInt(index) * 7_777_777n,
      CpuUs: 3_600_000_000n,
      MemoryByteSeconds: 1_073_741_824n * 3_600n,
      ...more,
    }))
  await rig.book([
    ...rows({ Namespace: 'shop' }),
    ...rows({ Namespace: 'small', EnergyUj: 1_234_567n, CpuUs: 7n, MemoryByteSeconds: 0n }),
    ...rows({
      Share: 'idle',
      WorkloadKind: '',
      WorkloadId: '',
      Namespace: '',
      CpuUs: 0n,
      MemoryByteSeconds: 0n,
      EnergyQuality: 'estimated',
    }),
  ])
  await rig.book(rows({ Namespace: 'abroad', EnergyQuality: 'interpolated', Coverage: 0.5 }), DOLLARS)
  await rig.book(rows({ Namespace: 'shop' }), YEN)
  await rig.book(rows({ Namespace: 'abroad', EnergyUj: 360_000_000_000n }), UNPRICED)
}
