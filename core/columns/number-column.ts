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
import { grown, type Numbers, retained } from './growable.ts'

type NumberType = Float32 | Float64 | Int32 | Uint8 | Uint32

/** Numbers of up to 32 bits and floats, stored as they are; what does not fit wraps as typed arrays do. */
export class NumberColumn implements ColumnBuilder<number> {
  readonly nullable = false
  readonly interners = []
  readonly #type: NumberType
  #values: Numbers
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
