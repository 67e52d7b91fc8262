import { type Data, FixedSizeBinary, makeData } from 'apache-arrow'
import { packedBits } from './bitmap.ts'
import { type ColumnBuilder, INITIAL_ROWS } from './column.ts'
import { grown, retained } from './growable.ts'

/**
 * Trace and span ids, raw: half the bytes of hex, which the warehouse makes of them on insert. Absent ids are null,
 * never zeros.
 */
export class IdColumn implements ColumnBuilder<string> {
  readonly nullable = true
  readonly interners = []
  readonly #type: FixedSizeBinary
  readonly #width: number
  #bytes: Uint8Array
  #present = new Uint8Array(INITIAL_ROWS)
  #length = 0
  #nulls = 0

  /** `width` in bytes: 16 or 8. */
  constructor(width: number) {
    this.#type = new FixedSizeBinary(width)
    this.#width = width
    this.#bytes = new Uint8Array(INITIAL_ROWS * width)
  }

  get length(): number {
    return this.#length
  }

  get byteSize(): number {
    return this.#length * this.#width + (this.#length >> 3)
  }

  /** Hex of the right length in either case, or '' for absent; anything else is the caller's mistake. */
  append(hex: string): void {
    if (hex === '') {
      this.appendNull()
      return
    }
    if (hex.length !== this.#width * 2 || !/^[0-9a-f]*$/i.test(hex)) {
      throw new RangeError(`An id has ${this.#width * 2} hex digits or none, not ${JSON.stringify(hex)}.`)
    }
    this.appendBytes(Buffer.from(hex, 'hex'), 0)
  }

  /** The id's bytes from `source[at]` on. */
  appendBytes(source: Uint8Array, at: number): void {
    this.#reserve()
    const into = this.#length * this.#width
    for (let byte = 0; byte < this.#width; byte += 1) this.#bytes[into + byte] = source[at + byte]!
    this.#present[this.#length] = 1
    this.#length += 1
  }

  appendNull(): void {
    this.#reserve()
    const into = this.#length * this.#width
    this.#bytes.fill(0, into, into + this.#width)
    this.#present[this.#length] = 0
    this.#length += 1
    this.#nulls += 1
  }

  truncate(length: number): void {
    for (let at = length; at < this.#length; at += 1) if (this.#present[at] === 0) this.#nulls -= 1
    this.#length = Math.min(length, this.#length)
  }

  clear(): void {
    this.#bytes = retained(this.#bytes, INITIAL_ROWS * this.#width)
    this.#present = retained(this.#present, INITIAL_ROWS)
    this.#length = 0
    this.#nulls = 0
  }

  toData(): Data {
    const data = this.#bytes.subarray(0, this.#length * this.#width)
    const common = { type: this.#type, length: this.#length, data }
    if (this.#nulls === 0) return makeData({ ...common, nullCount: 0 })
    return makeData({
      ...common,
      nullCount: this.#nulls,
      nullBitmap: packedBits(this.#present, this.#length),
    })
  }

  #reserve(): void {
    if (this.#length >= this.#present.length) this.#present = grown(this.#present, this.#length + 1)
    const needed = (this.#length + 1) * this.#width
    if (needed > this.#bytes.length) this.#bytes = grown(this.#bytes, needed)
  }
}
