/** The only table of error numbers of LMDB and the disk, and their meaning for us. */
import { constants } from 'node:os'
import { type ErrorCode, WattlineError } from '../../catalogue/errors/errors.ts'
import { KEEP_IT } from './file-check.ts'

const MAP_FULL = -30_792
const CORRUPTED = -30_796
const PAGE_NOT_FOUND = -30_797
const UNUSABLE = new Map([
  [-30_793, 'it is not an LMDB file'],
  [-30_794, 'another version of LMDB wrote it'],
  [CORRUPTED, 'its pages are damaged'],
  [PAGE_NOT_FOUND, 'pages are missing'],
])
const FULL: ReadonlySet<number> = new Set([
  constants.errno.ENOSPC,
  constants.errno.EDQUOT,
  constants.errno.EFBIG,
  MAP_FULL,
])

/** The error number from LMDB or the system, 0 when there is none. */
export function errorNumber(error: unknown): number {
  if (!(error instanceof Error)) return 0
  const { code } = error as Error & { code?: unknown }
  return typeof code === 'number' ? code : 0
}

/**
 * A failed write. LMDB reports a partial write as EIO, which happens when the disk fills up in the middle of it. So EIO
 * on a disk without free space, `volumeFull`, means a full disk.
 */
export function writeFailure(error: unknown, volumeFull: boolean): WattlineError {
  if (error instanceof WattlineError) return error
  const number = errorNumber(error)
  const full = FULL.has(number) || (number === constants.errno.EIO && volumeFull)
  const code: ErrorCode = full ? 'disk_full' : 'broker_unavailable'
  const reason = full ? 'the disk is full' : error instanceof Error ? error.message : String(error)
  return new WattlineError(code, `The log could not be written: ${reason}.`, { cause: error })
}

/** A read that found a damaged page. */
export const isDamage = (error: unknown): boolean =>
  errorNumber(error) === CORRUPTED || errorNumber(error) === PAGE_NOT_FOUND

/** An environment that cannot be opened. */
export function openFailure(path: string, error: unknown): WattlineError {
  if (error instanceof WattlineError) return error
  const known = UNUSABLE.get(errorNumber(error))
  const reason = known ?? (error instanceof Error ? error.message : String(error))
  const after = known === undefined ? '' : ` ${KEEP_IT}`
  return new WattlineError('data_unusable', `The log in ${path} cannot be opened: ${reason}.${after}`, {
    cause: error,
  })
}
