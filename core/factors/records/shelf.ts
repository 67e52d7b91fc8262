/** Records of the log by key, decoded once, and the series that they make: only what a new record is about is made again. */
import { type Dated, DatedSeries } from './series.ts'

/** Values of many things, each in records of its own, such as one for each day. */
export class Shelf<T extends Dated> {
  readonly #pattern: RegExp
  readonly #decode: (value: Uint8Array) => readonly T[]
  readonly #records = new Map<string, Map<string, readonly T[]>>()
  #series: ReadonlyMap<string, DatedSeries<T>> = new Map()
  readonly #changed = new Set<string>()

  /** @param pattern of the keys of its records; its first group is what the values are of */
  constructor(pattern: RegExp, decode: (value: Uint8Array) => readonly T[]) {
    this.#pattern = pattern
    this.#decode = decode
  }

  /** Takes a record in place of the one before it with its key; false where it is none of this shelf. */
  take(key: string, value: Uint8Array): boolean {
    const name = this.#pattern.exec(key)?.[1]
    if (name === undefined) return false
    const records = this.#records.get(name) ?? new Map<string, readonly T[]>()
    records.set(key, this.#decode(value))
    this.#records.set(name, records)
    this.#changed.add(name)
    return true
  }

  /** By what they are of; the same object as before where nothing was taken. */
  series(): ReadonlyMap<string, DatedSeries<T>> {
    if (this.#changed.size === 0) return this.#series
    const series = new Map(this.#series)
    for (const name of this.#changed) {
      series.set(name, new DatedSeries([...(this.#records.get(name)?.values() ?? [])].flat()))
    }
    this.#changed.clear()
    this.#series = series
    return series
  }
}
