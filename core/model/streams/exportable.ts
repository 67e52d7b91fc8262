import { STREAMS } from './index.ts'
import { type StreamDeclaration, tablesOf } from './stream.ts'
import { timeColumnOf } from './time.ts'

/** A stream whose table can be exported: its rows have a tenant and a time. */
export type ExportableStream = StreamDeclaration & { readonly table: NonNullable<StreamDeclaration['table']> }

const isExportable = (stream: StreamDeclaration): stream is ExportableStream =>
  stream.table !== undefined &&
  stream.columns.some(({ name }) => name === 'Tenant') &&
  timeColumnOf(stream) !== undefined

/** All of them. */
export const EXPORTABLE_STREAMS: readonly ExportableStream[] = STREAMS.flatMap(tablesOf).filter(isExportable)

/** Names of their tables, as the configuration names them. */
export const EXPORTABLE_TABLES: readonly string[] = EXPORTABLE_STREAMS.map(({ table }) => table.name)
