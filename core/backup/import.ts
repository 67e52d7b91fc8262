/**
 * Inserts the files of an export into other tables, each under a token derived from its content, so that no file is
 * inserted twice. At the end it compares the number of rows and the sums of the books with the export.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { WattlineError } from '../catalogue/errors/errors.ts'
import { STREAMS } from '../model/streams/index.ts'
import { type StreamDeclaration, tablesOf } from '../model/streams/stream.ts'
import { backoffMs } from '../runtime/backoff.ts'
import { LEDGER_SUMS, ledgerSums } from '../warehouse/move.ts'
import { qualified } from '../warehouse/tables/ddl.ts'
import type { Statements, Warehouse } from '../warehouse/warehouse.ts'
import type { BackupStore } from './backup-store.ts'
import {
  type Export,
  type MovedFile,
  putText,
  readBytes,
  readObjectText,
  rowsIn,
  sha256Hex,
} from './moved.ts'
import type { ByteProgress } from './progress.ts'

interface ImportOptions {
  readonly store: BackupStore
  readonly made: Export
  /** Its tables exist already. */
  readonly warehouse: Pick<Warehouse, 'insert' | 'statements'>
  /** Identifies this target: its address. */
  readonly target: string
  /** Counts rows instead of bytes. */
  readonly onProgress: (progress: ByteProgress) => void
}

const stateSchema = z.strictObject({
  /** Rows that existed before the first file. */
  rows: z.record(z.string(), z.number()),
  ledger: z.array(z.record(z.string(), z.string())),
  /** Names of imported files. */
  done: z.array(z.string()),
})
type ImportState = z.infer<typeof stateSchema>

const TRIES = 8
const FIRST_RETRY_MS = 500
const MAX_RETRY_MS = 15_000
/**
 * The state is written after this many files: later files are sent again after an interruption, and their tokens
 * prevent duplicates.
 */
const KEEP_EVERY = 16

/**
 * Resolves with the differences from the export; empty when there are none. @throws backup_unusable,
 * warehouse_unavailable
 */
export async function importTables(options: ImportOptions): Promise<readonly string[]> {
  const { store, made, warehouse, target, onProgress } = options
  const statements = warehouse.statements!
  const stateName = `imports/${sha256Hex(`${made.id} ${target}`).slice(0, 16)}.json`
  const before = await readObjectText(store, stateName)
  const state = before === null ? await newState(statements, made) : stateSchema.parse(JSON.parse(before))
  const keep = (): Promise<void> => putText(store, stateName, JSON.stringify(state))
  if (before === null) await keep()
  const done = new Set(state.done)
  const totalBytes = made.tables.reduce((sum, { files }) => sum + rowsIn(files), 0)
  let doneBytes = 0
  for (const { stream: name, table, files } of made.tables) {
    const stream = streamOf(name, table)
    for (const file of files) {
      if (!done.has(file.name)) {
        await importFile(options, statements, stream, file)
        state.done.push(file.name)
        if (state.done.length % KEEP_EVERY === 0) await keep()
      }
      doneBytes += file.rows
      onProgress({ doneBytes, totalBytes })
    }
  }
  await keep()
  return await compare(statements, made, state)
}

function streamOf(name: string, table: string): StreamDeclaration {
  const found = STREAMS.flatMap(tablesOf).find(
    stream => stream.name === name && (stream.table?.name === table || stream.table?.formerly === table),
  )
  if (found !== undefined) return found
  throw new WattlineError(
    'backup_unusable',
    `This version has no stream ${name}: it is older than the export.`,
  )
}

async function newState(statements: Statements, made: Export): Promise<ImportState> {
  const rows: Record<string, number> = {}
  for (const { table } of made.tables) rows[table] = await countOf(statements, table)
  return {
    rows,
    ledger: [...(await statements.query<Record<string, string>>(ledgerSums(statements.dialect)))],
    done: [],
  }
}

async function countOf({ query, dialect }: Statements, table: string): Promise<number> {
  const [row] = await query<{ n: number }>(`SELECT toFloat64(count()) AS n FROM ${qualified(dialect, table)}`)
  return row?.n ?? 0
}

async function importFile(
  { store, warehouse }: ImportOptions,
  statements: Statements,
  stream: StreamDeclaration,
  file: MovedFile,
): Promise<void> {
  if (file.version !== undefined && (await hasVersion(statements, stream, file.version))) return
  const bytes = await readBytes(store, file.name)
  if (sha256Hex(bytes) !== file.sha256) {
    throw new WattlineError(
      'backup_unusable',
      `${file.name} in ${store.name} is damaged: its checksum does not match.`,
    )
  }
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await warehouse.insert(stream, bytes, `import/${file.sha256}`)
    } catch (error) {
      const isPassing = error instanceof WattlineError && error.disposition === 'retry'
      if (!isPassing || attempt + 1 === TRIES) throw error
      await delay(backoffMs(attempt, FIRST_RETRY_MS, MAX_RETRY_MS))
    }
  }
}

async function hasVersion(
  { query, dialect }: Statements,
  { table }: StreamDeclaration,
  version: string,
): Promise<boolean> {
  const [row] = await query<{ n: number }>(
    `SELECT toFloat64(count()) AS n FROM ${qualified(dialect, table!.name)} WHERE ${table!.identity ?? 'Version'} = {version:String}`,
    { version },
  )
  return (row?.n ?? 0) > 0
}

/** The differences. Rows that others wrote meanwhile show up here too. */
async function compare(statements: Statements, made: Export, state: ImportState): Promise<string[]> {
  const findings: string[] = []
  for (const { table, files } of made.tables) {
    if (files.some(({ version }) => version !== undefined)) continue
    const expected = (state.rows[table] ?? 0) + rowsIn(files)
    const found = await countOf(statements, table)
    if (found !== expected) findings.push(`${table} has ${found} rows, expected ${expected}`)
  }
  const sums = new Map(
    (await statements.query<Record<string, string>>(ledgerSums(statements.dialect))).map(row => [
      row['tenant'],
      row,
    ]),
  )
  const before = new Map(state.ledger.map(row => [row['tenant'], row]))
  for (const row of made.ledger) {
    for (const name of ['entries', ...LEDGER_SUMS]) {
      const expected = BigInt(row[name] ?? 0) + BigInt(before.get(row['tenant'])?.[name] ?? 0)
      const found = BigInt(sums.get(row['tenant'])?.[name] ?? 0)
      if (found !== expected)
        findings.push(`ledger of tenant ${row['tenant']}: ${name} is ${found}, expected ${expected}`)
    }
  }
  return findings
}
