/**
 * Exported files as tables of the engine, behind the same row policies as the tables they come from. They are in a database of their own
 * that lives in memory: no credential of a bucket reaches the disk, and the engine opens without the place of the files. Clients see views
 * of them, `exported_<table>`, which have no path, no URL and no column of the file system.
 */
import { EXPORTABLE_STREAMS, type ExportableStream } from '../../model/streams/exportable.ts'
import type { Column } from '../../model/streams/stream.ts'
import { quoteName, quoteText, storedType } from '../tables/column-types.ts'

/** Database of the tables over files. */
export const EXPORTED_DATABASE = 'wattline_exports'

/** Name of the view that clients read. */
export const exportedView = (table: string): string => `exported_${table}`

/** The views of all tables that can be exported; those of exported tables exist. */
export const EXPORTED_VIEWS: readonly string[] = EXPORTABLE_STREAMS.map(({ table }) =>
  exportedView(table.name),
)

/** Type of a column as it is read from a file: text without dictionaries, since a dictionary is shared by all rows of a part. */
export const exportedType = (column: Column): string =>
  storedType(column).replaceAll(/LowCardinality\((\w+)\)/g, '$1')

/** Parquet has no seconds: they become milliseconds, and seconds again when they are read. */
const writtenType = (column: Column): string =>
  exportedType(column).replaceAll(/DateTime\('UTC'\)/g, "DateTime64(3, 'UTC')")

/** The columns of a row as a file holds them. */
export const writtenColumns = (stream: ExportableStream): string =>
  stream.columns
    .map(
      column =>
        `CAST(${quoteName(column.name)}, ${quoteText(writtenType(column))}) AS ${quoteName(column.name)}`,
    )
    .join(', ')

/** A digest of a row, the same for a stored row and for the one in a file. An argument that is NULL would make it NULL. */
export const rowDigest = (stream: ExportableStream): string =>
  `sipHash128(${stream.columns.map(digestPart).join(', ')})`

function digestPart(column: Column): string {
  const type = exportedType(column)
  const value = `CAST(${quoteName(column.name)}, ${quoteText(type)})`
  return type.startsWith('Nullable(') ? `ifNull(toString(${value}), '')` : value
}

/** Where files are, as the engine reads them. */
export type ExportedFiles =
  | { readonly kind: 'folder'; readonly path: string }
  | {
      readonly kind: 's3'
      /** `https://host/bucket/prefix`, without a slash at the end. */
      readonly url: string
      readonly accessKeyId: string
      readonly secretAccessKey: string
      readonly sessionToken: string
    }

/** Files of one table: of all tenants, or below one folder of it. */
export const exportedGlob = (table: string): string => `*/${table}/**/*.parquet`

/**
 * A table over a folder lists its files when it is created, so new files need a new table: two of them take turns behind one view, which always
 * names a table that exists. Over a bucket, one table lists its files for each query.
 */
export const SLOTS = ['a', 'b'] as const
/** One of the two. */
export type TableSlot = (typeof SLOTS)[number]

/** Name of a table over the files of a table, in `EXPORTED_DATABASE`. */
export const slotName = (table: string, slot: TableSlot): string => `${table}_${slot}`

/** The same with its database. */
export const exportedTable = (table: string, slot: TableSlot): string =>
  `${EXPORTED_DATABASE}.${quoteName(slotName(table, slot))}`

/** Statement that creates the database. */
export const CREATE_EXPORTED_DATABASE = `CREATE DATABASE IF NOT EXISTS ${EXPORTED_DATABASE} ENGINE = Memory`

/** Statements after which the view shows the files that there are now. */
export function showFiles(
  files: ExportedFiles,
  stream: ExportableStream,
  slot: TableSlot,
  database: string,
): readonly string[] {
  const { name } = stream.table
  const columns = stream.columns.map(column => `${quoteName(column.name)} ${exportedType(column)}`)
  const names = stream.columns.map(column => quoteName(column.name)).join(', ')
  const table = exportedTable(name, slot)
  return [
    `DROP TABLE IF EXISTS ${table}`,
    `CREATE TABLE ${table} (${columns.join(', ')}) ENGINE = ${engineOf(files, exportedGlob(name))}`,
    `CREATE OR REPLACE VIEW ${quoteName(database)}.${quoteName(exportedView(name))} AS SELECT ${names} FROM ${table}`,
  ]
}

/** One file, for internal statements alone. */
export const oneFile = (files: ExportedFiles, name: string): string =>
  files.kind === 'folder'
    ? `file(${quoteText(`${files.path}/${name}`)}, 'Parquet')`
    : `s3(${s3Arguments(files, name)})`

/** Statements that remove views of tables that are not exported any more. */
export const dropExported = (tables: readonly string[], database: string): readonly string[] =>
  EXPORTABLE_STREAMS.filter(({ table }) => !tables.includes(table.name)).map(
    ({ table }) => `DROP VIEW IF EXISTS ${quoteName(database)}.${quoteName(exportedView(table.name))}`,
  )

const engineOf = (files: ExportedFiles, glob: string): string =>
  files.kind === 'folder'
    ? `File(Parquet, ${quoteText(`${files.path}/${glob}`)})`
    : `S3(${s3Arguments(files, glob)})`

function s3Arguments(files: Extract<ExportedFiles, { kind: 's3' }>, name: string): string {
  const { url, accessKeyId, secretAccessKey, sessionToken } = files
  const login = [accessKeyId, secretAccessKey, ...(sessionToken === '' ? [] : [sessionToken])]
  return [`${url}/${name}`, ...login, 'Parquet'].map(quoteText).join(', ')
}
