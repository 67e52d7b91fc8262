/**
 * Source bytes that are read four at a time: one view of a request's body for thousands of values, since a view per
 * value would cost more than copying.
 */
export class ByteSource {
  #bytes = NOTHING
  #view = NOTHING_VIEW

  viewOf(bytes: Uint8Array): DataView {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    return this.#view
  }

  /** Drops the reference to the last bytes, which would keep the memory of a request's body. */
  forget(): void {
    this.#bytes = NOTHING
    this.#view = NOTHING_VIEW
  }
}

const NOTHING: Uint8Array = new Uint8Array(0)
const NOTHING_VIEW = new DataView(NOTHING.buffer)
const NOT_ASCII = 0x80808080 | 0

/** Copies a short, usually ASCII text to `target[at]`; returns whether it is ASCII, and therefore valid UTF-8. */
export function copyText(
  source: DataView,
  start: number,
  end: number,
  target: DataView,
  at: number,
): boolean {
  let seen = 0
  let from = start
  let into = at
  for (const last = end - 3; from < last; from += 4, into += 4) {
    const word = source.getInt32(from, true)
    seen |= word
    target.setInt32(into, word, true)
  }
  for (; from < end; from += 1, into += 1) {
    const byte = source.getUint8(from)
    seen |= byte
    target.setUint8(into, byte)
  }
  return (seen & NOT_ASCII) === 0
}
