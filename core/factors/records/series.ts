/** Values with the times for which they hold, `[from, to)` in seconds since the epoch; null: open. */

/** Something that holds for some time. */
export interface Dated {
  readonly validFrom: number | null
  readonly validTo: number | null
}

const startOf = ({ validFrom }: Dated): number => validFrom ?? Number.NEGATIVE_INFINITY
const endOf = ({ validTo }: Dated): number => validTo ?? Number.POSITIVE_INFINITY

/** Values of one thing, in order of time. Immutable. Of two that overlap the later in the list wins where it begins. */
export class DatedSeries<T extends Dated> {
  readonly #values: readonly T[]
  readonly #from: Float64Array

  constructor(values: readonly T[]) {
    this.#values = values.toSorted((a, b) => startOf(a) - startOf(b))
    this.#from = Float64Array.from(this.#values, startOf)
  }

  /** All of them, in order of time. */
  get values(): readonly T[] {
    return this.#values
  }

  /** The one that began last, if it still holds. */
  at(seconds: number): T | null {
    const found = this.#values[this.#firstAfter(seconds) - 1]
    return found !== undefined && seconds < endOf(found) ? found : null
  }

  /** All that hold at some time of `[from, to)`, in order of time. */
  between(from: number, to: number): readonly T[] {
    return this.#values.filter(one => startOf(one) < to && endOf(one) > from)
  }

  /** The next moment after `seconds` at which one begins or ends. */
  nextAt(seconds: number): number {
    const index = this.#firstAfter(seconds)
    const current = this.#values[index - 1]
    const ends = current === undefined ? Number.POSITIVE_INFINITY : endOf(current)
    return Math.min(
      this.#from[index] ?? Number.POSITIVE_INFINITY,
      ends > seconds ? ends : Number.POSITIVE_INFINITY,
    )
  }

  #firstAfter(seconds: number): number {
    let low = 0
    let high = this.#from.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#from[middle] ?? 0) <= seconds) low = middle + 1
      else high = middle
    }
    return low
  }
}

/**
 * `known` with `revised` in its place wherever both say something, in order of time.
 * @param cut the same value for another time
 */
export function overlay<T extends Dated>(
  known: readonly T[],
  revised: readonly T[],
  cut: (one: T, validFrom: number | null, validTo: number | null) => T,
): readonly T[] {
  let kept = known
  for (const { validFrom, validTo } of revised) {
    const [from, to] = [validFrom ?? Number.NEGATIVE_INFINITY, validTo ?? Number.POSITIVE_INFINITY]
    kept = kept.flatMap(one => {
      if (endOf(one) <= from || startOf(one) >= to) return [one]
      const rest: T[] = []
      if (startOf(one) < from) rest.push(cut(one, one.validFrom, validFrom))
      if (endOf(one) > to) rest.push(cut(one, validTo, one.validTo))
      return rest
    })
  }
  return [...kept, ...revised].sort((a, b) => startOf(a) - startOf(b))
}

const DAY_SECONDS = 86_400

/** Values cut at the edges of UTC days, by the key of the day: the same value on both sides of midnight is two. */
export function byDay<T extends Dated>(
  values: readonly T[],
  keyOf: (one: T, day: string) => string,
  cut: (one: T, validFrom: number | null, validTo: number | null) => T,
): ReadonlyMap<string, readonly T[]> {
  const days = new Map<string, T[]>()
  for (const one of values) {
    const [from, to] = [one.validFrom ?? 0, one.validTo ?? 0]
    for (let day = Math.floor(from / DAY_SECONDS) * DAY_SECONDS; day < to; day += DAY_SECONDS) {
      const key = keyOf(one, new Date(day * 1000).toISOString().slice(0, 10))
      const slice = cut(one, Math.max(from, day), Math.min(to, day + DAY_SECONDS))
      const known = days.get(key)
      if (known === undefined) days.set(key, [slice])
      else known.push(slice)
    }
  }
  return days
}
