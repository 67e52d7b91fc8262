import { type Data, Field, List, makeData } from 'apache-arrow'
import { type ColumnBuilder, INITIAL_ROWS } from './column.ts'
import { grown, retained } from './growable.ts'
import type { Interner } from './interner.ts'

/** Lists of any other kind: append to `items`, then end the row's list with `endRow`. */
export class ListColumn<Items extends ColumnBuilder<Value>, Value = Parameters<Items['append']>[0]>
  implements ColumnBuilder<readonly Value[]>
{
  readonly nullable = false
  readonly items: Items
  #offsets = new Int32Array(INITIAL_ROWS + 1)
  #length = 0

  constructor(items: Items) {
    this.items = items
  }

  get length(): number {
    return this.#length
  }

  get byteSize(): number {
    return this.#length * 4 + this.items.byteSize
  }

  get interners(): readonly Interner[] {
    return this.items.interners
  }

  append(values: readonly Value[]): void {
    for (const value of values) this.items.append(value)
    this.endRow()
  }

  /** Ends the row's list with all items since the last one; `items`: their number, if the caller knows it. */
  endRow(items = this.items.length - this.#offsets[this.#length]!): void {
    const end = this.#offsets[this.#length]! + items
    this.#length += 1
    if (this.#length >= this.#offsets.length) this.#offsets = grown(this.#offsets, this.#length + 1)
    this.#offsets[this.#length] = end
  }

  /** Empty lists for this many rows; items begun after the last list are not part of them. */
  endRowsEmpty(times: number): void {
    const end = this.#length + times
    if (end >= this.#offsets.length) this.#offsets = grown(this.#offsets, end + 1)
    const last = this.#offsets[this.#length]!
    if (times === 1) this.#offsets[end] = last
    else this.#offsets.fill(last, this.#length + 1, end + 1)
    this.#length = end
  }

  truncate(length: number): void {
    this.#length = Math.min(length, this.#length)
    this.items.truncate(this.#offsets[this.#length]!)
  }

  clear(): void {
    this.#offsets = retained(this.#offsets, INITIAL_ROWS + 1)
    this.#length = 0
    this.items.clear()
  }

  toData(): Data {
    const child = this.items.toData()
    return makeData({
      type: new List(new Field('item', child.type, this.items.nullable)),
      length: this.#length,
      nullCount: 0,
      valueOffsets: this.#offsets.subarray(0, this.#length + 1),
      child,
    })
  }
}
