/**
 * What files have lost: kept in the data folder until an operator has seen it. A restored, deleted or damaged file can take
 * acknowledged data with it; what is gone is reported here, with its extent, in readiness, on the page and in metrics. Data that
 * is lost for good keeps the instance from being ready until it is accepted.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Events } from '../catalogue/events/events.ts'

/** One table or stream that lacks something. */
export interface Extent {
  readonly table?: string
  readonly stream?: string
  /** Rows that are missing; null: unknown. */
  readonly rows: number | null
  /** Of these, how many the log has given back. */
  readonly restoredRows?: number
  /** Records of the log that are missing; null: unknown, or none. */
  readonly records: number | null
  /** Event times (tables) or times of arrival (streams), ISO 8601; null: unknown. */
  readonly from: string | null
  readonly to: string | null
}

/** How far the rows of one table have been restored. */
export interface Restoring {
  readonly table: string
  /** Rows that are back; null: all of the table's. */
  readonly rows: number | null
  readonly isDone: boolean
  /** The log lost the rest before it was stored again. */
  readonly isCutOff?: boolean
}

/**
 * `restoring`: the log has it, and it is being stored again. `restored`: it is all there again. `lost`: it is gone for
 * good. `noted`: no acknowledged row is gone, but an operator should know.
 */
export type LossState = 'restoring' | 'restored' | 'lost' | 'noted'

/** One finding of lost data, as kept in the data folder and shown to operators. */
export interface Loss {
  /** The same for the same finding: a start that was cut off does not tell it twice. */
  readonly id: string
  readonly found: string
  readonly state: LossState
  /** What happened, one sentence. */
  readonly what: string
  /** What to do about it, one sentence. */
  readonly remedy: string
  readonly extent: readonly Extent[]
  /** When an operator accepted it; null: not yet. */
  readonly accepted: string | null
  /** What is done to restore it: place in the log that is read again, or table that is made again -> how far that is. */
  readonly restoring?: Readonly<Record<string, Restoring>>
}

/** Beside the log and the tables, which may be what is lost. */
export const LOSSES_FILE = 'losses.json'
/** An operator makes it, by `wattline losses --accept`, to say that the losses so far are known. */
export const ACCEPT_FILE = 'losses.accept'
/** Older ones are left out. */
const KEPT = 200

/** What the data folder says; none when it says nothing. @throws SyntaxError when the file cannot be read */
export function readLosses(data: string): readonly Loss[] {
  const file = join(data, LOSSES_FILE)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Loss[]) : []
}

/** The findings of this data folder, the oldest first. Every change is on disk before its event is emitted. */
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

  /** Whether an operator said that losses are known; from now on those found until now are. */
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

  /** Durable when it resolves. One that is known already stays as it is. */
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

  /** Notes how far restoring has got; durable when it resolves. The same once more changes nothing. */
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

  /** What keeps the instance from being ready. */
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

/** Losses with the rows that came back assigned to them, the oldest first; one for which all is done is restored, or lost for good. */
function settled(losses: readonly Loss[]): readonly Loss[] {
  const open = losses.filter(({ state }) => state === 'restoring')
  const places = new Map(open.flatMap(({ restoring }) => Object.entries(restoring ?? {})))
  const pool = new Map<string, number>()
  for (const { table, rows } of places.values()) {
    pool.set(table, (pool.get(table) ?? 0) + (rows ?? Number.POSITIVE_INFINITY))
  }
  return losses.map(loss => {
    if (loss.state !== 'restoring') return loss
    const extent = loss.extent.map(one => {
      if (one.table === undefined) return one
      const back = Math.min(pool.get(one.table) ?? 0, one.rows ?? Number.POSITIVE_INFINITY)
      if (!Number.isFinite(back)) return one
      pool.set(one.table, (pool.get(one.table) ?? 0) - back)
      return { ...one, restoredRows: back }
    })
    const isDone = Object.values(loss.restoring ?? {}).every(one => one.isDone)
    const cutOff = new Set(
      Object.values(loss.restoring ?? {}).flatMap(one => (one.isCutOff === true ? [one.table] : [])),
    )
    const isWhole = extent.every(({ table, rows, records, restoredRows = 0 }) =>
      rows === null ? records === null && !cutOff.has(table ?? '') : restoredRows >= rows,
    )
    if (!isDone) return { ...loss, extent }
    return { ...loss, extent, ...(isWhole ? BACK : GONE) }
  })
}

const ACCEPTED_BY = 'Then run `wattline losses --accept`.'

function sentence({ state, what, remedy, extent }: Loss): string {
  const where = extent.length === 0 ? '' : ` (${extent.map(extentText).join('; ')})`
  const after = state === 'restoring' ? '' : ` ${ACCEPTED_BY}`
  return `${what.replace(/\.$/, '')}${where}. ${remedy}${after}`
}

/** The extent in one phrase, for messages: table or stream, counts, time range. */
export function extentText({ table, stream, rows, restoredRows, records, from, to }: Extent): string {
  const back = restoredRows === undefined || restoredRows === 0 ? '' : `, ${restoredRows} of them restored`
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
