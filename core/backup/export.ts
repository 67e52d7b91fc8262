/**
 * Writes the rows of frozen tables to files. Each file is a record as in the log, so any warehouse can insert it under
 * a token. Files are made part by part and row range by row range, so the same parts give the same files, and a
 * repeated export does not write the files of an interrupted one again.
 */
import { createReadStream } from 'node:fs'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { WattlineError } from '../catalogue/errors/errors.ts'
import { silentEvents } from '../catalogue/events/events.ts'
import { STREAMS } from '../model/streams/index.ts'
import { type StreamDeclaration, tablesOf } from '../model/streams/stream.ts'
import { openEmbeddedWarehouse } from '../warehouse/embedded/embedded.ts'
import { linkParts } from '../warehouse/embedded/thaw.ts'
import { existingTables } from '../warehouse/migration/existing.ts'
import type { ExistingTable } from '../warehouse/migration/migration.ts'
import { exportToFile, ledgerSums } from '../warehouse/move.ts'
import { quoteText } from '../warehouse/tables/column-types.ts'
import type { Statements } from '../warehouse/warehouse.ts'
import type { BackupStore } from './backup-store.ts'
import {
  type Export,
  type MovedFile,
  partFilesSchema,
  putText,
  readObjectText,
  sha256Hex,
  writeExport,
} from './moved.ts'
import { describePart } from './parts.ts'
import type { ByteProgress } from './progress.ts'
import { type Snapshot, snapshotFolder } from './snapshot.ts'

interface TableExportOptions {
  readonly data: string
  readonly snapshot: Snapshot
  readonly store: BackupStore
  readonly maxMemoryBytes: number
  /** Counts rows instead of bytes. */
  readonly onProgress: (progress: ByteProgress) => void
}

/** Rows of one insert, at most some tens of megabytes. */
const FILE_ROWS = 131_072

interface ExportedPart {
  readonly name: string
  readonly rows: number
  readonly path: string
}

/** @throws backup_refused when the tables are not embedded */
export async function exportTables(options: TableExportOptions): Promise<Export> {
  const { data, snapshot, store, onProgress } = options
  if (snapshot.parts === null) {
    throw new WattlineError('backup_refused', 'The tables are already on a ClickHouse server.')
  }
  const path = join(snapshotFolder(data, snapshot.id), 'reading')
  await mkdir(path, { recursive: true })
  await rename(join(snapshotFolder(data, snapshot.id), 'engine'), join(path, 'engine'))
  await linkParts(snapshot.parts, join(path, 'engine'))
  const warehouse = await openEmbeddedWarehouse({
    path,
    maxMemoryBytes: options.maxMemoryBytes,
    events: silentEvents,
  })
  try {
    const statements = warehouse.statements!
    await statements.run('SYSTEM STOP MERGES')
    const known = await existingTables(warehouse)
    const streams = STREAMS.flatMap(tablesOf).flatMap(stream => storedUnder(stream, known))
    const totalBytes = await totalRows(
      statements,
      streams.map(({ stream }) => stream),
    )
    let doneBytes = 0
    const done = (rows: number): void => {
      doneBytes += rows
      onProgress({ doneBytes, totalBytes })
    }
    const writer: Writer = { statements, store, draft: join(path, 'draft.arrow.zst'), done }
    const tables: Export['tables'] = []
    for (const { stream, name } of streams) {
      const columns = known.get(stream.table!.name)!.columns
      tables.push({ stream: stream.name, table: name, files: await exportTable(writer, stream, columns) })
    }
    const ledger = [...(await statements.query<Record<string, string>>(ledgerSums(statements.dialect)))]
    const made: Export = {
      format: 1,
      id: snapshot.id,
      version: snapshot.version,
      takenAt: snapshot.takenAt,
      tables,
      ledger,
    }
    await writeExport(store, made)
    return made
  } finally {
    await warehouse.close()
    await rm(path, { recursive: true, force: true })
  }
}

interface SnapshotStream {
  /** With the name that its table has in the snapshot. */
  readonly stream: StreamDeclaration
  /** The table's name in this release. */
  readonly name: string
}

/** The stream, if the snapshot has its table: one of an earlier release under the table's former name. */
function storedUnder(
  stream: StreamDeclaration,
  known: ReadonlyMap<string, ExistingTable>,
): readonly SnapshotStream[] {
  const { table } = stream
  if (table === undefined) return []
  if (known.has(table.name)) return [{ stream, name: table.name }]
  const { formerly } = table
  if (formerly === undefined || !known.has(formerly)) return []
  return [{ stream: { ...stream, table: { ...table, name: formerly } }, name: table.name }]
}

async function totalRows(
  { query, dialect }: Statements,
  streams: readonly StreamDeclaration[],
): Promise<number> {
  const names = streams.map(({ table }) => quoteText(table!.name)).join(', ')
  const [row] = await query<{ n: number }>(
    `SELECT toFloat64(sum(total_rows)) AS n FROM system.tables WHERE database = ${quoteText(dialect.database)} AND name IN (${names})`,
  )
  return row?.n ?? 0
}

interface Writer {
  readonly statements: Statements
  readonly store: BackupStore
  /** Folder for the engine's output. */
  readonly draft: string
  readonly done: (rows: number) => void
}

async function exportTable(
  writer: Writer,
  stream: StreamDeclaration,
  columns: ReadonlySet<string>,
): Promise<MovedFile[]> {
  const table = stream.table!
  if (table.engine === 'ReplacingMergeTree') return await exportVersions(writer, stream, columns)
  const files: MovedFile[] = []
  for (const part of await partsOf(writer.statements, table.name)) {
    const { object } = await describePart({
      table: table.name,
      uuid: table.name,
      part: part.name,
      folder: part.path,
    })
    const list = `${object.replace(/^parts/, 'tables').replace(/\.tar$/, '')}.json`
    const before = await readObjectText(writer.store, list)
    const made =
      before === null
        ? await exportPart(writer, stream, columns, part, list)
        : partFilesSchema.parse(JSON.parse(before))
    if (before !== null) writer.done(part.rows)
    files.push(...made)
  }
  return files
}

/** Parts of the table, ordered by name. */
const partsOf = ({ query, dialect }: Statements, table: string): Promise<readonly ExportedPart[]> =>
  query(
    `SELECT name, toFloat64(rows) AS rows, path FROM system.parts
     WHERE active AND database = {database:String} AND table = {table:String} ORDER BY name`,
    { database: dialect.database, table },
  )

async function exportPart(
  writer: Writer,
  stream: StreamDeclaration,
  columns: ReadonlySet<string>,
  part: ExportedPart,
  list: string,
): Promise<MovedFile[]> {
  const files: MovedFile[] = []
  for (let from = 0; from < part.rows; from += FILE_ROWS) {
    const rows = Math.min(FILE_ROWS, part.rows - from)
    const condition = `_part = ${quoteText(part.name)} AND _part_offset >= ${from} AND _part_offset < ${from + rows}`
    const name = `${list.replace(/\.json$/, '')}-${from}.arrow.zst`
    files.push(await exportFile(writer, stream, columns, condition, { name, rows }))
  }
  await putText(writer.store, list, JSON.stringify(files))
  return files
}

/** One file per version: the other side may have some of them. */
async function exportVersions(
  writer: Writer,
  stream: StreamDeclaration,
  columns: ReadonlySet<string>,
): Promise<MovedFile[]> {
  const { name: table, identity = 'Version' } = stream.table!
  const versions = await writer.statements.query<{ version: string; rows: number }>(
    `SELECT ${identity} AS version, toFloat64(count()) AS rows FROM ${writer.statements.dialect.database}.${table} FINAL GROUP BY version ORDER BY version`,
  )
  const files: MovedFile[] = []
  for (const { version, rows } of versions) {
    const name = `tables/${table}/${sha256Hex(version).slice(0, 16)}.arrow.zst`
    const condition = `${identity} = ${quoteText(version)}`
    const file = await exportFile(writer, stream, columns, condition, { name, rows })
    files.push({ ...file, version })
  }
  return files
}

async function exportFile(
  { statements, store, draft, done }: Writer,
  stream: StreamDeclaration,
  columns: ReadonlySet<string>,
  condition: string,
  { name, rows }: { readonly name: string; readonly rows: number },
): Promise<MovedFile> {
  await statements.run(exportToFile(stream, columns, condition, draft, statements.dialect))
  const [found] = await statements.query<{ n: number }>(
    `SELECT toFloat64(count()) AS n FROM file(${quoteText(draft)}, 'ArrowStream', 'auto', 'zstd')`,
  )
  if (found?.n !== rows) {
    throw new WattlineError('invariant_broken', `${name} should have ${rows} rows, but has ${found?.n}.`)
  }
  const bytes = await readFile(draft)
  await store.put(name, createReadStream(draft))
  done(rows)
  return { name, rows, bytes: bytes.length, sha256: sha256Hex(bytes) }
}
