/** Contents of an export: files of rows as records, and sums to compare after the import. Written last. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { WattlineError } from '../catalogue/errors/errors.ts'
import type { BackupStore } from './backup-store.ts'

const count = z.int().min(0)

const fileSchema = z.strictObject({
  name: z.string(),
  rows: count,
  bytes: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** For tables with one row per version: the version. */
  version: z.string().optional(),
})
/** One exported file of rows: its object name, row count, size and lower-case hex SHA-256. */
export type MovedFile = z.infer<typeof fileSchema>

/** The files of one part of a table. Written when they are complete, so that a repeated export skips the part. */
export const partFilesSchema = z.array(fileSchema)

const exportSchema = z.strictObject({
  format: z.literal(1),
  id: z.string(),
  version: z.string(),
  takenAt: z.iso.datetime(),
  tables: z.array(z.strictObject({ stream: z.string(), table: z.string(), files: z.array(fileSchema) })),
  /** Number of entries and sums for each tenant of the ledger, as decimal text. */
  ledger: z.array(z.record(z.string(), z.string())),
})
/** Manifest of an export: the files of every table, and each tenant's ledger sums for the importing side to compare. */
export type Export = z.infer<typeof exportSchema>

const NAME = 'export.json'

/** Total rows of the files. */
export const rowsIn = (files: readonly MovedFile[]): number => files.reduce((sum, { rows }) => sum + rows, 0)

/** Stores the manifest of the export with its own checksum. Call it last: an export without it is not complete. */
export const writeExport = (store: BackupStore, made: Export): Promise<void> => {
  const text = JSON.stringify(made)
  return putText(store, NAME, JSON.stringify({ export: text, sha256: sha256Hex(text) }))
}

/** @throws backup_unusable when there is no complete export */
export async function readExport(store: BackupStore): Promise<Export> {
  const text = await readObjectText(store, NAME)
  if (text === null) {
    throw new WattlineError(
      'backup_unusable',
      `There is no complete export in ${store.name}: run \`wattline export\` again.`,
    )
  }
  try {
    const read = JSON.parse(text) as Record<string, string>
    if (read['export'] === undefined || sha256Hex(read['export']) !== read['sha256']) {
      throw new Error('its checksum does not match')
    }
    return exportSchema.parse(JSON.parse(read['export']))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new WattlineError('backup_unusable', `The export in ${store.name} cannot be read: ${reason}.`, {
      cause: error,
    })
  }
}

/** Null: the file does not exist. */
export async function readObjectText(store: BackupStore, name: string): Promise<string | null> {
  try {
    return (await readBytes(store, name)).toString('utf8')
  } catch (error) {
    if (error instanceof WattlineError && error.code === 'backup_unusable') return null
    throw error
  }
}

/** Reads the whole object into memory. @throws WattlineError `backup_unusable` when it is missing */
export async function readBytes(store: BackupStore, name: string): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of await store.get(name)) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** Stores UTF-8 text as one object. */
export const putText = (store: BackupStore, name: string, text: string): Promise<void> =>
  store.put(
    name,
    (async function* () {
      yield Buffer.from(text)
    })(),
  )

/** SHA-256 as lower-case hex. */
export const sha256Hex = (bytes: string | Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex')
