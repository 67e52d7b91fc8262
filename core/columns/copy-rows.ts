/**
 * Copies rows of a record into a builder of the same stream: to combine small records, to leave out rows, to replace
 * the values of a column. Every byte of the result is written here, whatever wrote the original record.
 */

import { WattlineError } from '../catalogue/errors/errors.ts'
import type { Column, ScalarKind, StreamDeclaration } from '../model/streams/stream.ts'
import type { ColumnBuilder } from './column.ts'
import { type BuilderOfKind, ID_WIDTH } from './column-kinds.ts'
import type { ColumnView, IdView, Int64View, ListView, StringView, ViewOfKind } from './column-views.ts'
import type { IdColumn } from './id-column.ts'
import type { Int64Column } from './int64-column.ts'
import type { Interner } from './interner.ts'
import type { ListColumn } from './list-column.ts'
import type { RecordBuilder } from './record-builder.ts'
import type { RecordView } from './record-reader.ts'

/** Appends the value of one row of a view to a builder. */
type CopyOne = (row: number) => void

type Copiers = {
  readonly [Kind in ScalarKind]: (view: ViewOfKind[Kind], into: BuilderOfKind[Kind]) => CopyOne
}

const COPIERS: Copiers = {
  string:
    ({ bytes, offsets }, into) =>
    row =>
      into.appendBytes(bytes, offsets[row]!, offsets[row + 1]!),
  lowCardinality: ({ ids, dictionary }, into) => {
    const idOf = interned(dictionary, into.values)
    return row => into.appendId(idOf(ids[row]!))
  },
  stringMap: ({ offsets, keys, values }, into) => {
    const keyOf = interned(keys.dictionary, into.keys)
    const textOf = interned(values.dictionary, into.values)
    return row => {
      for (let at = offsets[row]!; at < offsets[row + 1]!; at += 1) {
        into.put(keyOf(keys.ids[at]!), textOf(values.ids[at]!))
      }
      into.endRow()
    }
  },
  traceId: (view, into) => copyId(view, into, ID_WIDTH.traceId),
  spanId: (view, into) => copyId(view, into, ID_WIDTH.spanId),
  timestampNs: copyInt64,
  int64: copyInt64,
  uint64: copyInt64,
  'int64?': plain,
  seconds: plain,
  int32: plain,
  uint32: plain,
  uint8: plain,
  bool: plain,
  float32: plain,
  float64: plain,
}

/**
 * Appends the given rows to the builder, once each, in the given order. `fixed`: values that replace the record's own,
 * by column. @throws WattlineError `record_corrupt` for lists of a Nested with different lengths; the builder is then
 * unchanged.
 */
export function copyRows<S extends StreamDeclaration>(
  from: RecordView<S>,
  rows: ArrayLike<number>,
  into: RecordBuilder<S>,
  fixed: Readonly<Record<string, string>> = {},
): void {
  const { stream } = into
  checkNested(stream, from)
  const views = from.columns as Readonly<Record<string, ColumnView<unknown>>>
  const builders = into.columns as Readonly<Record<string, ColumnBuilder>>
  for (const column of stream.columns) {
    const builder = builders[column.name]!
    const value = fixed[column.name]
    const copy =
      value === undefined
        ? copierOf(column, views[column.name]!, builder)
        : () => (builder as ColumnBuilder<string>).append(value)
    for (let at = 0; at < rows.length; at += 1) copy(rows[at]!)
  }
  for (let at = 0; at < rows.length; at += 1) into.endRow()
}

/**
 * The parts of a Nested (`Events.Name`, `Events.Timestamp`) must have the same number of values in each row: the engine
 * refuses anything else.
 */
export function checkNested<S extends StreamDeclaration>(stream: S, record: RecordView<S>): void {
  const views = record.columns as Readonly<Record<string, ColumnView<unknown>>>
  const first = new Map<string, Int32Array>()
  for (const { name, list } of stream.columns) {
    const dot = name.indexOf('.')
    if (list !== true || dot < 0) continue
    const { offsets } = views[name] as ListView<ColumnView<unknown>, unknown>
    const group = name.slice(0, dot)
    const expected = first.get(group)
    if (expected === undefined) {
      first.set(group, offsets)
      continue
    }
    for (let row = 0; row < record.rows; row += 1) {
      if (offsets[row + 1]! - offsets[row]! === expected[row + 1]! - expected[row]!) continue
      throw new WattlineError(
        'record_corrupt',
        `The record is not one of stream ${stream.name}: row ${row} has lists of different lengths under ${group}.`,
      )
    }
  }
}

/** Appends values of a view to a builder of the same kind, by row of the view. */
export function copierOf(column: Column, view: ColumnView<unknown>, into: ColumnBuilder): CopyOne {
  const scalar = COPIERS[column.kind] as (view: ColumnView<unknown>, into: ColumnBuilder) => CopyOne
  if (column.list !== true) return scalar(view, into)
  const { offsets, items } = view as ListView<ColumnView<unknown>, unknown>
  const list = into as ListColumn<ColumnBuilder, never>
  const copy = scalar(items, list.items)
  return row => {
    for (let at = offsets[row]!; at < offsets[row + 1]!; at += 1) copy(at)
    list.endRow()
  }
}

/** The builder's ids of dictionary values, each looked up once on first use. */
function interned({ length, bytes, offsets }: StringView, into: Interner): (id: number) => number {
  const known = new Int32Array(length).fill(-1)
  return id => {
    if (known[id] === -1) known[id] = into.internBytes(bytes, offsets[id]!, offsets[id + 1]!)
    return known[id]!
  }
}

function copyId({ bytes, isPresent }: IdView, into: IdColumn, width: number): CopyOne {
  return row => {
    if (isPresent(row)) into.appendBytes(bytes, row * width)
    else into.appendNull()
  }
}

/** Copies the two 32-bit parts: a BigInt per value would be an object per value. */
function copyInt64({ values }: Int64View, into: Int64Column): CopyOne {
  const parts = new Uint32Array(values.buffer, values.byteOffset, values.length * 2)
  return row => into.appendParts(parts[row * 2]!, parts[row * 2 + 1]!)
}

function plain<Value>(view: ColumnView<Value>, into: { append(value: Value): void }): CopyOne {
  return row => into.append(view.get(row))
}
