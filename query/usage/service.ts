/** Asks the warehouse what a question about usage needs, and puts the answer together. */
import type { UsageAnswer } from '../../core/api/answers.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'
import type { ParameterizedSql } from '../fence/tables.ts'
import { buildUsageAnswer, mergeUsageRows, readSummed, type Summed, type Total, totalOf } from './answer.ts'
import type { UsageRequest } from './request.ts'
import { hasCorrectionsOfHours, isSharingPolicy } from './shared-idle.ts'
import { type HourOfEntries, hoursStatement, sharingWindows } from './sharing-plan.ts'
import { type QueryShape, type SummedRow, usageStatement } from './statement.ts'

/** Where idle energy is shared, rows of several statements are added up here: at most this many groups. */
const GROUPS_MAX = 200_000

/** @throws WattlineError `sql_limit` when sharing idle energy would need more entries than are read. */
export async function answerUsage(
  warehouse: FencedReader,
  request: UsageRequest,
  currency: string,
): Promise<UsageAnswer> {
  const first = await rowsOfRequest(warehouse, request)
  const isMixed = first.total.currencies.length > 1
  const asked = isMixed ? byCurrencyToo(request) : request
  const { rows, total } = asked === request ? first : await rowsOfRequest(warehouse, asked)
  const wholes: UsageRequest = { ...request, groupBy: ['currency'], step: null, limit: CURRENCIES_MAX }
  return buildUsageAnswer(asked, {
    currency,
    rows,
    total,
    byCurrency: isMixed ? (await rowsOfRequest(warehouse, wholes)).rows : [],
    excludedUj: request.includeIdle ? 0n : await idleEnergy(warehouse, request),
  })
}

/** More than there are currencies. */
const CURRENCIES_MAX = 1_000

/** Currencies distinguish the rows of costs. */
const byCurrencyToo = (request: UsageRequest): UsageRequest =>
  request.groupBy.includes('currency') ? request : { ...request, groupBy: [...request.groupBy, 'currency'] }

async function rowsOfRequest(warehouse: FencedReader, request: UsageRequest): Promise<UsageSums> {
  const shape: QueryShape = {
    groupBy: request.groupBy,
    step: request.step,
    idle: request.includeIdle ? 'with' : 'without',
    from: 'books',
    // One more than is shown tells whether there are more.
    limit: request.limit + 1,
  }
  return isSharingPolicy(request.idleSharing)
    ? await sharedRows(warehouse, request, shape)
    : await plainRows(warehouse, request, shape)
}

interface UsageSums {
  readonly rows: readonly Summed[]
  readonly total: Total
}

const ask = (warehouse: FencedReader, sql: ParameterizedSql): Promise<readonly SummedRow[]> =>
  warehouse.query<SummedRow>(sql.text, sql.params)

/** Without groups, the engine answers one row of zeros when there are no entries: it is left out. */
const rowsOf = (found: readonly SummedRow[], { groupBy }: UsageRequest): readonly Summed[] =>
  found.map(row => readSummed(row, groupBy)).filter(row => row.amounts.entries !== 0n)

async function plainRows(
  warehouse: FencedReader,
  request: UsageRequest,
  shape: QueryShape,
): Promise<UsageSums> {
  const found = await ask(warehouse, usageStatement(request, shape))
  const rows = rowsOf(found, request)
  if (found.length < shape.limit) return { rows, total: totalOf(rows) }
  const everything = usageStatement(request, { ...shape, groupBy: [], step: null, limit: 1 })
  return { rows, total: totalOf((await ask(warehouse, everything)).map(row => readSummed(row, []))) }
}

async function sharedRows(
  warehouse: FencedReader,
  request: UsageRequest,
  shown: QueryShape,
): Promise<UsageSums> {
  const parts: (readonly Summed[])[] = []
  for (const part of await sharingParts(warehouse, request, { ...shown, limit: GROUPS_MAX + 1 })) {
    const found = await ask(warehouse, usageStatement(part.request, part.shape))
    if (found.length > GROUPS_MAX) {
      throw new WattlineError(
        'sql_limit',
        `Sharing idle energy adds up at most ${GROUPS_MAX} rows. Ask for fewer groups, a wider step or a shorter window.`,
      )
    }
    parts.push(rowsOf(found, request))
  }
  const rows = mergeUsageRows(parts)
  return { rows: rows.slice(0, shown.limit), total: totalOf(rows) }
}

/** What the books hold as it is asked for, and the rest in shares. */
async function sharingParts(
  warehouse: FencedReader,
  request: UsageRequest,
  shape: QueryShape,
): Promise<readonly { readonly request: UsageRequest; readonly shape: QueryShape }[]> {
  const { text, params } = hoursStatement(request)
  const windows = sharingWindows(request, await warehouse.query<HourOfEntries>(text, params))
  const corrections = hasCorrectionsOfHours(request)
  const isCorrected =
    windows.length > 0 && (await warehouse.query(corrections.text, corrections.params)).length > 0
  return [
    { request, shape: { ...shape, from: 'booked' } },
    ...windows.flatMap(window =>
      (isCorrected ? (['minutes', 'hours'] as const) : (['minutes'] as const)).map(from => ({
        request: { ...request, ...window },
        shape: { ...shape, from },
      })),
    ),
  ]
}

/** What `include_idle` left out. */
async function idleEnergy(warehouse: FencedReader, request: UsageRequest): Promise<bigint> {
  const only = { ...request, groupBy: [], step: null }
  const shape: QueryShape = { groupBy: [], step: null, idle: 'only', from: 'books', limit: 1 }
  const { total } = isSharingPolicy(request.idleSharing)
    ? await sharedRows(warehouse, only, shape)
    : { total: totalOf((await ask(warehouse, usageStatement(only, shape))).map(row => readSummed(row, []))) }
  return total.amounts.energy_uj ?? 0n
}
