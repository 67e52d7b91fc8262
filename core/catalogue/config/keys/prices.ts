/** Schemas of price lists: the same in the configuration, in files and in the API. */
import { z } from 'zod'
import { RESOURCE_POLICIES, WEEKDAYS } from '../../../model/prices/terms.ts'
import { ZONE, ZONE_SHAPE } from '../../../model/zone.ts'
import { utcTime } from './factor-values.ts'
import { decimal, signedDecimal } from './quantities.ts'

const timeOfDay = (example: string) =>
  z.string().regex(/^\d\d:\d\d$/, `must be a time of day in quotes, such as "${example}"`)

const monthDay = z
  .string()
  .regex(/^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'must be a month and day in quotes, such as "04-01"')

/** A time of day range of a tariff: `from` inclusive, `to` exclusive, local to the tariff's time zone, `HH:MM`. */
const tariffBand = z.strictObject({
  from: timeOfDay('06:00').default('00:00').describe('Start of the band, `HH:MM`'),
  to: timeOfDay('22:00')
    .default('24:00')
    .describe(
      'End of the band (exclusive), `HH:MM`; may be after midnight, which still belongs to the day before',
    ),
  weekdays: z
    .array(z.enum(WEEKDAYS))
    .min(1)
    .optional()
    .describe('Days on which the band begins; without it all'),
  months: z
    .array(z.int().min(1).max(12))
    .min(1)
    .optional()
    .describe('Months in which the band begins, 1 to 12; without it all'),
  season: z
    .strictObject({
      from: monthDay.describe('First day, `MM-DD`'),
      through: monthDay.describe('Last day, `MM-DD`; may lie in the next year'),
    })
    .optional()
    .describe('Part of the year in which the band begins'),
  price_per_kwh: signedDecimal.describe('Energy price in the band'),
})

const bands = z.array(tariffBand).max(100).default([])

const resourcePrices = {
  price_per_vcpu_hour: decimal.optional().describe('Resource price of CPU time'),
  price_per_gib_hour: decimal.optional().describe('Resource price of memory'),
  price_per_gpu_hour: decimal.optional().describe('Resource price of GPU time'),
}

const resourceRule = z.strictObject({
  match: z.strictObject({
    label: z
      .record(z.string(), z.string())
      .optional()
      .describe('Labels of the workload that must all match, `*` as wildcard'),
    host: z.string().min(1).optional().describe('Name or id of the host, `*` as wildcard'),
  }),
  ...resourcePrices,
  price_per_host_hour: decimal
    .optional()
    .describe('Price of the whole machine, shared by CPU time among what runs on it'),
})

const currency = z
  .string()
  .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code of three capitals, such as EUR')
  .describe('ISO 4217 code of all prices')

/** Keys that the default tariff and price lists have in common. */
const tariffKeys = {
  currency,
  price_per_kwh: signedDecimal.optional().describe('Energy price; without it energy has no cost'),
  time_zone: z.string().default('UTC').describe('Zone of the bands, IANA name'),
  bands: bands.describe('Energy prices by time of day, weekday and season; the first that matches counts'),
  holidays: z
    .array(z.iso.date('must be a date in quotes, such as "2026-12-25"'))
    .max(1_000)
    .default([])
    .describe('Local dates that count as Sundays'),
  charges: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(100).describe('Display name'),
        price_per_kwh: signedDecimal.optional().describe('Charge for each kWh'),
        bands: bands.describe('Charges by time'),
      }),
    )
    .max(20)
    .default([])
    .describe('Network charges, levies and taxes for each kWh, added to the energy price'),
  spot: z
    .strictObject({
      zone: z
        .string()
        .regex(ZONE, `must be ${ZONE_SHAPE}`)
        .describe('Bidding zone, as in `/api/v1/tariffs/spot`'),
      multiplier: signedDecimal.default('1').describe('Factor of the spot price'),
      markup_per_kwh: signedDecimal.default('0').describe('Added to the product'),
    })
    .optional()
    .describe('Energy costs the spot price in place of `price_per_kwh` and `bands`'),
  ...resourcePrices,
  resource_policy: z
    .enum(RESOURCE_POLICIES)
    .optional()
    .describe(
      'What is billed of CPU, memory and GPU: `usage` (default), `request` (what was reserved) or `max` of the two in each minute',
    ),
  resource_prices: z
    .array(resourceRule)
    .max(1_000)
    .default([])
    .describe('Resource prices of some workloads; of each price the first that matches counts'),
}

/** A price list: prices, and for whom, where and when they hold. */
export const priceListSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/, 'must be up to 100 letters, digits, `-`, `_` or `.`')
    .describe('Name, which no other list of the tenant has'),
  tenant: z.string().min(1).max(200).optional().describe('Tenant that it holds for; without it all'),
  account: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe('Account that pays, `*` as wildcard; without it all'),
  zone: z
    .string()
    .regex(ZONE, `must be ${ZONE_SHAPE}`)
    .optional()
    .describe('Grid zone of the host; without it all'),
  valid_from: utcTime
    .optional()
    .describe('Start of validity, such as 2026-01-01T00:00:00Z; without it always'),
  valid_to: utcTime.optional().describe('End of validity (exclusive); without it until further notice'),
  source: z.string().min(1).max(200).optional().describe('Where the prices come from, such as a contract'),
  ...tariffKeys,
})

/** What energy and resources cost: for everybody, and in `lists` for some. */
export const tariffsSchema = z
  .strictObject({
    ...tariffKeys,
    currency: tariffKeys.currency.default('EUR'),
    lists: z
      .array(priceListSchema)
      .default([])
      .describe('Price lists of tenants, accounts, zones and times; the most specific counts'),
  })
  .prefault({})
