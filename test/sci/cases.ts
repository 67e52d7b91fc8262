/** Machines and minutes whose SCI is computed twice: by the product, and by the Impact Framework of the Green Software Foundation. */
import { configSchema } from '../../core/catalogue/config/schema.ts'
import type { LedgerRow } from '../../core/model/streams/ledger.ts'
import { createRate } from '../../processors/rate/rate.ts'
import { energyRow } from '../processors/rate/energy-row.ts'
import { rateRows } from '../processors/rate/rate-rows.ts'

export interface SciCase {
  readonly name: string
  /** What one application used on one host in one minute. */
  readonly energyUj: bigint
  readonly cpuUs: bigint
  /** CPU time that the host had in it. */
  readonly capacityUs: bigint
  readonly pue: string
  readonly gramsPerKwh: string
  readonly embodiedKg: string
  readonly lifespanYears: string
  /** Functional units: requests, users, tokens. */
  readonly requests: number
}

const base = {
  energyUj: 450_000_000n,
  cpuUs: 60_000_000n,
  capacityUs: 480_000_000n,
  pue: '1.2',
  gramsPerKwh: '300',
  embodiedKg: '1000',
  lifespanYears: '4',
  requests: 1_000,
}

export const SCI_CASES: readonly SciCase[] = [
  { name: 'worked example', ...base },
  { name: 'one request', ...base, requests: 1 },
  { name: 'a grid without emissions', ...base, gramsPerKwh: '0' },
  {
    name: 'a small share of a large host',
    ...base,
    cpuUs: 13_579n,
    capacityUs: 15_360_000_000n,
    energyUj: 97_531n,
  },
  {
    name: 'all of a host',
    ...base,
    cpuUs: 480_000_000n,
    energyUj: 36_000_000_000n,
    pue: '1.58',
    gramsPerKwh: '708.3',
  },
  {
    name: 'fractions',
    ...base,
    pue: '1.0913',
    gramsPerKwh: '31.75',
    embodiedKg: '1317.25',
    lifespanYears: '5.5',
    requests: 317,
  },
  { name: 'many tokens', ...base, energyUj: 5_999_999_999n, requests: 7_654_321 },
  { name: 'hardware written off', ...base, embodiedKg: '0' },
]

/** The application's entry as the ledger has it. Another workload used the rest of the host. */
export function entryOf(one: SciCase): LedgerRow {
  const config = configSchema.parse({
    factors: {
      pue: one.pue,
      intensity_g_per_kwh: one.gramsPerKwh,
      embodied_kg: one.embodiedKg,
      embodied_years: one.lifespanYears,
    },
  })
  const own = energyRow({ EnergyUj: one.energyUj, CpuUs: one.cpuUs, CapacityUs: one.capacityUs })
  const idle = energyRow({
    ...{ Share: 'idle', WorkloadKind: '', WorkloadId: '', CpuUs: 0n },
    CapacityUs: one.capacityUs,
  })
  return rateRows(createRate(config), [own, idle])[0]!
}

/** `SCI = ((E x I) + M) per R` in grams: carbon of the entry over functional units. */
export function sciOf(entry: LedgerRow, requests: number): number {
  const micrograms = (entry.CarbonOperationalUg ?? 0n) + (entry.CarbonEmbodiedUg ?? 0n)
  return Number(micrograms) / 1e6 / requests
}

/** What rounding allows: half a µg of operational carbon, and one of embodied carbon, whose shares sum to the host's. */
export const toleranceOf = ({ requests }: SciCase): number => 1.5e-6 / requests
