/** Keeps books of what stream `factors` says: of what is new since it was read last, and no more. */
import type { Broker } from '../broker/broker.ts'
import { WattlineError } from '../catalogue/errors/errors.ts'
import type { PriceList } from '../model/prices/price-list.ts'
import { factors } from '../model/streams/factors.ts'
import { type ConfiguredFactors, mergedLists } from './configured.ts'
import { IntensityBook } from './intensity-book.ts'
import { intensityShelf } from './intensity-days.ts'
import { isListKey, listOfRecord } from './prices/list-records.ts'
import { PriceBook } from './prices/price-book.ts'
import { SpotBook } from './prices/spot-book.ts'
import { spotShelf } from './prices/spot-records.ts'

/** All that is known of factors at one moment. Immutable: where nothing changed, a book is the same object as before. */
export interface FactorBooks {
  readonly intensities: IntensityBook
  readonly prices: PriceBook
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
  readonly #lists = new Map<string, PriceList>()
  #putLists: readonly PriceList[] = []
  /** What the books were made of. */
  #made: { readonly intensities: unknown; readonly spot: unknown; readonly lists: unknown } | null = null
  #books: FactorBooks
  #end = 0n
  #askedMs = Number.NEGATIVE_INFINITY
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
    if (this.#now() - this.#askedMs >= FRESH_MS) {
      this.#following ??= this.#read().finally(() => {
        this.#following = null
      })
    }
    await this.#following
    return this.#books
  }

  async #read(): Promise<void> {
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
  }

  #take(key: string, value: Uint8Array): void {
    if (this.#intensities.take(key, value) || this.#spot.take(key, value) || !isListKey(key)) return
    const list = listOfRecord(value)
    if (list === null) this.#lists.delete(key)
    else this.#lists.set(key, list)
    this.#putLists = [...this.#lists.values()]
  }

  /** Makes the books again of which something changed. */
  #bind(): FactorBooks {
    const { intensity, prices } = this.#configured
    const before = this.#made
    const made = { intensities: this.#intensities.series(), spot: this.#spot.series(), lists: this.#putLists }
    this.#made = made
    const arePricesSame = made.spot === before?.spot && made.lists === before.lists
    return {
      intensities:
        made.intensities === before?.intensities
          ? this.#books.intensities
          : new IntensityBook(made.intensities, intensity),
      prices: arePricesSame
        ? this.#books.prices
        : new PriceBook(mergedLists(prices, made.lists), prices.otherwise, new SpotBook(made.spot)),
    }
  }
}

/** Where the log says nothing. */
export const configuredBooks = ({ intensity, prices }: ConfiguredFactors): FactorBooks => ({
  intensities: new IntensityBook([], intensity),
  prices: new PriceBook(prices.lists, prices.otherwise),
})

/** Reads the stream wherever there are processors: its lag tells where the stream ends. */
const STORE_GROUP = 'store'
