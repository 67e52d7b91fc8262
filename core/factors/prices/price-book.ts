/** Every price list that is known, and which prices are in force for an account in a zone at a time. */
import type { Decimal } from '../../model/decimal.ts'
import { zoneName } from '../../model/factor.ts'
import type { PriceList } from '../../model/prices/price-list.ts'
import type { ResourcePrices } from '../../model/prices/resource-prices.ts'
import { specificity, wildcard } from '../../model/wildcard.ts'
import { SpotBook } from './spot-book.ts'

/** What decides between price lists. */
export interface PricePlace {
  readonly tenant: string
  readonly account: string
  /** Grid zone of the host. */
  readonly zone: string
}

/** Prices of a place at a time. */
export interface PriceInForce {
  /** Of energy and resources. */
  readonly currency: string
  /** Currency units for each kWh; null: no price covers the minute. */
  readonly energy: Decimal | null
  /** Version of the price of energy alone; '' if there is none. */
  readonly energyVersion: string
  /** Null: resources are not priced, or only in another currency than energy. */
  readonly resources: ResourcePrices | null
  /** Whether the list that prices resources is in another currency than that which prices energy. */
  readonly isOtherCurrency: boolean
  /** Every version that these prices come from, joined by `+`; '' where nothing is priced. */
  readonly version: string
}

/** Prices and the time for which they hold: `[from, to)` in seconds since the epoch. */
export interface PricePiece extends PriceInForce {
  readonly from: number
  readonly to: number
}

/** Lists that can hold for a place, the one that wins first. */
interface Candidates {
  readonly energy: readonly PriceList[]
  readonly resources: readonly PriceList[]
}

/** Places that are remembered. */
const MOST_REMEMBERED = 100_000

/** Answers which prices are in force. Immutable, but for what it remembers. */
export class PriceBook {
  readonly #ranked: readonly RankedList[]
  readonly #otherwise: PriceList
  readonly #spot: SpotBook
  readonly #known = new Map<string, Candidates>()

  /**
   * @param lists in any order, each with a name of its own within its tenant
   * @param otherwise holds where no list does, for every tenant, account and zone, at all times
   */
  constructor(lists: Iterable<PriceList>, otherwise: PriceList, spot: SpotBook = new SpotBook()) {
    this.#ranked = [...lists].map(ranked).toSorted(compare)
    this.#otherwise = otherwise
    this.#spot = spot
  }

  get spot(): SpotBook {
    return this.#spot
  }

  /** All lists, the most specific first. */
  get lists(): readonly PriceList[] {
    return this.#ranked.map(({ list }) => list)
  }

  /** What the keys of `tariffs` themselves say. */
  get otherwise(): PriceList {
    return this.#otherwise
  }

  /** Prices of the minute that begins then. */
  at(place: PricePlace, seconds: number): PriceInForce {
    return this.#at(this.#candidates(place), seconds)
  }

  /**
   * Prices of `[from, to)`, in order of time, without gaps; two pieces beside each other differ.
   * @param limit of pieces: later ones are left out
   */
  between(
    place: PricePlace,
    from: number,
    to: number,
    limit = Number.POSITIVE_INFINITY,
  ): readonly PricePiece[] {
    const candidates = this.#candidates(place)
    const pieces: PricePiece[] = []
    for (let at = from; at < to; ) {
      const next = Math.min(to, this.#nextAt(candidates, at))
      const price = this.#at(candidates, at)
      const last = pieces.at(-1)
      if (
        last !== undefined &&
        last.version === price.version &&
        last.isOtherCurrency === price.isOtherCurrency
      ) {
        pieces[pieces.length - 1] = { ...last, to: next }
      } else if (pieces.length === limit) break
      else pieces.push({ ...price, from: at, to: next })
      at = next
    }
    return pieces
  }

  #at({ energy, resources }: Candidates, seconds: number): PriceInForce {
    const ofEnergy = energy.find(list => holds(list, seconds))
    const ofResources = resources.find(list => holds(list, seconds))
    const currency = (ofEnergy ?? ofResources ?? this.#otherwise).currency
    const isOtherCurrency = ofResources !== undefined && ofResources.currency !== currency
    const price = ofEnergy?.energyAt(seconds, this.#spot.at) ?? null
    const versions = [
      price?.version ?? ofEnergy?.version ?? '',
      ofResources === ofEnergy || isOtherCurrency ? '' : (ofResources?.version ?? ''),
    ]
    return {
      currency,
      energy: price?.value ?? null,
      energyVersion: price?.version ?? '',
      resources: isOtherCurrency ? null : (ofResources?.resources ?? null),
      isOtherCurrency,
      version: versions.filter(version => version !== '').join('+'),
    }
  }

  #nextAt({ energy, resources }: Candidates, seconds: number): number {
    const edges = [...energy, ...resources].flatMap(({ validFrom, validTo }) => [validFrom, validTo])
    const next = edges.filter(edge => edge !== null && edge > seconds) as number[]
    const list = energy.find(one => holds(one, seconds))
    if (list !== undefined) next.push(list.nextAt(seconds))
    const spot = list?.terms.spot
    if (spot !== undefined) next.push(this.#spot.nextAt(spot.zone, list!.currency, seconds))
    return Math.min(...next, Number.POSITIVE_INFINITY)
  }

  #candidates({ tenant, account, zone }: PricePlace): Candidates {
    const key = `${tenant}\u0000${account}\u0000${zone}`
    const before = this.#known.get(key)
    if (before !== undefined) return before
    const matching = this.#ranked.filter(
      one =>
        (one.tenant === '' || one.tenant === tenant) &&
        (one.zone === '' || one.zone === zone) &&
        one.isAccount(account),
    )
    const lists = [...matching.map(({ list }) => list), this.#otherwise]
    const found = {
      energy: lists.filter(list => list.pricesEnergy),
      resources: lists.filter(list => list.resources !== null),
    }
    if (this.#known.size >= MOST_REMEMBERED) this.#known.clear()
    this.#known.set(key, found)
    return found
  }
}

const holds = ({ validFrom, validTo }: PriceList, seconds: number): boolean =>
  (validFrom === null || seconds >= validFrom) && (validTo === null || seconds < validTo)

interface RankedList {
  readonly list: PriceList
  readonly tenant: string
  readonly zone: string
  readonly account: string
  readonly isAccount: (account: string) => boolean
}

function ranked(list: PriceList): RankedList {
  const { tenant = '', account = '*', zone = '' } = list.terms
  return { list, tenant, account, zone: zoneName(zone), isAccount: wildcard(account) }
}

/**
 * Which of two lists wins where both hold: a tenant's own before that of all; then the account that says more, a name before a
 * pattern; then one with a zone; then the one that began later; at last by name.
 */
function compare(a: RankedList, b: RankedList): number {
  return (
    Number(b.tenant !== '') - Number(a.tenant !== '') ||
    specificity(b.account) - specificity(a.account) ||
    order(a.account, b.account) ||
    Number(b.zone !== '') - Number(a.zone !== '') ||
    (b.list.validFrom ?? 0) - (a.list.validFrom ?? 0) ||
    order(a.list.terms.name, b.list.terms.name)
  )
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
