/** Frozen tables as an engine's folder of their own: to be read by another process while theirs goes on. */
import { link, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Makes a folder that the engine can open: definitions are moved there, files of parts get one more name each. The engine never
 * changes files of parts, so that those of the other engine stay as they are. Both must be on one file system.
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
