/**
 * Memory for arrays that are given up together and then used again. Arrays made one by one would be a few times what a long
 * query reads, and the collector of garbage would take longer than the query.
 */
const SLAB_BYTES = 4_194_304

/** Where an array lies. */
export interface ArenaPlace {
  readonly buffer: ArrayBuffer
  readonly offset: number
}

/** Hands out memory until it is reset. */
export class Arena {
  readonly #slabs: ArrayBuffer[] = []
  #slab = 0
  #used = 0

  /** Memory for some bytes, of any content, aligned for all types. */
  take(bytes: number): ArenaPlace {
    if (bytes > SLAB_BYTES) return { buffer: new ArrayBuffer(bytes), offset: 0 }
    if (this.#used + bytes > SLAB_BYTES) {
      this.#slab += 1
      this.#used = 0
    }
    const buffer = this.#slabs[this.#slab] ?? new ArrayBuffer(SLAB_BYTES)
    this.#slabs[this.#slab] = buffer
    const offset = this.#used
    this.#used += Math.ceil(bytes / 8) * 8
    return { buffer, offset }
  }

  /** Everything that was handed out may be overwritten from now on. */
  reset(): void {
    this.#slab = 0
    this.#used = 0
  }
}
