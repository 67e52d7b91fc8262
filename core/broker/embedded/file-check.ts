/**
 * Checks LMDB's two meta pages before LMDB opens the file. LMDB maps the file and trusts it: if the file is shorter
 * than its meta pages say (an incomplete copy, a broken disk), the first read of a missing page would end the process
 * with SIGBUS.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { WattlineError } from '../../catalogue/errors/errors.ts'

/** Advice for the operator: the file holds acknowledged records that may not be in the tables yet. */
export const KEEP_IT =
  'It may hold acknowledged data that exists nowhere else. Rename the folder and keep it, then restore the newest backup.'

const MAGIC = 0xbeefc0de
/**
 * Offsets of these fields in a meta page of LMDB 1.0, the version inside lmdb-js 3 (`MDB_meta` after a 24-byte header).
 */
const AT = { magic: 0x18, pageBytes: 0x30, lastPage: 0x90, transaction: 0x98 } as const
const META_BYTES = 0xa0
const SMALLEST_PAGE = 512
const LARGEST_PAGE = 65_536

/** Throws `data_unusable` when the file exists but is not an LMDB file or is truncated. An empty file is new. */
export function checkDataFile(file: string): void {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw new WattlineError(
      'data_unusable',
      `The log file ${file} cannot be read: ${String(error)}. Keep the file: it holds acknowledged data.`,
      { cause: error },
    )
  }
  try {
    const { size } = fstatSync(descriptor)
    if (size === 0) return
    const expected = expectedBytes(position => readMeta(descriptor, position))
    if (expected === null) {
      throw new WattlineError(
        'data_unusable',
        `The log file ${file} is damaged: its first pages are not those of an LMDB file. ${KEEP_IT}`,
      )
    }
    if (size < expected) {
      throw new WattlineError(
        'data_unusable',
        `The log file ${file} is truncated: it has ${size} of ${expected} bytes. ${KEEP_IT}`,
      )
    }
  } finally {
    closeSync(descriptor)
  }
}

function readMeta(descriptor: number, position: number): Buffer | null {
  const meta = Buffer.alloc(META_BYTES)
  return readSync(descriptor, meta, 0, META_BYTES, position) === META_BYTES ? meta : null
}

/** Bytes in use according to the newer of the two meta pages; null when neither is a meta page. */
function expectedBytes(metaAt: (position: number) => Buffer | null): number | null {
  const first = metaAt(0)
  if (first === null || first.readUInt32LE(AT.magic) !== MAGIC) return null
  const pageBytes = first.readUInt32LE(AT.pageBytes)
  if (pageBytes < SMALLEST_PAGE || pageBytes > LARGEST_PAGE) return null
  const second = metaAt(pageBytes)
  if (second === null || second.readUInt32LE(AT.magic) !== MAGIC) return null
  const newer =
    second.readBigUInt64LE(AT.transaction) > first.readBigUInt64LE(AT.transaction) ? second : first
  // A log with no pages other than the meta pages may be exactly as long as they are.
  return (Number(newer.readBigUInt64LE(AT.lastPage)) + 1) * pageBytes
}
