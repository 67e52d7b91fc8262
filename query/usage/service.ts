/** Asks the warehouse what a question about usage needs, and puts the answer together. */
import type { UsageAnswer } from '../../core/api/answers.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'
import type { ParameterizedSql } from '../fence/tables.ts'
import { addAmounts, NO_AMOUNTS, readAmounts } from './amounts.ts'
import {
  buildAnswer,
  foldCells,
  readCell,
  readSummed,
  rowKey,
  type Summed,
  type Total,
  totalOf,
} from './answer.ts'
import type { TimeStep, UsageRequest } from './request.ts'
import { requestWeights } from './request-weights.ts'
import { byUsage, CELL_DIMENSIONS, shareIdle } from './share-idle.ts'
import { inSteps, shareSteps } from './share-steps.ts'
import { type QueryShape, reasonsStatement, type SummedRow, usageStatement } from './statement.ts'

/** Sharing reads one cell for each workload, host, component and step: at most this many. */
const CELLS_MAX = 200_000

/** @throws WattlineError `sql_limit` when sharing idle energy would need more cells than are read. */
export async function answerUsage(
  warehouse: FencedReader,
  request: UsageRequest,
  currency: string,
): Promise<UsageAnswer> {
  const shape: QueryShape = {
    groupBy: request.groupBy,
    step: request.step,
    idle: request.includeIdle ? 'with' : 'without',
    // One more than is shown tells whether there are more.
    limit: request.limit + 1,
  }
  const sharing = request.idleSharing !== 'none'
  const { rows, total, sharedBy } = sharing
    ? await sharedRows(warehouse, request, shape)
    : await plainRows(warehouse, request, shape)
  return buildAnswer(request, {
    currency,
    rows,
    total,
    sharedBy: sharedBy ?? null,
    excludedUj: request.includeIdle || sharing ? 0n : await idleEnergy(warehouse, request),
  })
}

interface Found {
  readonly rows: readonly Summed[]
  readonly total: Total
  /** Steps in which idle energy was shared; absent: it was not. */
  readonly sharedBy?: TimeStep | null
}

const ask = (warehouse: FencedReader, sql: ParameterizedSql): Promise<readonly SummedRow[]> =>
  warehouse.query<SummedRow>(sql.text, sql.params)

async function plainRows(warehouse: FencedReader, request: UsageRequest, shape: QueryShape): Promise<Found> {
  const found = await ask(warehouse, usageStatement(request, shape))
  // Without groups, the engine answers one row of zeros when there are no entries: leave it out.
  const rows = found.map(row => readSummed(row, request.groupBy)).filter(row => row.amounts.entries !== 0n)
  if (found.length < shape.limit) return { rows, total: totalOf(rows) }
  const everything = usageStatement(request, { ...shape, groupBy: [], step: null, limit: 1 })
  return { rows, total: totalOf((await ask(warehouse, everything)).map(row => readSummed(row, []))) }
}

async function sharedRows(warehouse: FencedReader, request: UsageRequest, shown: QueryShape): Promise<Found> {
  const { found, step } = await sharedCells(warehouse, request)
  const weigh = request.idleSharing === 'by_usage' ? byUsage : await requestWeights(warehouse, request)
  const cells = shareIdle(found.map(readCell), weigh).filter(cell => {
    const { dimensions } = cell
    const mine = request.accounts === null || request.accounts.includes(dimensions.account)
    const names = new Set(request.filters.map(filter => filter.dimension))
    return (
      mine &&
      [...names].every(name =>
        request.filters.some(filter => filter.dimension === name && filter.value === dimensions[name]),
      ) &&
      (request.includeIdle || dimensions.share !== 'idle')
    )
  })
  const rows = foldCells(inSteps(cells, request.step), request.groupBy, request.limit + 1)
  const amounts = cells.map(cell => cell.amounts).reduce(addAmounts, NO_AMOUNTS)
  const unpriced = (amounts.unpriced_carbon_entries ?? 0n) + (amounts.unpriced_cost_entries ?? 0n) > 0n
  const reasons = unpriced
    ? await findReasons(warehouse, request, shown)
    : new Map<string, readonly string[]>()
  return {
    rows: rows.map(row => ({ ...row, reasons: reasons.get(rowKey(row)) ?? [] })),
    total: { amounts, reasons: [...new Set([...reasons.values()].flat())].toSorted() },
    sharedBy: step,
  }
}

/** Every workload of every host, in the finest steps that are few enough. */
async function sharedCells(
  warehouse: FencedReader,
  request: UsageRequest,
): Promise<{ readonly found: readonly SummedRow[]; readonly step: TimeStep | null }> {
  // Filters narrow what is shown. Shares of idle energy depend on everything that ran on the host.
  const everything = { ...request, accounts: null, filters: [] }
  for (const step of shareSteps(request)) {
    const shape: QueryShape = { groupBy: CELL_DIMENSIONS, step, idle: 'with', limit: CELLS_MAX + 1 }
    const found = await ask(warehouse, usageStatement(everything, shape))
    if (found.length <= CELLS_MAX) return { found, step }
  }
  throw new WattlineError(
    'sql_limit',
    `Sharing idle energy would look at more than ${CELLS_MAX} cells: ask about a shorter window.`,
  )
}

async function idleEnergy(warehouse: FencedReader, request: UsageRequest): Promise<bigint> {
  const shape: QueryShape = { groupBy: [], step: null, idle: 'only', limit: 1 }
  const [row] = await ask(warehouse, usageStatement(request, shape))
  return row === undefined ? 0n : (readAmounts(row).energy_uj ?? 0n)
}

/** Reasons by the key of their row. */
async function findReasons(
  warehouse: FencedReader,
  request: UsageRequest,
  shape: QueryShape,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = await ask(warehouse, reasonsStatement(request, shape))
  return new Map(
    found.map(row => {
      const summed = readSummed(row, request.groupBy)
      return [rowKey(summed), summed.reasons] as const
    }),
  )
}
