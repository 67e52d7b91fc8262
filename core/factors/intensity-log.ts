/** Writes intensities into the log, and keeps a book of what the log says. */
import type { Broker } from '../broker/broker.ts'
import { WattlineError } from '../catalogue/errors/errors.ts'
import type { Factor } from '../model/factor.ts'
import { FACTOR_VERSIONS, factors } from '../model/streams/factors.ts'
import { IntensityBook } from './intensity-book.ts'
import { byDay, dayRecord, factorsOfRecord, isDayKey, overlay } from './intensity-days.ts'

type FactorLog = Pick<Broker, 'newest' | 'append'>

/** Calls of this process, one after the other: each reads what the one before has written. */
const writing = new WeakMap<FactorLog, Promise<unknown>>()

/**
 * Puts values in force. Days whose record would not change are left alone, so the same values again append nothing.
 * Resolves with the number of days that changed, once they are durable.
 */
export function putIntensities(log: FactorLog, revised: readonly Factor[], nowMs: number): Promise<number> {
  const put = async (): Promise<number> => {
    const known = await log.newest(factors.name)
    const records = [...byDay(revised)].flatMap(([key, values]) => {
      const there = known.get(key)
      const before = there === undefined ? [] : factorsOfRecord(there.value)
      const record = dayRecord(key, overlay(before, values), nowMs)
      return there?.headers[FACTOR_VERSIONS] === record.headers[FACTOR_VERSIONS] ? [] : [record]
    })
    if (records.length > 0) await log.append(factors.name, 0, records)
    return records.length
  }
  const done = (writing.get(log) ?? Promise.resolve()).then(put, put)
  writing.set(log, done)
  return done
}

/** How old what is known of the log may be before it is asked again. */
const FRESH_MS = 1_000

/** The book of what the log says, kept up to date by whoever calls `follow` before it looks something up. */
export class IntensityFollower {
  readonly #log: Pick<Broker, 'newest' | 'lag'>
  readonly #configured: Factor | null
  readonly #now: () => number
  #book: IntensityBook
  #end = -1n
  #askedMs = Number.NEGATIVE_INFINITY
  #following: Promise<void> | null = null

  /** @param now monotonic, ms */
  constructor(log: Pick<Broker, 'newest' | 'lag'>, configured: Factor | null, now: () => number) {
    this.#log = log
    this.#configured = configured
    this.#now = now
    this.#book = new IntensityBook([], configured)
  }

  get book(): IntensityBook {
    return this.#book
  }

  /** The book, once it has all that was in the log a second ago. Rejects as the log does. */
  async follow(): Promise<IntensityBook> {
    if (this.#now() - this.#askedMs >= FRESH_MS) {
      this.#following ??= this.#read().finally(() => {
        this.#following = null
      })
    }
    await this.#following
    return this.#book
  }

  async #read(): Promise<void> {
    const askedMs = this.#now()
    const [lag] = await this.#log.lag(STORE_GROUP, factors.name)
    if (lag === undefined)
      throw new WattlineError('invariant_broken', `stream ${factors.name} has no partition.`)
    if (lag.end !== this.#end) {
      const dated: Factor[] = []
      for (const [key, { value }] of await this.#log.newest(factors.name)) {
        if (isDayKey(key)) dated.push(...factorsOfRecord(value))
      }
      this.#book = new IntensityBook(dated, this.#configured)
      this.#end = lag.end
    }
    this.#askedMs = askedMs
  }
}

/** Reads the stream wherever there are processors: its lag tells where the stream ends. */
const STORE_GROUP = 'store'
