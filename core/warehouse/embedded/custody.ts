/**
 * Opens the engine over files that may have been restored, lost or damaged. Before it opens, the existing files are
 * compared with the inventory; missing parts are passed on, so that they are reported and read again from the log.
 * Parts that only the engine finds broken are detected right after it opens; it is then closed and everything is
 * repeated, so that their tokens are removed too.
 */
import { drainPending, type Session } from 'chdb'
import type { Events } from '../../catalogue/events/events.ts'
import { restoreDefinitions, saveDefinitions } from './definitions.ts'
import {
  blockRange,
  type Erased,
  type Inventory,
  type KnownTable,
  loadInventory,
  saveInventory,
  takeInventory,
} from './inventory.ts'
import { listedOffsets, type NextInserts } from './listed-offsets.ts'
import { findMissing, type Missing } from './missing.ts'
import {
  moveStoredOffsets,
  readStoredOffsets,
  type StoredOffsets,
  type StoredOffsetsJson,
  storedToJson,
} from './stored-offsets.ts'
import { type Survey, surveyEngine } from './survey.ts'

/** Where the inventory is kept, and what to do when rows are missing. */
export interface CustodyOptions {
  /** Files next to the engine's folder, best on the disk of the log. */
  readonly inventoryFile: string
  readonly definitionsFile: string
  /** Days that a table keeps its rows; tables that keep them forever are omitted. */
  readonly days: ReadonlyMap<string, number>
  /**
   * Called before the engine opens: reports what is missing, and restores from the log what it can. Rejects to keep the
   * engine closed. `stored`: up to which offset the tables have the log, null where that was not recorded yet. Resolves
   * with the offsets of the log up to which everything is reported, if they are further: that part is not reported
   * again.
   */
  readonly onMissing: (missing: Missing, stored: StoredOffsets | null) => Promise<StoredOffsets>
  /** The records of the log that come next after these offsets, as far as one listing of parts may have them too. */
  readonly nextInserts: (stored: StoredOffsets) => readonly NextInserts[]
}

type InventoryEngine = Parameters<typeof takeInventory>[0]

/** Parts that were merged or inserted meanwhile are recognised by block numbers and tokens. */
const NOTE_MS = 5_000

/** Compares the engine's files with the inventory before each start, and keeps the inventory up to date afterwards. */
export class Custody {
  readonly #options: CustodyOptions
  readonly #enginePath: string
  readonly #events: Events
  readonly #now: () => number
  #told: ReadonlySet<string>
  #clock: number
  #erased: Erased | undefined
  #stored: StoredOffsetsJson | undefined
  #saved = ''
  #timer: NodeJS.Timeout | undefined
  #noting: Promise<void> | null = null

  constructor(enginePath: string, options: CustodyOptions, events: Events, now: () => number = Date.now) {
    this.#enginePath = enginePath
    this.#options = options
    this.#events = events
    this.#now = now
    const inventory = loadInventory(options.inventoryFile)
    this.#told = new Set(inventory?.told)
    this.#clock = inventory?.clock ?? 0
    this.#erased = inventory?.erased
    this.#stored = inventory?.stored
  }

  /** Compares before the engine opens. @throws the error of `onMissing` */
  async compare(): Promise<void> {
    const { inventoryFile, definitionsFile, days, onMissing } = this.#options
    const inventory = loadInventory(inventoryFile)
    const find = async (): Promise<{ survey: Survey; missing: Missing }> => {
      const survey = await surveyEngine(this.#enginePath)
      return { survey, missing: findMissing(survey, inventory, Math.floor(this.#now() / 1000), days) }
    }
    let found = await find()
    if (!found.missing.isGone) {
      const restored = await restoreDefinitions(this.#enginePath, definitionsFile)
      for (const path of restored) this.#events.emit('definitionRestored', { path })
      if (restored.length > 0) found = await find()
    }
    const { missing } = found
    const told = await onMissing(missing, readStoredOffsets(this.#enginePath))
    moveStoredOffsets(this.#enginePath, told)
    this.#told = new Set([
      ...this.#told,
      ...found.survey.tables.flatMap(({ uuid, broken }) => broken.map(({ folder }) => `${uuid}/${folder}`)),
    ])
    if (inventory === null || missing.tables.length === 0) return
    // What was reported is not reported again, even if block numbers start over.
    await this.#save(inventory.tables.map(table => without(table, missing)))
  }

  /**
   * Whether the engine has set aside parts that were not reported: then it must be closed, and the comparison repeated.
   */
  async foundBroken(): Promise<boolean> {
    const { tables } = await surveyEngine(this.#enginePath)
    return tables.some(({ uuid, broken }) =>
      broken.some(({ folder }) => !this.#told.has(`${uuid}/${folder}`)),
    )
  }

  /** Records the current parts of the engine. */
  async #note(warehouse: InventoryEngine): Promise<void> {
    const tables = await this.#take(warehouse)
    const text = JSON.stringify([tables, this.#stored])
    if (text === this.#saved) return
    await this.#save(tables)
    this.#saved = text
  }

  /** The existing parts; parts that are stored while they are listed are recorded the next time. */
  async #take(warehouse: InventoryEngine): Promise<readonly KnownTable[]> {
    const stored = readStoredOffsets(this.#enginePath)
    const tables = await takeInventory(warehouse)
    if (stored === null) this.#stored = undefined
    else {
      const next = this.#options.nextInserts(stored)
      this.#stored = storedToJson(await listedOffsets(this.#enginePath, stored, next, tables))
    }
    return tables
  }

  /** Records the existing parts now and every few seconds. */
  async watch(warehouse: InventoryEngine): Promise<void> {
    clearInterval(this.#timer)
    await this.#note(warehouse)
    this.#timer = setInterval(() => {
      this.#noting ??= this.#note(warehouse)
        // What could not be recorded now is recorded the next time.
        .catch(() => undefined)
        .finally(() => {
          this.#noting = null
        })
    }, NOTE_MS).unref()
  }

  /** Call it before the engine closes. */
  async close(warehouse: InventoryEngine): Promise<void> {
    clearInterval(this.#timer)
    await this.#noting
    await this.#note(warehouse).catch(() => undefined)
  }

  /** An erasure begins (false: ends): rows that exist now may be gone afterwards, and are not missed. */
  async erasing(warehouse: InventoryEngine, isRunning: boolean): Promise<void> {
    const tables = await this.#take(warehouse)
    this.#erased = { blocks: isRunning ? highestBlocks(tables) : (this.#erased?.blocks ?? {}), isRunning }
    await this.#save(tables)
    this.#saved = JSON.stringify([tables, this.#stored])
  }

  async noteDefinitions(): Promise<void> {
    await saveDefinitions(this.#enginePath, this.#options.definitionsFile)
  }

  async #save(tables: readonly KnownTable[]): Promise<void> {
    this.#clock = Math.max(this.#clock, Math.floor(this.#now() / 1000))
    const erased = this.#erased === undefined ? {} : { erased: this.#erased }
    const stored = this.#stored === undefined ? {} : { stored: this.#stored }
    const inventory: Inventory = { tables, clock: this.#clock, told: [...this.#told], ...stored, ...erased }
    await saveInventory(this.#options.inventoryFile, inventory)
  }
}

/**
 * Opens the engine, and repeats everything if it finds broken parts: the steps before opening then run without these
 * parts.
 */
export async function openWatched(custody: Custody | null, open: () => Promise<Session>): Promise<Session> {
  for (;;) {
    await custody?.compare()
    const control = await open()
    if (custody === null) return control
    // Tables are loaded in the background; this waits for them.
    await control.queryAsync("SELECT count() FROM system.parts WHERE database = 'wattline'")
    if (!(await custody.foundBroken())) return control
    control.close()
    await drainPending()
  }
}

function without(table: KnownTable, { tables }: Missing): KnownTable {
  const missing = tables.find(({ uuid }) => uuid === table.uuid)
  if (missing === undefined) return table
  const gone = new Set(missing.parts)
  return { ...table, parts: table.parts.filter(({ name }) => !gone.has(name) && blockRange(name) !== null) }
}

function highestBlocks(tables: readonly KnownTable[]): Erased['blocks'] {
  const blocks: Record<string, Record<string, number>> = {}
  for (const { uuid, parts } of tables) {
    const highest: Record<string, number> = {}
    for (const { name } of parts) {
      const range = blockRange(name)
      if (range === null) continue
      highest[range.partition] = Math.max(range.maxBlock, highest[range.partition] ?? 0)
    }
    blocks[uuid] = highest
  }
  return blocks
}
