/** Prices of a spot market: one value for each hour or quarter of an hour of a bidding zone, which may be below 0. */
import { type Decimal, decimalText } from '../decimal.ts'
import { digest } from '../digest.ts'

/** What a kWh costs in a bidding zone, for `[validFrom, validTo)`, seconds since the epoch. */
export interface SpotPrice {
  readonly zone: string
  /** ISO 4217 */
  readonly currency: string
  /** For each kWh. */
  readonly value: Decimal
  readonly validFrom: number
  readonly validTo: number
  readonly source: string
  readonly state: 'forecast' | 'estimated' | 'final'
  /** Follows from all of the above. */
  readonly version: string
}

/** Gives a price its version. */
export function spotPrice(content: Omit<SpotPrice, 'version'>): SpotPrice {
  const { zone, currency, value, validFrom, validTo, source, state } = content
  const text = decimalText(value)
  const whole = JSON.stringify([zone, currency, text, validFrom, validTo, source, state])
  return { ...content, version: `spot:${zone}:${text}:${currency}:${digest(whole, 8)}` }
}

/** The price of a bidding zone in a currency at a time; null: none is known. */
export type SpotAt = (zone: string, currency: string, seconds: number) => SpotPrice | null
