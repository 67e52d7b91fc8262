/** Compact bytes, written and read in one order: variable-length integers, texts by number, each text once. */

const ENCODER = new TextEncoder()
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true })
/** Twice that is still exact as a number. */
const SAFE = 2 ** 51
/** Bytes of the longest integer that is written as a number. */
const LONGEST = 8

/** Appends values to a buffer that grows; `finish` copies the bytes out and starts over. */
export class ByteWriter {
  #bytes = new Uint8Array(8192)
  #length = 0
  readonly #texts = new Map<string, number>()

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  /** A non-negative integer, seven bits a byte. */
  uint(value: number): void {
    if (this.#bytes.length - this.#length < LONGEST) this.#reserve(LONGEST)
    const bytes = this.#bytes
    let at = this.#length
    let rest = value
    while (rest >= 0x10000000) {
      bytes[at++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    // From here on bits do, which are faster.
    while (rest >= 0x80) {
      bytes[at++] = (rest & 0x7f) | 0x80
      rest >>= 7
    }
    bytes[at++] = rest
    this.#length = at
  }

  /** What `int` writes for the same value; a safe integer up to 2^52. */
  signed(value: number): void {
    this.uint(value < 0 ? -value * 2 - 1 : value * 2)
  }

  /** What `int` writes for `high` x 2^32 + `low`; both may have either sign. */
  int64Parts(high: number, low: number): void {
    const near = high * 4_294_967_296 + low
    if (near < SAFE && near > -SAFE) this.signed(near)
    else this.int((BigInt(high) << 32n) + BigInt(low))
  }

  /** A signed integer of any size, zigzag. */
  int(value: bigint): void {
    const near = Number(value)
    if (near < SAFE && near > -SAFE) {
      this.uint(near < 0 ? -near * 2 - 1 : near * 2)
      return
    }
    let rest = value < 0n ? -value * 2n - 1n : value * 2n
    while (rest >= 0x80n) {
      this.byte(Number(rest & 0x7fn) | 0x80)
      rest >>= 7n
    }
    this.byte(Number(rest))
  }

  /** A text: its bytes the first time, its number after that. */
  text(value: string): void {
    const known = this.#texts.get(value)
    if (known !== undefined) {
      this.uint(known)
      return
    }
    this.#texts.set(value, this.#texts.size + 1)
    this.uint(0)
    const bytes = Buffer.byteLength(value)
    this.uint(bytes)
    this.#reserve(bytes)
    ENCODER.encodeInto(value, this.#bytes.subarray(this.#length))
    this.#length += bytes
  }

  /** Bytes that were written elsewhere, after their number. */
  block(bytes: Uint8Array): void {
    this.uint(bytes.length)
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return
    const larger = new Uint8Array((this.#length + bytes) * 2)
    larger.set(this.#bytes)
    this.#bytes = larger
  }

  /** A copy of what was written. The writer then starts over with the same buffer. */
  finish(): Uint8Array {
    const written = this.#bytes.slice(0, this.#length)
    this.#length = 0
    this.#texts.clear()
    return written
  }
}

/** Throws RangeError when the bytes end too early or refer to a text that was not there. */
export class ByteReader {
  readonly #bytes: Uint8Array
  #at = 0
  readonly #texts: string[] = []

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  byte(): number {
    const value = this.#bytes[this.#at++]
    if (value === undefined) throw new RangeError('bytes end too early')
    return value
  }

  uint(): number {
    let value = 0
    for (let weight = 1; ; weight *= 0x80) {
      const byte = this.byte()
      value += (byte & 0x7f) * weight
      if (byte < 0x80) return value
    }
  }

  int(): bigint {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return (value & 1n) === 1n ? -((value + 1n) >> 1n) : value >> 1n
    }
  }

  /** What `block` of a writer was given: a view. */
  block(): Uint8Array {
    const length = this.uint()
    if (this.#at + length > this.#bytes.length) throw new RangeError('bytes end too early')
    const from = this.#at
    this.#at += length
    return this.#bytes.subarray(from, this.#at)
  }

  text(): string {
    const number = this.uint()
    if (number > 0) {
      const known = this.#texts[number - 1]
      if (known === undefined) throw new RangeError(`no text ${number}`)
      return known
    }
    const length = this.uint()
    if (this.#at + length > this.#bytes.length) throw new RangeError('bytes end too early')
    const text = DECODER.decode(this.#bytes.subarray(this.#at, this.#at + length))
    this.#at += length
    this.#texts.push(text)
    return text
  }
}
