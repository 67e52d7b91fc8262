import { type Data, type DataType, Precision, TimeUnit, Type } from 'apache-arrow'
import type { Column, RowOf, ScalarKind, StreamDeclaration } from '../model/streams/stream.ts'
import { ID_WIDTH } from './column-kinds.ts'
import { wideIds } from './dictionary-ids.ts'
import { decodeUtf8 } from './utf8.ts'

/** A column of a record, read by row. Each kind also exposes its arrays, for readers that work by column. */
export interface ColumnView<Value> {
  readonly length: number
  get(row: number): Value
}

/** A string column without a dictionary. */
export interface StringView extends ColumnView<string> {
  /** Value `row` is `bytes[offsets[row], offsets[row + 1])`, UTF-8. */
  readonly offsets: Int32Array
  readonly bytes: Uint8Array
}

/** A dictionary-encoded string column, such as `LowCardinality(String)`. */
export interface DictionaryView extends ColumnView<string> {
  /** Index of each row's value, as 32 bits whatever the stored width. */
  readonly ids: Int32Array
  /** The distinct values. Their texts are decoded on demand: many readers compare bytes or need only a few. */
  readonly dictionary: StringView
}

/** A map column. If a key occurs twice in a row, `get` returns the last value. */
export interface MapView extends ColumnView<Readonly<Record<string, string>>> {
  /** The entries of `row` are those from `offsets[row]` to below `offsets[row + 1]`. */
  readonly offsets: Int32Array
  readonly keys: DictionaryView
  readonly values: DictionaryView
}

/** Lower-case hex; '' if missing. */
export interface IdView extends ColumnView<string> {
  /** Id `row` is `bytes[row × width, (row + 1) × width)`, if present. */
  readonly bytes: Uint8Array
  readonly isPresent: (row: number) => boolean
}

interface NumberView extends ColumnView<number> {
  readonly values: Int32Array | Uint32Array | Uint8Array | Float32Array | Float64Array
}

/** A 64-bit integer column, signed or unsigned. */
export interface Int64View extends ColumnView<bigint> {
  readonly values: BigInt64Array | BigUint64Array
}

/** A list column: the items of `row` are those from `offsets[row]` to below `offsets[row + 1]`. */
export interface ListView<Items extends ColumnView<unknown>, Value> extends ColumnView<readonly Value[]> {
  readonly offsets: Int32Array
  readonly items: Items
}

/** View class of each kind. */
export interface ViewOfKind {
  string: StringView
  lowCardinality: DictionaryView
  stringMap: MapView
  traceId: IdView
  spanId: IdView
  timestampNs: Int64View
  seconds: NumberView
  int64: Int64View
  'int64?': ColumnView<bigint | null>
  uint64: Int64View
  int32: NumberView
  uint32: NumberView
  uint8: NumberView
  bool: ColumnView<boolean>
  float32: NumberView
  float64: NumberView
}

type ValueOfView<View> = View extends ColumnView<infer Value> ? Value : never

/** The view that reads a declared column. */
export type ViewOf<C extends Column> = C['list'] extends true
  ? ListView<ViewOfKind[C['kind']], ValueOfView<ViewOfKind[C['kind']]>>
  : ViewOfKind[C['kind']]

/** A value of any column, as in row objects. */
export type CellValue = RowOf<StreamDeclaration>[string]

type Viewers = { readonly [Kind in ScalarKind]: (data: Data) => ViewOfKind[Kind] }

const VIEWERS: Viewers = {
  string: stringView,
  lowCardinality: dictionaryView,
  stringMap: mapView,
  traceId: data => idView(data, ID_WIDTH.traceId),
  spanId: data => idView(data, ID_WIDTH.spanId),
  timestampNs: data => {
    const { unit, timezone } = data.type as DataType & { unit?: TimeUnit; timezone?: string | null }
    expect(unit === TimeUnit.NANOSECOND && timezone === 'UTC', 'a UTC time in nanoseconds')
    return int64View(data, Type.Timestamp, true)
  },
  seconds: data => integerView(data, 32, false),
  int64: data => int64View(data, Type.Int, true),
  'int64?': nullableInt64View,
  uint64: data => int64View(data, Type.Int, false),
  int32: data => integerView(data, 32, true),
  uint32: data => integerView(data, 32, false),
  uint8: data => integerView(data, 8, false),
  bool: boolView,
  float32: data => floatView(data, Precision.SINGLE),
  float64: data => floatView(data, Precision.DOUBLE),
}

/** Checks that `data` holds `rows` values of the declared kind, every offset and id within bounds. Throws TypeError. */
export function createView(column: Column, data: Data, rows: number): ColumnView<unknown> {
  try {
    expect(data.length === rows, `${rows} rows`)
    return column.list === true ? listView(data, VIEWERS[column.kind]) : VIEWERS[column.kind](data)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new TypeError(`${column.name} (${column.kind}): ${reason}`)
  }
}

function stringView(data: Data): StringView {
  expect(data.type.typeId === Type.Utf8, 'text')
  const bytes = (data.values as Uint8Array | undefined) ?? new Uint8Array(0)
  const offsets = checkedOffsets(data, bytes.length)
  return {
    length: data.length,
    offsets,
    bytes,
    get: row => decodeUtf8(bytes, offsets[row]!, offsets[row + 1]!),
  }
}

function dictionaryView(data: Data): DictionaryView {
  // Written by an earlier version, when the column was plain text.
  if (data.type.typeId === Type.Utf8) {
    const dictionary = stringView(data)
    const ids = Int32Array.from({ length: data.length }, (_, row) => row)
    return { length: data.length, ids, dictionary, get: dictionary.get }
  }
  expect(data.type.typeId === Type.Dictionary, 'a dictionary')
  const chunks = data.dictionary?.data ?? []
  expect(chunks.length <= 1, 'an undivided dictionary')
  const dictionary = chunks[0] === undefined ? NO_TEXTS : stringView(chunks[0])
  const ids = wideIds(data.values) ?? NO_IDS
  expect(ids.length >= data.length, 'an id of up to 32 bits per row')
  const size = dictionary.length
  let isWithin = true
  for (let row = 0; row < data.length; row += 1) isWithin &&= ids[row]! >= 0 && ids[row]! < size
  expect(isWithin, 'ids within the dictionary')
  let texts: (string | undefined)[] | null = null
  return {
    length: data.length,
    ids,
    dictionary,
    get: row => {
      const id = ids[row]!
      texts ??= new Array<string | undefined>(size)
      texts[id] ??= dictionary.get(id)
      return texts[id]
    },
  }
}

const NO_IDS = new Int32Array(0)
const NO_TEXTS: StringView = {
  length: 0,
  offsets: new Int32Array(1),
  bytes: new Uint8Array(0),
  get: () => '',
}

function mapView(data: Data): MapView {
  expect(data.type.typeId === Type.Map, 'a map')
  const entries = data.children[0]
  expect(entries?.children.length === 2, 'keys and values')
  const keys = dictionaryView(entries!.children[0]!)
  const values = dictionaryView(entries!.children[1]!)
  const offsets = checkedOffsets(data, Math.min(keys.length, values.length))
  return {
    length: data.length,
    offsets,
    keys,
    values,
    get: row => {
      const pairs: [string, string][] = []
      for (let at = offsets[row]!; at < offsets[row + 1]!; at += 1) pairs.push([keys.get(at), values.get(at)])
      return Object.fromEntries(pairs)
    },
  }
}

function idView(data: Data, width: number): IdView {
  const { byteWidth } = data.type as DataType & { byteWidth?: number }
  expect(data.type.typeId === Type.FixedSizeBinary && byteWidth === width, `ids of ${width} bytes`)
  const bytes = data.values as Uint8Array
  expect(bytes.length >= data.length * width, 'all ids')
  return {
    length: data.length,
    bytes,
    isPresent: row => data.getValid(row),
    get: row =>
      data.getValid(row) ? Buffer.from(bytes.subarray(row * width, (row + 1) * width)).toString('hex') : '',
  }
}

function int64View(data: Data, typeId: Type, signed: boolean): Int64View {
  expect(data.type.typeId === typeId, 'a 64-bit integer')
  const values = data.values as BigInt64Array | BigUint64Array
  expect(signed ? values instanceof BigInt64Array : values instanceof BigUint64Array, 'the declared sign')
  expect(values.length >= data.length, 'all values')
  return { length: data.length, values, get: row => values[row]! }
}

function nullableInt64View(data: Data): ColumnView<bigint | null> {
  const { values } = int64View(data, Type.Int, true)
  return { length: data.length, get: row => (data.getValid(row) ? values[row]! : null) }
}

function integerView(data: Data, bits: number, signed: boolean): NumberView {
  const { bitWidth, isSigned } = data.type as DataType & { bitWidth?: number; isSigned?: boolean }
  expect(data.type.typeId === Type.Int && bitWidth === bits && isSigned === signed, `a ${bits}-bit integer`)
  return numberView(data)
}

function floatView(data: Data, precision: Precision): NumberView {
  const { precision: found } = data.type as DataType & { precision?: Precision }
  expect(data.type.typeId === Type.Float && found === precision, 'a float of the declared width')
  return numberView(data)
}

function numberView(data: Data): NumberView {
  const values = data.values as NumberView['values']
  expect(values.length >= data.length, 'all values')
  return { length: data.length, values, get: row => values[row]! }
}

function boolView(data: Data): ColumnView<boolean> {
  expect(data.type.typeId === Type.Bool, 'a boolean')
  const bits = data.values as Uint8Array
  expect(bits.length * 8 >= data.length, 'all values')
  return { length: data.length, get: row => (bits[row >> 3]! & (1 << (row & 7))) !== 0 }
}

function listView(
  data: Data,
  viewer: (data: Data) => ColumnView<unknown>,
): ListView<ColumnView<unknown>, unknown> {
  expect(data.type.typeId === Type.List && data.children[0] !== undefined, 'a list')
  const items = viewer(data.children[0]!)
  const offsets = checkedOffsets(data, items.length)
  return {
    length: data.length,
    offsets,
    items,
    get: row => {
      const values: unknown[] = []
      for (let at = offsets[row]!; at < offsets[row + 1]!; at += 1) values.push(items.get(at))
      return values
    },
  }
}

/** Offsets that never decrease and never exceed the `limit` values behind them. */
function checkedOffsets(data: Data, limit: number): Int32Array {
  const offsets = (data.valueOffsets as Int32Array | undefined) ?? new Int32Array(1)
  // An empty column may lack its single offset.
  if (data.length === 0) return offsets.length > 0 ? offsets : new Int32Array(1)
  expect(offsets.length > data.length && offsets[0]! >= 0, 'an offset per row')
  let rises = true
  for (let row = 0; row < data.length; row += 1) rises &&= offsets[row]! <= offsets[row + 1]!
  expect(rises, 'rising offsets')
  expect(offsets[data.length]! <= limit, 'offsets within the values')
  return offsets
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new TypeError(`it should hold ${what}`)
}
