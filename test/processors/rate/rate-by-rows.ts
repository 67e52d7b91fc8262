/** What `rate` must give, a row at a time in exact rationals: slower than the product's, and written without its short cuts. */

import type { Config } from '../../../core/catalogue/config/schema.ts'
import { configuredIntensity } from '../../../core/factors/configured.ts'
import { type EmbodiedFactor, embodiedFactorOf } from '../../../core/factors/hosts/embodied.ts'
import { type PueFactor, type PueValues, pueFactorsOf } from '../../../core/factors/hosts/pue.ts'
import { IntensityBook } from '../../../core/factors/intensity-book.ts'
import {
  decimalText,
  divideHalfEven,
  multiplyExact,
  type Rational,
  rational,
  scaleHalfEven,
} from '../../../core/model/decimal.ts'
import { entryId } from '../../../core/model/entry-id.ts'
import { createPriceList } from '../../../core/model/prices/price-list.ts'
import type { PriceListTerms } from '../../../core/model/prices/terms.ts'
import { DEFAULT_LIST } from '../../../core/model/prices/terms-version.ts'
import {
  type Micrograms,
  type MicroJoules,
  micrograms,
  microJoules,
  type NanoMoney,
  nanoMoney,
} from '../../../core/model/quantity.ts'
import type { EnergyRow, LedgerRow } from '../../../core/model/streams/ledger.ts'
import { createAccounts } from '../../../processors/rate/accounts.ts'
import { embodiedPerWindow, shareEmbodied, shareOfGpus } from '../../../processors/rate/embodied.ts'
import { createSites, type Site } from '../../../processors/rate/sites.ts'
import {
  asksFor,
  type Fraction,
  priceByRules,
  type RuledPrice,
  type SpotValue,
  unitPriceByRules,
} from '../../core/factors/prices/prices-by-rules.ts'

/** Why a quantity is null: the closed list of `Reason` (several are joined by a comma). */
const REASONS = ['no_energy', 'no_intensity', 'no_tariff', 'other_currency'] as const
type Reason = (typeof REASONS)[number]

/** The verb of `rate`. It keeps no state between calls. */
interface RateByRows {
  /**
   * Rates rows of whole windows: all rows of a host and window must come in one call. One entry per row, in order.
   * @param history of the log that they come from, see `EntryKey`; '' where none was lost
   */
  rate(rows: readonly EnergyRow[], history?: string): LedgerRow[]
}

/** 1 kWh = 3.6e12 µJ; g -> µg and currency -> nano bring 1e6 and 1e9. */
const PER_UJ_CARBON: Rational = { numerator: 1n, denominator: 3_600_000n }
const PER_UJ_COST: Rational = { numerator: 1n, denominator: 3_600n }
/** 1 vCPU-hour = 3.6e9 µs; 1 GiB-hour = 2^30 x 3600 byte-seconds. In nano of the currency. */
const PER_CPU_US: Rational = { numerator: 10n, denominator: 36n }
const PER_BYTE_SECOND: Rational = { numerator: 1_000_000_000n, denominator: 1_073_741_824n * 3600n }

/**
 * @param book of the intensities that are in force now; asked once a call
 * @throws WattlineError `config_invalid` for a time zone, a time of day or a lifespan that cannot be
 */
export function createRateByRows(
  { workloads, factors, sites, tariffs }: Pick<Config, 'workloads' | 'factors' | 'sites' | 'tariffs'>,
  book: () => IntensityBook = constant(new IntensityBook([], configuredIntensity(factors))),
  spot: readonly SpotOfTest[] = [],
): RateByRows {
  const accountOf = createAccounts(workloads)
  const siteOf = createSites({ factors, sites })
  const { lists, ...keys } = tariffs
  const otherwise: PriceListTerms = { ...keys, name: DEFAULT_LIST }
  const pueOf = (row: EnergyRow, site: Site): RuledPue => pueByRules(factors, row, site)
  return {
    rate(rows, history = '') {
      const intensities = book()
      const embodied = embodiedByRow(row => embodiedOf(factors, row) ?? siteOf(row).embodied, rows)
      return rows.map((row, index) => {
        const site = siteOf(row)
        const place = { tenant: row.Tenant, account: accountOf(row), zone: site.zone }
        const ruled = priceByRules({ lists, otherwise, spot }, place, row.WindowStart)
        return {
          ...row,
          Zone: site.zone,
          Currency: ruled.currency,
          ...pueColumns(pueOf(row, site)),
          EntryKind: 'original',
          Revision: 0,
          CorrectionReason: '',
          ...priceRow(row, { site, pue: rational(pueOf(row, site).pue.value), intensities, ruled, spot }),
          CostResourceNano: resourceCost(rows, row, ruled.resourceList),
          Account: accountOf(row),
          CarbonEmbodiedUg: embodied[index]?.ug ?? null,
          EmbodiedVersion: embodied[index]?.version ?? '',
          EntryId: idOf(row, history),
        }
      })
    },
  }
}

const constant =
  <T>(value: T): (() => T) =>
  () =>
    value

interface PricingFactors {
  readonly site: Site
  readonly pue: Rational
  readonly intensities: IntensityBook
  readonly ruled: RuledPrice
  readonly spot: readonly SpotOfTest[]
}

function priceRow(row: EnergyRow, { site: { zone }, pue, intensities, ruled, spot }: PricingFactors) {
  const energyUj = row.EnergyQuality === 'none' ? null : microJoules(row.EnergyUj)
  const intensity = intensities.at(zone, 'average', row.WindowStart)
  const price = ruled.energy
  const reasons: Reason[] = []
  if (energyUj === null) reasons.push('no_energy')
  if (intensity === null) reasons.push('no_intensity')
  if (price === null) reasons.push('no_tariff')
  if (ruled.isOtherCurrency) reasons.push('other_currency')
  const used = energyUj === null ? null : intensity
  return {
    CarbonOperationalUg:
      energyUj === null || intensity === null
        ? null
        : micrograms(partFor(row, uj => carbonOf(uj, pue, rational(intensity.value)))),
    IntensityVersion: used?.version ?? '',
    IntensityKind: used?.kind ?? '',
    IntensityState: used?.state ?? '',
    CostEnergyNano:
      energyUj === null || price === null
        ? null
        : nanoMoney(
            partFor(row, uj => energyCost(uj, pue, { numerator: price.over, denominator: price.under })),
          ),
    TariffVersion: versionOf(ruled, spot, row.WindowStart),
    Reason: reasons.join(','),
  }
}

/** Of a share of idle energy what the shares up to it take, less what those before it take. */
function partFor(row: EnergyRow, rated: (uj: MicroJoules) => bigint): bigint {
  if (row.IdleSharedUj === 0n) return rated(microJoules(row.EnergyUj))
  const whole = rated(microJoules(row.IdleSharedUj))
  const upTo = (uj: bigint): bigint => divideHalfEven(whole * uj, row.IdleSharedUj)
  return upTo(row.IdleBeforeUj + row.EnergyUj) - upTo(row.IdleBeforeUj)
}

const carbonOf = (energyUj: MicroJoules, pue: Rational, gramsPerKwh: Rational): Micrograms =>
  micrograms(scaleHalfEven(energyUj, multiplyExact(PER_UJ_CARBON, multiplyExact(pue, gramsPerKwh))))

const energyCost = (energyUj: MicroJoules, pue: Rational, perKwh: Rational): NanoMoney =>
  nanoMoney(scaleHalfEven(energyUj, multiplyExact(PER_UJ_COST, multiplyExact(pue, perKwh))))

/** A spot price and the version that it has. */
export interface SpotOfTest extends SpotValue {
  readonly version: string
}

/** What prices the energy: the price and its list, or the list and the spot price; then the list that prices resources. */
function versionOf(
  { energy, energyList, resourceList }: RuledPrice,
  spot: readonly SpotOfTest[],
  at: number,
): string {
  const listVersion = (list: PriceListTerms): string => createPriceList(list).version
  const versions: string[] = []
  if (energyList !== null) {
    const used = spot.find(
      one =>
        one.zone === energyList.spot?.zone &&
        one.currency === energyList.currency &&
        one.from <= at &&
        at < one.to,
    )
    if (energy === null) versions.push(listVersion(energyList))
    else if (energyList.spot !== undefined) versions.push(listVersion(energyList), used!.version)
    else versions.push(`${textOf(energy)}:${listVersion(energyList)}`)
  }
  if (resourceList !== null && resourceList !== energyList) versions.push(listVersion(resourceList))
  const isNothing = energyList === null && resourceList === null
  return isNothing ? '' : versions.join('+')
}

/** The shortest decimal; the denominator is a power of ten. */
function textOf({ over, under }: Fraction): string {
  const digits = under.toString().length - 1
  const all = (over < 0n ? -over : over).toString().padStart(digits + 1, '0')
  const decimals = all.slice(all.length - digits).replace(/0+$/, '')
  const whole = all.slice(0, all.length - digits)
  return `${over < 0n ? '-' : ''}${digits === 0 || decimals === '' ? whole : `${whole}.${decimals}`}`
}

/**
 * CPU, memory and GPU by use, one rounding for all, and the share of what the host costs. A resource without a price is not charged;
 * without any price: null.
 */
function resourceCost(
  rows: readonly EnergyRow[],
  row: EnergyRow,
  list: PriceListTerms | null,
): NanoMoney | null {
  if (list === null) return null
  const price = (key: Parameters<typeof unitPriceByRules>[2]): Rational | null => {
    const found = unitPriceByRules(list, row, key)
    return found === null ? null : { numerator: found.over, denominator: found.under }
  }
  const [perCpu, perGib, perGpu, perHost] = [
    price('price_per_vcpu_hour'),
    price('price_per_gib_hour'),
    price('price_per_gpu_hour'),
    price('price_per_host_hour'),
  ]
  if (perCpu === null && perGib === null && perGpu === null && perHost === null) return null
  const cpu = multiplyExact(PER_CPU_US, perCpu ?? NOTHING)
  const memory = multiplyExact(PER_BYTE_SECOND, perGib ?? NOTHING)
  const gpu = multiplyExact(PER_CPU_US, perGpu ?? NOTHING)
  const quantity = (used: bigint, reserved: bigint): bigint => {
    if (list.resource_policy === 'request') return reserved
    return list.resource_policy === 'max' && reserved > used ? reserved : used
  }
  const numerator =
    quantity(row.CpuUs, row.CpuRequestUs) * cpu.numerator * memory.denominator * gpu.denominator +
    quantity(row.MemoryByteSeconds, row.MemoryRequestByteSeconds) *
      memory.numerator *
      cpu.denominator *
      gpu.denominator +
    quantity(row.GpuUs, row.GpuRequestUs) * gpu.numerator * cpu.denominator * memory.denominator
  const amounts = divideHalfEven(numerator, cpu.denominator * memory.denominator * gpu.denominator)
  return nanoMoney(amounts + (perHost === null ? 0n : hostShare(rows, row, perHost)))
}

/** A minute of the host at its price, by CPU time as embodied emissions are. */
function hostShare(rows: readonly EnergyRow[], row: EnergyRow, { numerator, denominator }: Rational): bigint {
  const ofHost = rows.filter(
    one => one.Tenant === row.Tenant && one.Host === row.Host && one.WindowStart === row.WindowStart,
  )
  const aMinute = divideHalfEven(numerator * 1_000_000_000n, denominator * 60n)
  return shareEmbodied(micrograms(aMinute), ofHost)[ofHost.indexOf(row)]!
}

const NOTHING: Rational = { numerator: 0n, denominator: 1n }

interface RuledPue {
  readonly pue: PueFactor
  readonly source: string
}

/** The value of the site at that time, else of the zone, else what the site or the configuration says at all times. */
function pueByRules({ pue_values: given }: Config['factors'], row: EnergyRow, site: Site): RuledPue {
  const holds = (values: PueValues): PueFactor | undefined =>
    pueFactorsOf(values, 'config').find(
      one => one.validFrom! <= row.WindowStart && (one.validTo === null || row.WindowStart < one.validTo),
    )
  const found = [
    ...given.filter(values => values.site !== undefined && values.site === site.name),
    ...given.filter(values => values.zone === site.zone),
  ]
    .map(holds)
    .find(one => one !== undefined)
  return found === undefined ? { pue: site.pue, source: site.pueSource } : { pue: found, source: 'series' }
}

const pueColumns = ({ pue, source }: RuledPue) => ({
  Pue: decimalText(pue.value),
  PueSource: source,
  PueVersion: pue.version,
})

/** Of the types that hold then and name the host, the one whose name or pattern says most. */
function embodiedOf({ embodied }: Config['factors'], row: EnergyRow): EmbodiedFactor | null {
  const says = (pattern: string): number =>
    !asksFor(pattern, row.HostName) && !asksFor(pattern, row.Host)
      ? -1
      : pattern.includes('*')
        ? pattern.replaceAll('*', '').length
        : 1e9
  const able = embodied
    .map(one => ({ one, rank: Math.max(...one.hosts.map(says)) }))
    .filter(
      ({ one: { valid_from: from, valid_to: to }, rank }) =>
        rank >= 0 &&
        (from === undefined || Date.parse(from) <= row.WindowStart * 1000) &&
        (to === undefined || row.WindowStart * 1000 < Date.parse(to)),
    )
    .toSorted((a, b) => b.rank - a.rank)
  return able[0] === undefined ? null : embodiedFactorOf(able[0].one, 'config')
}

/** By row; undefined where the host's emissions are not known. All rows of a host and window are there. */
function embodiedByRow(
  factorOf: (row: EnergyRow) => EmbodiedFactor | null,
  rows: readonly EnergyRow[],
): readonly ({ readonly ug: bigint; readonly version: string } | undefined)[] {
  return rows.map(row => {
    if (factorOf(row) === null) return undefined
    const ofHost = rows.filter(
      one =>
        one.WindowStart === row.WindowStart &&
        one.Tenant === row.Tenant &&
        one.Host === row.Host &&
        factorOf(one) !== null,
    )
    // A host is of one type in a window, whatever names its rows have.
    const factor = factorOf(ofHost[0]!)!
    const index = ofHost.indexOf(row)
    const of = (kilograms: Rational): Micrograms => embodiedPerWindow(kilograms, rational(factor.years))
    const server = shareEmbodied(of(rational(factor.kilograms)), ofHost)[index]!
    if (factor.gpus === null) return { ug: server, version: factor.version }
    const { count, kilograms } = factor.gpus
    const all = of(multiplyExact(rational(kilograms), { numerator: BigInt(count), denominator: 1n }))
    return { ug: server + shareOfGpus(all, ofHost, count)[index]!, version: factor.version }
  })
}

const idOf = (row: EnergyRow, history: string): string =>
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
    history,
  })
