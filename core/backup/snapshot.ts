/**
 * A snapshot: log and tables of one data folder as they were at one moment, kept in the folder itself until somebody has
 * copied it elsewhere. Taking it holds inserts into the tables for a moment, so that the two halves fit: what the log says is
 * stored is in the tables, and what is in the tables is in the log, under the same tokens.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Broker } from '../broker/broker.ts'
import { WattlineError } from '../catalogue/errors/errors.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'

const snapshotSchema = z.strictObject({
  /** Also its folder below `snapshot/`. */
  id: z.string(),
  /** Version of the program that took it. */
  version: z.string(),
  takenAt: z.iso.datetime(),
  /** How long inserts were held. */
  heldMs: z.number(),
  /** Whether the log is in it; its copy is in `log/`. */
  log: z.boolean(),
  /** Tables of the engine in the process; null: they are on a server. Their definitions are in `engine/`. */
  tables: z.array(z.strictObject({ name: z.string(), uuid: z.string() })).nullable(),
  /** Folder of the tables' parts. */
  parts: z.string().nullable(),
})
/** What a snapshot holds and where. Written into its folder as JSON once the snapshot is complete. */
export type Snapshot = z.infer<typeof snapshotSchema>

/** What is open of a data folder. */
export interface Opened {
  readonly data: string
  readonly version: string
  readonly broker: Pick<Broker, 'kind' | 'copyTo'> | null
  readonly warehouse: Pick<Warehouse, 'kind' | 'freeze'> | null
}

const FOLDER = 'snapshot'
const FACTS = 'snapshot.json'

/** Where a snapshot lies in its data folder. */
export const snapshotFolder = (data: string, id: string): string => join(data, FOLDER, id)

/** Takes a snapshot. It can be copied once `done` has resolved. @throws backup_refused when nothing is embedded */
export async function takeSnapshot(opened: Opened, id: string, nowMs: number): Promise<Taken> {
  const { data, version, broker, warehouse } = opened
  const folder = snapshotFolder(data, id)
  const log = broker?.copyTo === undefined ? null : join(folder, 'log')
  const engine = warehouse?.freeze === undefined ? null : join(folder, 'engine')
  if (log === null && engine === null) {
    throw new WattlineError(
      'backup_refused',
      'The data folder has nothing to back up: the log is in Kafka and the tables are on a ClickHouse server.',
    )
  }
  for (const part of [log, engine]) if (part !== null) await mkdir(part, { recursive: true })
  const started = performance.now()
  let copied: Promise<void> = Promise.resolve()
  const copyLog = async (): Promise<void> => {
    if (log !== null) copied = (await broker!.copyTo!(log)).done
  }
  const frozen = engine === null ? null : await warehouse!.freeze!(id, engine, copyLog)
  if (frozen === null) await copyLog()
  const snapshot: Snapshot = {
    id,
    version,
    takenAt: new Date(nowMs).toISOString(),
    heldMs: Math.round(performance.now() - started),
    log: log !== null,
    tables: frozen === null ? null : [...frozen.tables],
    parts: frozen?.parts ?? null,
  }
  const done = copied.then(() => writeFile(join(folder, FACTS), JSON.stringify(snapshot)))
  return { snapshot, done }
}

interface Taken {
  readonly snapshot: Snapshot
  /** It is whole and can be read. */
  readonly done: Promise<void>
}

/** What a folder says of the snapshot in it. @throws snapshot_gone */
export async function readSnapshot(data: string, id: string): Promise<Snapshot> {
  try {
    return snapshotSchema.parse(JSON.parse(await readFile(join(snapshotFolder(data, id), FACTS), 'utf8')))
  } catch (error) {
    throw new WattlineError('snapshot_gone', `There is no snapshot ${id} in ${data}.`, { cause: error })
  }
}

/** Lets go of what a snapshot keeps on the disk. */
export async function dropSnapshot(
  data: string,
  { id, parts }: Pick<Snapshot, 'id' | 'parts'>,
): Promise<void> {
  if (parts !== null) await rm(parts, { recursive: true, force: true })
  await rm(snapshotFolder(data, id), { recursive: true, force: true })
}

/** Removes what processes left that ended in the middle of it. (Parts go when the engine opens.) */
export const dropSnapshots = (data: string): Promise<void> =>
  rm(join(data, FOLDER), { recursive: true, force: true })
