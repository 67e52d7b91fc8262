/** What a kWh emits and costs at a site in a minute, as factors of energy in µJ. */
import type { IntensityBook } from '../../core/factors/intensity-book.ts'
import { multiply, type Rational, rational } from '../../core/model/decimal.ts'
import type { Factor } from '../../core/model/factor.ts'
import type { Tariff } from '../../core/model/tariff.ts'
import { type ExactScale, scaleOf } from './scale.ts'
import type { Site } from './sites.ts'

/** 1 kWh = 3.6e12 µJ; g -> µg and currency -> nano bring 1e6 and 1e9. */
export const PER_UJ_CARBON: Rational = { numerator: 1n, denominator: 3_600_000n }
const PER_UJ_COST: Rational = { numerator: 1n, denominator: 3_600n }

/** What energy of a site and minute is multiplied by. */
export interface Prices {
  /** Null: nothing is known. */
  readonly intensity: Factor | null
  /** µg of an amount of energy in µJ. */
  readonly carbon: ExactScale | null
  /** 1e-9 of the currency of an amount of energy in µJ. */
  readonly cost: ExactScale | null
  readonly tariffVersion: string
}

/** So many scales are remembered: one for each version and PUE. */
const MOST_REMEMBERED = 10_000

/** Asked row by row: rows of one site and minute follow each other. */
export function createPrices(
  tariff: Tariff,
): (book: IntensityBook, site: Site, windowStart: number) => Prices {
  const scales = new Map<string, ExactScale>()
  const scale = (
    kind: string,
    version: string,
    site: Site,
    perUj: Rational,
    perKwh: Rational,
  ): ExactScale => {
    const key = `${kind}/${version}/${site.pueText}`
    const known = scales.get(key)
    if (known !== undefined) return known
    if (scales.size >= MOST_REMEMBERED) scales.clear()
    const made = scaleOf(multiply(perUj, multiply(site.pue, perKwh)))
    scales.set(key, made)
    return made
  }
  let last: {
    readonly book: IntensityBook
    readonly site: Site
    readonly windowStart: number
    prices: Prices
  } | null = null
  return (book, site, windowStart) => {
    if (last?.book === book && last.site === site && last.windowStart === windowStart) return last.prices
    const intensity = book.at(site.zone, 'average', windowStart)
    const price = tariff.energyPriceAt(windowStart)
    const prices: Prices = {
      intensity,
      carbon:
        intensity === null
          ? null
          : scale('carbon', intensity.version, site, PER_UJ_CARBON, rational(intensity.value)),
      cost: price === null ? null : scale('cost', price.version, site, PER_UJ_COST, price.price),
      tariffVersion: price?.version ?? tariff.version,
    }
    last = { book, site, windowStart, prices }
    return prices
  }
}
