import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { WattlineError } from '../../catalogue/errors/errors.ts'
import { engineCode, isDiskFull, isRecordFault, messageOf } from '../engine-errors.ts'
import { countBurnt, DEDUPLICATION_LOGS, repairTable } from './token-repair.ts'

/** What the repair needs from the engine. */
interface RepairEngine {
  /** Data folder of the engine. */
  readonly path: string
  /** Runs a statement alongside everything else. */
  run(statement: string): Promise<void>
  /** The folder of a table; null when there is no such table. */
  folderOf(table: string): Promise<string | null>
  /** Name of the table with its database, quoted. */
  qualified(table: string): string
  /** Ends client queries, which may keep a table in use for long. */
  endReaders(): Promise<void>
  /** Called with the number of removed tokens that had no rows. */
  repaired(amount: number): void
}

/** Errors from before anything was written. */
const BEFORE_WRITING: ReadonlySet<number> = new Set([
  60, // UNKNOWN_TABLE
  81, // UNKNOWN_DATABASE
  252, // TOO_MANY_PARTS
])
/** Memory can run out anywhere, even between recording a token in memory and writing it to the log. */
const OUT_OF_MEMORY: ReadonlySet<number> = new Set([
  173, // CANNOT_ALLOCATE_MEMORY
  241, // MEMORY_LIMIT_EXCEEDED
])
/** A detached table is attached again when no statement reads it any more: running statements get this much time. */
const READERS_MS = 3_000
const ATTACH_PAUSE_MS = 20
/** Free space that must exist before a table is detached, so that it can surely be attached again. */
const PROBE_BYTES = 262_144

/**
 * Runs inserts concurrently, and repairs what a failed one may have left behind.
 *
 * Why: the engine records an insert's token, in memory and in its log, before the part gets its final name, and does
 * not remove it when that fails (a full disk, a disk that disappeared). The retried insert is then mistaken for a
 * duplicate, and acknowledged rows would silently be missing for good. So before the next insert, the logs of its
 * tables are compared with the parts. If a token has no rows, the table is detached, its log is repaired as after a
 * crash (token-repair.ts), and attaching rereads the tokens from there. This is done only when necessary: a disk that
 * fails while a table is being attached makes the engine end the process.
 */
export class InsertRepair {
  readonly #engine: RepairEngine
  /** Tables of failed inserts. True: tokens without rows may exist in memory alone, which no file shows. */
  readonly #suspect = new Map<string, boolean>()
  /** Detached tables that are not attached again yet, with their folders. */
  readonly #detached = new Map<string, string>()
  readonly #running = new Set<Promise<void>>()
  #repair: Promise<void> | null = null
  /** Pending while no insert may run. */
  #held: Promise<void> | null = null

  constructor(engine: RepairEngine) {
    this.#engine = engine
  }

  /**
   * Runs `job`, which inserts into `tables`, after any necessary repair.
   * @throws the job's error; warehouse_unavailable or disk_full while a table cannot be repaired
   */
  async insert(tables: readonly string[], job: () => Promise<void>): Promise<void> {
    while (this.#held !== null || this.#repair !== null || tables.some(table => this.#suspect.has(table))) {
      if (this.#held !== null) await this.#held
      else if (this.#repair === null) await this.#startRepair()
      else await this.#repair.catch(() => undefined)
    }
    const running = job()
    this.#running.add(running)
    try {
      await running
    } catch (error) {
      if (mayHaveWritten(error)) await this.#suspects(tables, onlyInMemory(error))
      throw error
    } finally {
      this.#running.delete(running)
    }
  }

  /** Runs `job` while no insert and no repair runs; inserts that arrive meanwhile wait for its end. */
  async hold<Result>(job: () => Promise<Result>): Promise<Result> {
    while (this.#held !== null) await this.#held
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#held = promise
    try {
      await this.#repair?.catch(() => undefined)
      await Promise.allSettled(this.#running)
      return await job()
    } finally {
      this.#held = null
      resolve()
    }
  }

  /** Resolves when no repair is running: a query in the middle of one would not find its table. */
  async whole(): Promise<void> {
    while (this.#repair !== null) await this.#repair.catch(() => undefined)
    if (this.#detached.size === 0) return
    throw new WattlineError(
      'warehouse_unavailable',
      `After a failed insert, ${[...this.#detached.keys()].join(', ')} could not be reopened yet.`,
    )
  }

  /** With merges stopped: a merged part that spans the gap would look as if it contained the missing rows. */
  async #suspects(tables: readonly string[], inMemory: boolean): Promise<void> {
    for (const table of tables) {
      this.#suspect.set(table, inMemory || this.#suspect.get(table) === true)
      if (this.#detached.has(table)) continue
      await this.#engine.run(`SYSTEM STOP MERGES ${this.#engine.qualified(table)}`).catch(() => undefined)
    }
  }

  #startRepair(): Promise<void> {
    this.#repair = this.#repairAll().finally(() => {
      this.#repair = null
    })
    return this.#repair
  }

  async #repairAll(): Promise<void> {
    await Promise.allSettled(this.#running)
    for (const [table, inMemory] of this.#suspect) {
      const folder = this.#detached.get(table) ?? (await this.#engine.folderOf(table))
      if (folder !== null) await this.#repairTable(table, folder, inMemory)
      this.#suspect.delete(table)
    }
  }

  async #repairTable(table: string, folder: string, inMemory: boolean): Promise<void> {
    await assertWritable(folder)
    const name = this.#engine.qualified(table)
    if (!this.#detached.has(table) && !inMemory && (await countBurnt(folder)) === 0) {
      return await this.#engine.run(`SYSTEM START MERGES ${name}`)
    }
    if (!this.#detached.has(table)) {
      await this.#engine.run(`DETACH TABLE ${name}`)
      this.#detached.set(table, folder)
    }
    // Attached after all, by a statement that was executed without an answer: the engine owns its log again.
    if ((await this.#engine.folderOf(table)) === null) {
      const dropped = await repairTable(this.#engine.path, folder)
      if (dropped > 0) this.#engine.repaired(dropped)
      await this.#attach(name)
    }
    this.#detached.delete(table)
  }

  async #attach(name: string): Promise<void> {
    const started = performance.now()
    let ended = false
    for (;;) {
      try {
        return await this.#engine.run(`ATTACH TABLE ${name}`)
      } catch (error) {
        if (!/still used by some query/.test(messageOf(error)) || ended) throw error
        ended = performance.now() - started > READERS_MS
        if (ended) await this.#engine.endReaders()
        else await delay(ATTACH_PAUSE_MS)
      }
    }
  }
}

/** False when the engine had certainly not begun to write a part. */
function mayHaveWritten(error: unknown): boolean {
  if (error instanceof WattlineError) return false
  const code = engineCode(error)
  return code === null || !(isRecordFault(code) || BEFORE_WRITING.has(code))
}

/** True when a token may be in memory but not in the log. */
function onlyInMemory(error: unknown): boolean {
  const code = engineCode(error)
  return code === null || OUT_OF_MEMORY.has(code) || messageOf(error).includes(DEDUPLICATION_LOGS)
}

/** If the disk does not accept this write, the engine could not open the table again. */
async function assertWritable(folder: string): Promise<void> {
  const probe = join(folder, 'tmp_wattline_probe')
  try {
    const file = await open(probe, 'w')
    try {
      await file.writeFile(Buffer.alloc(PROBE_BYTES))
      await file.sync()
    } finally {
      await file.close()
      await rm(probe, { force: true })
    }
  } catch (error) {
    throw new WattlineError(
      isDiskFull(error) ? 'disk_full' : 'warehouse_unavailable',
      `The disk of the engine is not writable: ${String(error)}`,
      { cause: error },
    )
  }
}
