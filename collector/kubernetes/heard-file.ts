/** Remembers over restarts when the API was last heard, so that pods that began while no process listened are described from then on. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** ms since the epoch; null: nothing is remembered. */
export async function readHeard(path: string): Promise<number | null> {
  try {
    const { heardMs } = JSON.parse(await readFile(path, 'utf8')) as { heardMs?: unknown }
    return typeof heardMs === 'number' && Number.isFinite(heardMs) ? heardMs : null
  } catch {
    // The first start, or a file cut by a full disk: then only what begins from now on is described.
    return null
  }
}

/** Rejects when the folder cannot be written. */
export async function writeHeard(path: string, heardMs: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(`${path}.new`, JSON.stringify({ heardMs }))
  await rename(`${path}.new`, path)
}
