/**
 * What is stored of a compacted partition, in memory: records may be missing between others there, so this tells one that
 * was dropped from one that was lost. The same is on disk, written in the transactions that append and drop the records.
 */
export class KeyIndex {
  readonly #newest: Map<string, bigint>
  readonly #superseded: Set<bigint>
  /** Of all stored records, in order. */
  #offsets: bigint[]

  /** `newest`: offset of the newest record by key; `superseded`: of those stored besides. */
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

  /** The first stored record from an offset on; undefined when there is none. */
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

  /** A record was appended, behind all others. */
  added(key: string, offset: bigint): void {
    const before = this.#newest.get(key)
    if (before !== undefined) this.#superseded.add(before)
    this.#newest.set(key, offset)
    this.#offsets.push(offset)
  }

  /** Superseded records were dropped. */
  dropped(offsets: readonly bigint[]): void {
    for (const offset of offsets) this.#superseded.delete(offset)
    const gone = new Set(offsets)
    this.#offsets = this.#offsets.filter(offset => !gone.has(offset))
  }
}

const ascending = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)
