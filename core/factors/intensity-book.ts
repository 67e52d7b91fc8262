/** Every intensity that is known, and which of them is in force for a zone at a time. */
import { type Factor, yearlyIntensity } from '../model/factor.ts'
import { countryOf } from '../model/places/grid-zones.ts'
import type { IntensityKind } from './intensity-values.ts'
import { DatedSeries } from './records/series.ts'

/** Answers which factor holds for a zone and kind at a time. Immutable. */
export class IntensityBook {
  readonly #series: ReadonlyMap<string, DatedSeries<Factor>>
  readonly #configured: Factor | null

  /**
   * @param dated factors with a beginning and an end, or their series by `kind/zone`; of two of a zone and kind that overlap the
   *   later in the list wins where it begins
   * @param configured holds in its zone whenever no dated factor does, in place of the yearly average
   */
  constructor(dated: Iterable<Factor> | ReadonlyMap<string, DatedSeries<Factor>>, configured: Factor | null) {
    this.#series = dated instanceof Map ? dated : seriesOf(dated as Iterable<Factor>)
    this.#configured = configured
  }

  /** Null: nothing is known, what is used then stays unpriced. Only averages have a value that holds at any time. */
  at(zone: string, kind: IntensityKind, atSeconds: number): Factor | null {
    const found = this.#series.get(keyOf(zone, kind))?.at(atSeconds) ?? null
    return found ?? (kind === 'average' ? this.#otherwise(zone) : null)
  }

  /** Dated factors that hold at some time of `[from, to)`, in order of time; seconds since the epoch. */
  between(zone: string, kind: IntensityKind, from: number, to: number): readonly Factor[] {
    return this.#series.get(keyOf(zone, kind))?.between(from, to) ?? []
  }

  /** All dated factors, each zone and kind by itself. */
  get series(): readonly (readonly Factor[])[] {
    return [...this.#series.values()].map(({ values }) => values).filter(values => values.length > 0)
  }

  /** What holds in a zone at times of which no dated average tells; in a part of a country, the average of the country. */
  #otherwise(zone: string): Factor | null {
    if (this.#configured?.zone === zone) return this.#configured
    return yearlyIntensity(zone) ?? yearlyIntensity(countryOf(zone) ?? '')
  }
}

const keyOf = (zone: string, kind: string): string => `${kind}/${zone}`

function seriesOf(dated: Iterable<Factor>): ReadonlyMap<string, DatedSeries<Factor>> {
  const byZone = Map.groupBy(dated, ({ zone, kind }) => keyOf(zone, kind))
  return new Map([...byZone].map(([key, factors]) => [key, new DatedSeries(factors)]))
}
