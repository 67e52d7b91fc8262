const CHUNK_BYTES = 65_536

/** Some bytes of many that lie one behind the other, and a view of all of them. */
export interface Chunk {
  readonly bytes: Uint8Array
  readonly view: DataView
}

/**
 * Bytes that are kept until all of them are dropped: in few large pieces, since an array of their own would cost more than
 * most of them take.
 */
export class ByteStore {
  /** Where the last `reserve` found room. */
  chunk = chunkOf(0)
  at = 0
  #used = 0
  #byteSize = 0

  /** Bytes that all chunks take. */
  get byteSize(): number {
    return this.#byteSize
  }

  /** Makes `chunk` and `at` a place for this many bytes. */
  reserve(length: number): void {
    if (this.#used + length > this.chunk.bytes.length) {
      this.chunk = chunkOf(Math.max(length, CHUNK_BYTES))
      this.#byteSize += this.chunk.bytes.length
      this.#used = 0
    }
    this.at = this.#used
    this.#used += length
  }

  clear(): void {
    this.chunk = chunkOf(0)
    this.#used = 0
    this.#byteSize = 0
  }
}

function chunkOf(length: number): Chunk {
  const bytes = new Uint8Array(length)
  return { bytes, view: new DataView(bytes.buffer) }
}
