import type { RowOf, StreamDeclaration } from '../model/streams/stream.ts'
import type { ColumnBuilder } from './column.ts'
import type { CellValue, ColumnView } from './column-views.ts'
import { createRecordBuilder, type RecordBuilder } from './record-builder.ts'
import { readRecord } from './record-reader.ts'

/**
 * Converts row objects to a record and back: for writers of few rows (readings, ledger entries) and for tests. Ids must
 * be hex of the right length or '' (RangeError otherwise); entries of a map keep their order.
 */
export function encodeRows<S extends StreamDeclaration>(stream: S, rows: readonly RowOf<S>[]): Uint8Array {
  const builder = createRecordBuilder(stream)
  appendRows(builder, rows)
  return builder.finish()
}

/** Appends rows to a record builder. */
export function appendRows<S extends StreamDeclaration>(
  builder: RecordBuilder<S>,
  rows: readonly RowOf<S>[],
): void {
  const columns = builder.columns as Readonly<Record<string, ColumnBuilder<CellValue>>>
  const records = rows as readonly Readonly<Record<string, CellValue>>[]
  try {
    // Column by column: what a column looks up stays in the cache.
    for (const { name } of builder.stream.columns) {
      const column = columns[name]!
      for (const row of records) column.append(row[name]!)
    }
  } catch (error) {
    builder.discardRow()
    throw error
  }
  for (let left = records.length; left > 0; left -= 1) builder.endRow()
}

/** Throws `record_corrupt` when the bytes are not a record of the stream. */
export function decodeRows<S extends StreamDeclaration>(stream: S, record: Uint8Array): RowOf<S>[] {
  const view = readRecord(stream, record)
  const columns = Object.entries(view.columns as Readonly<Record<string, ColumnView<CellValue>>>)
  return Array.from(
    { length: view.rows },
    (_, row) => Object.fromEntries(columns.map(([name, column]) => [name, column.get(row)])) as RowOf<S>,
  )
}
