/**
 * Freezes the stored data at one moment, while the engine continues. The engine makes hard links of all active parts
 * (FREEZE), whose files it never changes. What it does change (definitions and token logs) is small and copied. The
 * caller pauses inserts meanwhile, so that the tokens in the copied logs are exactly those of the rows in the frozen
 * parts.
 */
import { constants } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, readlink, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { WattlineError } from '../../catalogue/errors/errors.ts'
import { quoteText } from '../tables/column-types.ts'
import type { FrozenTables } from '../warehouse.ts'
import { DEDUPLICATION_LOGS } from './token-repair.ts'

interface FreezingEngine {
  /** Data folder of the engine. */
  readonly path: string
  run(statement: string): Promise<void>
  /** Tables that store rows themselves. */
  tables(): Promise<readonly ActiveTable[]>
  /** Name of the table with its database, quoted. */
  qualified(table: string): string
}

/** A table to freeze, as it was before. */
export interface ActiveTable {
  readonly name: string
  readonly uuid: string
  /** Lower bound of its rows: merges of some tables reduce their number. */
  readonly rows: number
}

/** The engine's own folder for frozen parts. */
const SHADOW = 'shadow'

/**
 * Freezes the tables under `id`, copies everything except their parts into `folder`, and runs `last`. No insert may
 * run.
 */
export async function freezeTables(
  engine: FreezingEngine,
  id: string,
  folder: string,
  last: () => Promise<void>,
): Promise<FrozenTables> {
  const parts = join(engine.path, SHADOW, id)
  try {
    const tables = await engine.tables()
    for (const { name } of tables) {
      await engine.run(`ALTER TABLE ${engine.qualified(name)} FREEZE WITH NAME ${quoteText(id)}`)
    }
    // Queried again: rows that have expired meanwhile are not missing.
    for (const table of await engine.tables()) await assertFrozen(table, parts)
    await copyDefinitions(engine.path, folder)
    await last()
    return { tables: tables.map(({ name, uuid }) => ({ name, uuid })), parts }
  } catch (error) {
    await rm(parts, { recursive: true, force: true })
    throw error
  }
}

/** Removes frozen parts that are no longer needed: a crash leaves them behind. */
export const removeFrozen = (enginePath: string): Promise<void> =>
  rm(join(enginePath, SHADOW), { recursive: true, force: true })

/** Checks what the engine says it froze: rows missing in a backup would otherwise be noticed too late. */
async function assertFrozen({ name, uuid, rows }: ActiveTable, parts: string): Promise<void> {
  const folder = join(parts, 'store', uuid.slice(0, 3), uuid)
  let frozen = 0
  for (const part of rows === 0 ? [] : await readdir(folder).catch(() => [])) {
    frozen += Number(await readFile(join(folder, part, 'count.txt'), 'utf8'))
  }
  if (frozen >= rows) return
  throw new WattlineError('invariant_broken', `The engine froze only ${frozen} of ${rows} rows of ${name}.`)
}

/**
 * `metadata/` and `data/` with their links, and everything except the parts from the folder of each table or database.
 */
async function copyDefinitions(enginePath: string, folder: string): Promise<void> {
  for (const name of ['metadata', 'data']) await copyTree(join(enginePath, name), join(folder, name))
  for (const prefix of await readdir(join(enginePath, 'store'))) {
    for (const uuid of await readdir(join(enginePath, 'store', prefix))) {
      const [from, to] = [join(enginePath, 'store', prefix, uuid), join(folder, 'store', prefix, uuid)]
      await copyTree(from, to, name => name === DEDUPLICATION_LOGS)
    }
  }
}

/** Copies files and symbolic links unchanged; folders of the first level only if `wanted`. */
async function copyTree(from: string, to: string, wanted = (_folder: string) => true): Promise<void> {
  await mkdir(to, { recursive: true })
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isSymbolicLink()) await symlink(await readlink(source), target)
    else if (entry.isFile()) await copyFile(source, target, constants.COPYFILE_FICLONE)
    else if (entry.isDirectory() && wanted(entry.name)) await copyTree(source, target)
  }
}
