/**
 * The verb of processor `rate`: energy in, ledger entries with carbon and cost out, by the factors in force at the window.
 * Exact rationals to the end and one rounding per row, half to even: totals are sums of rows. No state, no clock.
 */

import type { Config } from '../../core/catalogue/config/schema.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import {
  decimalText,
  divideHalfEven,
  multiply,
  parseDecimal,
  type Rational,
  rational,
  scaleHalfEven,
} from '../../core/model/decimal.ts'
import { entryId } from '../../core/model/entry-id.ts'
import { type Factor, factorAt } from '../../core/model/factor.ts'
import {
  type Micrograms,
  type MicroJoules,
  micrograms,
  microJoules,
  type NanoMoney,
  nanoMoney,
} from '../../core/model/quantity.ts'
import type { EnergyRow, LedgerRow } from '../../core/model/streams/ledger.ts'
import type { Tariff } from '../../core/model/tariff.ts'
import { createAccounts } from './accounts.ts'
import { embodiedPerWindow, shareEmbodied } from './embodied.ts'
import { intensityOf, tariffOf } from './factors.ts'

/** Why a quantity is null: the closed list of `Reason` (several are joined by a comma). */
export const REASONS = ['no_energy', 'no_intensity', 'no_tariff'] as const
type Reason = (typeof REASONS)[number]

export interface Rate {
  /** Rates rows of whole windows: all rows of a host and window must come in one call. One entry per row, in order. */
  rate(rows: readonly EnergyRow[]): LedgerRow[]
}

/** 1 kWh = 3.6e12 µJ; g -> µg and currency -> nano bring 1e6 and 1e9. */
const PER_UJ_CARBON: Rational = { numerator: 1n, denominator: 3_600_000n }
const PER_UJ_COST: Rational = { numerator: 1n, denominator: 3_600n }
/** 1 vCPU-hour = 3.6e9 µs; 1 GiB-hour = 2^30 x 3600 byte-seconds. In nano of the currency. */
const PER_CPU_US: Rational = { numerator: 10n, denominator: 36n }
const PER_BYTE_SECOND: Rational = { numerator: 1_000_000_000n, denominator: 1_073_741_824n * 3600n }

/** @throws WattlineError `config_invalid` for a time zone, a time of day or a lifespan that cannot be. */
export function createRate({
  workloads,
  factors,
  tariffs,
}: Pick<Config, 'workloads' | 'factors' | 'tariffs'>): Rate {
  const accountOf = createAccounts(workloads)
  const intensity = intensityOf(factors)
  const pue = parseDecimal(factors.pue)
  const tariff = tariffOf(tariffs)
  const perWindowUg = embodiedOf(factors)
  const zone = intensity?.zone ?? factors.zone
  const prices = { zone, intensities: intensity === null ? [] : [intensity], pue: rational(pue), tariff }
  const fixed = {
    Zone: zone,
    Currency: tariff.currency,
    Pue: decimalText(pue),
    EntryKind: 'original',
    Revision: 0,
  } as const
  return {
    rate(rows) {
      const embodied = perWindowUg === null ? null : embodiedByRow(perWindowUg, rows)
      return rows.map((row, index) => {
        const { CapacityUs: _, ...metered } = row
        return {
          ...metered,
          ...fixed,
          ...priceRow(row, prices),
          Account: accountOf(row),
          CarbonEmbodiedUg: embodied === null ? null : embodied[index]!,
          EntryId: idOf(row),
        }
      })
    },
  }
}

interface PricingFactors {
  readonly zone: string
  readonly intensities: readonly Factor[]
  readonly pue: Rational
  readonly tariff: Tariff
}

function priceRow(row: EnergyRow, { zone, intensities, pue, tariff }: PricingFactors) {
  const energyUj = row.EnergyQuality === 'none' ? null : microJoules(row.EnergyUj)
  const intensity = factorAt(intensities, zone, row.WindowStart)
  const price = tariff.energyPriceAt(row.WindowStart)
  const reasons: Reason[] = []
  if (energyUj === null) reasons.push('no_energy')
  if (intensity === null) reasons.push('no_intensity')
  if (price === null) reasons.push('no_tariff')
  const used = energyUj === null ? null : intensity
  return {
    CarbonOperationalUg:
      energyUj === null || intensity === null ? null : carbonOf(energyUj, pue, rational(intensity.value)),
    IntensityVersion: used?.version ?? '',
    IntensityKind: used?.kind ?? '',
    CostEnergyNano: energyUj === null || price === null ? null : energyCost(energyUj, pue, price.price),
    CostResourceNano: resourceCost(row, tariff),
    TariffVersion: price?.version ?? tariff.version,
    Reason: reasons.join(','),
  }
}

const carbonOf = (energyUj: MicroJoules, pue: Rational, gramsPerKwh: Rational): Micrograms =>
  micrograms(scaleHalfEven(energyUj, multiply(PER_UJ_CARBON, multiply(pue, gramsPerKwh))))

const energyCost = (energyUj: MicroJoules, pue: Rational, perKwh: Rational): NanoMoney =>
  nanoMoney(scaleHalfEven(energyUj, multiply(PER_UJ_COST, multiply(pue, perKwh))))

/** CPU and memory by use, one rounding for both. A resource without a price is not charged; without any price: null. */
function resourceCost(row: EnergyRow, { perVcpuHour, perGibHour }: Tariff): NanoMoney | null {
  if (perVcpuHour === null && perGibHour === null) return null
  const cpu = multiply(PER_CPU_US, perVcpuHour ?? NOTHING)
  const memory = multiply(PER_BYTE_SECOND, perGibHour ?? NOTHING)
  const numerator =
    row.CpuUs * cpu.numerator * memory.denominator +
    row.MemoryByteSeconds * memory.numerator * cpu.denominator
  return nanoMoney(divideHalfEven(numerator, cpu.denominator * memory.denominator))
}

const NOTHING: Rational = { numerator: 0n, denominator: 1n }

function embodiedByRow(perWindowUg: Micrograms, rows: readonly EnergyRow[]): Micrograms[] {
  const groups = new Map<string, number[]>()
  for (const [index, { Tenant, Host, WindowStart }] of rows.entries()) {
    const key = `${WindowStart}\u0000${Tenant}\u0000${Host}`
    const there = groups.get(key)
    if (there === undefined) groups.set(key, [index])
    else there.push(index)
  }
  const shares: Micrograms[] = new Array(rows.length)
  for (const indexes of groups.values()) {
    const parts = shareEmbodied(
      perWindowUg,
      indexes.map(index => rows[index]!),
    )
    for (const [position, index] of indexes.entries()) shares[index] = parts[position]!
  }
  return shares
}

const idOf = (row: EnergyRow): string =>
  entryId({
    tenant: row.Tenant,
    host: row.Host,
    windowStart: row.WindowStart,
    workloadKind: row.WorkloadKind,
    workloadId: row.WorkloadId,
    component: row.Component,
    share: row.Share,
    entryKind: 'original',
    revision: 0,
  })

function embodiedOf({ embodied_kg, embodied_years }: Config['factors']): Micrograms | null {
  if (embodied_kg === undefined) return null
  const years = rational(parseDecimal(embodied_years))
  if (years.numerator <= 0n) {
    throw new WattlineError('config_invalid', '`factors.embodied_years` must be above 0.')
  }
  return embodiedPerWindow(rational(parseDecimal(embodied_kg)), years)
}
