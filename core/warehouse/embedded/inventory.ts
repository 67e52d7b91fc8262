/**
 * The inventory of the tables' parts, kept outside the engine's folder: a start compares it with the existing parts. It
 * is written every few seconds while something changes. Later inserts are recognised by their tokens, and later merges
 * by block numbers, so a kill at any moment never looks like a loss.
 */
import { existsSync, readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import type { Warehouse } from '../warehouse.ts'
import { nameNow } from './former-names.ts'
import type { StoredOffsetsJson } from './stored-offsets.ts'
import { type PartName, parsePartName } from './token-repair.ts'

/** One part, in short form: there are thousands. */
export interface KnownPart {
  readonly name: string
  readonly rows: number
  /** Times of its rows, unix seconds; null: the table has no times. */
  readonly from: number | null
  readonly to: number | null
  /** Unix seconds at which its last row expires; null: never. */
  readonly expires: number | null
}

/** A table and its parts at that time. */
export interface KnownTable {
  readonly name: string
  readonly uuid: string
  readonly parts: readonly KnownPart[]
}

/** Content of the inventory file. */
export interface Inventory {
  readonly tables: readonly KnownTable[]
  /** Latest wall clock time that the process has seen, unix seconds: rows that had expired by then may be gone. */
  readonly clock: number
  /** Parts that the engine has set aside as broken, and that have been reported: `table uuid/name`. */
  readonly told: readonly string[]
  /** Up to which offset of the log its rows are in the listed parts; absent in older files. */
  readonly stored?: StoredOffsetsJson
  /** Set by an erasure: rows up to these blocks may be missing on purpose. */
  readonly erased?: Erased
}

/** Which rows an erasure may have removed. */
export interface Erased {
  /** Table uuid -> partition -> highest block when it began. */
  readonly blocks: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** While it runs, missing parts are ignored too; afterwards, only missing tokens are. */
  readonly isRunning: boolean
}

/** Whether rows of a block range may have been erased. */
export function mayBeErased(erased: Erased | undefined, uuid: string, part: PartName): boolean {
  const highest = erased?.blocks[uuid]?.[part.partition]
  return highest !== undefined && part.maxBlock <= highest
}

/** Null when there is none, or it cannot be read: then nothing is known, and nothing is missed. */
export function loadInventory(file: string): Inventory | null {
  if (!existsSync(file)) return null
  try {
    const inventory = JSON.parse(readFileSync(file, 'utf8')) as Inventory
    return { ...inventory, tables: inventory.tables.map(table => ({ ...table, name: nameNow(table.name) })) }
  } catch {
    return null
  }
}

/** Atomic, and on disk when it resolves. */
export async function saveInventory(file: string, inventory: Inventory): Promise<void> {
  const draft = `${file}.new`
  await writeFile(draft, JSON.stringify(inventory), { flush: true })
  await rename(draft, file)
}

interface PartRow {
  readonly table: string
  readonly uuid: string
  readonly name: string
  readonly rows: string
  readonly from: string
  readonly to: string
  readonly expires: string
}

/** The engine's tables and their active parts. */
export async function takeInventory(
  warehouse: Pick<Warehouse, 'query' | 'database'>,
): Promise<readonly KnownTable[]> {
  const database = { database: warehouse.database }
  const tables = await warehouse.query<{ name: string; uuid: string }>(
    `SELECT name, toString(uuid) AS uuid FROM system.tables
     WHERE database = {database:String} AND endsWith(engine, 'MergeTree') ORDER BY name`,
    database,
  )
  const rows = await warehouse.query<PartRow>(
    `SELECT table, name, rows, toUnixTimestamp(min_time) AS from, toUnixTimestamp(max_time) AS to,
       toUnixTimestamp(delete_ttl_info_max) AS expires
     FROM system.parts WHERE database = {database:String} AND active ORDER BY table, name`,
    database,
  )
  const byTable = Map.groupBy(rows, row => row.table)
  return tables.map(({ name, uuid }) => ({
    name,
    uuid,
    parts: (byTable.get(name) ?? []).map(row => ({
      name: row.name,
      rows: Number(row.rows),
      from: Number(row.to) === 0 ? null : Number(row.from),
      to: Number(row.to) === 0 ? null : Number(row.to),
      expires: Number(row.expires) === 0 ? null : Number(row.expires),
    })),
  }))
}

/** Part names as block ranges. */
export const blockRange = (name: string): PartName | null => parsePartName(name)
