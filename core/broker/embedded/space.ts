/**
 * Space for records: the configured size of the log, and the free space on disk.
 *
 * On a full disk, consumers must still be able to commit and retention to drop; otherwise the log could never recover
 * by itself. Both need a few new pages before they free any. So the log keeps a reserve: a file of random bytes next to
 * it (zeros would take no space on a file system that compresses), which is removed when the disk is full and written
 * again when it is not. Until then, appends may use only space that is known to exist: pages that retention has freed
 * since, or free space on the volume.
 */
import { randomFillSync } from 'node:crypto'
import { rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { WattlineError } from '../../catalogue/errors/errors.ts'

/** Enough pages for LMDB to commit and drop records on a disk that is otherwise full. */
export const RESERVE_BYTES = 4 * 1024 * 1024

/** Operations of Space on the disk. */
interface DiskVolume {
  /** Free bytes; infinite when the system does not say. */
  freeBytes(): number
  /** Writes the reserve; false when there is no space for it. */
  takeReserve(): boolean
  dropReserve(): void
}

/** Decides whether an append fits into `broker.max_bytes` and onto the disk. */
export class Space {
  readonly maxBytes: number
  /** Bytes of all stored records. */
  usedBytes: number
  readonly #volume: DiskVolume
  /** `usedBytes` when the disk was found full; null while it is not. */
  #fullAt: number | null = null

  constructor(usedBytes: number, maxBytes: number, volume: DiskVolume) {
    this.usedBytes = usedBytes
    this.maxBytes = maxBytes
    this.#volume = volume
    if (!volume.takeReserve()) this.diskFull()
  }

  /** Throws `disk_full` when `needed` bytes do not fit in addition to the `usedBytes` of a draft. */
  check(usedBytes: number, needed: number): void {
    if (usedBytes + needed > this.maxBytes) {
      throw new WattlineError(
        'disk_full',
        `The log has ${usedBytes} of ${this.maxBytes} bytes (broker.max_bytes); ${needed} more bytes do not fit.`,
      )
    }
    if (this.#fullAt === null || this.#diskHasRoom(needed)) return
    // Pages freed since then can be reused, however full the disk is.
    if (usedBytes + needed + RESERVE_BYTES <= this.#fullAt) return
    throw new WattlineError('disk_full', `The disk is full: ${needed} more bytes do not fit.`)
  }

  /** Called when a write found the disk full. */
  diskFull(): void {
    this.#fullAt = this.usedBytes
    this.#volume.dropReserve()
  }

  #diskHasRoom(needed: number): boolean {
    if (this.#volume.freeBytes() < needed + 2 * RESERVE_BYTES) return false
    if (!this.#volume.takeReserve()) return false
    this.#fullAt = null
    return true
  }
}

/** The volume of the log's folder. */
export function volumeOf(path: string): DiskVolume {
  const file = join(path, 'reserve')
  return {
    freeBytes() {
      try {
        const volume = statfsSync(path)
        return volume.bavail * volume.bsize
      } catch {
        return Number.POSITIVE_INFINITY
      }
    },
    takeReserve() {
      try {
        if (statSync(file, { throwIfNoEntry: false })?.size === RESERVE_BYTES) return true
        writeFileSync(file, randomFillSync(Buffer.alloc(RESERVE_BYTES)), { flush: true })
        return true
      } catch {
        rmSync(file, { force: true })
        return false
      }
    },
    dropReserve() {
      rmSync(file, { force: true })
    },
  }
}
