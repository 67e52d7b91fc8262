/**
 * One process a data folder. The lock is an operating system lock on `<folder>/lock`, held through SQLite (part of
 * Node): it dies with the process, also by SIGKILL, cannot be stale, is seen across containers that share the volume,
 * and holds within one process too. A plain pid file has none of these: pids are reused and differ by namespace.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { WattlineError } from '../catalogue/errors/errors.ts'
import { makeFolder } from './make-folder.ts'

/** A data folder that this process owns. */
export interface FolderLock {
  /** Lets go of the folder; harmless when called twice. */
  release(): void
}

/** SQLITE_BUSY and SQLITE_LOCKED: somebody else holds it. */
const HELD = new Set([5, 6])

/** Node closes a database without references: a caller that forgets its FolderLock would lose the lock at some later time. */
const kept = new Set<DatabaseSync>()

/**
 * Takes the folder, creating it if missing, or throws `data_in_use` with the pid of the holder, or `data_unusable` when
 * the folder cannot be written.
 */
export function lockFolder(folder: string): FolderLock {
  const pidFile = join(folder, 'lock.pid')
  let database: DatabaseSync | undefined
  try {
    makeFolder(folder)
    database = new DatabaseSync(join(folder, 'lock'))
    // No journal beside it: the file is never written, only locked.
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
