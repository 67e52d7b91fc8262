/** Asks the ledger what a question about allocations needs, and puts the answer together. */
import type { AllocationAnswer } from '../../core/api/answers.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'
import { buildAllocations } from './answer.ts'
import {
  amountsBy,
  type Cell,
  type CellFacts,
  type CellQuantity,
  QUANTITY_NAMES,
  RESOURCES,
} from './cells.ts'
import type { AllocationRequest } from './request.ts'
import { shareOut } from './sharing.ts'
import { allocationStatement, CELLS_MAX } from './statement.ts'

type AllocationRow = Readonly<Record<string, string | number | null>> & {
  readonly p_labels: Readonly<Record<string, string>>
}

/** @throws WattlineError `sql_limit` for an answer with too many allocations */
export async function answerAllocation(
  warehouse: FencedReader,
  request: AllocationRequest,
): Promise<AllocationAnswer> {
  const { text, params } = allocationStatement(request)
  const rows = await warehouse.query<AllocationRow>(text, params)
  if (rows.length > CELLS_MAX) {
    throw new WattlineError(
      'sql_limit',
      `An answer has at most ${CELLS_MAX} allocations, all steps together. Aggregate by fewer properties, or ask for a wider step or a shorter window.`,
    )
  }
  const { cells, costs } = shareOut(request, rows.map(cellOf))
  // Idle energy that no workload could take stays in the answer for those who may see the whole tenant.
  const isLeft = ({ kind }: Cell): boolean =>
    kind === 'idle' && request.shareIdle !== 'none' && request.accounts === null
  return buildAllocations(
    request,
    cells.filter(cell => cell.kept || isLeft(cell)),
    costs,
  )
}

function cellOf(row: AllocationRow): Cell {
  const kind = row['kind'] === 'idle' || row['kind'] === 'shared' ? row['kind'] : 'plain'
  return {
    step: Number(row['step']),
    name: String(row['name']),
    node: String(row['node_key']),
    kind,
    kept: Number(row['kept']) === 1,
    resource: RESOURCES.find(name => name === row['resource']) ?? 'other',
    currency: String(row['currency']),
    origin: 'own',
    amounts: amountsBy(name => {
      const value = row[name]
      return value === null || value === undefined ? null : BigInt(value)
    }),
    facts: factsOf(row),
  }
}

const PROPERTY_COLUMNS = [
  ...['cluster', 'node', 'namespace', 'controllerKind', 'controller', 'pod', 'container'],
  ...['service', 'providerID'],
] as const

const factsOf = (row: AllocationRow): CellFacts => ({
  properties: Object.fromEntries(
    PROPERTY_COLUMNS.map(name => [name, String(row[`p_${name}`] ?? '')]),
  ) as CellFacts['properties'],
  labels: row.p_labels,
  quantities: Object.fromEntries(QUANTITY_NAMES.map(name => [name, BigInt(row[name] ?? 0)])) as Record<
    CellQuantity,
    bigint
  >,
  first: Number(row['first_at']),
  last: Number(row['last_at']),
})
