import type { Interner } from '../../../core/columns/interner.ts'
import type { MapColumn } from '../../../core/columns/map-column.ts'
import type { StringColumn } from '../../../core/columns/string-column.ts'
import { cutUtf8, encodeUtf8, isValidUtf8, repairedUtf8 } from '../../../core/columns/utf8.ts'
import { AnyValue, anyValueText, int64Text } from './any-value.ts'
import type { Tally } from './decode-context.ts'
import { knownFields, type ProtobufReader } from './protobuf-reader.ts'

const FIELDS = knownFields(1, 2)

/** Reads KeyValues into map columns under the limits. One per request: it keeps scratch space. */
export class AttributeReader {
  readonly #reader: ProtobufReader
  readonly #tally: Tally
  readonly #value = new AnyValue()

  constructor(reader: ProtobufReader, tally: Tally) {
    this.#reader = reader
    this.#tally = tally
  }

  /** Reads the KeyValue whose length comes next into the row in hand, of which it is attribute number `index`. */
  read(end: number, map: MapColumn, index: number): void {
    const reader = this.#reader
    const stop = reader.length(end)
    if (index >= this.#tally.limits.attributes) {
      this.#tally.cutAttributes += 1
      reader.position = stop
      return
    }
    const outer = reader.message
    reader.message = 'KeyValue'
    let keyStart = 0
    let keyEnd = 0
    this.#value.kind = 'empty'
    // Senders in Go write the value before the key, so neither may be expected first.
    for (let tag = reader.tag(stop); tag !== 0; tag = reader.tag(stop)) {
      if (tag === 0x0a) {
        keyEnd = reader.length(stop)
        keyStart = reader.position
        reader.position = keyEnd
      } else if (tag === 0x12) {
        this.#value.scan(reader, reader.length(stop))
      } else reader.skip(tag, stop, FIELDS)
    }
    const valueId = this.#valueId(map, index)
    map.put(this.#keyId(map, index, keyStart, keyEnd), valueId)
    reader.position = stop
    reader.message = outer
  }

  /** Reads the AnyValue whose length comes next as a text of any size. */
  readText(end: number, column: StringColumn): void {
    const reader = this.#reader
    const stop = reader.length(end)
    const outer = reader.message
    reader.message = 'AnyValue'
    this.#value.scan(reader, stop)
    if (this.#value.kind === 'string') column.appendBytes(reader.bytes, this.#value.start, this.#value.end)
    else column.append(anyValueText(this.#value, reader, this.#tally))
    reader.position = stop
    reader.message = outer
  }

  #keyId(map: MapColumn, index: number, start: number, end: number): number {
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
    return this.#internText(map.values, anyValueText(this.#value, this.#reader, this.#tally))
  }

  #internText(values: Interner, text: string): number {
    const bytes = encodeUtf8(text)
    return this.#internCut(values, bytes, 0, bytes.length)
  }

  #internCut(interner: Interner, source: Uint8Array, start: number, end: number): number {
    const limit = this.#tally.limits.attributeBytes
    if (end - start <= limit) return interner.internBytes(source, start, end)
    this.#tally.cutAttributes += 1
    const cut = cutUtf8(source, start, end, limit)
    if (isValidUtf8(source, start, cut)) return interner.internBytes(source, start, cut)
    const repaired = repairedUtf8(source, start, cut)
    return interner.internBytes(repaired, 0, cutUtf8(repaired, 0, repaired.length, limit))
  }
}
