/** Keeps books of what stream `factors` says: of what is new since it was read last, and no more. */
import type { Broker } from '../broker/broker.ts'
import { WattlineError } from '../catalogue/errors/errors.ts'
import type { PriceList } from '../model/prices/price-list.ts'
import { factors } from '../model/streams/factors.ts'
import { type ConfiguredFactors, mergedLists, mergedTypes } from './configured.ts'
import { EmbodiedBook, type EmbodiedFactor, embodiedOfRecord, isEmbodiedKey } from './hosts/embodied.ts'
import { PueBook, pueShelf, withConfigured } from './hosts/pue.ts'
import { IntensityBook } from './intensity-book.ts'
import { intensityShelf } from './intensity-days.ts'
import { isListKey, listOfRecord } from './prices/list-records.ts'
import { PriceBook } from './prices/price-book.ts'
import { SpotBook } from './prices/spot-book.ts'
import { spotShelf } from './prices/spot-records.ts'
import { Kept } from './records/kept.ts'

/** All that is known of factors at one moment. Immutable: where nothing changed, a book is the same object as before. */
export interface FactorBooks {
  readonly intensities: IntensityBook
  readonly prices: PriceBook
  readonly pue: PueBook
  readonly embodied: EmbodiedBook
}

/** How old what is known of the log may be before it is asked again. */
const FRESH_MS = 1_000

/** The books of what the log says, kept up to date by whoever calls `follow` before it looks something up. */
export class FactorFollower {
  readonly #log: Pick<Broker, 'newest' | 'lag'>
  readonly #configured: ConfiguredFactors
  readonly #now: () => number
  readonly #intensities = intensityShelf()
  readonly #spot = spotShelf()
  readonly #pue = pueShelf()
  readonly #lists = new Kept<PriceList>(isListKey, listOfRecord)
  readonly #embodied = new Kept<EmbodiedFactor>(isEmbodiedKey, embodiedOfRecord)
  /** What the books were made of. */
  #made: Partial<Record<'intensities' | 'spot' | 'lists' | 'pue' | 'embodied', unknown>> = {}
  #books: FactorBooks
  #end = 0n
  #askedMs = Number.NEGATIVE_INFINITY
  /** Readings of the log that were begun, and the last that is done. */
  #begun = 0
  #done = 0
  #following: Promise<void> | null = null

  /** @param now monotonic, ms */
  constructor(log: Pick<Broker, 'newest' | 'lag'>, configured: ConfiguredFactors, now: () => number) {
    this.#log = log
    this.#configured = configured
    this.#now = now
    this.#books = configuredBooks(configured)
  }

  /** As of the last time that `follow` resolved. */
  get books(): FactorBooks {
    return this.#books
  }

  /** The books, once they have all that was in the log a second ago. Rejects as the log does. */
  async follow(): Promise<FactorBooks> {
    const sinceMs = this.#now() - FRESH_MS
    // What is being read may have been asked for long ago.
    while (this.#askedMs <= sinceMs) await this.#readOnce()
    return this.#books
  }

  /** The books, once they have all that is in the log now, whatever the clock says. Rejects as the log does. */
  async catchUp(): Promise<FactorBooks> {
    const before = this.#begun
    while (this.#done <= before) await this.#readOnce()
    return this.#books
  }

  /** Joins who is reading, or reads. */
  #readOnce(): Promise<void> {
    this.#following ??= this.#read().finally(() => {
      this.#following = null
    })
    return this.#following
  }

  async #read(): Promise<void> {
    this.#begun += 1
    const askedMs = this.#now()
    const [lag] = await this.#log.lag(STORE_GROUP, factors.name)
    if (lag === undefined)
      throw new WattlineError('invariant_broken', `stream ${factors.name} has no partition.`)
    if (lag.end !== this.#end) {
      // A log that ends earlier than before is another one.
      const since = lag.end < this.#end ? 0n : this.#end
      for (const [key, { value }] of await this.#log.newest(factors.name, { since })) this.#take(key, value)
      this.#books = this.#bind()
      // Records that were appended meanwhile are read again.
      this.#end = lag.end
    }
    this.#askedMs = askedMs
    this.#done = this.#begun
  }

  #take(key: string, value: Uint8Array): void {
    for (const shelf of [this.#intensities, this.#spot, this.#pue, this.#lists, this.#embodied]) {
      if (shelf.take(key, value)) return
    }
  }

  /** Makes the books again of which something changed. */
  #bind(): FactorBooks {
    const { intensity, prices, pue, embodied } = this.#configured
    const [before, books] = [this.#made, this.#books]
    const made = {
      intensities: this.#intensities.series(),
      spot: this.#spot.series(),
      lists: this.#lists.values(),
      pue: this.#pue.series(),
      embodied: this.#embodied.values(),
    }
    this.#made = made
    const isSame = (...names: readonly (keyof typeof made)[]): boolean =>
      names.every(name => made[name] === before[name])
    return {
      intensities: isSame('intensities') ? books.intensities : new IntensityBook(made.intensities, intensity),
      prices: isSame('spot', 'lists')
        ? books.prices
        : new PriceBook(mergedLists(prices, made.lists), prices.otherwise, new SpotBook(made.spot)),
      pue: isSame('pue') ? books.pue : new PueBook(withConfigured(pue, made.pue)),
      embodied: isSame('embodied') ? books.embodied : new EmbodiedBook(mergedTypes(embodied, made.embodied)),
    }
  }
}

/** Where the log says nothing. */
export const configuredBooks = ({ intensity, prices, pue, embodied }: ConfiguredFactors): FactorBooks => ({
  intensities: new IntensityBook([], intensity),
  prices: new PriceBook(prices.lists, prices.otherwise),
  pue: new PueBook(withConfigured(pue, new Map())),
  embodied: new EmbodiedBook(embodied),
})

/** Reads the stream wherever there are processors: its lag tells where the stream ends. */
const STORE_GROUP = 'store'
