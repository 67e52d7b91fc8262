/**
 * A thin layer over LMDB: get, range, write one atomic batch. Nothing above it uses LMDB.
 *
 * Durability, with evidence. `overlappingSync: false` makes lmdb-js commit in its worker thread with LMDB's own
 * synchronous commit: data pages, `fdatasync`, then the meta page through a descriptor opened with O_DSYNC (strace:
 * `pwritev(22)`, `fdatasync(22)`, `pwrite64(23)` on `openat(..., O_WRONLY|O_DSYNC)`). Only then does the write promise
 * resolve. With lmdb-js's default (`overlappingSync: true`) the promise resolves before the sync, and a second promise,
 * `flushed`, follows it. One write is in flight at a time, so the batch of a rejected promise is known exactly.
 */
import { closeSync, fsyncSync, openSync, statSync } from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { open, type RootDatabase } from 'lmdb'
import { WattlineError } from '../../catalogue/errors/errors.ts'
import { makeFolder } from '../../runtime/make-folder.ts'
import { errorNumber, isDamage, openFailure, writeFailure } from './failure.ts'
import { checkDataFile } from './file-check.ts'
import type { KeyRange } from './keys.ts'
import type { LmdbOperation } from './record.ts'
import { volumeOf } from './space.ts'

/** LMDB's name for its data file. */
const DATA_FILE = 'data.mdb'

/** The key-value store under the log. Reads are synchronous from the memory map; writes are durable. */
export interface LogStore {
  /** A view that is valid until the next call of any method. */
  get(key: Uint8Array): Uint8Array | undefined
  /** Entries of the range in order; copies. */
  entries(range: KeyRange): Iterable<{ readonly key: Uint8Array; readonly value: Uint8Array }>
  /** Lets `get` and `entries` see the latest write; without it they may lag by up to one event turn. */
  refresh(): void
  /** Atomic, and on disk when it resolves. Rejects with `disk_full` or `broker_unavailable`. One call at a time. */
  write(operations: readonly LmdbOperation[]): Promise<void>
  /**
   * Copies everything stored at the moment when it resolves into the empty folder `path`. Writing continues meanwhile.
   */
  copyTo(path: string): Promise<StartedCopy>
  close(): Promise<void>
}

/** A running copy: later writes are not in it. */
interface StartedCopy {
  /** Resolves when the copy is complete and on disk. */
  readonly done: Promise<void>
}

type Database = RootDatabase<Buffer, Uint8Array>

/**
 * Address space reserved for a log of this many bytes: keys and free pages come on top of the records. LMDB enlarges a
 * map that is too small, but keeps the old ones mapped, and each counts as resident memory again.
 */
const mapBytes = (maxBytes: number): number => Math.ceil((2 * maxBytes) / MAP_STEP + 1) * MAP_STEP
const MAP_STEP = 256 * 1024 * 1024

/** Opens or creates the log in the folder `path`; throws `data_unusable` when the existing files cannot be used. */
export function openStore(path: string, maxBytes: number): LogStore {
  try {
    makeFolder(path)
    checkDataFile(join(path, DATA_FILE))
    const mapSize = mapBytes(maxBytes)
    const store = new LmdbStore(path, mapSize, openDatabase(path, mapSize))
    syncFolder(path)
    syncFolder(dirname(path))
    return store
  } catch (error) {
    throw openFailure(path, error)
  }
}

const openDatabase = (path: string, mapSize: number): Database =>
  open<Buffer, Uint8Array>({
    path,
    encoding: 'binary',
    keyEncoding: 'binary',
    overlappingSync: false,
    // Batches are made here. The wrapper that lmdb-js would put around each event turn has a promise that no caller can
    // catch: one failed write would end the process as an unhandled rejection.
    eventTurnBatching: false,
    noSubdir: false,
    mapSize,
  })

/** The names of new files are durable only after a sync of their folder. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

class LmdbStore implements LogStore {
  readonly #path: string
  readonly #mapSize: number
  /** null while it is being reopened: reading a closed LMDB would end the process. */
  #database: Database | null
  /** After an I/O error LMDB refuses further transactions until it is reopened. */
  #broken = false

  constructor(path: string, mapSize: number, database: Database) {
    this.#path = path
    this.#mapSize = mapSize
    this.#database = database
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const found = this.#find(key)
    // lmdb-js overrides `length` of its reused buffer; the typed array behind it is longer.
    return found === undefined ? undefined : new Uint8Array(found.buffer, found.byteOffset, found.length)
  }

  /** An entry on a damaged page counts as missing: the caller reports it and continues with the next. */
  #find(key: Uint8Array): Buffer | undefined {
    try {
      return this.#opened().getBinaryFast(key)
    } catch (error) {
      if (isDamage(error)) return undefined
      throw error
    }
  }

  *entries(range: KeyRange): Iterable<{ readonly key: Uint8Array; readonly value: Uint8Array }> {
    for (const entry of this.#opened().getRange({ start: range.start, end: range.end })) {
      yield { key: Uint8Array.from(entry.key), value: Uint8Array.from(entry.value) }
    }
  }

  refresh(): void {
    this.#opened().resetReadTxn()
  }

  async write(operations: readonly LmdbOperation[]): Promise<void> {
    try {
      if (this.#broken) await this.#reopen()
      const database = this.#opened()
      await database.batch(() => {
        for (const { key, value } of operations) {
          if (value === null) void database.remove(key)
          else void database.put(key, Buffer.from(value.buffer, value.byteOffset, value.byteLength))
        }
      })
    } catch (error) {
      const failure = writeFailure(
        await realCause(error),
        volumeOf(this.#path).freeBytes() < sizeOf(operations),
      )
      this.#broken = failure.code !== 'disk_full' || this.#database === null
      throw failure
    }
  }

  async copyTo(path: string): Promise<StartedCopy> {
    let settled = false
    // Without free pages: after an outage they can be most of the file.
    const copied = this.#opened().backup(path, true)
    const done = copied
      .finally(() => {
        settled = true
      })
      .then(() => syncFile(join(path, DATA_FILE)))
    done.catch(() => undefined)
    // LMDB copies in its own thread and does not report when it has begun to read. It writes nothing before that.
    while (!settled && !hasBytes(join(path, DATA_FILE))) await delay(1)
    if (settled) await done
    return { done }
  }

  async close(): Promise<void> {
    const database = this.#database
    this.#database = null
    await database?.close()
  }

  #opened(): Database {
    if (this.#database !== null) return this.#database
    throw new WattlineError('broker_unavailable', 'The log is closed or is being reopened.')
  }

  async #reopen(): Promise<void> {
    await this.close()
    try {
      checkDataFile(join(this.#path, DATA_FILE))
      this.#database = openDatabase(this.#path, this.#mapSize)
    } catch (error) {
      // The file was open a moment ago, so a retry makes sense: readers wait, and none gives up its partition.
      throw new WattlineError('broker_unavailable', 'The log could not be reopened.', { cause: error })
    }
    this.#broken = false
  }
}

const hasBytes = (file: string): boolean => (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0

async function syncFile(file: string): Promise<void> {
  const opened = await openFile(file, 'r+')
  try {
    await opened.sync()
  } finally {
    await opened.close()
  }
}

/** Size of the operations, plus space for the tree pages around them. */
const sizeOf = (operations: readonly LmdbOperation[]): number =>
  operations.reduce((sum, { value }) => sum + (value?.length ?? 0), 1024 * 1024)

/** lmdb-js rejects with "Commit failed" and keeps the reason in another promise that rejects. */
async function realCause(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error
  try {
    await error.commitError
    return error
  } catch (cause) {
    return errorNumber(cause) === 0 ? error : cause
  }
}
