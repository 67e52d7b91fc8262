import { rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Disk space for the next start. A process writes some small files before it ingests anything (the engine's
 * configuration, facts about log and tables), even if the disk has become full meanwhile. For this, a file that
 * reserves the space is deleted then. Acknowledged data is in the log; only a started process can store it and free
 * space.
 */
const FILE = 'start-room'
const BYTES = 4_194_304
/** If less than this is left in addition to the file, the disk needs the space more. */
const SPARE_BYTES = 4 * BYTES

const freeBytes = (folder: string): number => {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

/** Releases the space when the disk is nearly full. Called after the log is open, which would otherwise use it. */
export function releaseStartReserve(folder: string): void {
  if (freeBytes(folder) < BYTES) rmSync(join(folder, FILE), { force: true })
}

/** Called when everything has started. A full disk is reported by the parts that need space, not by this function. */
export function keepStartReserve(folder: string): void {
  const file = join(folder, FILE)
  if (statSync(file, { throwIfNoEntry: false })?.size === BYTES || freeBytes(folder) < SPARE_BYTES) return
  try {
    // Not zeros: some file systems would allocate no space for them.
    writeFileSync(file, Buffer.alloc(BYTES, 'wattline '))
  } catch {
    rmSync(file, { force: true })
  }
}
