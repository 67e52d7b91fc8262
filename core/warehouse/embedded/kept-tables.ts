import type { TableFiles, Warehouse } from '../warehouse.ts'
import type { Custody } from './custody.ts'
import { remakeTraceIndex } from './remake.ts'
import { type StoredOffset, StoredOffsetsFile } from './stored-offsets.ts'
import { partsOfToken } from './token-repair.ts'

interface Engine extends Pick<Warehouse, 'query' | 'database'> {
  run(statement: string): Promise<void>
  /** The folder of a table; null when there is no such table. */
  folderOf(table: string): Promise<string | null>
}

/** Known contents of the open engine's files. */
export class KeptTables implements TableFiles {
  readonly #custody: Custody
  readonly #engine: Engine
  readonly #stored: StoredOffsetsFile

  constructor(path: string, custody: Custody, engine: Engine) {
    this.#custody = custody
    this.#engine = engine
    this.#stored = new StoredOffsetsFile(path)
  }

  /** The tables exist as declared: from now on their parts are recorded. */
  async migrated(): Promise<void> {
    await this.#custody.noteDefinitions()
    await this.#custody.watch(this.#engine)
  }

  noteStored(place: string, stored: StoredOffset): void {
    this.#stored.set(place, stored)
  }

  noteStoredForward(place: string, stored: StoredOffset): void {
    const before = this.#stored.get(place)
    if (before !== null && (before.origin !== stored.origin || before.next >= stored.next)) return
    this.#stored.set(place, stored)
  }

  notedAll(): void {
    this.#stored.complete()
  }

  isNoted(): boolean {
    return this.#stored.isComplete()
  }

  async storedRows(table: string, token: string, above: number): Promise<number | null> {
    const folder = await this.#engine.folderOf(table)
    if (folder === null) return null
    const names = await partsOfToken(folder, token, above)
    const [found] = await this.#engine.query<{ parts: string; rows: string }>(
      `SELECT count() AS parts, sum(rows) AS rows FROM system.parts
       WHERE database = {database:String} AND table = {table:String} AND has({names:Array(String)}, name)`,
      { database: this.#engine.database, table, names },
    )
    return Number(found?.parts) === names.length ? Number(found?.rows) : null
  }

  async remakeTraceIndex(from: string | null, to: string | null): Promise<void> {
    await remakeTraceIndex(this.#engine, from, to)
  }

  async erasing(isRunning: boolean): Promise<void> {
    await this.#custody.erasing(this.#engine, isRunning)
  }

  /** Call it before the engine closes. */
  async close(): Promise<void> {
    await this.#custody.close(this.#engine)
    this.#stored.close()
  }
}
