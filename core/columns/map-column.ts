import { type Data, Field, Map_, makeData, Struct } from 'apache-arrow'
import { type ColumnBuilder, INITIAL_ROWS } from './column.ts'
import { DictionaryColumn } from './dictionary-column.ts'
import { grown, retained } from './growable.ts'
import type { Interner } from './interner.ts'

/**
 * Entries of a map that many rows share (a resource's attributes), as ids of one column: interned once, then copied.
 */
export interface MapEntries {
  readonly keyIds: readonly number[]
  readonly valueIds: readonly number[]
}

const HINT_MASK = 31

/**
 * Maps of text to text. Keys, and most values, repeat from row to row, so both are interned, which halves the size of a
 * record. A row is built with `put` and ended with `endRow`; within a row each key occurs once.
 */
export class MapColumn implements ColumnBuilder<Readonly<Record<string, string>>> {
  readonly nullable = false
  readonly #keyIds: DictionaryColumn
  readonly #valueIds: DictionaryColumn
  readonly keys: Interner
  readonly values: Interner
  readonly interners: readonly Interner[]
  #offsets = new Int32Array(INITIAL_ROWS + 1)
  #length = 0
  // Hints only: ids that no longer exist are never mistaken for others.
  readonly #keyHints = new Int32Array(HINT_MASK + 1)
  readonly #valueHints = new Int32Array(HINT_MASK + 1)
  /** The row of each object that was appended: labels of a workload stand in several rows. */
  readonly #objects = new Map<object, number>()
  /** By key id: the entry where it was last put, in any row. */
  #places = new Int32Array(INITIAL_ROWS)

  /** Uses the dictionary ids `dictionaryId` and the next one. */
  constructor(dictionaryId: number) {
    this.#keyIds = new DictionaryColumn(dictionaryId)
    this.#valueIds = new DictionaryColumn(dictionaryId + 1)
    this.keys = this.#keyIds.values
    this.values = this.#valueIds.values
    this.interners = [this.keys, this.values]
  }

  get length(): number {
    return this.#length
  }

  get byteSize(): number {
    return this.#length * 4 + this.#keyIds.byteSize + this.#valueIds.byteSize
  }

  append(record: Readonly<Record<string, string>>): void {
    const row = this.#objects.get(record)
    if (row === undefined) {
      this.#objects.set(record, this.#length)
      for (const key in record) this.put(this.keys.internString(key), this.values.internString(record[key]!))
    } else this.#repeat(row)
    this.endRow()
  }

  /** The entries of a complete row once more. */
  #repeat(row: number): void {
    const to = this.#offsets[row + 1]!
    for (let at = this.#offsets[row]!; at < to; at += 1) {
      this.#keyIds.appendId(this.#keyIds.idAt(at))
      this.#valueIds.appendId(this.#valueIds.idAt(at))
    }
  }

  /** The id of the key of entry `index` of a row: usually that of the same entry of the previous row. */
  keyId(index: number, source: Uint8Array, start: number, end: number): number {
    const hint = index & HINT_MASK
    const id = this.keys.internBytes(source, start, end, this.#keyHints[hint])
    this.#keyHints[hint] = id
    return id
  }

  /** The same for its value. */
  valueId(index: number, source: Uint8Array, start: number, end: number): number {
    const hint = index & HINT_MASK
    const id = this.values.internBytes(source, start, end, this.#valueHints[hint])
    this.#valueHints[hint] = id
    return id
  }

  /**
   * Adds an entry to the current row, by ids from `keys` and `values`. If the row already has the key, the new value
   * replaces the old one in place.
   */
  put(keyId: number, valueId: number): void {
    const entries = this.#keyIds.length
    if (keyId >= this.#places.length) this.#places = grown(this.#places, keyId + 1)
    const place = this.#places[keyId]!
    // A place left by another row, or by a discarded one, is not in the current row, or has another key.
    if (place < entries && place >= this.#offsets[this.#length]! && this.#keyIds.idAt(place) === keyId) {
      this.#valueIds.setId(place, valueId)
      return
    }
    this.#places[keyId] = entries
    this.#keyIds.appendId(keyId)
    this.#valueIds.appendId(valueId)
  }

  /** Puts all of `entries` and ends the row. */
  appendEntries({ keyIds, valueIds }: MapEntries): void {
    for (let at = 0; at < keyIds.length; at += 1) this.put(keyIds[at]!, valueIds[at]!)
    this.endRow()
  }

  /** The same entries for this many rows. */
  appendEntriesTimes(entries: MapEntries, times: number): void {
    if (times === 0) return
    this.appendEntries(entries)
    if (times === 1) return
    const size = entries.keyIds.length
    this.#keyIds.repeatLast(size, times - 1)
    this.#valueIds.repeatLast(size, times - 1)
    const last = this.#length + times - 1
    if (last >= this.#offsets.length) this.#offsets = grown(this.#offsets, last + 1)
    for (let row = this.#length; row < last; row += 1) this.#offsets[row + 1] = this.#offsets[row]! + size
    this.#length = last
  }

  /** Removes the entries of the current row and returns them, to append them to many rows. */
  takePending(): MapEntries {
    const from = this.#offsets[this.#length]!
    const entries = { keyIds: this.#keyIds.idsIn(from), valueIds: this.#valueIds.idsIn(from) }
    this.truncate(this.#length)
    return entries
  }

  /** Entries as an object, for the few rows that are needed as objects. */
  recordOf({ keyIds, valueIds }: MapEntries): Record<string, string> {
    return Object.fromEntries(
      keyIds.map((keyId, at) => [this.keys.textOf(keyId), this.values.textOf(valueIds[at]!)]),
    )
  }

  /** The entries of a complete row. */
  entriesAt(row: number): MapEntries {
    const from = this.#offsets[row]!
    const to = this.#offsets[row + 1]!
    return { keyIds: this.#keyIds.idsIn(from, to), valueIds: this.#valueIds.idsIn(from, to) }
  }

  endRow(): void {
    this.#length += 1
    if (this.#length >= this.#offsets.length) this.#offsets = grown(this.#offsets, this.#length + 1)
    this.#offsets[this.#length] = this.#keyIds.length
  }

  truncate(length: number): void {
    this.#objects.clear()
    this.#length = Math.min(length, this.#length)
    const entries = this.#offsets[this.#length]!
    this.#keyIds.truncate(entries)
    this.#valueIds.truncate(entries)
  }

  clear(): void {
    this.#objects.clear()
    this.#offsets = retained(this.#offsets, INITIAL_ROWS + 1)
    this.#places = retained(this.#places, INITIAL_ROWS)
    this.#length = 0
    this.#keyIds.clear()
    this.#valueIds.clear()
  }

  toData(): Data {
    const keys = this.#keyIds.toData()
    const values = this.#valueIds.toData()
    const entryType = new Struct([new Field('key', keys.type, false), new Field('value', values.type, false)])
    return makeData({
      type: new Map_(new Field('entries', entryType, false)) as Map_,
      length: this.#length,
      nullCount: 0,
      valueOffsets: this.#offsets.subarray(0, this.#length + 1),
      child: makeData({ type: entryType, length: keys.length, nullCount: 0, children: [keys, values] }),
    })
  }
}
