import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Hides a folder behind an empty, read-only one, as if its disk had disappeared; returns a function that restores it.
 * @throws if this user may not mount
 */
export function hideFolder(folder: string): () => void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro,size=4k', 'tmpfs', folder], { stdio: 'pipe' })
  return () => void execFileSync('umount', ['--lazy', folder], { stdio: 'pipe' })
}

/** Whether this user may mount. */
export function canHideFolders(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'wattline-hidden-'))
  try {
    hideFolder(folder)()
    return true
  } catch {
    return false
  } finally {
    rmSync(folder, { recursive: true })
  }
}
