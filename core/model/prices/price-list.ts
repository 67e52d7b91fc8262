/** Price lists: exact prices of energy and resources, and for whom, where and when they hold. */
import { addDecimals, type Decimal, decimalText, multiplyDecimals, parseDecimal } from '../decimal.ts'
import { type ListedPrice, listedPrices } from './listed-prices.ts'
import { localClock } from './local-time.ts'
import { createResourcePrices, type ResourcePrices } from './resource-prices.ts'
import { createSchedule, dayNumber, type PriceSchedule } from './schedule.ts'
import type { SpotAt } from './spot-price.ts'
import type { PriceListTerms } from './terms.ts'
import { versionOf } from './terms-version.ts'

/** What a kWh costs. */
export interface EnergyPrice {
  /** Currency units for each kWh; may be below 0. */
  readonly value: Decimal
  /** The price, and the list that gave it; for spot prices the list and the spot price, joined by `+`. */
  readonly version: string
}

/** Prices of one list as the rater asks for them. */
export interface PriceList {
  readonly terms: PriceListTerms
  /** Seconds since the epoch, `[from, to)`; null: open. */
  readonly validFrom: number | null
  readonly validTo: number | null
  readonly currency: string
  /** Version of the whole list; '' if it prices nothing. */
  readonly version: string
  readonly pricesEnergy: boolean
  /** Price of energy in the minute that begins then; null: it has none for that minute. */
  energyAt(windowStartSeconds: number, spot: SpotAt): EnergyPrice | null
  /** The next moment at which a price by time may change. Spot prices change at times of their own. */
  nextAt(seconds: number): number
  /** Null: resources are not priced by this list. */
  readonly resources: ResourcePrices | null
  /** Every version of its own that entries can name, once each, and the prices of resources. */
  readonly listed: readonly ListedPrice[]
}

/** @throws RangeError for an unknown time zone, an invalid time, and a price that is not a decimal */
export function createPriceList(terms: PriceListTerms): PriceList {
  const { currency, spot } = terms
  const clock = localClock(terms.time_zone)
  const holidays = new Set(terms.holidays.map(dayNumber))
  const base = createSchedule(terms, terms.time_zone, holidays)
  const charges = terms.charges.map(charge => createSchedule(charge, terms.time_zone, holidays))
  const resources = createResourcePrices(terms)
  const pricesEnergy = spot !== undefined || base.prices.length > 0
  const version = pricesEnergy || resources !== null ? versionOf(terms) : ''
  const edges = [...new Set([base, ...charges].flatMap(schedule => schedule.edges))]
  const spotPrice = spot === undefined ? null : spotFormula(spot)
  return {
    terms,
    validFrom: secondsOf(terms.valid_from),
    validTo: secondsOf(terms.valid_to),
    currency,
    version,
    pricesEnergy,
    energyAt(seconds, spotAt) {
      if (!pricesEnergy) return null
      const moment = clock.at(seconds)
      const charged = (value: Decimal): Decimal =>
        charges.reduce((sum, charge) => addDecimals(sum, charge.at(moment) ?? NOTHING), value)
      if (spotPrice !== null) {
        const found = spotAt(spotPrice.zone, currency, seconds)
        if (found === null) return null
        return { value: charged(spotPrice.of(found.value)), version: `${version}+${found.version}` }
      }
      const found = base.at(moment)
      if (found === null) return null
      const value = charged(found)
      return { value, version: `${decimalText(value)}:${version}` }
    },
    nextAt: seconds => clock.nextAt(seconds, edges),
    resources,
    listed: version === '' ? [] : listedPrices(terms, version, energyPrices(base, charges)),
  }
}

const NOTHING: Decimal = { mantissa: 0n, scale: 0 }

function spotFormula({ zone, multiplier, markup_per_kwh: markup }: NonNullable<PriceListTerms['spot']>) {
  const [factor, added] = [parseDecimal(multiplier), parseDecimal(markup)]
  return { zone, of: (value: Decimal) => addDecimals(multiplyDecimals(value, factor), added) }
}

/** Seconds since the epoch of an ISO 8601 time; null: open. @throws RangeError for what is not a time */
function secondsOf(text: string | undefined): number | null {
  if (text === undefined) return null
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) throw new RangeError(`not a time: ${JSON.stringify(text)}`)
  return ms / 1000
}

/** Sums that prices and charges by time can make. */
const MOST_SUMS = 2_000

function energyPrices(base: PriceSchedule, charges: readonly PriceSchedule[]): PriceSchedule['prices'] {
  return charges.reduce((sums, charge) => {
    const nothing = charge.isComplete ? [] : [{ value: NOTHING, holds: 'without the charge' }]
    const made = sums.flatMap(sum =>
      [...charge.prices, ...nothing].map(one => ({
        value: addDecimals(sum.value, one.value),
        holds: charge.prices.length === 1 && charge.isComplete ? sum.holds : `${sum.holds} + ${one.holds}`,
      })),
    )
    if (made.length > MOST_SUMS) {
      throw new RangeError(`prices and charges by time make more than ${MOST_SUMS} sums: use fewer bands`)
    }
    return made
  }, base.prices)
}
