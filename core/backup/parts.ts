/** The parts of frozen tables, and the names of their objects in backups. */
import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Snapshot } from './snapshot.ts'

interface FrozenPart {
  readonly table: string
  readonly uuid: string
  readonly part: string
  /** Folder of the part. */
  readonly folder: string
  readonly rows: number
  /** Total size of its files. */
  readonly bytes: number
  /** Name of the object: equal for equal content, in every backup of this data folder. */
  readonly object: string
}

/** The engine's folder for a table with this UUID, below its data folder. */
export const tableFolder = (uuid: string): string => join('store', uuid.slice(0, 3), uuid)

/** Every part of the frozen tables, ordered by name within a table. A table without rows has none. */
export async function frozenParts({ tables, parts }: Snapshot): Promise<readonly FrozenPart[]> {
  const found: FrozenPart[] = []
  for (const { name, uuid } of tables ?? []) {
    const folder = join(parts ?? '', tableFolder(uuid))
    // A table without rows has nothing to freeze.
    for (const part of (await readdir(folder).catch(() => [])).sort()) {
      found.push(await describePart({ table: name, uuid, part, folder: join(folder, part) }))
    }
  }
  return found
}

/**
 * The engine's list of checksums covers the contents of the files; names and sizes cover the few files that are not in
 * it.
 */
export async function describePart({
  table,
  uuid,
  part,
  folder,
}: Pick<FrozenPart, 'table' | 'uuid' | 'part' | 'folder'>): Promise<FrozenPart> {
  const hash = createHash('sha256').update(await readFile(join(folder, 'checksums.txt')))
  let bytes = 0
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  for (const file of files.sort()) {
    const { size } = await stat(file)
    bytes += size
    hash.update(`\n${file.slice(folder.length)} ${size}`)
  }
  const rows = Number(await readFile(join(folder, 'count.txt'), 'utf8'))
  const object = `parts/${uuid}/${part}-${hash.digest('hex').slice(0, 16)}.tar`
  return { table, uuid, part, folder, rows, bytes, object }
}
