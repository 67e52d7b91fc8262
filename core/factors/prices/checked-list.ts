/** Price lists that somebody gives, by the checks that the configuration has. */
import { priceListProblems } from '../../catalogue/config/prices.ts'
import { createPriceList, type PriceList } from '../../model/prices/price-list.ts'
import type { PriceListTerms } from '../../model/prices/terms.ts'

/** @throws RangeError with all that is wrong, also for a list that prices nothing */
export function checkedPriceList(terms: PriceListTerms): PriceList {
  const problems = priceListProblems(terms, '')
  if (problems.length > 0) {
    throw new RangeError(
      problems.map(({ path, problem }) => `${path.replace(/^\./, '')}: ${problem}`).join('; '),
    )
  }
  const list = createPriceList(terms)
  if (list.version === '') throw new RangeError(`${terms.name} has no price`)
  return list
}
