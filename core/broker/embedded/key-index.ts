/**
 * The stored records of a compacted partition, in memory. Records between others may be missing there, so this
 * distinguishes dropped records from lost ones. The same information is on disk, written in the transactions that
 * append and drop the records.
 */
export class KeyIndex {
  readonly #newest: Map<string, bigint>
  readonly #superseded: Set<bigint>
  /** Offsets of all stored records, in order. */
  #offsets: bigint[]

  /** `newest`: offset of the newest record by key; `superseded`: offsets of the other stored records. */
  constructor(newest: Map<string, bigint> = new Map(), superseded: Set<bigint> = new Set()) {
    this.#newest = newest
    this.#superseded = superseded
    this.#offsets = [...newest.values(), ...superseded].sort(ascending)
  }

  newestOf(key: string): bigint | undefined {
    return this.#newest.get(key)
  }

  /** Offsets by key. */
  newest(): ReadonlyMap<string, bigint> {
    return this.#newest
  }

  /** Offsets of stored records that a newer one of their key has superseded, in order. */
  superseded(): readonly bigint[] {
    return [...this.#superseded].sort(ascending)
  }

  /** The first stored record at or after an offset; undefined when there is none. */
  from(offset: bigint): bigint | undefined {
    let low = 0
    let high = this.#offsets.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#offsets[middle]! < offset) low = middle + 1
      else high = middle
    }
    return this.#offsets[low]
  }

  /** Adds an appended record after all others. */
  added(key: string, offset: bigint): void {
    const before = this.#newest.get(key)
    if (before !== undefined) this.#superseded.add(before)
    this.#newest.set(key, offset)
    this.#offsets.push(offset)
  }

  /** Removes superseded records that were dropped. */
  dropped(offsets: readonly bigint[]): void {
    for (const offset of offsets) this.#superseded.delete(offset)
    const gone = new Set(offsets)
    this.#offsets = this.#offsets.filter(offset => !gone.has(offset))
  }
}

const ascending = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)
