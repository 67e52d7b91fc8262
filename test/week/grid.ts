/**
 * A grid of the shape of a country with much sun and wind: low at noon, high in the evening, with windy and calm days. Hourly values, and
 * what a provider would have forecast: a day ahead, the further the less exact. Seeded, so that every run sees the same weeks.
 */
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { configuredFactors } from '../../core/factors/configured.ts'
import { configuredBooks, type FactorBooks } from '../../core/factors/follower.ts'
import { IntensityBook } from '../../core/factors/intensity-book.ts'
import { parseDecimal } from '../../core/model/decimal.ts'
import { type Factor, factor } from '../../core/model/factor.ts'
import { seededRandom } from '../support/random.ts'

const HOUR_S = 3_600
const DAYS_BEFORE = 8
const FORECAST_HOURS = 24
/** Zone whose yearly average stands behind hours that nothing is known of. */
export const ZONE = 'DE'

/** gCO2e/kWh by hour of the day: night, sun at noon, evening peak. */
const SHAPE = [
  365, 355, 348, 345, 350, 372, 402, 418, 392, 338, 282, 243, 224, 219, 228, 262, 322, 398, 452, 468, 455,
  430, 404, 382,
]

/** A grid, and what is known of it at a time. */
export interface Grid {
  /** Seconds since the epoch at which the week begins. */
  readonly start: number
  /** Of the hour, gCO2e/kWh. */
  at(seconds: number): number
  /** As the product's own books would have it at that time. */
  booksAt(seconds: number): FactorBooks
  /** Money per kWh of the hour. */
  priceAt(seconds: number): number
}

/** Prices by time of day, as a price list of the configuration. */
const TARIFFS = {
  currency: 'EUR',
  price_per_kwh: '0.30',
  bands: [
    { from: '22:00', to: '06:00', price_per_kwh: '0.22' },
    { from: '17:00', to: '21:00', price_per_kwh: '0.42' },
  ],
}

export function createGrid(start: number, days: number, seed: number): Grid {
  const random = seededRandom(seed)
  const first = start - DAYS_BEFORE * 24 * HOUR_S
  const count = (DAYS_BEFORE + days + 2) * 24
  let wind = 0
  const values = Array.from({ length: count }, (_, hour) => {
    // Wind changes over days, weather over hours.
    wind = 0.97 * wind + 0.06 * (random() - 0.5)
    const weather = 0.06 * (random() - 0.5)
    return Math.round(Math.max(40, SHAPE[hour % 24]! * (1 + 2.2 * wind + weather)))
  })
  const errors = Array.from({ length: count }, () => 2 * (random() - 0.5))
  const hourOf = (seconds: number): number => Math.floor((seconds - first) / HOUR_S)
  const configured = configuredFactors(configSchema.parse({ factors: { zone: ZONE }, tariffs: TARIFFS }))
  const books = configuredBooks(configured)
  const place = { tenant: 'default', account: '', zone: ZONE }
  let known: { readonly hour: number; readonly books: FactorBooks } | null = null
  return {
    start,
    at: seconds => values[hourOf(seconds)]!,
    priceAt: seconds => Number(books.prices.at(place, seconds).energy?.mantissa ?? 0n) / 100,
    booksAt(seconds) {
      const hour = hourOf(seconds)
      if (known?.hour === hour) return known.books
      const past = values.slice(0, hour + 1).map((value, index) => hourly(first, index, value, 'final'))
      const ahead = Array.from({ length: FORECAST_HOURS }, (_, index) => {
        const at = hour + 1 + index
        const error = errors[at]! * Math.min(0.15, 0.03 + 0.006 * index)
        return hourly(first, at, Math.round(values[at]! * (1 + error)), 'forecast')
      })
      const intensities = new IntensityBook([...past, ...ahead], configured.intensity)
      known = { hour, books: { ...books, intensities } }
      return known.books
    },
  }
}

const hourly = (first: number, hour: number, value: number, state: 'final' | 'forecast'): Factor =>
  factor('week', {
    value: parseDecimal(String(value)),
    unit: 'gCO2e/kWh',
    zone: ZONE,
    validFrom: first + hour * HOUR_S,
    validTo: first + (hour + 1) * HOUR_S,
    source: 'simulated',
    kind: 'average',
    state,
  })
