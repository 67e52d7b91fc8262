/** Reads the engine's disk before the engine opens: tables, parts, tokens, and broken parts that were set aside. */
import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { nameNow } from './former-names.ts'
import { DEDUPLICATION_LOGS, folderNames, type PartName, parsePartName } from './token-repair.ts'

/** A table folder of the engine as found on the disk. */
export interface SurveyedTable {
  readonly uuid: string
  /** Null: no definition names it any more. */
  readonly name: string | null
  readonly parts: readonly PartOnDisk[]
  /** Hash of a token -> parts into which its rows went, as logged. */
  readonly tokens: ReadonlyMap<string, readonly PartName[]>
  /** Parts that the engine found broken at an earlier start and set aside. */
  readonly broken: readonly BrokenPart[]
}

interface PartOnDisk extends PartName {
  /** Reads its number of rows; 0 when it is not recorded. */
  rows(): number
}

interface BrokenPart {
  /** Name of the folder in `detached/`. */
  readonly folder: string
  readonly part: PartName
  /** Null: the number cannot be read. */
  readonly rows: number | null
}

/** All table folders with any contents. */
export interface Survey {
  readonly tables: readonly SurveyedTable[]
}

const BROKEN = /^broken(?:-on-start)?_(.+?)(?:_try\d+)?$/

/** Reads the folders of a stopped engine; changes nothing. */
export async function surveyEngine(enginePath: string): Promise<Survey> {
  const names = await definitionsOf(enginePath)
  const tables: SurveyedTable[] = []
  const store = join(enginePath, 'store')
  for (const prefix of await folderNames(store)) {
    for (const uuid of await folderNames(join(store, prefix))) {
      const folder = join(store, prefix, uuid)
      const entries = await folderNames(folder)
      const parts = entries.flatMap(name => partOnDisk(folder, name))
      if (parts.length === 0 && !entries.includes('detached') && !entries.includes('format_version.txt'))
        continue
      tables.push({
        uuid,
        name: nameNow(names.get(uuid) ?? null),
        parts,
        tokens: await insertTokens(folder),
        broken: await brokenIn(folder),
      })
    }
  }
  return { tables }
}

/** Table uuid -> name. Definitions are in the folder of the database, to which `metadata/` has a link. */
async function definitionsOf(enginePath: string): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>()
  for (const database of await folderNames(join(enginePath, 'metadata'))) {
    const folder = join(enginePath, 'metadata', database)
    for (const file of await folderNames(folder)) {
      if (!file.endsWith('.sql')) continue
      const text = await readFile(join(folder, file), 'utf8')
      const uuid = /\bUUID '([0-9a-f-]{36})'/.exec(text)?.[1]
      if (uuid !== undefined) names.set(uuid, decodeURIComponent(file.slice(0, -4)))
    }
  }
  return names
}

/** Hash of a token -> parts into which its rows went, as the engine has logged it in a table's folder. */
export async function insertTokens(folder: string): Promise<ReadonlyMap<string, readonly PartName[]>> {
  const tokens = new Map<string, PartName[]>()
  for (const name of await folderNames(join(folder, DEDUPLICATION_LOGS))) {
    const text = await readFile(join(folder, DEDUPLICATION_LOGS, name), 'utf8')
    for (const line of text.split('\n')) {
      const [operation, partName, id] = line.split('\t')
      const part = parsePartName(partName ?? '')
      if (part === null || id === undefined) continue
      const hash = id.slice(part.partition.length + 1)
      const others = (tokens.get(hash) ?? []).filter(one => one.partition !== part.partition)
      // Any other operation removes a token, since its part was dropped.
      tokens.set(hash, operation === '1' ? [...others, part] : others)
    }
  }
  return tokens
}

async function brokenIn(folder: string): Promise<readonly BrokenPart[]> {
  const found: BrokenPart[] = []
  for (const name of await folderNames(join(folder, 'detached'))) {
    const part = parsePartName(BROKEN.exec(name)?.[1] ?? '')
    if (part === null) continue
    found.push({ folder: name, part, rows: countIn(join(folder, 'detached', name)) })
  }
  return found
}

function partOnDisk(folder: string, name: string): readonly PartOnDisk[] {
  const part = parsePartName(name)
  return part === null ? [] : [{ ...part, rows: () => countIn(join(folder, name)) ?? 0 }]
}

function countIn(folder: string): number | null {
  const file = join(folder, 'count.txt')
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  return /^\d+$/.test(text) ? Number(text) : null
}
