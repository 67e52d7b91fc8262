import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { insertTokenHash } from './token-hash.ts'

/**
 * Repairs deduplication logs that the engine does not have open: all of them before it starts, or those of a detached
 * table after a failed insert (insert-repair.ts).
 *
 * Why: the engine appends an insert's token to its log a moment before the part gets its final name. A SIGKILL between
 * the two leaves a token whose part does not exist: the replay is then refused as a duplicate, and the rows are
 * silently lost for good. So every logged token whose rows are in no part on disk is removed from the log first, and
 * the replay stores them. Parts are compared by block numbers, not by name, because a merge may have moved the rows.
 */
export interface PartName {
  readonly partition: string
  readonly minBlock: number
  readonly maxBlock: number
}

interface Repaired {
  readonly text: string
  readonly dropped: number
}

interface RepairedLog extends Repaired {
  readonly file: string
}

/** `<partition>_<min>_<max>_<level>[_<mutation>]`; null for names of unfinished parts (`tmp_insert_...`). */
export function parsePartName(name: string): PartName | null {
  if (name.startsWith('tmp') || name.startsWith('delete_tmp')) return null
  const found = /^([^_]+)_(\d+)_(\d+)_\d+(?:_\d+)?$/.exec(name)
  return found === null
    ? null
    : { partition: found[1]!, minBlock: Number(found[2]), maxBlock: Number(found[3]) }
}

/** The log without the tokens that no part covers, and their number. Lines that are not inserts stay. */
export function repairLog(text: string, parts: readonly PartName[]): Repaired {
  let dropped = 0
  const kept = text.split('\n').filter((line, index, lines) => {
    if (line === '') return true
    const fields = line.split('\t')
    if (fields[0] !== '1') return true
    const part = parsePartName(fields[1] ?? '')
    // The kill may have truncated the last line; the engine would refuse to open a log that ends in the middle of a
    // record.
    const torn = index === lines.length - 1 || part === null || fields.length < 3
    if (!torn && parts.some(candidate => covers(candidate, part))) return true
    dropped += 1
    return false
  })
  if (dropped === 0) return { text, dropped }
  // A truncated last line is removed with its line break, so add one: the next token must not be appended to the line
  // before.
  const joined = kept.join('\n')
  return { text: joined === '' || joined.endsWith('\n') ? joined : `${joined}\n`, dropped }
}

/** Whether the candidate contains the rows of a part. */
export const covers = (candidate: PartName, part: PartName): boolean =>
  candidate.partition === part.partition &&
  candidate.minBlock <= part.minBlock &&
  candidate.maxBlock >= part.maxBlock

/** The folder of a table's logs. */
export const DEDUPLICATION_LOGS = 'deduplication_logs'

/** Walks the engine's data folder and repairs every table; returns the number of removed tokens. */
export async function repairTokens(enginePath: string): Promise<number> {
  let dropped = 0
  for (const table of await tableFolders(enginePath)) dropped += await repairTable(enginePath, table)
  return dropped
}

/** `store/<abc>/<uuid>/`: the folders with parts and a log. The contents of parts are not examined. */
export async function tableFolders(enginePath: string): Promise<readonly string[]> {
  const store = join(enginePath, 'store')
  const folders: string[] = []
  for (const prefix of await folderNames(store)) {
    for (const uuid of await folderNames(join(store, prefix))) {
      const folder = join(store, prefix, uuid)
      if ((await folderNames(folder)).includes(DEDUPLICATION_LOGS)) folders.push(folder)
    }
  }
  return folders
}

/** Tokens of one table that no part covers. */
export async function countBurnt(folder: string): Promise<number> {
  let burnt = 0
  for (const { dropped } of await repairedLogs(folder)) burnt += dropped
  return burnt
}

/** Repairs one table that the engine does not have open; returns the number of removed tokens. */
export async function repairTable(enginePath: string, folder: string): Promise<number> {
  let dropped = 0
  for (const repaired of await repairedLogs(folder)) {
    if (repaired.dropped === 0) continue
    // Atomic, and leaves nothing unknown in the engine's log folder if the process dies here.
    const draft = join(enginePath, 'repaired-log.txt')
    await writeFile(draft, repaired.text, { flush: true })
    await rename(draft, repaired.file)
    dropped += repaired.dropped
  }
  return dropped
}

/** Names of the parts above block `above` into which the rows of a token went, according to the log. */
export async function partsOfToken(folder: string, token: string, above: number): Promise<readonly string[]> {
  const hash = insertTokenHash(token)
  const names: string[] = []
  for (const name of await folderNames(join(folder, DEDUPLICATION_LOGS))) {
    for (const line of (await readFile(join(folder, DEDUPLICATION_LOGS, name), 'utf8')).split('\n')) {
      const [operation, partName = '', id = ''] = line.split('\t')
      const part = parsePartName(partName)
      if (operation === '1' && part !== null && part.minBlock > above && id.endsWith(`_${hash}`))
        names.push(partName)
    }
  }
  return names
}

async function repairedLogs(folder: string): Promise<readonly RepairedLog[]> {
  const parts = (await folderNames(folder)).map(parsePartName).filter(part => part !== null)
  const logs: RepairedLog[] = []
  for (const name of await folderNames(join(folder, DEDUPLICATION_LOGS))) {
    const file = join(folder, DEDUPLICATION_LOGS, name)
    logs.push({ file, ...repairLog(await readFile(file, 'utf8'), parts) })
  }
  return logs
}

/** Names in a folder; empty when it does not exist or is a file. */
export async function folderNames(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    const code = error instanceof Error ? Reflect.get(error, 'code') : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw error
  }
}
