import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { WattlineError } from '../catalogue/errors/errors.ts'
import { hasNoSpace } from '../runtime/disk-full.ts'
import type { BackupStore } from './backup-store.ts'

/** Suffix of files that are being written. */
const PARTIAL = '.partial'
const PIECE = 1024 * 1024

/** Opens a folder as a store; best on another disk or machine. */
export function openFolder(name: string): BackupStore {
  const root = resolve(name)
  return {
    name,
    async list(prefix) {
      const found = new Map<string, number>()
      const folder = join(root, prefix)
      for (const entry of await entriesOf(folder)) {
        if (!entry.isFile() || entry.name.endsWith(PARTIAL)) continue
        const path = join(entry.parentPath, entry.name)
        found.set(path.slice(root.length + 1), (await stat(path)).size)
      }
      return found
    },
    async put(path, bytes) {
      const file = join(root, path)
      const partial = `${file}${PARTIAL}`
      try {
        await mkdir(dirname(file), { recursive: true })
        await write(partial, bytes)
        await rename(partial, file)
        await syncFolder(dirname(file))
      } catch (error) {
        await rm(partial, { force: true })
        throw asFailure(name, error)
      }
    },
    async get(path) {
      await stat(join(root, path)).catch((error: unknown) => {
        throw new WattlineError('backup_unusable', `${path} is missing in ${name}.`, { cause: error })
      })
      return createReadStream(join(root, path), { highWaterMark: PIECE })
    },
    remove: path => rm(join(root, path), { force: true }),
  }
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true, recursive: true })
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw new WattlineError('backup_unusable', `${folder} cannot be read: ${String(error)}.`, {
      cause: error,
    })
  }
}

async function write(path: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'w')
  try {
    for await (const piece of bytes) await file.writeFile(piece)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** The name of a new file is durable only after a sync of its folder. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error ? Reflect.get(error, 'code') : undefined)

function asFailure(name: string, error: unknown): unknown {
  const code = codeOf(error)
  if (hasNoSpace(error)) {
    return new WattlineError('disk_full', `${name} has no space left.`, { cause: error })
  }
  if (error instanceof WattlineError || typeof code !== 'string') return error
  return new WattlineError('backup_unusable', `${name} cannot be written: ${String(error)}.`, {
    cause: error,
  })
}
