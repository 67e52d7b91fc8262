/** What a kWh emits and costs at a site, for an account, in a minute, as factors of energy in µJ. */
import type { FactorBooks } from '../../core/factors/follower.ts'
import type { PueFactor } from '../../core/factors/hosts/pue.ts'
import { decimalText, multiplyExact, type Rational, rational } from '../../core/model/decimal.ts'
import type { Factor } from '../../core/model/factor.ts'
import type { ResourcePrices } from '../../core/model/prices/resource-prices.ts'
import { type ExactScale, scaleOf } from './scale.ts'
import type { Site } from './sites.ts'

/** 1 kWh = 3.6e12 µJ; g -> µg and currency -> nano bring 1e6 and 1e9. */
export const PER_UJ_CARBON: Rational = { numerator: 1n, denominator: 3_600_000n }
const PER_UJ_COST: Rational = { numerator: 1n, denominator: 3_600n }

/** What energy and resources of a site, account and minute are multiplied by. */
export interface Prices {
  /** Null: nothing is known. */
  readonly intensity: Factor | null
  /** µg of an amount of energy in µJ. */
  readonly carbon: ExactScale | null
  /** 1e-9 of the currency of an amount of energy in µJ. */
  readonly cost: ExactScale | null
  readonly pue: PueFactor
  /** The PUE as exact decimal text. */
  readonly pueText: string
  /** default | site | series */
  readonly pueSource: string
  readonly currency: string
  readonly tariffVersion: string
  /** Null: resources are not priced. */
  readonly resources: ResourcePrices | null
  /** Whether resources are only priced in another currency than energy. */
  readonly isOtherCurrency: boolean
}

/** Scales that are remembered: one for each version and PUE. */
const MOST_REMEMBERED = 10_000

/** Asked row by row: rows of one site, account and minute follow each other. */
export type PricesOf = (
  books: FactorBooks,
  site: Site,
  windowStart: number,
  tenant: string,
  account: string,
) => Prices

/** Keeps what rows of a minute have in common. */
export function createPrices(): PricesOf {
  const scale = createScales()
  let minute: { readonly books: FactorBooks; readonly windowStart: number } | null = null
  let places = new Map<Site, Map<string, Prices>>()
  let last: {
    readonly site: Site
    readonly tenant: string
    readonly account: string
    prices: Prices
  } | null = null
  return (books, site, windowStart, tenant, account) => {
    if (minute?.books !== books || minute.windowStart !== windowStart) {
      minute = { books, windowStart }
      places = new Map()
      last = null
    }
    if (last?.site === site && last.tenant === tenant && last.account === account) return last.prices
    const ofSite = places.get(site) ?? new Map<string, Prices>()
    places.set(site, ofSite)
    const key = `${tenant}\u0000${account}`
    const prices = ofSite.get(key) ?? pricesAt(books, site, windowStart, { tenant, account }, scale)
    ofSite.set(key, prices)
    last = { site, tenant, account, prices }
    return prices
  }
}

function pricesAt(
  { intensities, prices, pue: pues }: FactorBooks,
  site: Site,
  windowStart: number,
  who: { readonly tenant: string; readonly account: string },
  scale: ReturnType<typeof createScales>,
): Prices {
  const intensity = intensities.at(site.zone, 'average', windowStart)
  const price = prices.at({ ...who, zone: site.zone }, windowStart)
  const byTime = pues.at({ site: site.name, zone: site.zone }, windowStart)
  const pue = byTime ?? site.pue
  return {
    intensity,
    carbon:
      intensity === null
        ? null
        : scale('carbon', intensity.version, pue, PER_UJ_CARBON, rational(intensity.value)),
    cost:
      price.energy === null
        ? null
        : scale('cost', price.energyVersion, pue, PER_UJ_COST, rational(price.energy)),
    pue,
    pueText: decimalText(pue.value),
    pueSource: byTime === null ? site.pueSource : 'series',
    currency: price.currency,
    tariffVersion: price.version,
    resources: price.resources,
    isOtherCurrency: price.isOtherCurrency,
  }
}

function createScales() {
  const scales = new Map<string, ExactScale>()
  return (kind: string, version: string, pue: PueFactor, perUj: Rational, perKwh: Rational): ExactScale => {
    const key = `${kind}/${version}/${pue.version}`
    const known = scales.get(key)
    if (known !== undefined) return known
    if (scales.size >= MOST_REMEMBERED) scales.clear()
    const made = scaleOf(multiplyExact(perUj, multiplyExact(rational(pue.value), perKwh)))
    scales.set(key, made)
    return made
  }
}
