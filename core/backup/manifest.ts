/** The contents of a backup. It is written last: a backup without a manifest is incomplete and never used. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { WattlineError } from '../catalogue/errors/errors.ts'
import type { BackupStore } from './backup-store.ts'

/** Format of backups. Increased when an older version could not restore what a newer one writes. */
const FORMAT = 1
const count = z.int().min(0)
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

const objectSchema = z.strictObject({
  /** Name in the store. */
  name: z.string(),
  bytes: count,
  sha256,
})
/** One file of a backup. */
export type BackupObject = z.infer<typeof objectSchema>

const partSchema = objectSchema.extend({
  part: z.string(),
  rows: count,
})

const partitionSchema = z.strictObject({
  stream: z.string(),
  partition: count,
  /** Offsets of the oldest record, after the newest, and of each group. */
  first: z.string(),
  end: z.string(),
  committed: z.record(z.string(), z.string()),
})

const manifestSchema = z.strictObject({
  format: z.literal(FORMAT),
  id: z.string(),
  /** Version of the program that made it. */
  version: z.string(),
  takenAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  /** How long inserts into the tables were paused. */
  heldMs: z.number(),
  /** Null: the log is in Kafka. */
  log: z
    .strictObject({ identity: z.string(), file: objectSchema, partitions: z.array(partitionSchema) })
    .nullable(),
  /** Null: the tables are on a ClickHouse server. `definitions` is a tar archive, as is each part. */
  engine: z
    .strictObject({
      definitions: objectSchema,
      tables: z.array(z.strictObject({ name: z.string(), uuid: z.string(), parts: z.array(partSchema) })),
    })
    .nullable(),
})
/**
 * Manifest of a complete backup: its objects with size and SHA-256, and the moment of log and tables that they contain.
 */
export type BackupManifest = z.infer<typeof manifestSchema>

const MANIFESTS = 'backups/'
const nameOf = (id: string): string => `${MANIFESTS}${id}.json`

/** Every object that the backup needs. */
export const objectsOf = ({ log, engine }: BackupManifest): readonly BackupObject[] => [
  ...(log === null ? [] : [log.file]),
  ...(engine === null ? [] : [engine.definitions, ...engine.tables.flatMap(({ parts }) => parts)]),
]

/** Ids of complete backups, oldest first. */
export async function backupsIn(store: BackupStore): Promise<readonly string[]> {
  const names = [...(await store.list(MANIFESTS)).keys()]
  return names
    .filter(name => name.endsWith('.json'))
    .map(name => name.slice(MANIFESTS.length, -'.json'.length))
    .sort()
}

/** Stores the manifest with its own checksum. Call it last: only a backup with a manifest is complete. */
export async function writeManifest(store: BackupStore, manifest: BackupManifest): Promise<void> {
  const text = JSON.stringify(manifest)
  const bytes = Buffer.from(JSON.stringify({ manifest: text, sha256: digest(text) }))
  await store.put(
    nameOf(manifest.id),
    (async function* () {
      yield bytes
    })(),
  )
}

/** Makes the backup incomplete; its objects stay until `prune` finds that no other backup needs them. */
export const removeManifest = (store: BackupStore, id: string): Promise<void> => store.remove(nameOf(id))

/** @throws backup_unusable when it is damaged or from a newer version */
export async function readManifest(store: BackupStore, id: string): Promise<BackupManifest> {
  const pieces: Uint8Array[] = []
  for await (const piece of await store.get(nameOf(id))) pieces.push(piece)
  try {
    const { manifest, sha256 } = JSON.parse(Buffer.concat(pieces).toString('utf8')) as Record<string, string>
    if (manifest === undefined || digest(manifest) !== sha256) throw new Error('its checksum does not match')
    const read = JSON.parse(manifest) as { format?: unknown }
    if (typeof read.format === 'number' && read.format > FORMAT) {
      throw new Error(`it has format ${read.format}, this version reads formats up to ${FORMAT}`)
    }
    return manifestSchema.parse(read)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new WattlineError('backup_unusable', `Backup ${id} in ${store.name} cannot be read: ${reason}.`, {
      cause: error,
    })
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
