import { rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Room on the disk for the next start. A process writes some small files before it takes anything in (the engine's
 * configuration, what is known of log and tables), also where the disk has become full meanwhile: a file that holds the
 * room for them is deleted then. What is acknowledged is in the log; only a process that starts can store it and make
 * room again.
 */
const FILE = 'start-room'
const BYTES = 4_194_304
/** Where less is left than this beside the file, the disk needs the room more. */
const SPARE_BYTES = 4 * BYTES

const freeBytes = (folder: string): number => {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

/** Gives the room back where the disk is nearly full. Once the log is open, which would take it for itself. */
export function releaseStartReserve(folder: string): void {
  if (freeBytes(folder) < BYTES) rmSync(join(folder, FILE), { force: true })
}

/** Once everything has started. Whatever needs space reports a full disk: not this function. */
export function keepStartReserve(folder: string): void {
  const file = join(folder, FILE)
  if (statSync(file, { throwIfNoEntry: false })?.size === BYTES || freeBytes(folder) < SPARE_BYTES) return
  try {
    // Not of zeros: some file systems would keep no room for them.
    writeFileSync(file, Buffer.alloc(BYTES, 'wattline '))
  } catch {
    rmSync(file, { force: true })
  }
}
