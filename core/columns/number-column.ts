import {
  type Data,
  type Float32,
  type Float64,
  type Int32,
  makeData,
  type Uint8,
  type Uint32,
} from 'apache-arrow'
import { type ColumnBuilder, INITIAL_ROWS } from './column.ts'
import { grown, type NumericArray, retained } from './growable.ts'

type NumberType = Float32 | Float64 | Int32 | Uint8 | Uint32

/** Numbers of up to 32 bits and floats, stored unchanged; values out of range wrap as in typed arrays. */
export class NumberColumn implements ColumnBuilder<number> {
  readonly nullable = false
  readonly interners = []
  readonly #type: NumberType
  #values: NumericArray
  /** The same memory as 32-bit halves; null: not needed yet, or outdated. */
  #words: Int32Array | null = null
  #length = 0

  constructor(type: NumberType) {
    this.#type = type
    this.#values = new type.ArrayType(INITIAL_ROWS)
  }

  get length(): number {
    return this.#length
  }

  get byteSize(): number {
    return this.#length * this.#values.BYTES_PER_ELEMENT
  }

  append(value: number): void {
    if (this.#length === this.#values.length) this.#values = grown(this.#values, this.#length + 1)
    this.#values[this.#length] = value
    this.#length += 1
  }

  /**
   * A double by its low and high 32 bits, which stay as they are: a number of this program may lose those of a NaN. Only for
   * Float64.
   */
  appendParts(low: number, high: number): void {
    if (this.#length === this.#values.length) this.#values = grown(this.#values, this.#length + 1)
    const { buffer } = this.#values
    if (this.#words?.buffer !== buffer) this.#words = new Int32Array(buffer)
    this.#words[this.#length * 2] = low
    this.#words[this.#length * 2 + 1] = high
    this.#length += 1
  }

  /** The same value for `times` rows. */
  appendTimes(value: number, times: number): void {
    if (times === 1) {
      this.append(value)
      return
    }
    const end = this.#length + times
    if (end > this.#values.length) this.#values = grown(this.#values, end)
    this.#values.fill(value, this.#length, end)
    this.#length = end
  }

  /** Appends this number of consecutive doubles of `source`, starting at `start`. */
  appendDoublesFrom(source: DataView, start: number, values: number): void {
    const end = this.#length + values
    if (end > this.#values.length) this.#values = grown(this.#values, end)
    for (let at = start; this.#length < end; this.#length += 1, at += 8) {
      this.#values[this.#length] = source.getFloat64(at, true)
    }
  }

  truncate(length: number): void {
    this.#length = Math.min(length, this.#length)
  }

  clear(): void {
    this.#values = retained(this.#values, INITIAL_ROWS)
    this.#length = 0
  }

  toData(): Data {
    return makeData({
      type: this.#type as Float64,
      length: this.#length,
      nullCount: 0,
      data: this.#values.subarray(0, this.#length) as Float64Array,
    })
  }
}
