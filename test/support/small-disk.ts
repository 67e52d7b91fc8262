import { execFileSync } from 'node:child_process'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A separate volume that a test can fill up. */
export interface SmallDisk {
  readonly path: string
  /** Uses all space that is currently free; a second call uses what has been freed since. */
  fill(): void
  /** Releases this number of bytes of what `fill` used. */
  leave(bytes: number): void
  /** Releases what `fill` used. */
  free(): void
  /** Unmounts and removes it. */
  remove(): void
}

/**
 * Mounts a tmpfs of this many MiB; null if this process may not mount: on CI that is a failure, elsewhere a conspicuous
 * line.
 */
export function smallDisk(mebibytes: number): SmallDisk | null {
  const mountPoint = mkdtempSync(join(tmpdir(), 'wattline-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', mountPoint], { stdio: 'pipe' })
  } catch (error) {
    rmSync(mountPoint, { recursive: true })
    if (process.env['CI'] === 'true') throw error
    process.stderr.write(
      `\n*** NOT TESTED: a full disk, because this user may not mount: ${String(error)}\n\n`,
    )
    return null
  }
  const path = join(mountPoint, 'data')
  const ballast = join(mountPoint, 'ballast')
  mkdirSync(path)
  return {
    path,
    fill: () => fill(ballast),
    leave: bytes => truncateSync(ballast, Math.max(0, statSync(ballast).size - bytes)),
    free: () => rmSync(ballast, { force: true }),
    remove() {
      execFileSync('umount', ['--lazy', mountPoint])
      rmSync(mountPoint, { recursive: true })
    },
  }
}

function fill(ballast: string): void {
  const file = openSync(ballast, 'a')
  try {
    for (let size = 1024 * 1024; size >= 4096; ) {
      try {
        writeSync(file, Buffer.alloc(size, 1))
      } catch {
        size /= 2
      }
    }
  } finally {
    closeSync(file)
  }
}
