/**
 * Opens the engine over files that may have been restored, lost or damaged. Before it opens, what lies there is compared with
 * what was; what is missing is handed over, so that it is reported, and read again from the log. Parts that only the engine finds
 * broken are found right after: it is closed then, and all is done once more, so that their tokens go too.
 */
import { drainPending, type Session } from 'chdb'
import type { Events } from '../../catalogue/events/events.ts'
import { restoreDefinitions, saveDefinitions } from './definitions.ts'
import {
  type Erased,
  type Inventory,
  type KnownTable,
  loadInventory,
  rangeOf,
  saveInventory,
  takeInventory,
} from './inventory.ts'
import { findMissing, type Missing } from './missing.ts'
import {
  moveStoredOffsets,
  readStoredOffsets,
  type StoredOffsets,
  type StoredOffsetsJson,
  storedToJson,
} from './stored-offsets.ts'
import { type Survey, surveyEngine } from './survey.ts'

/** Where the inventory is kept, and what happens when rows are missing. */
export interface CustodyOptions {
  /** Files beside the engine's folder, best on the disk of the log. */
  readonly inventoryFile: string
  readonly definitionsFile: string
  /** Days that a table keeps its rows; those that keep them for good are left out. */
  readonly days: ReadonlyMap<string, number>
  /**
   * Called before the engine opens: tells what is missing, and has the log give back what it has. Rejects to keep the engine
   * closed. `stored`: how far the tables have the log, null where that was not kept yet. Resolves with the places of the log
   * up to which all is reported, where that is further: it is not reported a second time.
   */
  readonly onMissing: (missing: Missing, stored: StoredOffsets | null) => Promise<StoredOffsets>
}

type InventoryEngine = Parameters<typeof takeInventory>[0]

/** What was merged or inserted meanwhile is known by block numbers and tokens. */
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

  /** Compares, before the engine opens. @throws what `onMissing` does */
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
    // What was reported is not missed a second time, also when block numbers begin again.
    await this.#save(inventory.tables.map(table => without(table, missing)))
  }

  /** Whether the engine has put parts aside that were not reported: then it must be closed, and compared once more. */
  async foundBroken(): Promise<boolean> {
    const { tables } = await surveyEngine(this.#enginePath)
    return tables.some(({ uuid, broken }) =>
      broken.some(({ folder }) => !this.#told.has(`${uuid}/${folder}`)),
    )
  }

  /** Notes the parts that the engine has now. */
  async #note(warehouse: InventoryEngine): Promise<void> {
    const tables = await this.#take(warehouse)
    const text = JSON.stringify([tables, this.#stored])
    if (text === this.#saved) return
    await this.#save(tables)
    this.#saved = text
  }

  /** The parts that there are; what is stored while they are listed is noted the next time. */
  async #take(warehouse: InventoryEngine): Promise<readonly KnownTable[]> {
    const stored = readStoredOffsets(this.#enginePath)
    const tables = await takeInventory(warehouse)
    this.#stored = stored === null ? undefined : storedToJson(stored)
    return tables
  }

  /** Notes what parts there are, now and every few seconds. */
  async watch(warehouse: InventoryEngine): Promise<void> {
    clearInterval(this.#timer)
    await this.#note(warehouse)
    this.#timer = setInterval(() => {
      this.#noting ??= this.#note(warehouse)
        // What could not be noted now is noted the next time.
        .catch(() => undefined)
        .finally(() => {
          this.#noting = null
        })
    }, NOTE_MS).unref()
  }

  /** Before the engine closes. */
  async close(warehouse: InventoryEngine): Promise<void> {
    clearInterval(this.#timer)
    await this.#noting
    await this.#note(warehouse).catch(() => undefined)
  }

  /** An erasure begins (false: ends): what is there now may be gone afterwards, and is not missed. */
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

/** Opens the engine, once more when it finds parts broken: what is done before it opens is done with these gone. */
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
  return { ...table, parts: table.parts.filter(({ name }) => !gone.has(name) && rangeOf(name) !== null) }
}

function highestBlocks(tables: readonly KnownTable[]): Erased['blocks'] {
  const blocks: Record<string, Record<string, number>> = {}
  for (const { uuid, parts } of tables) {
    const highest: Record<string, number> = {}
    for (const { name } of parts) {
      const range = rangeOf(name)
      if (range === null) continue
      highest[range.partition] = Math.max(range.maxBlock, highest[range.partition] ?? 0)
    }
    blocks[uuid] = highest
  }
  return blocks
}
