import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { FactorBooks } from '../../core/factors/follower.ts'
import type { InstanceFactors } from '../../core/factors/instance-factors.ts'

/** The factors as of a second ago. @throws WattlineError `not_found` where this process does not have the log open */
export async function booksOf(factors: InstanceFactors | undefined): Promise<FactorBooks> {
  if (factors !== undefined) return await factors.books()
  throw new WattlineError(
    'not_found',
    'This process does not have the log open: ask one with role query that has.',
  )
}
