/**
 * The verb of processor `rate`: energy in, ledger entries with carbon and cost out, by the factors in force at the window.
 * Exact rationals to the end and one rounding per row, half to even: totals are sums of rows. No clock; what is kept between
 * calls are short cuts. Columns that stay are copied as bytes, and no object is made per row.
 */
import type { Config } from '../../core/catalogue/config/schema.ts'
import { copyColumns } from '../../core/columns/copy-columns.ts'
import type { DictionaryColumn } from '../../core/columns/dictionary-column.ts'
import type { Int64Column } from '../../core/columns/int64-column.ts'
import { configuredFactors } from '../../core/factors/configured.ts'
import { configuredBooks, type FactorBooks } from '../../core/factors/follower.ts'
import { sharedPart } from '../../core/model/shared-part.ts'
import { METERED } from '../../core/model/streams/ledger.ts'
import { accountsOf } from './accounts.ts'
import { embodiedByRow } from './embodied.ts'
import { type EnergyRecord, isText, type LedgerBuilder } from './energy-record.ts'
import { entryIds } from './entry-ids.ts'
import { createPrices, type Prices } from './prices.ts'
import { resourceCosts } from './resources.ts'
import { type ExactScale, scaledBigint, scaledNumber } from './scale.ts'
import { createSites, type Site } from './sites.ts'

/** The verb of `rate`. */
export interface Rate {
  /**
   * Appends one entry per row, in order. All rows of a host and window are in one record.
   * @param history of the log that the record comes from, see `EntryKey`; '' where none was lost
   * @returns how many entries lack a quantity, by why: `no_energy`, `no_intensity`, `no_tariff`, `other_currency`, or several with
   *   commas
   */
  rate(record: EnergyRecord, into: LedgerBuilder, history?: string): ReadonlyMap<string, number>
}

/**
 * @param books of the factors that are in force now; asked once a call
 * @throws WattlineError `config_invalid` for a time zone, a time of day or a lifespan that cannot be
 */
export function createRate(
  { workloads, factors, sites, tariffs }: Pick<Config, 'workloads' | 'factors' | 'sites' | 'tariffs'>,
  books?: () => FactorBooks,
): Rate {
  const configured = configuredBooks(configuredFactors({ factors, tariffs }))
  const siteOf = createSites({ factors, sites })
  const pricesOf = createPrices()
  const isEmbodied = [factors, ...sites].some(one => one.embodied_kg !== undefined)
  const accounts = accountsOf(workloads)
  return {
    rate(record, into, history = '') {
      const { columns, rows } = record
      const inForce = books?.() ?? configured
      const placed = sitesByRow(record, siteOf)
      const embodied =
        isEmbodied || !inForce.embodied.isEmpty
          ? embodiedByRow(
              record,
              (row, host) => inForce.embodied.at(host, columns.WindowStart.get(row)) ?? placed(row).embodied,
            )
          : null
      const accountOf = accounts(record, placed)
      const resourceCost = resourceCosts(record)
      const ids = entryIds(record, history)
      const write = entryWriter(record, into)
      const reasons = new Map<string, number>()
      copyColumns(record, METERED, into)
      for (let row = 0; row < rows; row += 1) {
        const site = placed(row)
        const account = accountOf(row)
        const windowStart = columns.WindowStart.get(row)
        const prices = pricesOf(inForce, site, windowStart, columns.Tenant.get(row), account)
        const reason = write.priced(row, site, prices)
        if (reason !== '') reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
        write.account(account)
        write.currency(prices.currency)
        into.columns.CarbonEmbodiedUg.append(embodied?.ug(row) ?? null)
        write.embodiedVersion(embodied?.version(row) ?? '')
        into.columns.CostResourceNano.append(
          prices.resources === null ? null : resourceCost(row, prices.resources),
        )
        into.columns.EntryId.append(ids(row))
        into.endRow()
      }
      return reasons
    },
  }
}

/** Writes what is the same for row after row by its number in the dictionary. */
function entryWriter({ columns }: EnergyRecord, { columns: into }: LedgerBuilder) {
  const [zone, pue, pueSource] = [repeated(into.Zone), repeated(into.Pue), repeated(into.PueSource)]
  const [version, pueVersion] = [repeated(into.IntensityVersion), repeated(into.PueVersion)]
  const [kind, state, tariffVersion] = [
    repeated(into.IntensityKind),
    repeated(into.IntensityState),
    repeated(into.TariffVersion),
  ]
  const [entryKind, correctionReason, reasonOf] = [
    repeated(into.EntryKind),
    repeated(into.CorrectionReason),
    repeated(into.Reason),
  ]
  const hasNone = isText(columns.EnergyQuality, 'none')
  const energy = numbers(columns.EnergyUj.values)
  const sharedIdle = numbers(columns.IdleSharedUj.values)
  /** The value of an amount of energy in µJ. A share of idle energy gets its part of the value of all idle energy. */
  const append = (column: Int64Column<bigint | null>, scale: ExactScale | null, row: number): void => {
    if (scale !== null && sharedIdle(row) !== 0) column.append(partOf(columns, row, scale))
    else appendScaled(column, scale, energy(row), columns.EnergyUj, row)
  }
  return {
    account: repeated(into.Account),
    currency: repeated(into.Currency),
    embodiedVersion: repeated(into.EmbodiedVersion),
    /** Why a quantity is null; '' when none is. */
    priced(row: number, site: Site, prices: Prices): string {
      const { intensity, carbon, cost, isOtherCurrency } = prices
      const isKnown = !hasNone(row)
      const used = isKnown ? intensity : null
      zone(site.zone)
      pue(prices.pueText)
      pueSource(prices.pueSource)
      pueVersion(prices.pue.version)
      version(used?.version ?? '')
      kind(used?.kind ?? '')
      state(used?.state ?? '')
      tariffVersion(prices.tariffVersion)
      entryKind('original')
      correctionReason('')
      into.Revision.append(0)
      append(into.CarbonOperationalUg, isKnown ? carbon : null, row)
      append(into.CostEnergyNano, isKnown ? cost : null, row)
      const reason = reasonText(isKnown, carbon !== null, cost !== null, isOtherCurrency)
      reasonOf(reason)
      return reason
    },
  }
}

/** Names what is unknown, in this order. */
function reasonText(energy: boolean, intensity: boolean, tariff: boolean, otherCurrency: boolean): string {
  if (energy && intensity && tariff && !otherCurrency) return ''
  return [
    energy ? '' : 'no_energy',
    intensity ? '' : 'no_intensity',
    tariff ? '' : 'no_tariff',
    otherCurrency ? 'other_currency' : '',
  ]
    .filter(Boolean)
    .join(',')
}

function partOf(columns: EnergyRecord['columns'], row: number, scale: ExactScale): bigint {
  const whole = columns.IdleSharedUj.get(row)
  const [before, own] = [columns.IdleBeforeUj.get(row), columns.EnergyUj.get(row)]
  return sharedPart(scaledBigint(whole, scale), { whole, before, own })
}

function appendScaled(
  into: Int64Column<bigint | null>,
  scale: ExactScale | null,
  amount: number,
  exact: { get(row: number): bigint },
  row: number,
): void {
  const scaled = scale === null ? Number.NaN : scaledNumber(amount, scale)
  const high = Math.floor(scaled / WORD)
  if (scale === null) into.append(null)
  else if (Number.isNaN(scaled)) into.append(scaledBigint(exact.get(row), scale))
  else into.appendParts(scaled - high * WORD, high)
}

const WORD = 4_294_967_296

/** Values of 64 bits as numbers: beyond 2^53 they are not safe integers, which whoever uses them looks at. */
function numbers(values: BigInt64Array | BigUint64Array): (row: number) => number {
  const low = new Uint32Array(values.buffer, values.byteOffset, values.length * 2)
  const high = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  return row => high[row * 2 + 1]! * WORD + low[row * 2]!
}

/** Appends texts of which most are that of the row before. */
function repeated(column: DictionaryColumn): (text: string) => void {
  let last: string | null = null
  let id = 0
  return text => {
    if (text !== last) {
      id = column.values.internString(text)
      last = text
    }
    column.appendId(id)
  }
}

function sitesByRow(
  { columns: { Host, HostName, Zone } }: EnergyRecord,
  siteOf: ReturnType<typeof createSites>,
): (row: number) => Site {
  let last: {
    readonly host: number
    readonly name: number
    readonly zone: number
    readonly site: Site
  } | null = null
  return row => {
    const [host, name, zone] = [Host.ids[row]!, HostName.ids[row]!, Zone.ids[row]!]
    if (last?.host !== host || last.name !== name || last.zone !== zone) {
      const place = { Host: Host.get(row), HostName: HostName.get(row), Zone: Zone.get(row) }
      last = { host, name, zone, site: siteOf(place) }
    }
    return last.site
  }
}
