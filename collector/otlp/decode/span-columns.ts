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
import { traces } from '../../../core/model/streams/index.ts'

const TIME = new TimestampNanosecond('UTC')
const TEXT = new Utf8()
const TRACE_ID = new FixedSizeBinary(16)
const SPAN_ID = new FixedSizeBinary(8)

/**
 * The columns of a batch of spans as Arrow data in the order of stream `traces`: views over the decoder's memory, valid until
 * it is used again. `at`: what `describe` gave, a list of u32 (wasm/index.ts).
 */
export function spanColumns(buffer: ArrayBuffer, at: number): Data[] {
  const reader = new ColumnReader(buffer, at)
  const [rows, events, links] = [reader.word(), reader.word(), reader.word()]
  const columns = {
    Tenant: reader.dictionary(dictionaryId('Tenant')),
    Timestamp: reader.times(rows),
    TraceId: reader.ids(TRACE_ID, rows),
    SpanId: reader.ids(SPAN_ID, rows),
    ParentSpanId: reader.ids(SPAN_ID, rows),
    TraceState: reader.texts(rows),
    SpanName: reader.dictionary(dictionaryId('SpanName')),
    SpanKind: reader.dictionary(dictionaryId('SpanKind')),
    ServiceName: reader.dictionary(dictionaryId('ServiceName')),
    ResourceAttributes: reader.map(dictionaryId('ResourceAttributes'), rows),
    ScopeName: reader.dictionary(dictionaryId('ScopeName')),
    ScopeVersion: reader.dictionary(dictionaryId('ScopeVersion')),
    SpanAttributes: reader.map(dictionaryId('SpanAttributes'), rows),
    Duration: reader.durations(rows),
    StatusCode: reader.dictionary(dictionaryId('StatusCode')),
    StatusMessage: reader.texts(rows),
    DroppedAttributesCount: reader.counts(rows),
    ...eventColumns(reader, rows, events),
    ...linkColumns(reader, rows, links),
  }
  const byName: Readonly<Record<string, Data>> = columns
  return traces.columns.map(({ name }) => byName[name]!)
}

function eventColumns(reader: ColumnReader, rows: number, events: number): Readonly<Record<string, Data>> {
  const offsets = reader.offsets(rows)
  return {
    'Events.Timestamp': listOf(reader.times(events), offsets, false),
    'Events.Name': listOf(reader.dictionary(dictionaryId('Events.Name')), offsets, false),
    'Events.Attributes': listOf(reader.map(dictionaryId('Events.Attributes'), events), offsets, false),
  }
}

function linkColumns(reader: ColumnReader, rows: number, links: number): Readonly<Record<string, Data>> {
  const offsets = reader.offsets(rows)
  return {
    'Links.TraceId': listOf(reader.ids(TRACE_ID, links), offsets, true),
    'Links.SpanId': listOf(reader.ids(SPAN_ID, links), offsets, true),
    'Links.TraceState': listOf(reader.texts(links), offsets, false),
    'Links.Attributes': listOf(reader.map(dictionaryId('Links.Attributes'), links), offsets, false),
  }
}

/** The first dictionary id of a column, as record builders give them out (core/columns/column-kinds.ts). */
function dictionaryId(column: (typeof traces)['columns'][number]['name']): number {
  return traces.columns.findIndex(({ name }) => name === column) * DICTIONARIES_PER_COLUMN
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

  /** Where the values of so many rows begin and end. */
  offsets(rows: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.#buffer, this.word(), rows + 1)
  }

  times(length: number): Data {
    const data = new BigInt64Array(this.#buffer, this.word(), length)
    return makeData({ type: TIME, length, nullCount: 0, data })
  }

  durations(length: number): Data {
    const data = new BigUint64Array(this.#buffer, this.word(), length)
    return makeData({ type: new Uint64(), length, nullCount: 0, data })
  }

  counts(length: number): Data {
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
      throw new RangeError('The ids of a dictionary have another width.')
    const dictionary = new Vector([values])
    return makeData({ type: new Dictionary(TEXT, type, id), length, nullCount: 0, data, dictionary })
  }

  /** A map whose dictionaries have `id` and the next. */
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
