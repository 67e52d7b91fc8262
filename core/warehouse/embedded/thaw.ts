/** Makes an engine folder from frozen tables, so that another process can read them while the original continues. */
import { link, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Creates a folder that the engine can open: definitions are moved there, and files of parts get a second hard link.
 * The engine never changes files of parts, so those of the original engine are safe. Both folders must be on one file
 * system.
 */
export async function linkParts(parts: string, enginePath: string): Promise<void> {
  for (const entry of await readdir(parts, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const from = join(entry.parentPath, entry.name)
    const to = join(enginePath, from.slice(parts.length))
    await mkdir(join(to, '..'), { recursive: true })
    await link(from, to)
  }
}
