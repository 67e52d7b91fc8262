import { type Data, Dictionary, Int32, makeData, Utf8, Vector } from 'apache-arrow'
import { type ColumnBuilder, INITIAL_ROWS } from './column.ts'
import { grown, retained } from './growable.ts'
import { Interner } from './interner.ts'

/** Text with few distinct values: each value once, and its id per row. */
export class DictionaryColumn implements ColumnBuilder<string> {
  readonly nullable = false
  readonly values = new Interner()
  readonly interners = [this.values]
  readonly #type: Dictionary<Utf8, Int32>
  #ids = new Int32Array(INITIAL_ROWS)
  #length = 0

  /** `dictionaryId`: unique among the dictionaries of the record. */
  constructor(dictionaryId: number) {
    this.#type = new Dictionary(new Utf8(), new Int32(), dictionaryId)
  }

  get length(): number {
    return this.#length
  }

  get byteSize(): number {
    return this.#length * 4 + this.values.byteSize
  }

  append(text: string): void {
    this.appendId(this.values.internString(text))
  }

  appendBytes(source: Uint8Array, start: number, end: number): void {
    this.appendId(this.values.internBytes(source, start, end))
  }

  /** An id that `values` gave since the last `clear` or `truncate`. */
  appendId(id: number): void {
    if (this.#length === this.#ids.length) this.#ids = grown(this.#ids, this.#length + 1)
    this.#ids[this.#length] = id
    this.#length += 1
  }

  /** A copy of the ids of the rows from `from` to below `to`. */
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
    this.#length = 0
    this.values.clear()
  }

  toData(): Data {
    return makeData({
      type: this.#type,
      length: this.#length,
      nullCount: 0,
      data: this.#ids.subarray(0, this.#length),
      dictionary: new Vector([this.values.toData()]),
    })
  }
}
