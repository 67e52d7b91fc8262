import { type Data, DataType, type RecordBatch, RecordBatchReader, type Schema } from 'apache-arrow'
import { WattlineError } from '../catalogue/errors/errors.ts'
import type { Column, ScalarKind, StreamDeclaration } from '../model/streams/stream.ts'
import type { ColumnBuilder } from './column.ts'
import { createColumn } from './column-kinds.ts'
import { type ColumnView, createView, type ViewOf } from './column-views.ts'
import { decompressed } from './record-bytes.ts'

/** The columns of a record by name, as views over its bytes. */
export type ViewsOf<S extends StreamDeclaration> = {
  readonly [C in S['columns'][number] as C['name']]: ViewOf<C>
}

/** The rows of one record, by column. */
export interface RecordView<S extends StreamDeclaration> {
  readonly rows: number
  readonly columns: ViewsOf<S>
}

/**
 * Opens a record. All offsets and dictionary ids are checked here, so that reading the views cannot fail. Throws
 * `record_corrupt` when the bytes do not decode or their columns differ from the declaration. zstd's checksum detects
 * damage. `maxRawBytes`: limit for decompression.
 */
export function readRecord<S extends StreamDeclaration>(
  stream: S,
  record: Uint8Array,
  maxRawBytes?: number,
): RecordView<S> {
  return opening(stream, () => {
    const batch = onlyBatch(decompressed(record, maxRawBytes))
    let index = 0
    const views = stream.columns.map(column => {
      const isMissing = column.added === true && batch.schema.fields[index]?.name !== column.name
      const view = isMissing
        ? emptyView(column, batch.numRows)
        : createView(column, dataOf(batch, column, index++), batch.numRows)
      return [column.name, view]
    })
    if (batch.schema.fields.length > index) {
      throw new TypeError(`it has ${batch.schema.fields.length} columns, not ${index}`)
    }
    return { rows: batch.numRows, columns: Object.fromEntries(views) as ViewsOf<S> }
  })
}

/** Reads a single column; nothing else of the record is checked. Throws `record_corrupt`. */
export function readColumn(stream: StreamDeclaration, record: Uint8Array, name: string): ColumnView<unknown> {
  return opening(stream, () => {
    const column = stream.columns.find(declared => declared.name === name)
    if (column === undefined) throw new TypeError(`it has no column ${name}`)
    const batch = onlyBatch(decompressed(record))
    const index = batch.schema.fields.findIndex(field => field.name === name)
    if (index < 0 && column.added === true) return emptyView(column, batch.numRows)
    return createView(column, dataOf(batch, column, index), batch.numRows)
  })
}

/** The value of a column that was added later, in an older record: 0, '', false or null. */
function emptyView(column: Column, rows: number): ColumnView<unknown> {
  const builder = createColumn(column, 0) as ColumnBuilder<unknown>
  const value = column.list === true ? [] : EMPTY[column.kind]
  for (let row = 0; row < rows; row += 1) builder.append(value)
  return createView(column, builder.toData(), rows)
}

const EMPTY: Readonly<Record<ScalarKind, unknown>> = {
  string: '',
  lowCardinality: '',
  stringMap: {},
  traceId: '',
  spanId: '',
  timestampNs: 0n,
  seconds: 0,
  int64: 0n,
  'int64?': null,
  uint64: 0n,
  int32: 0,
  uint32: 0,
  uint8: 0,
  bool: false,
  float32: 0,
  float64: 0,
}

/** Names of the columns that a record holds. Throws `record_corrupt`. */
export const columnsIn = (stream: StreamDeclaration, record: Uint8Array): readonly string[] =>
  opening(stream, () => onlyBatch(decompressed(record)).schema.fields.map(field => field.name))

function opening<T>(stream: StreamDeclaration, open: () => T): T {
  try {
    return open()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new WattlineError(
      'record_corrupt',
      `The record is not one of stream ${stream.name}: ${reason.replace(/\.$/, '')}.`,
      { cause: error },
    )
  }
}

function onlyBatch(bytes: Uint8Array): RecordBatch {
  const reader = RecordBatchReader.from(bytes).open()
  const batches = reader.readAll()
  const [batch, ...more] = batches
  if (batch === undefined || more.length > 0) throw new TypeError('it does not hold exactly one batch')
  return batch
}

function dataOf(batch: RecordBatch, column: Column, index: number): Data {
  const found: Schema['fields'][number] | undefined = batch.schema.fields[index]
  if (found?.name !== column.name) {
    throw new TypeError(`column ${index} is ${found?.name ?? 'missing'}, not ${column.name}`)
  }
  const data = batch.data.children[index]
  if (data === undefined || DataType.isNull(data.type)) throw new TypeError(`${column.name} has no data`)
  return data
}
