/** The folder outside the repository that keeps what is built once for a machine. */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/** `WATTLINE_TEST_CACHE`, else a folder in the user's cache. */
export const CACHE =
  process.env['WATTLINE_TEST_CACHE'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'wattline-test')

/**
 * Path of a folder with what `build` writes into the folder that it is given. It appears in one step, so that a build that was
 * interrupted begins again, and two builders at once do no harm.
 */
export async function cachedFolder(name: string, build: (folder: string) => Promise<void>): Promise<string> {
  const path = join(CACHE, name)
  if (existsSync(path)) return path
  await mkdir(dirname(path), { recursive: true })
  const folder = await mkdtemp(`${path}.building-`)
  try {
    await build(folder)
    await rename(folder, path).catch((error: unknown) => {
      if (!existsSync(path)) throw error
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return path
}
