/**
 * Erasures: written down before they begin, one after the other, gone on with after a restart, tried again while a neighbour
 * is unavailable. The record of a finished erasure does not contain the tenant's name.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ErasureAnswer } from '../../core/api/answers.ts'
import { erasePolicies } from '../../core/autoscaling/policy-log.ts'
import { asWattlineError, WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import { endPriceListsOf } from '../../core/factors/prices/list-records.ts'
import { STREAMS } from '../../core/model/streams/index.ts'
import type { LogReader } from '../../core/model/streams/readers.ts'
import { backoffMs } from '../../core/runtime/backoff.ts'
import { eraseRows, oldParts } from '../../core/warehouse/erase.ts'
import type { Warehouse } from '../../core/warehouse/warehouse.ts'
import { eraseBills } from './bills.ts'
import { type ErasureRequest, type ErasureState, erasureAnswer, newErasure } from './erasure.ts'
import { dropRead, type ErasingBroker, forgetInState, readToEnd } from './log.ts'
import { eraseQuarantined } from './quarantined.ts'
import { eraseSilences } from './silences.ts'

interface ErasuresOptions {
  readonly broker: ErasingBroker
  readonly warehouse: Pick<Warehouse, 'insert' | 'files' | 'statements'>
  /** Consumer groups that must have read a record before it can be deleted. */
  readonly readers: readonly LogReader[]
  /** Where erasures are kept; null: nowhere, a restart forgets what was not finished. */
  readonly folder: string | null
  /** How long a Kafka keeps records, ms. */
  readonly logKeepsMs: number
  /** How long the log keeps a record that a newer one of its key has superseded, ms. */
  readonly supersededMs: number
  /** Why new rows of the tenant would keep arriving; null: no credential can send any. */
  readonly whyStillComing: (tenant: string) => string | null
  /** Files that tables were exported to; absent: nothing is exported. */
  readonly exported?: {
    erase(tenant: string, beforeMs: number | null): Promise<{ readonly files: number; readonly rows: number }>
  }
  readonly events: Events
  readonly now: () => number
}

const FIRST_RETRY_MS = 1_000
const MAX_RETRY_MS = 30_000
const POLL_MS = 1_000

/**
 * Runs erasures one at a time and continues unfinished ones after a restart. A failed step is repeated with back-off.
 */
export class Erasures {
  readonly #options: ErasuresOptions
  readonly #all = new Map<string, ErasureState>()
  readonly #over = new AbortController()
  #running: Promise<void>
  #doing = ''
  #problem: string | null = null

  constructor(options: ErasuresOptions) {
    this.#options = options
    for (const erasure of readAll(options.folder)) this.#all.set(erasure.id, erasure)
    const unfinished = [...this.#all.values()].filter(({ step }) => step !== 'done')
    this.#running = unfinished.reduce((before, one) => before.then(() => this.#work(one)), Promise.resolve())
  }

  /** @throws erasure_refused while rows of the tenant would go on coming */
  async begin(request: ErasureRequest): Promise<ErasureAnswer> {
    const now = this.#options.now()
    const why = request.beforeMs === null ? this.#options.whyStillComing(request.tenant) : null
    if (why !== null) throw new WattlineError('erasure_refused', why)
    const id = `${new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z_${randomBytes(3).toString('hex')}`
    const erasure = newErasure(request, id, now)
    await this.#keep(erasure)
    this.#all.set(id, erasure)
    this.#running = this.#running.then(() => this.#work(erasure))
    return this.get(id)
  }

  /** @throws not_found */
  get(id: string): ErasureAnswer {
    const erasure = this.#all.get(id)
    if (erasure === undefined)
      throw new WattlineError('not_found', `Erasure ${id.slice(0, 100)} does not exist.`)
    return erasureAnswer(erasure, this.#doing, this.#problem)
  }

  /** The latest first. */
  list(): readonly ErasureAnswer[] {
    return [...this.#all.keys()]
      .sort()
      .reverse()
      .map(id => this.get(id))
  }

  async close(): Promise<void> {
    this.#over.abort()
    await this.#running
  }

  async #work(erasure: ErasureState): Promise<void> {
    for (let attempt = 0; !this.#over.signal.aborted; attempt += 1) {
      try {
        await this.#erase(erasure)
        return
      } catch (error) {
        if (this.#over.signal.aborted) return
        this.#problem = asWattlineError(error, 'warehouse_unavailable').toString()
        this.#options.events.emit('erasureWaits', { id: erasure.id }, error)
        const pause = backoffMs(Math.min(attempt, 10), FIRST_RETRY_MS, MAX_RETRY_MS)
        await delay(pause, undefined, { signal: this.#over.signal }).catch(() => undefined)
        this.#problem = null
      }
    }
  }

  /** Always starts from the first step: each step finds what is left to do. */
  async #erase(erasure: ErasureState): Promise<void> {
    const { broker, readers, warehouse, now, logKeepsMs, supersededMs } = this.#options
    const { tenant, beforeMs } = erasure
    const { statements } = warehouse
    if (tenant === null || statements === undefined) return
    const { signal } = this.#over
    const report = (doing: string): void => {
      this.#doing = doing
    }
    await this.#step(erasure, 'reading')
    if (beforeMs === null) {
      await endPriceListsOf(broker, tenant, now())
      await erasePolicies(broker, tenant, now())
    }
    let ends = await readToEnd(broker, readers, signal, report)
    // Twice: readings that one partition passes on to another can arrive there behind the first.
    for (let time = 0; beforeMs === null && time < 2; time += 1) {
      await forgetInState(broker, tenant, now())
      ends = await readToEnd(broker, readers, signal, report)
    }

    await this.#step(erasure, 'tables')
    await warehouse.files?.erasing(true)
    const onProgress = (table: string, parts: number): void => report(`${table}: ${parts} parts to rewrite`)
    const tables = await eraseRows(statements, STREAMS, { tenant, beforeMs, onProgress })
    for (const { table, rows } of tables) add(erasure, table, rows)

    await this.#step(erasure, 'quarantine')
    const aside = await eraseQuarantined(warehouse, statements, { tenant, beforeMs }, erasure)
    add(erasure, 'quarantine', aside.rows)
    erasure.left = { ...erasure.left, unreadable: aside.unreadable }

    await this.#step(erasure, 'log')
    if (broker.trim === undefined) erasure.logExpiresMs = now() + logKeepsMs
    const superseded =
      beforeMs === null
        ? (await eraseBills(broker, tenant, now())) + (await eraseSilences(broker, tenant, now()))
        : 0
    if (superseded > 0)
      erasure.logExpiresMs = now() + Math.max(supersededMs, erasure.logExpiresMs === null ? 0 : logKeepsMs)
    for (;;) {
      const records = await dropRead(broker, ends)
      erasure.left = { ...erasure.left, log_records: records }
      if (records === 0) break
      report(`${records} records to drop from the log`)
      await delay(POLL_MS, undefined, { signal })
    }

    const isChanged = Object.keys(erasure.erased).length > 0
    const old = new Set(isChanged ? await oldParts(statements, STREAMS) : [])
    await this.#step(erasure, 'files')
    for (;;) {
      const parts = (await oldParts(statements, STREAMS)).filter(part => old.has(part))
      erasure.left = { ...erasure.left, old_parts: parts.length }
      if (parts.length === 0) break
      report(`${parts.length} old parts wait to be removed from the disk`)
      await delay(POLL_MS, undefined, { signal })
    }
    // Once more: rows that were being inserted while the tables were searched.
    const late = await eraseRows(statements, STREAMS, { tenant, beforeMs, onProgress })
    for (const { table, rows } of late) add(erasure, table, rows)
    if (late.some(({ rows }) => rows > 0)) return await this.#erase(erasure)
    // After the tables: what is exported meanwhile comes from them.
    const files = await this.#options.exported?.erase(tenant, beforeMs)
    add(erasure, 'exported files', files?.rows ?? 0)
    await warehouse.files?.erasing(false)
    await this.#finish(erasure)
  }

  async #step(erasure: ErasureState, step: ErasureState['step']): Promise<void> {
    erasure.step = step
    this.#doing = ''
    await this.#keep(erasure)
  }

  async #finish(erasure: ErasureState): Promise<void> {
    erasure.tenant = null
    erasure.finishedMs = this.#options.now()
    await this.#step(erasure, 'done')
    const rows = Object.values(erasure.erased).reduce((sum, one) => sum + one, 0)
    this.#options.events.emit('tenantErased', { id: erasure.id, rows })
  }

  async #keep(erasure: ErasureState): Promise<void> {
    const { folder } = this.#options
    if (folder === null) return
    const file = join(folder, `${erasure.id}.json`)
    await writeFile(`${file}.new`, JSON.stringify(erasure), { flush: true })
    await rename(`${file}.new`, file)
  }
}

function add(erasure: ErasureState, table: string, rows: number): void {
  if (rows > 0) erasure.erased[table] = (erasure.erased[table] ?? 0) + rows
}

function readAll(folder: string | null): readonly ErasureState[] {
  if (folder === null) return []
  mkdirSync(folder, { recursive: true })
  const names = readdirSync(folder)
    .filter(name => name.endsWith('.json'))
    .sort()
  return names.map(name => JSON.parse(readFileSync(join(folder, name), 'utf8')) as ErasureState)
}
