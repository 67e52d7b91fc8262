/** Spot prices that are known, by bidding zone and currency. */
import type { SpotAt, SpotPrice } from '../../model/prices/spot-price.ts'
import type { DatedSeries } from '../records/series.ts'

/** Name of a series. */
export const spotKey = (zone: string, currency: string): string => `${zone}/${currency}`

/** Answers which spot price holds at a time. Immutable. */
export class SpotBook {
  readonly #series: ReadonlyMap<string, DatedSeries<SpotPrice>>

  /** @param series by `spotKey` */
  constructor(series: ReadonlyMap<string, DatedSeries<SpotPrice>> = new Map()) {
    this.#series = series
  }

  /** Null: no price is known for that time. */
  readonly at: SpotAt = (zone, currency, seconds) =>
    this.#series.get(spotKey(zone, currency))?.at(seconds) ?? null

  /** The next moment at which another price holds. */
  nextAt(zone: string, currency: string, seconds: number): number {
    return this.#series.get(spotKey(zone, currency))?.nextAt(seconds) ?? Number.POSITIVE_INFINITY
  }

  /** Prices that hold at some time of `[from, to)`, in order of time. */
  between(zone: string, currency: string, from: number, to: number): readonly SpotPrice[] {
    return this.#series.get(spotKey(zone, currency))?.between(from, to) ?? []
  }

  /** All prices, each zone and currency by itself. */
  get series(): readonly (readonly SpotPrice[])[] {
    return [...this.#series.values()].map(({ values }) => values).filter(values => values.length > 0)
  }

  /** Currencies in which a zone has prices. */
  currenciesOf(zone: string): readonly string[] {
    return [...this.#series.keys()].flatMap(key =>
      key.startsWith(`${zone}/`) ? [key.slice(zone.length + 1)] : [],
    )
  }
}
