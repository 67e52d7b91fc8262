/** Every intensity that is known, and which of them is in force for a zone at a time. */
import { type Factor, yearlyIntensity } from '../model/factor.ts'
import { countryOf } from '../model/places/grid-zones.ts'
import type { IntensityKind } from './intensity-values.ts'

/** Values with a beginning and an end, of one zone and kind: sorted by time, without overlaps. */
interface ZoneSeries {
  readonly from: Float64Array
  readonly to: Float64Array
  readonly factors: readonly Factor[]
}

/** Answers which factor holds for a zone and kind at a time. Immutable. */
export class IntensityBook {
  readonly #series: ReadonlyMap<string, ZoneSeries>
  readonly #configured: Factor | null

  /**
   * @param dated factors with a beginning and an end; of two of a zone and kind that overlap the later in the list wins
   *   where it begins
   * @param configured holds in its zone whenever no dated factor does, in place of the yearly average
   */
  constructor(dated: Iterable<Factor>, configured: Factor | null) {
    const byZone = new Map<string, Factor[]>()
    for (const one of dated) {
      const key = keyOf(one.zone, one.kind)
      const known = byZone.get(key)
      if (known === undefined) byZone.set(key, [one])
      else known.push(one)
    }
    this.#series = new Map([...byZone].map(([key, factors]) => [key, seriesOf(factors)]))
    this.#configured = configured
  }

  /** Null: nothing is known, what is used then stays unpriced. Only averages have a value that holds at any time. */
  at(zone: string, kind: IntensityKind, atSeconds: number): Factor | null {
    const series = this.#series.get(keyOf(zone, kind))
    const found = series === undefined ? null : find(series, atSeconds)
    if (found !== null) return found
    if (kind !== 'average') return null
    return this.#otherwise(zone)
  }

  /** Dated factors that hold at some time of `[from, to)`, in order of time; seconds since the epoch. */
  between(zone: string, kind: IntensityKind, from: number, to: number): readonly Factor[] {
    const factors = this.#series.get(keyOf(zone, kind))?.factors ?? []
    return factors.filter(
      one => (one.validFrom ?? 0) < to && (one.validTo ?? Number.POSITIVE_INFINITY) > from,
    )
  }

  /** What holds in a zone at times of which no dated average tells; in a part of a country, the average of the country. */
  #otherwise(zone: string): Factor | null {
    if (this.#configured?.zone === zone) return this.#configured
    return yearlyIntensity(zone) ?? yearlyIntensity(countryOf(zone) ?? '')
  }
}

const keyOf = (zone: string, kind: string): string => `${kind}/${zone}`

function seriesOf(factors: readonly Factor[]): ZoneSeries {
  const sorted = factors.toSorted((a, b) => (a.validFrom ?? 0) - (b.validFrom ?? 0))
  return {
    from: Float64Array.from(sorted, ({ validFrom }) => validFrom ?? 0),
    to: Float64Array.from(sorted, ({ validTo }) => validTo ?? Number.POSITIVE_INFINITY),
    factors: sorted,
  }
}

/** The one that began last, if it still holds. */
function find({ from, to, factors }: ZoneSeries, atSeconds: number): Factor | null {
  let low = 0
  let high = from.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((from[middle] ?? 0) <= atSeconds) low = middle + 1
    else high = middle
  }
  const index = low - 1
  return index >= 0 && atSeconds < (to[index] ?? 0) ? (factors[index] ?? null) : null
}
