/**
 * Up to which offset the rows of the log are in a list of parts. The tables record an offset only when it is committed,
 * after several inserts; the tokens that the engine logs tell about each of them.
 */
import { join } from 'node:path'
import { type KnownTable, rangeOf } from './inventory.ts'
import type { StoredOffset, StoredOffsets } from './stored-offsets.ts'
import { tokensOf } from './survey.ts'
import { covers, type PartName } from './token-repair.ts'

/** The records of one partition of the log that come next after the recorded offset, and may be in the tables already. */
export interface NextInserts {
  /** `stream/partition`. */
  readonly place: string
  readonly table: string
  /** In the order of the log, without gaps. */
  readonly records: readonly { readonly stored: StoredOffset; readonly tokenHash: string }[]
}

/**
 * The offsets that were recorded before the parts were listed, moved past the records that the list has too. A record
 * without a token has no rows.
 */
export async function listedOffsets(
  enginePath: string,
  before: StoredOffsets,
  next: readonly NextInserts[],
  tables: readonly KnownTable[],
): Promise<StoredOffsets> {
  const listed = new Map(before)
  const tokens = new Map<string, ReadonlyMap<string, readonly PartName[]>>()
  for (const { place, table, records } of next) {
    const known = tables.find(({ name }) => name === table)
    if (known === undefined || records.length === 0) continue
    const logged =
      tokens.get(table) ?? (await tokensOf(join(enginePath, 'store', known.uuid.slice(0, 3), known.uuid)))
    tokens.set(table, logged)
    const ranges = known.parts.flatMap(({ name }) => rangeOf(name) ?? [])
    const isListed = (hash: string): boolean =>
      logged.get(hash)?.every(part => ranges.some(range => covers(range, part))) === true
    const last = records.findLast(({ tokenHash }) => isListed(tokenHash))
    if (last !== undefined) listed.set(place, last.stored)
  }
  return listed
}
