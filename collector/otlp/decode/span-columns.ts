import {
  type Data,
  Dictionary,
  Field,
  FixedSizeBinary,
  List,
  Map_,
  makeData,
  Struct,
  TimestampNanosecond,
  Uint32,
  Uint64,
  Utf8,
  Vector,
} from 'apache-arrow'
import { DICTIONARIES_PER_COLUMN } from '../../../core/columns/column-kinds.ts'
import { idTypeFor } from '../../../core/columns/dictionary-ids.ts'
import type { ScalarKind } from '../../../core/model/streams/stream.ts'
import { SPAN_COLUMNS, SPAN_LISTS } from './span-layout.ts'

const TIME = new TimestampNanosecond('UTC')
const TEXT = new Utf8()
const TRACE_ID = new FixedSizeBinary(16)
const SPAN_ID = new FixedSizeBinary(8)

/**
 * The columns of a span batch as Arrow data in the order of stream `traces`: views over the decoder's memory, valid
 * until it is used again. `at`: the result of `describe`, a list of u32 (wasm/index.ts).
 */
export function spanColumns(buffer: ArrayBuffer, at: number): Data[] {
  const reader = new ColumnReader(buffer, at)
  const rows = reader.word()
  const counts = new Map(SPAN_LISTS.map(list => [list, reader.word()]))
  const offsets = new Map<string, Int32Array>()
  return SPAN_COLUMNS.map(({ kind, list }, index) => {
    if (list === '') return reader.column(kind, index, rows)
    // The first column of a list is preceded by the offsets of each row's part.
    const valueOffsets = offsets.get(list) ?? reader.offsets(rows)
    offsets.set(list, valueOffsets)
    const isNullable = kind === 'traceId' || kind === 'spanId'
    return listOf(reader.column(kind, index, counts.get(list)!), valueOffsets, isNullable)
  })
}

function listOf(items: Data, valueOffsets: Int32Array, nullable: boolean): Data {
  const type = new List(new Field('item', items.type, nullable))
  return makeData({ type, length: valueOffsets.length - 1, nullCount: 0, valueOffsets, child: items })
}

class ColumnReader {
  readonly #buffer: ArrayBuffer
  readonly #words: DataView
  #at: number

  constructor(buffer: ArrayBuffer, at: number) {
    this.#buffer = buffer
    this.#words = new DataView(buffer)
    this.#at = at
  }

  word(): number {
    const word = this.#words.getUint32(this.#at, true)
    this.#at += 4
    return word
  }

  /** A column of `length` values, with index `index` in its stream. */
  column(kind: ScalarKind, index: number, length: number): Data {
    // As assigned by record builders (core/columns/column-kinds.ts).
    const dictionaryId = index * DICTIONARIES_PER_COLUMN
    switch (kind) {
      case 'lowCardinality':
        return this.dictionary(dictionaryId)
      case 'stringMap':
        return this.map(dictionaryId, length)
      case 'string':
        return this.texts(length)
      case 'traceId':
        return this.ids(TRACE_ID, length)
      case 'spanId':
        return this.ids(SPAN_ID, length)
      case 'timestampNs':
        return this.times(length)
      case 'uint64':
        return this.longs(length)
      case 'uint32':
        return this.words(length)
      default:
        throw new Error(`The span decoder has no column of ${kind}.`)
    }
  }

  /** Offsets of the values of `rows` rows. */
  offsets(rows: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.#buffer, this.word(), rows + 1)
  }

  times(length: number): Data {
    const data = new BigInt64Array(this.#buffer, this.word(), length)
    return makeData({ type: TIME, length, nullCount: 0, data })
  }

  longs(length: number): Data {
    const data = new BigUint64Array(this.#buffer, this.word(), length)
    return makeData({ type: new Uint64(), length, nullCount: 0, data })
  }

  words(length: number): Data {
    const data = new Uint32Array(this.#buffer, this.word(), length)
    return makeData({ type: new Uint32(), length, nullCount: 0, data })
  }

  ids(type: FixedSizeBinary, length: number): Data {
    const data = new Uint8Array(this.#buffer, this.word(), length * type.byteWidth)
    const bitmapAt = this.word()
    const nullCount = this.word()
    if (nullCount === 0) return makeData({ type, length, nullCount, data })
    const nullBitmap = new Uint8Array(this.#buffer, bitmapAt, (length + 7) >> 3)
    return makeData({ type, length, nullCount, nullBitmap, data })
  }

  texts(length: number): Data<Utf8> {
    const bytesAt = this.word()
    return this.#text(length, bytesAt, this.word())
  }

  dictionary(id: number): Data {
    const size = this.word()
    const bytesAt = this.word()
    const values = this.#text(size, bytesAt, this.word())
    const length = this.word()
    const type = idTypeFor(size)
    const data = new type.ArrayType(this.#buffer, this.word(), length)
    if (this.word() !== data.BYTES_PER_ELEMENT)
      throw new RangeError('The ids of a dictionary do not have the expected width.')
    const dictionary = new Vector([values])
    return makeData({ type: new Dictionary(TEXT, type, id), length, nullCount: 0, data, dictionary })
  }

  /** A map whose dictionaries have `id` and the next id. */
  map(id: number, rows: number): Data {
    const valueOffsets = this.offsets(rows)
    const keys = this.dictionary(id)
    const values = this.dictionary(id + 1)
    const type = new Struct([new Field('key', keys.type, false), new Field('value', values.type, false)])
    return makeData({
      type: new Map_(new Field('entries', type, false)) as Map_,
      length: rows,
      nullCount: 0,
      valueOffsets,
      child: makeData({ type, length: keys.length, nullCount: 0, children: [keys, values] }),
    })
  }

  #text(length: number, bytesAt: number, offsetsAt: number): Data<Utf8> {
    const valueOffsets = new Int32Array(this.#buffer, offsetsAt, length + 1)
    const data = new Uint8Array(this.#buffer, bytesAt, valueOffsets[length])
    return makeData({ type: TEXT, length, nullCount: 0, valueOffsets, data })
  }
}
