/**
 * Exports tables as Parquet: compares what the tables have with what the files have, period by period, and writes what is missing. The files
 * themselves are the only state, so a crash at any moment leaves nothing to repair.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { ExportsAnswer } from '../api/exports.ts'
import type { BackupStore } from '../backup/backup-store.ts'
import { asWattlineError } from '../catalogue/errors/errors.ts'
import type { Events } from '../catalogue/events/events.ts'
import { EXPORTABLE_STREAMS, type ExportableStream } from '../model/streams/exportable.ts'
import {
  CREATE_EXPORTED_DATABASE,
  dropExported,
  type ExportedFiles,
  showFiles,
  type TableSlot,
} from '../warehouse/exported/tables.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { exportsAnswer } from './answer.ts'
import { eraseFiles, expireFiles, type Gone } from './erase.ts'
import { MANIFESTS, type PeriodUnit, readManifestName } from './layout.ts'
import { takeFolder } from './ownership.ts'
import {
  type KnownPeriod,
  knownPeriods,
  noteFile,
  type PlannedFile,
  planFiles,
  type StoredPeriod,
} from './plan.ts'
import { countStatement } from './statements.ts'
import { type FileTarget, writeFile } from './write-file.ts'

/** How an exporter is put together. */
export interface ExporterOptions {
  readonly store: BackupStore
  readonly files: ExportedFiles
  readonly warehouse: Pick<Warehouse, 'fenced' | 'database' | 'statements'>
  readonly tables: readonly string[]
  readonly period: PeriodUnit
  /** Seconds that a period is over before it is exported. */
  readonly settle: number
  /** Seconds between two comparisons. */
  readonly interval: number
  /** Days that files are kept; null: forever. */
  readonly retentionDays: number | null
  /** Name of this instance. */
  readonly owner: string
  readonly maxMemoryBytes: number
  readonly version: string
  readonly events: Events
  readonly now: () => number
}

const DAY = 86_400
/** Looking for files that are too old lists all of them. */
const EXPIRE_SECONDS = 3_600

/** Runs until it is closed. One at a time: files are written, erased and expired in one queue. */
export class ParquetExporter {
  readonly #options: ExporterOptions
  readonly #streams: readonly ExportableStream[]
  readonly #over = new AbortController()
  #known: Map<string, KnownPeriod> | null = null
  readonly #slots = new Map<string, TableSlot>()
  /** Tables whose files have changed since readers were shown them. */
  readonly #changed = new Set<string>()
  #pending: readonly PlannedFile[] = []
  #comparedMs: number | null = null
  #expired = 0
  #problem: string | null = null
  #queue: Promise<unknown> = Promise.resolve()
  #loop: Promise<void> = Promise.resolve()

  constructor(options: ExporterOptions) {
    this.#options = options
    this.#streams = EXPORTABLE_STREAMS.filter(({ table }) => options.tables.includes(table.name))
  }

  /** Creates the views, and begins to export; a place that cannot be reached is tried again. */
  async start(): Promise<void> {
    const { tables, warehouse } = this.#options
    for (const text of [...dropExported(tables, warehouse.database), CREATE_EXPORTED_DATABASE]) {
      await warehouse.statements!.run(text)
    }
    for (const stream of this.#streams) await this.#show(stream)
    this.#loop = this.#run()
  }

  /** Compares once, and writes what is missing. @throws what the store or the engine throws */
  async exportNow(): Promise<number> {
    await this.#inQueue(() => this.#compare())
    let written = 0
    try {
      // One by one, so that an erasure waits for one file and not for all.
      for (const file of [...this.#pending]) {
        this.#over.signal.throwIfAborted()
        if (await this.#inQueue(() => this.#write(file))) written += 1
      }
    } finally {
      await this.#inQueue(() => this.#showChanged())
    }
    return written
  }

  /** Shows readers the files that there are now. */
  async #show(stream: ExportableStream): Promise<void> {
    const { files, warehouse } = this.#options
    const { name } = stream.table
    const slot = files.kind === 'folder' && this.#slots.get(name) === 'a' ? 'b' : 'a'
    for (const text of showFiles(files, stream, slot, warehouse.database))
      await warehouse.statements!.run(text)
    this.#slots.set(name, slot)
    this.#changed.delete(name)
  }

  async #showChanged(): Promise<void> {
    const isStale = this.#options.files.kind === 'folder'
    for (const stream of this.#streams) {
      if (isStale && this.#changed.has(stream.table.name) && !this.#over.signal.aborted)
        await this.#show(stream)
    }
  }

  /** Removes files of a tenant: all, or those with rows from before a moment. */
  erase(tenant: string, beforeMs: number | null): Promise<Gone> {
    return this.#inQueue(async () => {
      const { store } = this.#options
      this.#known = null
      this.#pending = []
      const gone = await eraseFiles(store, tenant, beforeMs)
      for (const name of this.#options.tables) this.#changed.add(name)
      await this.#showChanged()
      return gone
    })
  }

  /** How far it is, for one tenant. */
  status(tenant: string): ExportsAnswer {
    const { store, period, tables } = this.#options
    return exportsAnswer({
      tenant,
      to: store.name,
      period,
      tables,
      known: this.#known ?? new Map(),
      pending: this.#pending,
      comparedMs: this.#comparedMs,
      problem: this.#problem,
    })
  }

  /** Why it does not get on; null: nothing is wrong. */
  get problem(): string | null {
    return this.#problem
  }

  async close(): Promise<void> {
    this.#over.abort(new Error('the process stops'))
    await this.#loop
    await this.#queue.catch(() => undefined)
  }

  async #run(): Promise<void> {
    const { interval, events } = this.#options
    while (!this.#over.signal.aborted) {
      try {
        await this.exportNow()
        this.#problem = null
      } catch (error) {
        if (this.#over.signal.aborted) return
        this.#problem = asWattlineError(error, 'place_unavailable').toString()
        events.emit('exportFailed', {}, error)
      }
      await delay(interval * 1_000, undefined, { signal: this.#over.signal }).catch(() => undefined)
    }
  }

  #inQueue<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#queue.then(work, work)
    this.#queue = done.catch(() => undefined)
    return done
  }

  async #compare(): Promise<void> {
    const { store, period, owner, settle, now } = this.#options
    const endAfter = await this.#expire()
    if (this.#known === null) {
      await takeFolder(store, period, owner)
      const names = [...(await store.list(MANIFESTS)).keys()]
      this.#known = knownPeriods(names.flatMap(name => readManifestName(name) ?? []))
    }
    const seconds = Math.floor(now() / 1_000)
    const limits = { unit: period, endedBefore: seconds - settle, endAfter }
    this.#pending = planFiles(await this.#stored(), this.#known, limits)
    this.#comparedMs = now()
  }

  /** Removes what is too old, from time to time; returns the moment up to which files are gone, unix seconds. */
  async #expire(): Promise<number> {
    const { store, retentionDays, now } = this.#options
    if (retentionDays === null) return 0
    const endedBefore = Math.floor(now() / 1_000) - retentionDays * DAY
    if (endedBefore - this.#expired >= EXPIRE_SECONDS) {
      if ((await expireFiles(store, endedBefore)).files > 0) {
        this.#known = null
        for (const name of this.#options.tables) this.#changed.add(name)
      }
      this.#expired = endedBefore
    }
    return endedBefore
  }

  async #stored(): Promise<readonly StoredPeriod[]> {
    const { warehouse, period } = this.#options
    const all: StoredPeriod[] = []
    for (const stream of this.#streams) {
      const text = countStatement(stream, period, warehouse.database)
      const rows = await warehouse.statements!.query<{ tenant: string; start: number; rows: number }>(text)
      const table = stream.table.name
      for (const { tenant, start, rows: count } of rows) {
        all.push({ tenant, table, from: Number(start), rows: Number(count) })
      }
    }
    return all
  }

  async #write(file: PlannedFile): Promise<boolean> {
    const { events } = this.#options
    // An erasure has emptied the plan meanwhile.
    if (this.#known === null || !this.#pending.includes(file)) return false
    const stream = this.#streams.find(({ table }) => table.name === file.table)!
    // What later files leave out is read from the earlier ones.
    if (file.before.length > 0) await this.#showChanged()
    const written = await writeFile(this.#writer(stream), stream, file)
    this.#pending = this.#pending.filter(one => one !== file)
    this.#changed.add(file.table)
    if (written === null) return false
    noteFile(this.#known, written)
    events.emit('exportWritten', { table: file.table })
    events.emit('exportRowsWritten', { table: file.table, amount: written.rows })
    events.emit('exportBytesWritten', { table: file.table, amount: written.bytes })
    return true
  }

  #writer({ table }: ExportableStream): FileTarget {
    const { store, files, warehouse, maxMemoryBytes, version, now } = this.#options
    const statements = warehouse.statements!
    const slot = this.#slots.get(table.name) ?? 'a'
    return {
      store,
      files,
      slot,
      warehouse,
      statements,
      maxMemoryBytes,
      version,
      now,
      signal: this.#over.signal,
    }
  }
}
