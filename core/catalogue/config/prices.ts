/** Price lists: values that no schema can judge by themselves, and that would make entries wrong, or unpriced, in silence. */

import { type BandOverlap, overlapsOf } from '../../model/prices/overlaps.ts'
import { createPriceList } from '../../model/prices/price-list.ts'
import { bandText, DAY_MINUTES } from '../../model/prices/schedule.ts'
import type { BandTerms, PriceListTerms, TariffTerms } from '../../model/prices/terms.ts'
import { DEFAULT_LIST } from '../../model/prices/terms-version.ts'
import type { ConfigProblem } from './problem.ts'
import type { Config } from './schema.ts'
import { closest } from './suggest.ts'
import { isTimeZone } from './time-zone.ts'

/** What the configured tariffs say that cannot be. */
export function tariffProblems({ lists, ...otherwise }: Config['tariffs']): ConfigProblem[] {
  return [
    ...termsProblems({ ...otherwise, name: DEFAULT_LIST }, 'tariffs'),
    ...lists.flatMap((list, index) => priceListProblems(list, `tariffs.lists.${index}`)),
    ...sameNames(lists),
    ...ambiguous(lists),
  ]
}

/** What is wrong with one price list. */
export function priceListProblems(list: PriceListTerms, path: string): ConfigProblem[] {
  const problems = [...termsProblems(list, path)]
  const tell = (key: string, problem: string): void => void problems.push({ path: `${path}.${key}`, problem })
  if (list.name === DEFAULT_LIST)
    tell('name', `\`${DEFAULT_LIST}\` is the name of the tariff for everybody: use another`)
  const [from, to] = [millisOf(list.valid_from, 0), millisOf(list.valid_to, Number.POSITIVE_INFINITY)]
  if (to <= from) tell('valid_to', `${list.valid_to} is not after valid_from: the list never holds`)
  return problems
}

function termsProblems(list: PriceListTerms, path: string): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const tell = (key: string, problem: string): void => void problems.push({ path: `${path}.${key}`, problem })
  const currencies = Intl.supportedValuesOf('currency')
  if (!currencies.includes(list.currency)) {
    tell('currency', `${list.currency} is not an ISO 4217 currency${hint(list.currency, currencies)}`)
  }
  if (!isTimeZone(list.time_zone)) {
    const near = hint(list.time_zone, Intl.supportedValuesOf('timeZone'))
    tell('time_zone', `unknown time zone ${list.time_zone}: use an IANA name such as Europe/Berlin${near}`)
  }
  if (list.spot !== undefined && (list.price_per_kwh !== undefined || list.bands.length > 0)) {
    tell(
      'spot',
      'stands in place of price_per_kwh and bands: leave these out, or use charges for what is added',
    )
  }
  problems.push(...bandProblems(list, path), ...chargeProblems(list, path))
  for (const [index, { match }] of list.resource_prices.entries()) {
    if (match.host === undefined && Object.keys(match.label ?? {}).length === 0) {
      tell(`resource_prices.${index}.match`, 'matches everything: name a label or a host')
    }
  }
  if (problems.length > 0) return problems
  try {
    createPriceList(list)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    problems.push({ path, problem: error.message })
  }
  return problems
}

function chargeProblems({ charges }: TariffTerms, path: string): ConfigProblem[] {
  return charges.flatMap((charge, index) => {
    const place = `${path}.charges.${index}`
    if (charge.price_per_kwh === undefined && charge.bands.length === 0) {
      return [{ path: place, problem: `${charge.name} has no price: set price_per_kwh or bands` }]
    }
    return bandProblems(charge, place)
  })
}

function bandProblems({ bands }: { readonly bands: readonly BandTerms[] }, path: string): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const tell = (key: string, problem: string): void => void problems.push({ path: `${path}.${key}`, problem })
  const good = new Set<number>()
  for (const [index, { from, to }] of bands.entries()) {
    const [start, end] = [minuteOfDay(from), minuteOfDay(to)]
    if (start === null || start === DAY_MINUTES)
      tell(`bands.${index}.from`, `${from} is not a time of day: 00:00 to 23:59`)
    if (end === null) tell(`bands.${index}.to`, `${to} is not a time of day: 00:00 to 24:00`)
    if (start === null || end === null || start === DAY_MINUTES) continue
    if (start === end) {
      const whole = `for the whole day use ${path}.price_per_kwh`
      tell(`bands.${index}`, `begins and ends at ${from}; ${whole}`)
    } else good.add(index)
  }
  for (const { first, second } of overlapsOf(bands).filter(isAmong(good))) {
    tell(`bands.${second}`, `${bandText(bands[second]!)} overlaps bands.${first}, ${bandText(bands[first]!)}`)
  }
  return problems
}

const isAmong =
  (indexes: ReadonlySet<number>) =>
  ({ first, second }: BandOverlap): boolean =>
    indexes.has(first) && indexes.has(second)

function minuteOfDay(text: string): number | null {
  const [hours, minutes] = text.split(':').map(Number)
  if (!/^\d\d:\d\d$/.test(text) || minutes! > 59) return null
  const minute = hours! * 60 + minutes!
  return minute > DAY_MINUTES ? null : minute
}

const millisOf = (text: string | undefined, otherwise: number): number =>
  text === undefined ? otherwise : Date.parse(text)

function sameNames(lists: readonly PriceListTerms[]): ConfigProblem[] {
  return lists.flatMap(({ name, tenant }, index) =>
    lists.findIndex(other => other.name === name && other.tenant === tenant) === index
      ? []
      : [{ path: `tariffs.lists.${index}.name`, problem: `${name} appears twice` }],
  )
}

/** Two lists of which no rule says which one wins. */
function ambiguous(lists: readonly PriceListTerms[]): ConfigProblem[] {
  return lists.flatMap((list, index) => {
    const other = lists
      .slice(0, index)
      .find(one => isSamePlace(one, list) && beginOf(one) === beginOf(list) && pricesTheSame(one, list))
    if (other === undefined) return []
    const problem = `holds for the same tenant, account and zone from the same time as ${other.name}: only one of them can apply`
    return [{ path: `tariffs.lists.${index}`, problem }]
  })
}

const beginOf = ({ valid_from: from }: PriceListTerms): number => millisOf(from, 0)
const isSamePlace = (a: PriceListTerms, b: PriceListTerms): boolean =>
  a.tenant === b.tenant && (a.account ?? '*') === (b.account ?? '*') && a.zone === b.zone
const pricesEnergy = (list: PriceListTerms): boolean =>
  list.price_per_kwh !== undefined || list.bands.length > 0 || list.spot !== undefined
const pricesResources = (list: PriceListTerms): boolean =>
  [list.price_per_vcpu_hour, list.price_per_gib_hour, list.price_per_gpu_hour].some(Boolean) ||
  list.resource_prices.length > 0
const pricesTheSame = (a: PriceListTerms, b: PriceListTerms): boolean =>
  (pricesEnergy(a) && pricesEnergy(b)) || (pricesResources(a) && pricesResources(b))

/** What may be meant as it is, and is worth a look. */
export function tariffNotes({ lists, ...otherwise }: Config['tariffs']): readonly string[] {
  return lists.flatMap((list, index) => {
    const notes: string[] = []
    const path = `tariffs.lists.${index} (${list.name})`
    if (!pricesEnergy(list) && !pricesResources(list)) notes.push(`${path} prices nothing`)
    const end = list.valid_to
    const others = lists.filter(one => one !== list && isSamePlace(one, list) && pricesTheSame(one, list))
    if (end !== undefined) {
      const next = others.filter(one => millisOf(one.valid_to, Number.POSITIVE_INFINITY) > Date.parse(end))
      const begin = Math.min(...next.map(beginOf))
      if (next.length > 0 && begin > Date.parse(end)) {
        notes.push(
          `no list of its kind holds from ${end}, when ${path} ends, to ${new Date(begin).toISOString()}`,
        )
      }
    }
    const later = others.find(
      one => beginOf(one) > beginOf(list) && end !== undefined && beginOf(one) < Date.parse(end),
    )
    if (later !== undefined) {
      notes.push(`${path} and ${later.name} overlap: from ${later.valid_from} on ${later.name} applies`)
    }
    if (
      pricesResources(list) &&
      !pricesEnergy(list) &&
      list.currency !== otherwise.currency &&
      pricesEnergy({ ...otherwise, name: '' })
    ) {
      notes.push(
        `${path} prices resources in ${list.currency}, the default energy price is in ${otherwise.currency}: resources stay unpriced where both apply`,
      )
    }
    return notes
  })
}

function hint(word: string, known: readonly string[]): string {
  const near = closest(word, known)
  return near === null ? '' : `; did you mean \`${near}\`?`
}
