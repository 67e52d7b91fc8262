/** Spot prices as somebody gives them: one bidding zone and currency, and prices with the times for which they hold. */
import { z } from 'zod'
import { utcTime } from '../../catalogue/config/keys/factor-values.ts'
import { signedDecimal } from '../../catalogue/config/keys/quantities.ts'
import { type Decimal, parseDecimal } from '../../model/decimal.ts'
import { type SpotPrice, spotPrice } from '../../model/prices/spot-price.ts'
import { ZONE, ZONE_SHAPE } from '../../model/zone.ts'

/** Prices of one call; a year of quarters of hours is 35,136. */
const MOST_PRICES = 40_000
/** Markets trade days and shorter; a longer time is a mistake. */
const LONGEST_SECONDS = 31 * 86_400

/** Schema of uploaded spot prices: exact decimals for each kWh or, as markets quote them, each MWh. */
export const spotValues = z.strictObject({
  zone: z.string().regex(ZONE, `must be ${ZONE_SHAPE}`),
  currency: z
    .string()
    .refine(
      code => Intl.supportedValuesOf('currency').includes(code),
      'must be an ISO 4217 currency such as EUR',
    ),
  /** Who says so: printed wherever the version is looked up. */
  source: z.string().min(1).max(200),
  values: z
    .array(
      z
        .strictObject({
          from: utcTime,
          to: utcTime,
          price_per_kwh: signedDecimal.optional(),
          price_per_mwh: signedDecimal.optional(),
          state: z.enum(['forecast', 'estimated', 'final']).default('final'),
        })
        .refine(
          one => (one.price_per_kwh === undefined) !== (one.price_per_mwh === undefined),
          'give either price_per_kwh or price_per_mwh',
        ),
    )
    .min(1)
    .max(MOST_PRICES),
})
/** Spot prices that have passed the schema, times and prices still as text. */
export type SpotValues = z.infer<typeof spotValues>

/**
 * Prices that have passed the schema, in order of time.
 * @throws RangeError for a price whose time is empty or too long, and for two that overlap
 */
export function spotPricesOf({ zone, currency, source, values }: SpotValues): readonly SpotPrice[] {
  const found = values.map(({ from, to, state, ...price }) => {
    const [validFrom, validTo] = [Date.parse(from) / 1000, Date.parse(to) / 1000]
    if (validTo <= validFrom) throw new RangeError(`the price from ${from} ends at ${to}, not after it`)
    if (validTo - validFrom > LONGEST_SECONDS) {
      throw new RangeError(`the price from ${from} to ${to} holds for more than 31 days`)
    }
    return spotPrice({ zone, currency, value: perKwh(price), validFrom, validTo, source, state })
  })
  found.sort((a, b) => a.validFrom - b.validFrom)
  for (const [index, { validFrom }] of found.entries()) {
    const before = found[index - 1]
    if (before === undefined || validFrom >= before.validTo) continue
    throw new RangeError(
      `two prices hold at ${new Date(validFrom * 1000).toISOString()}: give one for each time`,
    )
  }
  return found
}

function perKwh(given: Pick<SpotValues['values'][number], 'price_per_kwh' | 'price_per_mwh'>): Decimal {
  if (given.price_per_kwh !== undefined) return parseDecimal(given.price_per_kwh)
  const { mantissa, scale } = parseDecimal(given.price_per_mwh ?? '0')
  return { mantissa, scale: scale + 3 }
}
