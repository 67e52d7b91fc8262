/**
 * Restores a backup into an empty data folder. Each file is checked before it gets its final name, so existing files
 * are complete and an interrupted restore continues where it stopped. Until the last file is restored, a marker keeps
 * processes out of the folder.
 */
import { createWriteStream, existsSync, readFileSync } from 'node:fs'
import { mkdir, readdir, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { WattlineError } from '../catalogue/errors/errors.ts'
import { hasNoSpace } from '../runtime/disk-full.ts'
import type { BackupStore } from './backup-store.ts'
import { inTurns } from './in-turns.ts'
import { type BackupManifest, type BackupObject, objectsOf } from './manifest.ts'
import { tableFolder } from './parts.ts'
import type { ByteProgress } from './progress.ts'
import { MARK } from './restoring.ts'
import { unpack } from './tar.ts'
import { damaged } from './verify.ts'
import { Watched } from './watched.ts'

interface RestoreOptions {
  readonly store: BackupStore
  readonly manifest: BackupManifest
  /** The data folder, locked by the caller. */
  readonly data: string
  readonly onProgress: (progress: ByteProgress) => void
}

/** Files that are unpacked here are not checked yet. */
const DRAFTS = 'restoring.d'
/** Files that an empty folder may contain. */
const HARMLESS: ReadonlySet<string> = new Set(['lock', 'lock.pid', 'lost+found', MARK, DRAFTS])
const AT_A_TIME = 4

/** @throws restore_refused unless the folder is empty or contains part of the same restore */
async function assertRestorable(data: string, id: string): Promise<void> {
  const names = await readdir(data).catch(() => [])
  if (existsSync(join(data, MARK))) {
    const begun = readFileSync(join(data, MARK), 'utf8')
    if (begun === id) return
    throw new WattlineError(
      'restore_refused',
      `${data} contains an unfinished restore of backup ${begun}, not of ${id}.`,
    )
  }
  const found = names.find(name => !HARMLESS.has(name))
  if (found !== undefined) {
    throw new WattlineError('restore_refused', `The data folder ${data} is not empty: it contains ${found}.`)
  }
}

/** @throws restore_refused, backup_unusable when a file is missing or damaged, disk_full */
export async function restore(options: RestoreOptions): Promise<void> {
  const { data, manifest } = options
  await assertRestorable(data, manifest.id)
  await assertRoom(data, manifest)
  await rm(join(data, DRAFTS), { recursive: true, force: true })
  await mkdir(join(data, DRAFTS), { recursive: true })
  await writeFile(join(data, MARK), manifest.id, { flush: true })
  await inTurns(targetsOf(manifest, data), AT_A_TIME, bringer(options))
  if (manifest.engine !== null) await bringDefinitions(options, manifest.engine.definitions)
  await rm(join(data, DRAFTS), { recursive: true, force: true })
  await rm(join(data, MARK))
}

interface RestoreTarget {
  readonly object: BackupObject
  /** The file, or the folder into which an archive is unpacked. */
  readonly path: string
  readonly isArchive: boolean
}

const enginePath = (data: string): string => join(data, 'warehouse', 'engine')

const targetsOf = ({ log, engine }: BackupManifest, data: string): readonly RestoreTarget[] => [
  ...(log === null ? [] : [{ object: log.file, path: join(data, 'log', 'data.mdb'), isArchive: false }]),
  ...(engine?.tables ?? []).flatMap(({ uuid, parts }) =>
    parts.map(object => ({
      object,
      path: join(enginePath(data), tableFolder(uuid), object.part),
      isArchive: true,
    })),
  ),
]

/** Restores objects one after another, and reports the total progress. */
function bringer({
  store,
  manifest,
  data,
  onProgress,
}: RestoreOptions): (target: RestoreTarget) => Promise<void> {
  const targets = targetsOf(manifest, data)
  const totalBytes = targets.reduce((sum, { object }) => sum + object.bytes, 0)
  let doneBytes = 0
  let number = 0
  const done = (bytes: number): void => {
    doneBytes += bytes
    onProgress({ doneBytes, totalBytes })
  }
  return async ({ object, path, isArchive }) => {
    if (existsSync(path)) return done(object.bytes)
    const draft = join(data, DRAFTS, String(number++))
    await fetchChecked(store, object, draft, isArchive, done)
    await mkdir(dirname(path), { recursive: true })
    await rename(draft, path)
  }
}

async function fetchChecked(
  store: BackupStore,
  object: BackupObject,
  draft: string,
  isArchive: boolean,
  done: (bytes: number) => void,
): Promise<void> {
  const watched = new Watched(await store.get(object.name), done)
  try {
    if (isArchive) await unpack(watched, draft)
    else await pipeline(watched, createWriteStream(draft, { flush: true }))
  } catch (error) {
    throw asFailure(error, object, store)
  }
  const { bytes, sha256 } = watched.facts()
  if (bytes === object.bytes && sha256 === object.sha256) return
  throw damaged(object, store)
}

function asFailure(error: unknown, object: BackupObject, store: BackupStore): unknown {
  if (error instanceof WattlineError && error.code === 'backup_unusable') return damaged(object, store)
  if (!hasNoSpace(error)) return error
  return new WattlineError('disk_full', 'The disk of the data folder is full.', { cause: error })
}

/** Last: without definitions the engine sees no tables. */
async function bringDefinitions({ store, data }: RestoreOptions, object: BackupObject): Promise<void> {
  const draft = join(data, DRAFTS, 'definitions')
  await fetchChecked(store, object, draft, true, () => undefined)
  await moveInto(draft, enginePath(data))
}

/** Moves files and links; existing folders are kept. */
async function moveInto(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (entry.isDirectory()) await moveInto(join(from, entry.name), join(to, entry.name))
    else await rename(join(from, entry.name), join(to, entry.name))
  }
}

/** Checked first, so that a full disk is reported at once and not after an hour. @throws disk_full */
async function assertRoom(data: string, manifest: BackupManifest): Promise<void> {
  const needed = objectsOf(manifest).reduce((sum, { bytes }) => sum + bytes, 0)
  const volume = await statfs(data)
  const free = volume.bavail * volume.bsize
  if (existsSync(join(data, MARK)) || free > needed) return
  throw new WattlineError(
    'disk_full',
    `The restored data needs ${needed} bytes, but ${data} has only ${free} free.`,
  )
}
