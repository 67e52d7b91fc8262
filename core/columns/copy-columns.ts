import type { Column, StreamDeclaration } from '../model/streams/stream.ts'
import type { ColumnBuilder } from './column.ts'
import type { ColumnView } from './column-views.ts'
import { copierOf } from './copy-rows.ts'
import type { RecordBuilder } from './record-builder.ts'
import type { RecordView } from './record-reader.ts'

/**
 * Appends all values of the columns that two streams have in common to a builder of the other stream, without ending
 * the rows: the caller fills the other columns. Lists are not copied consistently: see `copyRows`.
 */
export function copyColumns<From extends StreamDeclaration, Into extends StreamDeclaration>(
  from: RecordView<From>,
  columns: readonly Column[],
  into: RecordBuilder<Into>,
): void {
  const views = from.columns as Readonly<Record<string, ColumnView<unknown>>>
  const builders = into.columns as Readonly<Record<string, ColumnBuilder>>
  for (const column of columns) {
    const [view, builder] = [views[column.name], builders[column.name]]
    if (view === undefined || builder === undefined) throw new TypeError(`no column ${column.name} in both`)
    const copy = copierOf(column, view, builder)
    for (let row = 0; row < from.rows; row += 1) copy(row)
  }
}
