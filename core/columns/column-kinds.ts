import { Float32, Float64, Int32, Int64, TimestampNanosecond, Uint8, Uint32, Uint64 } from 'apache-arrow'
import type { Column, ScalarKind } from '../model/streams/stream.ts'
import { BoolColumn } from './bool-column.ts'
import type { ColumnBuilder } from './column.ts'
import { DictionaryColumn } from './dictionary-column.ts'
import { IdColumn } from './id-column.ts'
import { Int64Column } from './int64-column.ts'
import { ListColumn } from './list-column.ts'
import { MapColumn } from './map-column.ts'
import { NumberColumn } from './number-column.ts'
import { StringColumn } from './string-column.ts'

/** Builder class of each kind of column. */
export interface BuilderOfKind {
  string: StringColumn
  lowCardinality: DictionaryColumn
  stringMap: MapColumn
  traceId: IdColumn
  spanId: IdColumn
  timestampNs: Int64Column
  seconds: NumberColumn
  int64: Int64Column
  'int64?': Int64Column<bigint | null>
  uint64: Int64Column
  int32: NumberColumn
  uint32: NumberColumn
  uint8: NumberColumn
  bool: BoolColumn
  float32: NumberColumn
  float64: NumberColumn
}

/** Width of ids in bytes, by kind. */
export const ID_WIDTH = { traceId: 16, spanId: 8 } as const

/** Dictionary ids reserved per column: ids then depend only on the column's position. */
export const DICTIONARIES_PER_COLUMN = 2

/**
 * Whether a kind of column is nullable. This is part of the schema, whether or not a record contains nulls. Lists are
 * not nullable.
 */
export const isNullable = ({ kind, list }: Column): boolean =>
  list !== true && (kind === 'traceId' || kind === 'spanId' || kind === 'int64?')

type Makers = { readonly [Kind in ScalarKind]: (dictionaryId: number) => BuilderOfKind[Kind] }

const MAKERS: Makers = {
  string: () => new StringColumn(),
  lowCardinality: dictionaryId => new DictionaryColumn(dictionaryId),
  stringMap: dictionaryId => new MapColumn(dictionaryId),
  traceId: () => new IdColumn(ID_WIDTH.traceId),
  spanId: () => new IdColumn(ID_WIDTH.spanId),
  timestampNs: () => new Int64Column(new TimestampNanosecond('UTC')),
  seconds: () => new NumberColumn(new Uint32()),
  int64: () => new Int64Column(new Int64()),
  'int64?': () => new Int64Column<bigint | null>(new Int64(), true),
  uint64: () => new Int64Column(new Uint64()),
  int32: () => new NumberColumn(new Int32()),
  uint32: () => new NumberColumn(new Uint32()),
  uint8: () => new NumberColumn(new Uint8()),
  bool: () => new BoolColumn(),
  float32: () => new NumberColumn(new Float32()),
  float64: () => new NumberColumn(new Float64()),
}

/** The builder of the column at `index` of its stream. */
export function createColumn(column: Column, index: number): ColumnBuilder {
  const scalar: ColumnBuilder = MAKERS[column.kind](index * DICTIONARIES_PER_COLUMN)
  return column.list === true ? new ListColumn(scalar) : scalar
}
