/**
 * Which price holds, as docs/tariffs.md says it: looked up rule by rule for one minute, with the calendar of `Intl`, in exact
 * fractions. Slow, and written without a look at how the product does it.
 */
import type { PriceListTerms, ResourceRuleTerms, ScheduleTerms } from '../../../../core/model/prices/terms.ts'

/** An exact fraction. */
export interface Fraction {
  readonly over: bigint
  readonly under: bigint
}

export const fractionOf = (text: string): Fraction => {
  const [whole = '', decimals = ''] = text.replace('-', '').split('.')
  const over = BigInt(whole + decimals) * (text.startsWith('-') ? -1n : 1n)
  return { over, under: 10n ** BigInt(decimals.length) }
}
export const plus = (a: Fraction, b: Fraction): Fraction => ({
  over: a.over * b.under + b.over * a.under,
  under: a.under * b.under,
})
export const times = (a: Fraction, b: Fraction): Fraction => ({
  over: a.over * b.over,
  under: a.under * b.under,
})
export const isSame = (a: Fraction, b: Fraction): boolean => a.over * b.under === b.over * a.under

export interface SpotValue {
  readonly zone: string
  readonly currency: string
  readonly from: number
  readonly to: number
  readonly value: string
}

export interface Situation {
  readonly lists: readonly PriceListTerms[]
  readonly otherwise: PriceListTerms
  readonly spot: readonly SpotValue[]
}

export interface Place {
  readonly tenant: string
  readonly account: string
  readonly zone: string
}

export interface RuledPrice {
  readonly currency: string
  readonly energy: Fraction | null
  readonly energyList: PriceListTerms | null
  readonly resourceList: PriceListTerms | null
  readonly isOtherCurrency: boolean
}

/** Whether a pattern matches: `*` is any run of characters. */
export const asksFor = (pattern: string, text: string): boolean => {
  const [first = '', ...rest] = pattern.split('*')
  if (rest.length === 0) return pattern === text
  if (!text.startsWith(first)) return false
  let at = first.length
  for (const part of rest.slice(0, -1)) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  const last = rest.at(-1)!
  return text.length - last.length >= at && text.endsWith(last)
}

/** 1. The tenant's own. 2. The account. 3. The zone. 4. The later beginning. */
function winner(lists: readonly PriceListTerms[], place: Place, seconds: number): PriceListTerms | null {
  const time = (text: string | undefined): number | null =>
    text === undefined ? null : Date.parse(text) / 1000
  const able = lists.filter(list => {
    const [from, to] = [time(list.valid_from), time(list.valid_to)]
    return (
      (list.tenant === undefined || list.tenant === place.tenant) &&
      (list.zone === undefined || list.zone === place.zone) &&
      (list.account === undefined || asksFor(list.account, place.account)) &&
      (from === null || from <= seconds) &&
      (to === null || seconds < to)
    )
  })
  const best = <T extends number | string>(
    from: readonly PriceListTerms[],
    rank: (one: PriceListTerms) => T,
    least = false,
  ) => {
    const ranks = from.map(rank)
    const top = ranks.reduce((a, b) => ((least ? b < a : b > a) ? b : a), ranks[0]!)
    return from.filter(one => rank(one) === top)
  }
  if (able.length === 0) return null
  const own = best(able, one => (one.tenant === undefined ? 0 : 1))
  const named = best(own, ({ account = '*' }) =>
    account.includes('*') ? account.replaceAll('*', '').length : 1e9,
  )
  const alphabetical = best(named, ({ account = '*' }) => account, true)
  const zoned = best(alphabetical, one => (one.zone === undefined ? 0 : 1))
  const later = best(zoned, one => time(one.valid_from) ?? 0)
  return best(later, one => one.name, true)[0]!
}

const hasEnergy = (list: PriceListTerms): boolean =>
  list.spot !== undefined || list.price_per_kwh !== undefined || list.bands.length > 0
const hasPrices = (rule: Partial<ResourceRuleTerms>): boolean =>
  [rule.price_per_vcpu_hour, rule.price_per_gib_hour, rule.price_per_gpu_hour, rule.price_per_host_hour].some(
    price => price !== undefined,
  )
const hasResources = (list: PriceListTerms): boolean =>
  hasPrices(list) || list.resource_prices.some(hasPrices)

/** Prices of the minute that begins then. */
export function priceByRules(
  { lists, otherwise, spot }: Situation,
  place: Place,
  seconds: number,
): RuledPrice {
  const pick = (has: (list: PriceListTerms) => boolean): PriceListTerms | null =>
    winner(lists.filter(has), place, seconds) ?? (has(otherwise) ? otherwise : null)
  const energyList = pick(hasEnergy)
  const resourceList = pick(hasResources)
  const { currency } = energyList ?? resourceList ?? otherwise
  const isOtherCurrency = resourceList !== null && resourceList.currency !== currency
  return {
    currency,
    energy: energyList === null ? null : energyPrice(energyList, spot, seconds),
    energyList,
    resourceList: isOtherCurrency ? null : resourceList,
    isOtherCurrency,
  }
}

function energyPrice(list: PriceListTerms, spot: readonly SpotValue[], seconds: number): Fraction | null {
  const local = calendar(list, seconds)
  const base =
    list.spot === undefined ? scheduled(list, local) : spotOf(list.spot, list.currency, spot, seconds)
  if (base === null) return null
  return list.charges.reduce((sum, charge) => plus(sum, scheduled(charge, local) ?? NOTHING), base)
}

const NOTHING: Fraction = { over: 0n, under: 1n }

function spotOf(
  { zone, multiplier, markup_per_kwh: markup }: NonNullable<PriceListTerms['spot']>,
  currency: string,
  spot: readonly SpotValue[],
  seconds: number,
): Fraction | null {
  const found = spot.find(
    one => one.zone === zone && one.currency === currency && one.from <= seconds && seconds < one.to,
  )
  return found === undefined
    ? null
    : plus(times(fractionOf(found.value), fractionOf(multiplier)), fractionOf(markup))
}

interface LocalDay {
  /** `MM-DD` */
  readonly date: string
  readonly weekday: string
}

interface Local {
  readonly time: string
  readonly today: LocalDay
  readonly yesterday: LocalDay
}

const NAMES = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** What calendar and clock on the wall show. */
function calendar({ time_zone: timeZone, holidays }: PriceListTerms, seconds: number): Local {
  const wall = new Date(seconds * 1000).toLocaleString('sv-SE', { timeZone })
  const [date = '', time = ''] = wall.split(' ')
  const day = (ms: number): LocalDay => {
    const text = new Date(ms).toISOString().slice(0, 10)
    const weekday = holidays.includes(text) ? 'sun' : NAMES[new Date(ms).getUTCDay()]!
    return { date: text.slice(5), weekday }
  }
  const midnight = Date.parse(`${date}T00:00:00Z`)
  return { time: time.slice(0, 5), today: day(midnight), yesterday: day(midnight - 86_400_000) }
}

function scheduled(
  { bands, price_per_kwh: base }: ScheduleTerms,
  { time, today, yesterday }: Local,
): Fraction | null {
  for (const band of bands) {
    const begins = (day: LocalDay): boolean => {
      const { weekdays, months, season } = band
      if (weekdays !== undefined && !(weekdays as readonly string[]).includes(day.weekday)) return false
      if (months !== undefined && !months.includes(Number(day.date.slice(0, 2)))) return false
      if (season === undefined) return true
      const isAfter = day.date >= season.from
      const isBefore = day.date <= season.through
      return season.from > season.through ? isAfter || isBefore : isAfter && isBefore
    }
    const isOver = band.to <= band.from
    const isOn = isOver
      ? (time >= band.from && begins(today)) || (time < band.to && begins(yesterday))
      : time >= band.from && time < band.to && begins(today)
    if (isOn) return fractionOf(band.price_per_kwh)
  }
  return base === undefined ? null : fractionOf(base)
}

/** Prices of a workload's resources; of each the first rule that has it. */
export function unitPriceByRules(
  list: PriceListTerms,
  row: {
    readonly Host: string
    readonly HostName: string
    readonly Labels: Readonly<Record<string, string>>
  },
  key: 'price_per_vcpu_hour' | 'price_per_gib_hour' | 'price_per_gpu_hour' | 'price_per_host_hour',
): Fraction | null {
  for (const rule of list.resource_prices) {
    const { label = {}, host } = rule.match
    const isMatch =
      (host === undefined || asksFor(host, row.HostName) || asksFor(host, row.Host)) &&
      Object.entries(label).every(
        ([name, pattern]) => name in row.Labels && asksFor(pattern, row.Labels[name]!),
      )
    const price = rule[key]
    if (isMatch && price !== undefined) return fractionOf(price)
  }
  const own = key === 'price_per_host_hour' ? undefined : list[key]
  return own === undefined ? null : fractionOf(own)
}
