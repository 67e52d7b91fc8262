/** The version of a price list: the same content is the same version, on any machine. */
import { decimalText, parseDecimal } from '../decimal.ts'
import { digest } from '../digest.ts'
import type { BandTerms, PriceListTerms } from './terms.ts'

/**
 * Currency and a digest of the terms. Terms that every tariff has come first, others follow only where they are given: versions of
 * tariffs from before these existed stay what they were.
 */
export function versionOf(terms: PriceListTerms): string {
  const { currency, time_zone, price_per_kwh, bands, price_per_vcpu_hour, price_per_gib_hour, ...more } =
    terms
  const { name, ...others } = more
  const extra = withoutEmpty({ ...(name === DEFAULT_LIST ? {} : { name }), ...others })
  const whole = [
    currency,
    plain(price_per_kwh),
    time_zone,
    bands.map(bandOf),
    plain(price_per_vcpu_hour),
    plain(price_per_gib_hour),
    ...(extra === null ? [] : [extra]),
  ]
  return `${currency}:${digest(JSON.stringify(whole), 8)}`
}

/** Name of the list that the keys of `tariffs` themselves make. */
export const DEFAULT_LIST = 'default'

const plain = (text: string | undefined): string | null =>
  text === undefined ? null : decimalText(parseDecimal(text))

function bandOf({ from, to, price_per_kwh: price, ...when }: BandTerms): unknown {
  const conditions = withoutEmpty(when)
  return [from, to, plain(price), ...(conditions === null ? [] : [conditions])]
}

const DECIMAL = /^-?\d+(\.\d+)?$/
const isPrice = (key: string): boolean =>
  key.startsWith('price_per_') || key === 'multiplier' || key === 'markup_per_kwh'

/** Keys in order, prices in their shortest form, and nothing that says nothing; null: nothing is left. */
function withoutEmpty(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return isPrice(key) && DECIMAL.test(value) ? plain(value) : value
  if (Array.isArray(value)) return value.length === 0 ? null : value.map(one => withoutEmpty(one))
  if (typeof value !== 'object' || value === null) return value ?? null
  const entries = Object.entries(value)
    .map(([name, one]) => [name, withoutEmpty(one, name)] as const)
    .filter(([, one]) => one !== null)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return entries.length === 0 ? null : Object.fromEntries(entries)
}
