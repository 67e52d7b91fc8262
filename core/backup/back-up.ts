/**
 * Copies a snapshot to the backup store. Parts that are there already, from an earlier or interrupted backup, are not
 * copied again: the same content has the same name. The manifest is written last.
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readLogFacts } from '../broker/embedded/facts.ts'
import { WattlineError } from '../catalogue/errors/errors.ts'
import type { BackupStore } from './backup-store.ts'
import { inTurns } from './in-turns.ts'
import {
  type BackupManifest,
  type BackupObject,
  backupsIn,
  objectsOf,
  readManifest,
  writeManifest,
} from './manifest.ts'
import { frozenParts } from './parts.ts'
import type { ByteProgress } from './progress.ts'
import { type Snapshot, snapshotFolder } from './snapshot.ts'
import { packFolder } from './tar.ts'
import { Watched } from './watched.ts'

interface BackUpOptions {
  readonly data: string
  readonly snapshot: Snapshot
  readonly store: BackupStore
  readonly onProgress: (progress: ByteProgress) => void
  readonly now: () => number
}

/** An object to write: its name, the number of source bytes, and its content. */
interface BackupSource {
  readonly name: string
  readonly bytes: number
  readonly open: () => AsyncIterable<Uint8Array>
}

/** Result of a backup that is complete in the store. */
export interface BackedUp {
  readonly manifest: BackupManifest
  /** Bytes of objects that existed already. */
  readonly reusedBytes: number
}

/** @throws backup_refused when the store has backups of another data folder, disk_full, backup_unusable */
export async function backUp(options: BackUpOptions): Promise<BackedUp> {
  const { data, snapshot, store, now } = options
  const folder = snapshotFolder(data, snapshot.id)
  const facts = snapshot.log ? await readLogFacts(join(folder, 'log')) : null
  const parts = await frozenParts(snapshot)
  const log =
    facts === null ? null : await fileSource(join(folder, 'log', 'data.mdb'), `logs/${snapshot.id}.mdb`)
  const definitions = snapshot.tables === null ? null : await definitionsSource(folder, snapshot.id)
  const partSources = parts.map(part => ({
    name: part.object,
    bytes: part.bytes,
    open: () => packFolder(part.folder),
  }))
  const known = await knownObjects(store, facts?.identity ?? null, snapshot)
  const sources = [log, definitions, ...partSources].filter(source => source !== null)
  const { copied, reusedBytes } = await copyAll(sources, known, options)
  const objectOf = (name: string): BackupObject => copied.get(name)!
  const manifest: BackupManifest = {
    format: 1,
    id: snapshot.id,
    version: snapshot.version,
    takenAt: snapshot.takenAt,
    finishedAt: new Date(now()).toISOString(),
    heldMs: snapshot.heldMs,
    log: facts && {
      identity: facts.identity,
      file: objectOf(log!.name),
      partitions: facts.partitions.map(({ stream, partition, first, end, committed }) => ({
        stream,
        partition,
        first: String(first),
        end: String(end),
        committed: Object.fromEntries([...committed].map(([group, offset]) => [group, String(offset)])),
      })),
    },
    engine: snapshot.tables && {
      definitions: objectOf(definitions!.name),
      tables: snapshot.tables.map(({ name, uuid }) => ({
        name,
        uuid,
        parts: parts
          .filter(part => part.uuid === uuid)
          .map(({ part, rows, object }) => ({ part, rows, ...objectOf(object) })),
      })),
    },
  }
  await assertThere(store, objectsOf(manifest))
  await writeManifest(store, manifest)
  return { manifest, reusedBytes }
}

async function fileSource(file: string, name: string): Promise<BackupSource> {
  const { size } = await stat(file)
  return { name, bytes: size, open: () => createReadStream(file, { highWaterMark: 1024 * 1024 }) }
}

async function definitionsSource(folder: string, id: string): Promise<BackupSource> {
  return { name: `definitions/${id}.tar`, bytes: 0, open: () => packFolder(join(folder, 'engine')) }
}

/** Objects of the existing backups, by name. */
async function knownObjects(
  store: BackupStore,
  identity: string | null,
  snapshot: Snapshot,
): Promise<ReadonlyMap<string, BackupObject>> {
  const known = new Map<string, BackupObject>()
  const ids = await backupsIn(store)
  for (const id of ids) {
    const manifest = await readManifest(store, id)
    const uuids = new Set(manifest.engine?.tables.map(({ uuid }) => uuid))
    const isOurs =
      (identity !== null && manifest.log?.identity === identity) ||
      snapshot.tables?.some(({ uuid }) => uuids.has(uuid)) === true
    if (!isOurs) {
      throw new WattlineError(
        'backup_refused',
        `${store.name} contains backup ${id} of another data folder. Use a separate folder or S3 prefix for each data folder.`,
      )
    }
    for (const object of objectsOf(manifest)) known.set(object.name, object)
  }
  return known
}

/** Concurrent objects: small ones mostly wait for the disk or the network. */
const AT_A_TIME = 4

async function copyAll(
  sources: readonly BackupSource[],
  known: ReadonlyMap<string, BackupObject>,
  { store, onProgress }: BackUpOptions,
): Promise<{ readonly copied: ReadonlyMap<string, BackupObject>; readonly reusedBytes: number }> {
  const there = await store.list('parts/')
  const copied = new Map<string, BackupObject>()
  const totalBytes = sources.reduce((sum, { bytes }) => sum + bytes, 0)
  let [doneBytes, reusedBytes] = [0, 0]
  const done = (bytes: number): void => {
    doneBytes += bytes
    onProgress({ doneBytes: Math.min(doneBytes, totalBytes), totalBytes })
  }
  await inTurns(sources, AT_A_TIME, async source => {
    let passed = 0
    const pass = (bytes: number): void => {
      passed += bytes
      done(bytes)
    }
    const before = known.get(source.name)
    const size = there.get(source.name)
    let object: BackupObject
    if (before !== undefined && before.bytes === size) {
      object = before
      reusedBytes += object.bytes
    } else {
      // An interrupted backup did not record the checksum, so it is computed from the source, without writing.
      const watched = new Watched(source.open(), pass)
      if (size === undefined) await store.put(source.name, watched)
      else for await (const _ of watched);
      object = { name: source.name, ...watched.facts() }
      if (size !== undefined && size !== object.bytes) await store.put(source.name, source.open())
      else if (size !== undefined) reusedBytes += object.bytes
    }
    copied.set(source.name, object)
    done(source.bytes - passed)
  })
  return { copied, reusedBytes }
}

/** Checks what the store lists, whatever it answered to the write. */
async function assertThere(store: BackupStore, objects: readonly BackupObject[]): Promise<void> {
  const there = new Map<string, number>()
  for (const prefix of ['logs/', 'definitions/', 'parts/']) {
    for (const [name, size] of await store.list(prefix)) there.set(name, size)
  }
  const missing = objects.filter(({ name, bytes }) => there.get(name) !== bytes)
  if (missing.length === 0) return
  throw new WattlineError(
    'backup_unusable',
    `${missing.length} files of the backup in ${store.name} are missing or incomplete, such as ${missing[0]!.name}.`,
  )
}
