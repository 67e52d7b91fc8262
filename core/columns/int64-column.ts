import { type Data, type Int64, makeData, type Timestamp, Uint64 } from 'apache-arrow'
import { packedBits } from './bitmap.ts'
import { type ColumnBuilder, INITIAL_ROWS } from './column.ts'
import { grown, retained } from './growable.ts'

type WideType = Int64 | Uint64 | Timestamp

/**
 * 64-bit integers and times, as two 32-bit parts each: a BigInt per value would be an object per value. With
 * `nullable`, a null is a cleared flag over a zero.
 */
export class Int64Column<Value extends bigint | null = bigint> implements ColumnBuilder<Value> {
  readonly nullable: boolean
  readonly interners = []
  readonly #type: WideType
  #parts = new Uint32Array(INITIAL_ROWS * 2)
  #present = new Uint8Array(0)
  #length = 0
  #nulls = 0

  constructor(type: WideType, nullable = false) {
    this.#type = type
    this.nullable = nullable
  }

  get length(): number {
    return this.#length
  }

  get byteSize(): number {
    return this.#length * 8 + (this.nullable ? this.#length >> 3 : 0)
  }

  append(value: Value): void {
    if (value === null) {
      this.appendParts(0, 0)
      this.#present[this.#length - 1] = 0
      this.#nulls += 1
      return
    }
    const bits: bigint = value
    this.appendParts(Number(bits & 0xffffffffn), Number((bits >> 32n) & 0xffffffffn))
  }

  /** The low and the high 32 bits; their signs do not matter. */
  appendParts(low: number, high: number): void {
    const at = this.#length * 2
    if (at === this.#parts.length) this.#parts = grown(this.#parts, at + 2)
    this.#parts[at] = low
    this.#parts[at + 1] = high
    if (this.nullable) this.#markPresent()
    this.#length += 1
  }

  /** Appends this number of consecutive values of `source`, starting at `start`, low parts first. */
  appendWordsFrom(source: DataView, start: number, values: number): void {
    const end = (this.#length + values) * 2
    if (end > this.#parts.length) this.#parts = grown(this.#parts, end)
    for (let into = this.#length * 2, at = start; into < end; into += 1, at += 4) {
      this.#parts[into] = source.getInt32(at, true)
    }
    if (this.nullable) {
      if (end / 2 > this.#present.length) this.#present = grown(this.#present, this.#parts.length / 2)
      this.#present.fill(1, this.#length, end / 2)
    }
    this.#length = end / 2
  }

  truncate(length: number): void {
    if (length >= this.#length) return
    for (let at = length; at < this.#length && this.nullable; at += 1) {
      if (this.#present[at] === 0) this.#nulls -= 1
    }
    this.#length = length
  }

  clear(): void {
    this.#parts = retained(this.#parts, INITIAL_ROWS * 2)
    this.#present = retained(this.#present, 0)
    this.#length = 0
    this.#nulls = 0
  }

  toData(): Data {
    const { buffer } = this.#parts
    const data = (
      this.#type instanceof Uint64
        ? new BigUint64Array(buffer, 0, this.#length)
        : new BigInt64Array(buffer, 0, this.#length)
    ) as BigInt64Array
    const common = { type: this.#type as Int64, length: this.#length, data }
    if (this.#nulls === 0) return makeData({ ...common, nullCount: 0 })
    return makeData({
      ...common,
      nullCount: this.#nulls,
      nullBitmap: packedBits(this.#present, this.#length),
    })
  }

  #markPresent(): void {
    if (this.#length >= this.#present.length) this.#present = grown(this.#present, this.#parts.length / 2)
    this.#present[this.#length] = 1
  }
}
