import { Bool, type Data, makeData } from 'apache-arrow'
import { packedBits } from './bitmap.ts'
import { type ColumnBuilder, INITIAL_ROWS } from './column.ts'
import { grown, retained } from './growable.ts'

const TYPE = new Bool()

/** Builds a Bool column. It uses one byte per row while it is filled, and is packed to Arrow's bitmap when written. */
export class BoolColumn implements ColumnBuilder<boolean> {
  readonly nullable = false
  readonly interners = []
  #flags = new Uint8Array(INITIAL_ROWS)
  #length = 0

  get length(): number {
    return this.#length
  }

  get byteSize(): number {
    return (this.#length + 7) >> 3
  }

  append(value: boolean): void {
    if (this.#length === this.#flags.length) this.#flags = grown(this.#flags, this.#length + 1)
    this.#flags[this.#length] = value ? 1 : 0
    this.#length += 1
  }

  /** The same value for `times` rows. */
  appendTimes(value: boolean, times: number): void {
    const end = this.#length + times
    if (end > this.#flags.length) this.#flags = grown(this.#flags, end)
    this.#flags.fill(value ? 1 : 0, this.#length, end)
    this.#length = end
  }

  truncate(length: number): void {
    this.#length = Math.min(length, this.#length)
  }

  clear(): void {
    this.#flags = retained(this.#flags, INITIAL_ROWS)
    this.#length = 0
  }

  toData(): Data {
    return makeData({
      type: TYPE,
      length: this.#length,
      nullCount: 0,
      data: packedBits(this.#flags, this.#length),
    })
  }
}
