import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { WattlineError } from '../catalogue/errors/errors.ts'
import { type FolderLock, lockFolder } from '../runtime/folder-lock.ts'

/** File in the data folder with the id of the backup while its restore is incomplete. */
export const MARK = 'restoring'

/** Locks the data folder for a running process. @throws data_unusable while a restore into it is incomplete */
export function lockData(data: string): FolderLock {
  const lock = lockFolder(data)
  if (!existsSync(join(data, MARK))) return lock
  lock.release()
  throw new WattlineError(
    'data_unusable',
    `A restore of backup ${readFileSync(join(data, MARK), 'utf8')} into ${data} is not complete: run the same \`wattline restore\` again to finish it.`,
  )
}
