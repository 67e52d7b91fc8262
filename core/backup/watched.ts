import { createHash } from 'node:crypto'

/** Passes bytes through, and afterwards knows their number and checksum. */
export class Watched implements AsyncIterable<Uint8Array> {
  readonly #bytes: AsyncIterable<Uint8Array>
  readonly #onBytes: (count: number) => void
  readonly #hash = createHash('sha256')
  #count = 0

  constructor(bytes: AsyncIterable<Uint8Array>, onBytes: (count: number) => void) {
    this.#bytes = bytes
    this.#onBytes = onBytes
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const piece of this.#bytes) {
      this.#hash.update(piece)
      this.#count += piece.length
      this.#onBytes(piece.length)
      yield piece
    }
  }

  facts(): { readonly bytes: number; readonly sha256: string } {
    return { bytes: this.#count, sha256: this.#hash.digest('hex') }
  }
}
