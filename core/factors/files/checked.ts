/** Checks that no schema makes: the times of values, alone and among each other. */

import type { Factor } from '../../model/factor.ts'
import { zoneName } from '../../model/factor.ts'
import type { PriceList } from '../../model/prices/price-list.ts'
import type { SpotPrice } from '../../model/prices/spot-price.ts'
import { type EmbodiedFactor, type EmbodiedValues, embodiedFactorOf } from '../hosts/embodied.ts'
import { type PueFactor, type PueValues, pueFactorsOf } from '../hosts/pue.ts'
import { factorsOf, type IntensityValues } from '../intensity-values.ts'
import { type SpotValues, spotPricesOf } from '../prices/spot-values.ts'
import type { Dated } from '../records/series.ts'
import type { FileProblem } from './problems.ts'

/** A value and where it stands. */
export interface Placed<T> {
  readonly value: T
  readonly line: number
  readonly column?: number | string
}

/** Versions begin with where a factor comes from. */
const LABEL = 'file'

/** One intensity. @throws RangeError for its time */
export function intensityOf(
  head: Omit<IntensityValues, 'values'>,
  value: IntensityValues['values'][number],
): Factor {
  // `DEU` is `DE`, as everywhere.
  const zone = zoneName(head.zone)
  const [factor] = factorsOf({ ...head, zone, values: [value] }, LABEL)
  if (factor === undefined) throw new RangeError('no value')
  return factor
}

/** One spot price. @throws RangeError for its time */
export function spotPriceOf(
  head: Omit<SpotValues, 'values'>,
  value: SpotValues['values'][number],
): SpotPrice {
  const [price] = spotPricesOf({ ...head, values: [value] })
  if (price === undefined) throw new RangeError('no value')
  return price
}

/** One PUE. @throws RangeError for its time */
export function pueOf(head: Omit<PueValues, 'values'>, value: PueValues['values'][number]): PueFactor {
  const [factor] = pueFactorsOf({ ...head, values: [value] }, LABEL)
  if (factor === undefined) throw new RangeError('no value')
  return factor
}

/** Embodied emissions of a type. @throws RangeError for its time */
export const embodiedOf = (values: EmbodiedValues): EmbodiedFactor => embodiedFactorOf(values, LABEL)

/** Two values of one series for one time: it would be undefined which of them counts. */
export function overlaps<T extends Dated>(
  values: readonly Placed<T>[],
  seriesOf: (one: T) => string,
): FileProblem[] {
  const problems: FileProblem[] = []
  for (const series of Map.groupBy(values, ({ value }) => seriesOf(value)).values()) {
    const sorted = series.toSorted((a, b) => (a.value.validFrom ?? 0) - (b.value.validFrom ?? 0))
    for (const [index, one] of sorted.entries()) {
      const before = sorted[index - 1]
      if (
        before === undefined ||
        (one.value.validFrom ?? 0) >= (before.value.validTo ?? Number.POSITIVE_INFINITY)
      )
        continue
      const at = new Date((one.value.validFrom ?? 0) * 1000).toISOString()
      const [first, second] = before.line <= one.line ? [before, one] : [one, before]
      problems.push({
        ...placeOf(second),
        problem: `a value for ${at}, for which line ${first.line} has one already`,
      })
    }
  }
  return problems
}

/** Things of one name: the later would take the place of the earlier. */
export function repeatedNames<T>(things: readonly Placed<T>[], nameOf: (one: T) => string): FileProblem[] {
  const first = new Map<string, number>()
  return things.flatMap(({ value, line, column }) => {
    const name = nameOf(value)
    const known = first.get(name)
    if (known === undefined) first.set(name, line)
    const place = column === undefined ? { line } : { line, column }
    return known === undefined ? [] : [{ ...place, problem: `the name ${name} is in line ${known} already` }]
  })
}

/** Name of a price list: each tenant has names of its own. */
export const listName = ({ terms }: PriceList): string =>
  terms.tenant === undefined ? terms.name : `${terms.name} of ${terms.tenant}`

const placeOf = ({ line, column }: Placed<unknown>) => (column === undefined ? { line } : { line, column })

/** The order of the file. */
export const inOrder = (problems: readonly FileProblem[]): readonly FileProblem[] =>
  problems.toSorted((a, b) => a.line - b.line)
