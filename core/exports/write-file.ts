/** One file: the rows of a statement as Parquet, counted where they lie, then its manifest. */
import { createHash } from 'node:crypto'
import type { BackupStore } from '../backup/backup-store.ts'
import { WattlineError } from '../catalogue/errors/errors.ts'
import type { ExportableStream } from '../model/streams/exportable.ts'
import { type ExportedFiles, exportedType, type TableSlot } from '../warehouse/exported/tables.ts'
import type { Statements, Warehouse } from '../warehouse/warehouse.ts'
import { dataName, type ExportedFile, manifestName, PERIOD_SECONDS } from './layout.ts'
import type { Manifest } from './manifest.ts'
import type { PlannedFile } from './plan.ts'
import { rowsOfFile, rowsStatement } from './statements.ts'

/** What a file needs. */
export interface FileTarget {
  readonly store: BackupStore
  readonly files: ExportedFiles
  /** The table that has the files that there are. */
  readonly slot: TableSlot
  readonly warehouse: Pick<Warehouse, 'fenced' | 'database'>
  readonly statements: Statements
  readonly maxMemoryBytes: number
  readonly version: string
  readonly now: () => number
  readonly signal: AbortSignal
}

/** A statement that takes longer fails, and is tried again. */
const MOST_SECONDS = 3_600

/** A written file, and its size. */
export interface WrittenFile extends ExportedFile {
  readonly bytes: number
}

/**
 * Whatever happens in between, the next attempt writes the same name again: a file without a manifest does not count. Null: there was no row.
 * @throws place_unavailable, warehouse_unavailable
 */
export async function writeFile(
  writer: FileTarget,
  stream: ExportableStream,
  file: PlannedFile,
): Promise<WrittenFile | null> {
  const { store, files, warehouse, statements, slot } = writer
  const name = dataName(file, file.revision)
  const { text, params } = rowsStatement(stream, file, warehouse.database, slot)
  // In the tenant's own session: whatever the statement says, no row of another can get into the file.
  const answer = await warehouse.fenced({
    sql: text,
    origin: 'own',
    params,
    tenant: file.tenant,
    accounts: null,
    format: 'Parquet',
    limits: { maxSeconds: MOST_SECONDS, maxMemoryBytes: writer.maxMemoryBytes, maxResultRows: 0 },
    signal: writer.signal,
    urgency: { nice: 19, isNarrow: true },
  })
  const sha256 = createHash('sha256')
  let bytes = 0
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of answer.chunks) {
      sha256.update(chunk)
      bytes += chunk.length
      yield chunk
    }
  }
  await store.put(name, counted())
  const [found] = await statements.query<{ rows: number }>(rowsOfFile(files, name))
  if (found === undefined) throw new WattlineError('warehouse_unavailable', `${name} cannot be read back.`)
  const written: WrittenFile = { ...file, rows: found.rows, bytes }
  if (written.rows === 0) {
    await store.remove(name)
    return null
  }
  const manifest = manifestOf(writer, stream, written, { name, sha256: sha256.digest('hex') })
  await store.put(manifestName(written), once(JSON.stringify(manifest)))
  return written
}

const manifestOf = (
  { version, now }: FileTarget,
  stream: ExportableStream,
  file: WrittenFile,
  { name, sha256 }: { readonly name: string; readonly sha256: string },
): Manifest => ({
  format: 1,
  tenant: file.tenant,
  table: file.table,
  from: new Date(file.from * 1000).toISOString(),
  to: new Date((file.from + PERIOD_SECONDS[file.unit]) * 1000).toISOString(),
  revision: file.revision,
  file: name,
  rows: file.rows,
  bytes: file.bytes,
  sha256,
  columns: stream.columns.map(column => ({ name: column.name, type: exportedType(column) })),
  version,
  written: new Date(now()).toISOString(),
})

/** Text as the one chunk of an object. */
export async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}
