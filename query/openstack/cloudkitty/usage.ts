/** Reads rated usage from the ledger. */
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import type { FencedReader } from '../../fence/fenced-reader.ts'
import { readSummed, type Summed } from '../../usage/answer.ts'
import type { TimeStep, UsageDimension, UsageRequest } from '../../usage/request.ts'
import { type SummedRow, usageStatement } from '../../usage/statement.ts'
import { badRequest } from './failure.ts'
import type { RatedQuestion } from './request.ts'

/** Groups that one answer is made of. */
const GROUPS_MAX = 100_000

/**
 * Sums of the ledger by these dimensions and steps. Currencies are told apart.
 * @throws CloudKittyError for costs of several currencies that are not told apart
 */
export async function readRatedUsage(
  reader: FencedReader,
  question: RatedQuestion,
  dimensions: readonly UsageDimension[],
  step: TimeStep | null,
): Promise<readonly Summed[]> {
  const { identity, from, to, filters } = question
  if (to <= from) return []
  const groupBy = [...new Set(dimensions)]
  const request: UsageRequest = {
    tenant: identity.tenant,
    accounts: identity.accounts,
    from,
    to,
    groupBy,
    filters,
    step,
    includeIdle: true,
    idleSharing: 'booked',
    operatorAccount: '',
    limit: GROUPS_MAX,
  }
  const { text, params } = usageStatement(request, {
    groupBy,
    step,
    idle: 'with',
    from: 'books',
    limit: GROUPS_MAX + 1,
  })
  const rows = await reader.query<SummedRow>(text, params)
  if (rows.length > GROUPS_MAX)
    throw new WattlineError(
      'sql_limit',
      `An answer is made of at most ${GROUPS_MAX} groups. Ask for a shorter time, add filters, or group by less.`,
    )
  const found = rows.map(row => readSummed(row, groupBy)).filter(({ amounts }) => amounts.entries !== 0n)
  if (!groupBy.includes('currency')) refuseSeveralCurrencies(found)
  return found
}

function refuseSeveralCurrencies(rows: readonly Summed[]): void {
  const currencies = [...new Set(rows.flatMap(row => row.currencies))].toSorted()
  if (currencies.length > 1)
    throw badRequest(
      `There are costs in ${currencies.join(', ')}, which cannot be added. Add groupby=currency, or filters=currency:${currencies[0]}.`,
    )
}
