import { type Data, Dictionary, Int32, makeData, Utf8, Vector } from 'apache-arrow'
import { type ColumnBuilder, INITIAL_ROWS } from './column.ts'
import { type IdArray, type IdType, idTypeFor, roomFor } from './dictionary-ids.ts'
import { grown, retained } from './growable.ts'
import { Interner } from './interner.ts'

const TEXT = new Utf8()

/** Text with few distinct values: each value once, and an id per row, in as few bytes as the ids of the record need. */
export class DictionaryColumn implements ColumnBuilder<string> {
  readonly nullable = false
  readonly values = new Interner()
  readonly interners = [this.values]
  readonly #dictionaryId: number
  #ids = new Int32Array(INITIAL_ROWS)
  /** The ids as stored, when they need fewer than 32 bits. */
  #narrow: IdArray = new Uint8Array(0)
  #length = 0

  /** `dictionaryId`: unique among the dictionaries of the record. */
  constructor(dictionaryId: number) {
    this.#dictionaryId = dictionaryId
  }

  get length(): number {
    return this.#length
  }

  get byteSize(): number {
    // Assumes 32-bit ids: a size that jumps when one more value is added would exceed the limit that it is compared
    // with.
    return this.#length * 4 + this.values.byteSize
  }

  append(text: string): void {
    this.appendId(this.values.internString(text))
  }

  appendBytes(source: Uint8Array, start: number, end: number): void {
    this.appendId(this.values.internBytes(source, start, end))
  }

  /** An id that `values` returned since the last `clear` or `truncate`. */
  appendId(id: number): void {
    if (this.#length === this.#ids.length) this.#ids = grown(this.#ids, this.#length + 1)
    this.#ids[this.#length] = id
    this.#length += 1
  }

  /** The id of a row. */
  idAt(row: number): number {
    return this.#ids[row]!
  }

  /** Changes the id of a row. */
  setId(row: number, id: number): void {
    this.#ids[row] = id
  }

  /** The same id for `times` rows. */
  appendIdTimes(id: number, times: number): void {
    if (times === 1) {
      this.appendId(id)
      return
    }
    const end = this.#length + times
    if (end > this.#ids.length) this.#ids = grown(this.#ids, end)
    this.#ids.fill(id, this.#length, end)
    this.#length = end
  }

  /** Appends the ids of the last `rows` rows another `times` times. */
  repeatLast(rows: number, times: number): void {
    const from = this.#length - rows
    const end = this.#length + rows * times
    if (end > this.#ids.length) this.#ids = grown(this.#ids, end)
    // Doubles each time: copied ids are copied again.
    for (let length = this.#length; length < end; length = this.#length) {
      this.#length = Math.min(end, length + (length - from))
      this.#ids.copyWithin(length, from, from + this.#length - length)
    }
  }

  /** A copy of the ids of rows `from` to below `to`. */
  idsIn(from: number, to = this.#length): number[] {
    const ids: number[] = []
    for (let row = from; row < to; row += 1) ids.push(this.#ids[row]!)
    return ids
  }

  truncate(length: number): void {
    this.#length = Math.min(length, this.#length)
  }

  clear(): void {
    this.#ids = retained(this.#ids, INITIAL_ROWS)
    this.#narrow = retained<IdArray>(this.#narrow, 0)
    this.#length = 0
    this.values.clear()
  }

  toData(): Data {
    const idType = idTypeFor(this.values.size)
    return makeData({
      type: new Dictionary(TEXT, idType as Int32, this.#dictionaryId),
      length: this.#length,
      nullCount: 0,
      data: this.#storedIds(idType) as Int32Array,
      dictionary: new Vector([this.values.toData()]),
    })
  }

  #storedIds(type: IdType): IdArray {
    const ids = this.#ids.subarray(0, this.#length)
    if (type instanceof Int32) return ids
    this.#narrow = roomFor(this.#narrow, type, this.#length)
    this.#narrow.set(ids)
    return this.#narrow.subarray(0, this.#length)
  }
}
