/**
 * Losses of files: kept in the data folder until an operator has accepted them. A restored, deleted or damaged file can
 * take acknowledged data with it. What is missing is reported, with its extent, in readiness, on the page and in
 * metrics. Data that is lost for good keeps the instance from being ready until the loss is accepted.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Events } from '../catalogue/events/events.ts'

/** A table or stream with missing data. */
export interface Extent {
  readonly table?: string
  readonly stream?: string
  /** Missing rows; null: unknown. */
  readonly rows: number | null
  /** How many of them were restored from the log. */
  readonly restoredRows?: number
  /** A derived table that was made again from what is left of this one: rows of what is lost there are not in it. */
  readonly madeFrom?: string
  /** Missing records of the log; null: unknown, or none. */
  readonly records: number | null
  /** Event times (tables) or times of arrival (streams), ISO 8601; null: unknown. */
  readonly from: string | null
  readonly to: string | null
}

/** How far the rows of one table have been restored. */
export interface Restoring {
  readonly table: string
  /** Restored rows; null: all rows of the table, as far as the one that it is made from has them. */
  readonly rows: number | null
  /** The table that a derived table was made from. */
  readonly madeFrom?: string
  readonly isDone: boolean
  /** The log lost the rest before it could be stored again. */
  readonly isCutOff?: boolean
}

/**
 * `restoring`: the log has the data, and it is being stored again. `restored`: the data is complete again. `lost`: it
 * is gone for good. `noted`: no acknowledged row is missing, but an operator should know.
 */
export type LossState = 'restoring' | 'restored' | 'lost' | 'noted'

/** One finding of lost data, as stored in the data folder and shown to operators. */
export interface Loss {
  /** Equal for the same finding, so that an interrupted start does not report it twice. */
  readonly id: string
  readonly found: string
  readonly state: LossState
  /** What happened, in one sentence. */
  readonly what: string
  /** What to do about it, in one sentence. */
  readonly remedy: string
  readonly extent: readonly Extent[]
  /** When an operator accepted it; null: not accepted yet. */
  readonly accepted: string | null
  /** Progress of restoring: by the position in the log that is read again, or by the table that is created again. */
  readonly restoring?: Readonly<Record<string, Restoring>>
}

/** Next to the log and the tables, since these may be what is lost. */
export const LOSSES_FILE = 'losses.json'
/** `wattline losses --accept` creates this file to accept the losses found so far. */
export const ACCEPT_FILE = 'losses.accept'
/** Older losses are dropped. */
const KEPT = 200

/** Losses recorded in the data folder; empty when there is no file. @throws SyntaxError when the file cannot be read */
export function readLosses(data: string): readonly Loss[] {
  const file = join(data, LOSSES_FILE)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Loss[]) : []
}

/** The losses of this data folder, oldest first. Every change is on disk before its event is emitted. */
export class Losses {
  readonly #data: string
  readonly #events: Events
  readonly #now: () => number
  #all: readonly Loss[]
  #writing: Promise<void> = Promise.resolve()

  constructor(data: string, events: Events, now: () => number = Date.now) {
    this.#data = data
    this.#events = events
    this.#now = now
    this.#all = readLosses(data)
  }

  all(): readonly Loss[] {
    return this.#all
  }

  /** Whether an operator has accepted losses; marks those found until now as accepted. */
  async takeAcceptance(): Promise<boolean> {
    const file = join(this.#data, ACCEPT_FILE)
    if (!existsSync(file)) return false
    const accepted = new Date(this.#now()).toISOString()
    const open = this.#all.filter(loss => loss.accepted === null)
    await this.#set(this.#all.map(loss => (loss.accepted === null ? { ...loss, accepted } : loss)))
    for (const { id, what } of open) this.#events.emit('lossAccepted', { loss: id, what })
    rmSync(file, { force: true })
    return true
  }

  /** Durable when it resolves. A known loss is not changed. */
  async add(loss: Omit<Loss, 'found' | 'accepted'>, accepted = false): Promise<void> {
    if (this.#all.some(({ id }) => id === loss.id)) return
    const found = new Date(this.#now()).toISOString()
    await this.#set([...this.#all, { ...loss, found, accepted: accepted ? found : null }].slice(-KEPT))
    this.#events.emit('lossFound', { loss: loss.id, state: loss.state, what: `${loss.what} ${loss.remedy}` })
  }

  /** Durable when it resolves. */
  async update(id: string, change: (loss: Loss) => Loss): Promise<void> {
    const before = this.#all.find(loss => loss.id === id)
    if (before === undefined) return
    const after = change(before)
    await this.#set(this.#all.map(loss => (loss.id === id ? after : loss)))
    if (after.state === before.state) return
    this.#events.emit('lossChanged', { loss: id, state: after.state, what: after.what })
  }

  /** Records the progress of restoring; durable when it resolves. Recording the same progress again changes nothing. */
  async restored(place: string, progress: Restoring): Promise<void> {
    const before = this.#all
    const noted = before.map(loss =>
      loss.restoring?.[place]?.isDone === false
        ? { ...loss, restoring: { ...loss.restoring, [place]: progress } }
        : loss,
    )
    const after = settled(noted)
    if (JSON.stringify(after) === JSON.stringify(before)) return
    await this.#set(after)
    for (const [index, loss] of after.entries()) {
      if (loss.state === before[index]?.state) continue
      this.#events.emit('lossChanged', { loss: loss.id, state: loss.state, what: loss.what })
    }
  }

  /** Why the instance is not ready. */
  reasons(): readonly string[] {
    return this.#open().flatMap(loss =>
      loss.state === 'lost' || loss.state === 'restoring' ? [sentence(loss)] : [],
    )
  }

  /** What an operator should look at although everything works. */
  notes(): readonly string[] {
    return this.#open().flatMap(loss =>
      loss.state === 'restored' || loss.state === 'noted' ? [sentence(loss)] : [],
    )
  }

  #open(): readonly Loss[] {
    return this.#all.filter(loss => loss.accepted === null)
  }

  async #set(all: readonly Loss[]): Promise<void> {
    this.#all = all
    const written = this.#writing.then(async () => {
      const draft = join(this.#data, `${LOSSES_FILE}.new`)
      await writeFile(draft, `${JSON.stringify(this.#all, null, 2)}\n`, { flush: true })
      await rename(draft, join(this.#data, LOSSES_FILE))
    })
    this.#writing = written.catch(() => undefined)
    await written
  }
}

const BACK = { state: 'restored', remedy: 'All of the rows have been restored from the log.' } as const
const GONE = {
  state: 'lost',
  remedy:
    'The rows that were still in the log have been restored. For the rest, restore a backup or send the data again. See docs/damage.md.',
} as const

/**
 * Assigns the restored rows to the losses, oldest first. A loss with nothing left to do becomes restored, or lost for
 * good.
 */
function settled(losses: readonly Loss[]): readonly Loss[] {
  const open = losses.filter(({ state }) => state === 'restoring')
  const places = new Map(open.flatMap(({ restoring }) => Object.entries(restoring ?? {})))
  const pool = new Map<string, number>()
  for (const { table, rows } of places.values()) {
    pool.set(table, (pool.get(table) ?? 0) + (rows ?? Number.POSITIVE_INFINITY))
  }
  const sources = new Map([...places.values()].map(one => [one.table, one.madeFrom]))
  const assigned = losses.map(loss => {
    if (loss.state !== 'restoring') return loss
    const extent = loss.extent.map(one => {
      if (one.table === undefined || sources.get(one.table) !== undefined) return one
      const back = Math.min(pool.get(one.table) ?? 0, one.rows ?? Number.POSITIVE_INFINITY)
      if (!Number.isFinite(back)) return one
      pool.set(one.table, (pool.get(one.table) ?? 0) - back)
      return { ...one, restoredRows: back }
    })
    return { ...loss, extent }
  })
  const lost = assigned.flatMap(loss => loss.extent.filter(one => !isBack(loss, one)))
  return assigned.map(loss => {
    if (loss.state !== 'restoring') return loss
    const extent = loss.extent.map(one => madeAgain(one, sources.get(one.table ?? ''), lost))
    if (!Object.values(loss.restoring ?? {}).every(one => one.isDone)) return { ...loss, extent }
    const isWhole = extent.every(one => one.madeFrom !== undefined || isBack({ ...loss, extent }, one))
    return { ...loss, extent, ...(isWhole ? BACK : GONE) }
  })
}

/** Whether all that this part of a finding tells is there again. */
function isBack({ state, restoring }: Loss, { table, rows, records, restoredRows = 0 }: Extent): boolean {
  if (state === 'restored' || state === 'noted') return true
  if (rows !== null) return restoredRows >= rows
  const isCutOff = Object.values(restoring ?? {}).some(one => one.isCutOff === true && one.table === table)
  return state === 'restoring' && records === null && !isCutOff
}

/** Rows of a derived table are back where nothing is lost of what they are made from. */
function madeAgain(one: Extent, source: string | undefined, lost: readonly Extent[]): Extent {
  if (source === undefined) return one
  const isLost = lost.some(
    ({ table, from, to }) => table === source && !isBefore(to, one.from) && !isBefore(one.to, from),
  )
  if (isLost) return { ...one, madeFrom: source }
  return one.rows === null ? one : { ...one, restoredRows: one.rows }
}

const isBefore = (a: string | null, b: string | null): boolean =>
  a !== null && b !== null && Date.parse(a) < Date.parse(b)

const ACCEPTED_BY = 'Then run `wattline losses --accept`.'

function sentence({ state, what, remedy, extent }: Loss): string {
  const where = extent.length === 0 ? '' : ` (${extent.map(extentText).join('; ')})`
  const after = state === 'restoring' ? '' : ` ${ACCEPTED_BY}`
  return `${what.replace(/\.$/, '')}${where}. ${remedy}${after}`
}

/** The extent in one phrase, for messages: table or stream, counts, time range. */
export function extentText(extent: Extent): string {
  const { table, stream, rows, restoredRows, records, from, to, madeFrom } = extent
  const back =
    madeFrom !== undefined
      ? `, made again from what is left of table ${madeFrom}`
      : restoredRows === undefined || restoredRows === 0
        ? ''
        : `, ${restoredRows} of them restored`
  const what = [
    rows === null ? null : `${rows} rows${back}`,
    records === null ? null : `${records} records`,
  ].filter(text => text !== null)
  const name = table === undefined ? `stream ${stream}` : `table ${table}`
  const time =
    from === null && to === null
      ? ''
      : `, ${table === undefined ? 'received ' : ''}${from ?? '?'} to ${to ?? '?'}`
  return `${name}: ${what.length === 0 ? 'extent unknown' : what.join(', ')}${time}`
}
