import { type Data, FixedSizeBinary, makeData } from 'apache-arrow'
import { packedBits } from './bitmap.ts'
import { type ColumnBuilder, INITIAL_ROWS } from './column.ts'
import { grown, retained } from './growable.ts'
import { ByteSource } from './source.ts'

/**
 * Trace and span ids as raw bytes: half the size of hex, to which the warehouse converts them on insert. Missing ids
 * are null, never zeros.
 */
export class IdColumn implements ColumnBuilder<string> {
  readonly nullable = true
  readonly interners = []
  readonly #type: FixedSizeBinary
  readonly #width: number
  /** Widths of ids are multiples of four bytes. */
  #parts: Int32Array
  readonly #source = new ByteSource()
  #present = new Uint8Array(INITIAL_ROWS)
  #length = 0
  #nulls = 0

  /** `width` in bytes: 16 or 8. */
  constructor(width: number) {
    this.#type = new FixedSizeBinary(width)
    this.#width = width
    this.#parts = new Int32Array((INITIAL_ROWS * width) / 4)
  }

  get length(): number {
    return this.#length
  }

  get byteSize(): number {
    return this.#length * this.#width + (this.#length >> 3)
  }

  /** Hex of the right length in either case, or '' if missing; anything else is an error of the caller. */
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

  /** The id's bytes, starting at `source[at]`. */
  appendBytes(source: Uint8Array, at: number): void {
    this.#reserve()
    const view = this.#source.viewOf(source)
    const parts = this.#parts
    const into = (this.#length * this.#width) >> 2
    parts[into] = view.getInt32(at, true)
    parts[into + 1] = view.getInt32(at + 4, true)
    if (this.#width === 16) {
      parts[into + 2] = view.getInt32(at + 8, true)
      parts[into + 3] = view.getInt32(at + 12, true)
    }
    this.#present[this.#length] = 1
    this.#length += 1
  }

  appendNull(): void {
    this.#reserve()
    const into = (this.#length * this.#width) >> 2
    for (let word = 0; word < this.#width >> 2; word += 1) this.#parts[into + word] = 0
    this.#present[this.#length] = 0
    this.#length += 1
    this.#nulls += 1
  }

  truncate(length: number): void {
    for (let at = length; at < this.#length; at += 1) if (this.#present[at] === 0) this.#nulls -= 1
    this.#length = Math.min(length, this.#length)
  }

  clear(): void {
    this.#parts = retained(this.#parts, (INITIAL_ROWS * this.#width) / 4)
    this.#source.forget()
    this.#present = retained(this.#present, INITIAL_ROWS)
    this.#length = 0
    this.#nulls = 0
  }

  toData(): Data {
    const data = new Uint8Array(this.#parts.buffer, 0, this.#length * this.#width)
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
    const needed = ((this.#length + 1) * this.#width) >> 2
    if (needed > this.#parts.length) this.#parts = grown(this.#parts, needed)
  }
}
