/** Writes protobuf from end to beginning: lengths are known when their turn comes. */
export class BackWriter {
  #buffer = new Uint8Array(1 << 16)
  #start = this.#buffer.length

  reset(): void {
    this.#start = this.#buffer.length
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#buffer.length - this.#start
  }

  /** What was written; valid until the next reset. */
  written(): Uint8Array {
    return this.#buffer.subarray(this.#start)
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#start -= bytes.length
    this.#buffer.set(bytes, this.#start)
  }

  /** With `padding` bytes more than needed: overlong, but the same number. */
  varint(value: number, padding = 0): void {
    const encoded: number[] = []
    let rest = value
    while (rest >= 0x80) {
      encoded.push((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    encoded.push(rest)
    for (let more = 0; more < padding; more += 1) {
      encoded[encoded.length - 1]! |= 0x80
      encoded.push(0)
    }
    this.bytes(Uint8Array.from(encoded))
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#start) return
    const larger = new Uint8Array((this.length + bytes) * 2)
    const start = larger.length - this.length
    larger.set(this.written(), start)
    this.#buffer = larger
    this.#start = start
  }
}
