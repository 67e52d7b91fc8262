/**
 * A second copy of the table definitions, outside the engine's folder. Without definitions the engine does not see the
 * existing rows, and starts empty. They are a few text files, so missing ones are restored.
 */
import { existsSync, lstatSync, statSync } from 'node:fs'
import { mkdir, readFile, readlink, rename, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { folderNames } from './token-repair.ts'

/** Path below the engine's folder -> text of a file, or target of a link. */
interface Definitions {
  readonly files: Readonly<Record<string, string>>
  readonly links: Readonly<Record<string, string>>
}

/** Copies the current definitions, atomically. */
export async function saveDefinitions(enginePath: string, file: string): Promise<void> {
  const files: Record<string, string> = {}
  const links: Record<string, string> = {}
  const add = async (folder: string, seen: string): Promise<void> => {
    for (const name of await folderNames(join(enginePath, folder))) {
      if (name.endsWith('.sql'))
        files[`${seen}/${name}`] = await readFile(join(enginePath, folder, name), 'utf8')
    }
  }
  await add('metadata', 'metadata')
  for (const name of await folderNames(join(enginePath, 'metadata'))) {
    const path = join('metadata', name)
    if (name.endsWith('.sql')) continue
    if (isLink(join(enginePath, path))) links[path] = await readlink(join(enginePath, path))
    await add(path, path)
  }
  const draft = `${file}.new`
  await writeFile(draft, JSON.stringify({ files, links } satisfies Definitions), { flush: true })
  await rename(draft, file)
}

/** Restores missing definitions before the engine opens; returns their paths. */
export async function restoreDefinitions(enginePath: string, file: string): Promise<readonly string[]> {
  const kept = await readKept(file)
  const restored: string[] = []
  for (const [path, target] of Object.entries(kept.links)) {
    const link = join(enginePath, path)
    await mkdir(join(dirname(link), target), { recursive: true })
    if (isLink(link) || existsSync(link)) continue
    await mkdir(dirname(link), { recursive: true })
    await symlink(target, link)
    restored.push(path)
  }
  const present = await presentTables(enginePath)
  for (const [path, text] of Object.entries(kept.files)) {
    // The table got another name after the copy was made.
    if (present.has(uuidOf(text) ?? '')) continue
    const full = join(enginePath, path)
    // A power failure may leave an empty file.
    if ((statSync(full, { throwIfNoEntry: false })?.size ?? 0) > 0) continue
    await mkdir(dirname(full), { recursive: true })
    await writeFile(full, text, { flush: true })
    restored.push(path)
  }
  return restored
}

/** Uuids that a definition names. */
async function presentTables(enginePath: string): Promise<ReadonlySet<string>> {
  const uuids = new Set<string>()
  for (const database of await folderNames(join(enginePath, 'metadata'))) {
    if (database.endsWith('.sql')) continue
    for (const name of await folderNames(join(enginePath, 'metadata', database))) {
      if (!name.endsWith('.sql')) continue
      const uuid = uuidOf(await readFile(join(enginePath, 'metadata', database, name), 'utf8'))
      if (uuid !== null) uuids.add(uuid)
    }
  }
  return uuids
}

const uuidOf = (definition: string): string | null => /\bUUID '([0-9a-f-]{36})'/.exec(definition)?.[1] ?? null

async function readKept(file: string): Promise<Definitions> {
  if (!existsSync(file)) return { files: {}, links: {} }
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Definitions
  } catch {
    return { files: {}, links: {} }
  }
}

const isLink = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
