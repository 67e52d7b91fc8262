const CHUNK_BYTES = 65_536

/** A large block of consecutive byte ranges, and a view of all of it. */
export interface Chunk {
  readonly bytes: Uint8Array
  readonly view: DataView
}

/**
 * Bytes that are kept until all of them are dropped, in few large blocks, since a separate array would cost more than
 * most of them.
 */
export class ByteStore {
  /** Where the last `reserve` found space. */
  chunk = chunkOf(0)
  at = 0
  #used = 0
  #byteSize = 0

  /** Size of all chunks. */
  get byteSize(): number {
    return this.#byteSize
  }

  /** Makes `chunk` and `at` point to space for this many bytes. */
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
