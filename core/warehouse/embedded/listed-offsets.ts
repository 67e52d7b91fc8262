/**
 * Up to which offset the rows of the log are in a list of parts. The tables record an offset only when it is committed,
 * after several inserts; the tokens that the engine logs tell about each of them.
 */
import { join } from 'node:path'
import { blockRange, type KnownTable } from './inventory.ts'
import type { StoredOffset, StoredOffsets } from './stored-offsets.ts'
import { insertTokens } from './survey.ts'
import { covers, type PartName } from './token-repair.ts'

/** The records of one partition of the log that come next after the recorded offset, and may be in the tables already. */
export interface NextInserts {
  /** `stream/partition`. */
  readonly place: string
  readonly table: string
  /** In the order of the log, without gaps; made as they are read, since a hash costs some 30 µs. */
  readonly records: Iterable<{ readonly stored: StoredOffset; readonly tokenHash: string }>
  /** After this number of records that are not in the tables, no further one is expected there. */
  readonly atATime: number
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
  const tests = new Map<string, (hash: string) => boolean>()
  for (const { place, table, records, atATime } of next) {
    const known = tables.find(({ name }) => name === table)
    if (known === undefined) continue
    let unlisted = 0
    for (const { stored, tokenHash } of records) {
      const isListed = tests.get(table) ?? (await listTest(enginePath, known))
      tests.set(table, isListed)
      unlisted = isListed(tokenHash) ? 0 : unlisted + 1
      if (unlisted === 0) listed.set(place, stored)
      else if (unlisted === atATime) break
    }
  }
  return listed
}

/** Whether the rows of a token are in the listed parts of a table, by the engine's log. */
async function listTest(enginePath: string, { uuid, parts }: KnownTable): Promise<(hash: string) => boolean> {
  const logged = await insertTokens(join(enginePath, 'store', uuid.slice(0, 3), uuid))
  const ranges = parts.flatMap(({ name }) => blockRange(name) ?? [])
  const isCovered = (part: PartName): boolean => ranges.some(range => covers(range, part))
  return hash => logged.get(hash)?.every(isCovered) === true
}
