/**
 * Allows one process per data folder. The lock is an operating system lock on `<folder>/lock`, held through SQLite
 * (part of Node). It ends with the process, also on SIGKILL; it cannot be stale; containers that share the volume see
 * it; and it works within one process too. A plain pid file does none of this: pids are reused and differ by namespace.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { WattlineError } from '../catalogue/errors/errors.ts'
import { makeFolder } from './make-folder.ts'

/** A data folder that this process owns. */
export interface FolderLock {
  /** Releases the folder; may be called twice. */
  release(): void
}

/** SQLITE_BUSY and SQLITE_LOCKED: another process holds it. */
const HELD = new Set([5, 6])

/**
 * Node closes a database without references, so a caller that drops its FolderLock would lose the lock some time later.
 */
const kept = new Set<DatabaseSync>()

/**
 * Locks the folder and creates it if missing. Throws `data_in_use` with the pid of the holder, or `data_unusable` when
 * the folder is not writable.
 */
export function lockFolder(folder: string): FolderLock {
  const pidFile = join(folder, 'lock.pid')
  let database: DatabaseSync | undefined
  try {
    makeFolder(folder)
    database = new DatabaseSync(join(folder, 'lock'))
    // No journal file: the database is only locked, never written.
    database.exec('PRAGMA journal_mode=MEMORY; PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE')
    writeFileSync(pidFile, `${process.pid}\n`)
  } catch (error) {
    database?.close()
    throw refusal(folder, pidFile, error)
  }
  const held = database
  kept.add(held)
  return {
    release() {
      if (!kept.delete(held)) return
      held.close()
    },
  }
}

function refusal(folder: string, pidFile: string, error: unknown): WattlineError {
  if (error instanceof Error && 'errcode' in error && HELD.has(Number(error.errcode))) {
    return new WattlineError(
      'data_in_use',
      `The data folder ${folder} is in use by process ${holder(pidFile)}.`,
      {
        cause: error,
      },
    )
  }
  const reason = error instanceof Error ? error.message : String(error)
  return new WattlineError('data_unusable', `The data folder ${folder} cannot be locked: ${reason}.`, {
    cause: error,
  })
}

function holder(pidFile: string): string {
  try {
    return readFileSync(pidFile, 'utf8').trim()
  } catch {
    // The holder is between taking the lock and writing its pid.
    return '(unknown)'
  }
}
