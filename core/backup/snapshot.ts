/**
 * A snapshot contains log and tables of one data folder at one moment. It is kept in the folder itself until it has
 * been copied elsewhere. Taking it pauses inserts into the tables for a moment, so that both halves match: records that
 * the log counts as stored are in the tables, and rows in the tables are in the log, under the same tokens.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Broker } from '../broker/broker.ts'
import { WattlineError } from '../catalogue/errors/errors.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'

const snapshotSchema = z.strictObject({
  /** Also the name of its folder below `snapshot/`. */
  id: z.string(),
  /** Version of the program that made it. */
  version: z.string(),
  takenAt: z.iso.datetime(),
  /** How long inserts were paused. */
  heldMs: z.number(),
  /** Whether it contains the log; the copy is in `log/`. */
  log: z.boolean(),
  /** Tables of the embedded engine; null: they are on a server. Their definitions are in `engine/`. */
  tables: z.array(z.strictObject({ name: z.string(), uuid: z.string() })).nullable(),
  /** Folder of the tables' parts. */
  parts: z.string().nullable(),
})
/** Contents of a snapshot. Written into its folder as JSON once the snapshot is complete. */
export type Snapshot = z.infer<typeof snapshotSchema>

/** The open parts of a data folder. */
export interface Opened {
  readonly data: string
  readonly version: string
  readonly broker: Pick<Broker, 'kind' | 'copyTo'> | null
  readonly warehouse: Pick<Warehouse, 'kind' | 'freeze'> | null
}

const FOLDER = 'snapshot'
const FACTS = 'snapshot.json'

/** Folder of a snapshot in its data folder. */
export const snapshotFolder = (data: string, id: string): string => join(data, FOLDER, id)

/** Takes a snapshot. It can be copied once `done` has resolved. @throws backup_refused when nothing is embedded */
export async function takeSnapshot(opened: Opened, id: string, nowMs: number): Promise<TakenSnapshot> {
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

interface TakenSnapshot {
  readonly snapshot: Snapshot
  /** Resolves when the snapshot is complete and can be read. */
  readonly done: Promise<void>
}

/** Reads the description of the snapshot in a folder. @throws snapshot_gone */
export async function readSnapshot(data: string, id: string): Promise<Snapshot> {
  try {
    return snapshotSchema.parse(JSON.parse(await readFile(join(snapshotFolder(data, id), FACTS), 'utf8')))
  } catch (error) {
    throw new WattlineError('snapshot_gone', `There is no snapshot ${id} in ${data}.`, { cause: error })
  }
}

/** Frees the disk space of a snapshot. */
export async function dropSnapshot(
  data: string,
  { id, parts }: Pick<Snapshot, 'id' | 'parts'>,
): Promise<void> {
  if (parts !== null) await rm(parts, { recursive: true, force: true })
  await rm(snapshotFolder(data, id), { recursive: true, force: true })
}

/** Removes the snapshots of processes that ended in the middle. (The engine removes the parts when it opens.) */
export const dropSnapshots = (data: string): Promise<void> =>
  rm(join(data, FOLDER), { recursive: true, force: true })
