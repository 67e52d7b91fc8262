import type { Interner } from '../../../core/columns/interner.ts'
import type { MapColumn } from '../../../core/columns/map-column.ts'
import type { StringColumn } from '../../../core/columns/string-column.ts'
import { encodeUtf8 } from '../../../core/columns/utf8.ts'
import { TAG } from '../../../core/protobuf/otlp/fields.ts'
import type { ProtobufReader } from '../../../core/protobuf/reader.ts'
import { AnyValue, anyValueText, int64Text } from './any-value.ts'
import type { DecodeTally } from './decode-context.ts'
import { type AttributeKeyRange, limitedText, scanKeyValue } from './key-value.ts'

/** Attributes of an item that are compared with those of its predecessor. */
const COMPARED = 32
const KEY_VALUE = TAG.KeyValue
const { stringValue: STRING_VALUE } = TAG.AnyValue
/** From this value on, the first byte of a length is followed by another one. */
const LONG_LENGTH = 0x80

/** The results for the attributes of the last row of a map column, by attribute index. */
class LastRow {
  readonly map: MapColumn
  /**
   * For each attribute: the position of its length byte (-1: nothing to compare with), the id of its key, and the id of
   * its value.
   */
  #attributes = NO_ATTRIBUTES

  constructor(map: MapColumn) {
    this.map = map
  }

  place(index: number): number {
    return this.#attributes === NO_ATTRIBUTES ? -1 : this.#attributes[index * 3]!
  }

  /** Adds attribute `index` of the last row to the current row. */
  putAgain(index: number): void {
    this.map.put(this.#attributes[index * 3 + 1]!, this.#attributes[index * 3 + 2]!)
  }

  remember(index: number, place: number, keyId: number, valueId: number): void {
    if (this.#attributes === NO_ATTRIBUTES) this.#attributes = new Int32Array(COMPARED * 3).fill(-1)
    this.#attributes[index * 3] = place
    this.#attributes[index * 3 + 1] = keyId
    this.#attributes[index * 3 + 2] = valueId
  }
}

const NO_ATTRIBUTES = new Int32Array(0)

/**
 * Reads KeyValues into map columns within the limits. One per request: it keeps scratch space.
 *
 * Consecutive items have much in common, and so have resources. So the result for an attribute of a row is remembered
 * with its position in the body, and equal bytes at the same index of the next row give the same result without being
 * parsed: dictionary ids stay valid until the request is over.
 */
export class AttributeReader {
  readonly #reader: ProtobufReader
  readonly #tally: DecodeTally
  readonly #items: LastRow
  readonly #resources: LastRow
  readonly #value = new AnyValue()
  readonly #key: AttributeKeyRange = { start: 0, end: 0 }

  /** The columns whose rows resemble their predecessors: those of the items, and of their resources. */
  constructor(reader: ProtobufReader, tally: DecodeTally, items: MapColumn, resources: MapColumn) {
    this.#reader = reader
    this.#tally = tally
    this.#items = new LastRow(items)
    this.#resources = new LastRow(resources)
  }

  /** Reads the KeyValue whose length comes next into the current row, as attribute number `index`. */
  read(end: number, map: MapColumn, index: number): void {
    const last = index < COMPARED ? this.#lastOf(map) : null
    if (last !== null && this.#repeats(end, last.place(index))) {
      last.putAgain(index)
      return
    }
    const reader = this.#reader
    const place = reader.position
    const stop = reader.length(end)
    const { cutAttributes } = this.#tally
    if (index >= this.#tally.limits.attributes) {
      this.#tally.cutAttributes += 1
      reader.position = stop
      return
    }
    if (!this.#scanShort(stop)) scanKeyValue(reader, stop, this.#key, this.#value)
    const valueId = this.#valueId(map, index)
    const keyId = this.#keyId(map, index)
    map.put(keyId, valueId)
    reader.position = stop
    if (last === null) return
    // Only lengths of one byte are compared: longer encodings may be padded. Cut values must be counted every time.
    const isShort = reader.view.getUint8(place) < LONG_LENGTH && this.#tally.cutAttributes === cutAttributes
    last.remember(index, isShort ? place : -1, keyId, valueId)
  }

  #lastOf(map: MapColumn): LastRow | null {
    if (map === this.#items.map) return this.#items
    return map === this.#resources.map ? this.#resources : null
  }

  /** Whether the next KeyValue has the same bytes as the one whose length byte is at `last`; if so, it is skipped. */
  #repeats(end: number, last: number): boolean {
    const { view, position } = this.#reader
    if (last < 0 || position >= end) return false
    const length = view.getUint8(position)
    const stop = position + 1 + length
    if (length !== view.getUint8(last) || stop > end) return false
    const shift = position - last
    // Compares from the end: keys are usually equal, values differ.
    let at = stop - 4
    for (; at > position; at -= 4) {
      if (view.getInt32(at, true) !== view.getInt32(at - shift, true)) return false
    }
    for (at += 3; at > position; at -= 1) {
      if (view.getUint8(at) !== view.getUint8(at - shift)) return false
    }
    this.#reader.position = stop
    return true
  }

  /**
   * Finds key and value of a KeyValue whose lengths all take one byte, as nearly all do, without a call per field: half
   * of the time of a span goes into its attributes. False: it is of another form, and the reader has not moved.
   */
  #scanShort(stop: number): boolean {
    const reader = this.#reader
    const { bytes, position } = reader
    const value = this.#value
    const key = this.#key
    let at = position
    let plain = true
    key.start = key.end = 0
    value.clear()
    while (plain && at + 1 < stop) {
      const tag = bytes[at]!
      const length = bytes[at + 1]!
      const start = at + 2
      at = start + length
      if (length >= 0x80 || at > stop) plain = false
      else if (tag === KEY_VALUE.key) {
        key.start = start
        key.end = at
      } else if (tag !== KEY_VALUE.value) plain = false
      else if (length >= 2 && bytes[start] === STRING_VALUE && bytes[start + 1] === length - 2) {
        value.kind = 'string'
        value.start = start + 2
        value.end = at
      } else {
        reader.position = start
        value.scan(reader, at)
      }
    }
    if (plain && at === stop) return true
    reader.position = position
    return false
  }

  /** Reads the AnyValue whose length comes next, merging it into `value`. */
  readValue(end: number, value: AnyValue): void {
    const reader = this.#reader
    const stop = reader.length(end)
    const outer = reader.message
    reader.message = 'AnyValue'
    value.scan(reader, stop)
    reader.message = outer
  }

  /** Appends a value as a text of any size. */
  appendText(value: AnyValue, column: StringColumn): void {
    const reader = this.#reader
    if (value.kind === 'string') column.appendBytes(reader.bytes, value.start, value.end)
    else column.append(this.#text(value))
  }

  #keyId(map: MapColumn, index: number): number {
    const { start, end } = this.#key
    const { bytes } = this.#reader
    if (end - start > this.#tally.limits.attributeBytes) return this.#internCut(map.keys, bytes, start, end)
    return map.keyId(index, bytes, start, end)
  }

  #valueId(map: MapColumn, index: number): number {
    const { kind, start, end, low, high } = this.#value
    if (kind === 'string') {
      const { bytes } = this.#reader
      if (end - start > this.#tally.limits.attributeBytes) {
        return this.#internCut(map.values, bytes, start, end)
      }
      return map.valueId(index, bytes, start, end)
    }
    if (kind === 'int' && high === low >> 31) return map.values.internInteger(low)
    if (kind === 'int') return this.#internText(map.values, int64Text(low, high))
    if (kind === 'bool') return map.values.internString(low === 1 ? 'true' : 'false')
    return this.#internText(map.values, this.#text(this.#value))
  }

  /** The reader may be anywhere afterwards. */
  #text(value: AnyValue): string {
    const reader = this.#reader
    const outer = reader.message
    reader.message = 'AnyValue'
    const text = anyValueText(value, reader, this.#tally)
    reader.message = outer
    return text
  }

  #internText(values: Interner, text: string): number {
    const bytes = encodeUtf8(text)
    return this.#internCut(values, bytes, 0, bytes.length)
  }

  #internCut(interner: Interner, source: Uint8Array, start: number, end: number): number {
    if (end - start <= this.#tally.limits.attributeBytes) return interner.internBytes(source, start, end)
    const text = limitedText(source, start, end, this.#tally)
    return interner.internBytes(text, 0, text.length)
  }
}
