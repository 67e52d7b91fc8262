import type { UsageRow } from '../../../core/api/answers.ts'
import { addKnown } from '../../../core/model/integers.ts'
import { shareName, workloadIdentity } from './live.ts'

/** Keys by which the page groups usage: enough to identify a workload, and to separate idle and unattributed energy. */
export const GROUP_BY = ['share', 'kind', 'namespace', 'workload', 'account'] as const

/** One line of the workload table, with exact integers. Null is unknown or unpriced. */
export interface WorkloadLine {
  readonly key: string
  /** Identifies the workload in the chart; all its accounts share it. */
  readonly colourKey: string
  readonly share: string
  readonly name: string
  readonly kind: string
  readonly namespace: string
  readonly account: string
  readonly energyUj: bigint
  readonly carbonUg: bigint | null
  readonly costNano: bigint | null
  /** Currency of the cost if the answer has several; '' if it has one. */
  readonly currency: string
  readonly cpuUs: bigint
  readonly coverage: number
  readonly unpricedCarbonUj: bigint
  readonly unpricedCostUj: bigint
}

/** Columns by which the workload table can be sorted. */
export type SortColumn = 'name' | 'account' | 'energy' | 'carbon' | 'cost' | 'cpu'
/** The order chosen by the reader. */
export interface Sort {
  readonly column: SortColumn
  readonly descending: boolean
}

/** Converts a row of an answer to a line of the table. */
export function lineOf(row: UsageRow): WorkloadLine {
  const group = (name: string): string => row.group[name] ?? ''
  const share = group('share') || 'active'
  const workload = share === 'active'
  const colourKey = workload ? workloadIdentity(group('kind'), group('namespace'), group('workload')) : share
  return {
    key: `${colourKey}@${group('account')}@${group('currency')}`,
    colourKey,
    share,
    name: workload ? group('workload') || 'unnamed' : shareName(share),
    kind: workload ? group('kind') : '',
    namespace: group('namespace'),
    account: group('account'),
    energyUj: BigInt(row.energy_uj),
    carbonUg: addNullable(row.carbon_operational_ug, row.carbon_embodied_ug),
    costNano: addNullable(row.cost_energy_nano, row.cost_resource_nano),
    currency: group('currency'),
    cpuUs: BigInt(row.cpu_us),
    coverage: row.coverage,
    unpricedCarbonUj: BigInt(row.unpriced.carbon_uj),
    unpricedCostUj: BigInt(row.unpriced.cost_uj),
  }
}

/** Sum of two amounts that may be unknown; unknown only when both are. */
export function addNullable(a: string | null, b: string | null): bigint | null {
  const exact = (amount: string | null): bigint | null => (amount === null ? null : BigInt(amount))
  return addKnown(exact(a), exact(b))
}

/** The exact sum of lines. An amount is null only when no line has one; lines without it are in `unpriced…Uj`. */
export interface Sum {
  readonly energyUj: bigint
  readonly carbonUg: bigint | null
  /** By currency: amounts of different currencies are never added up. '' is the one of the answer. */
  readonly costs: ReadonlyMap<string, bigint>
  readonly cpuUs: bigint
  readonly unpricedCarbonUj: bigint
  readonly unpricedCostUj: bigint
}

/** Exact sums of the shown lines. Unknown amounts are skipped; a sum is null when all of its amounts are unknown. */
export function sumLines(lines: readonly WorkloadLine[]): Sum {
  return lines.reduce<Sum>(
    (sum, line) => ({
      energyUj: sum.energyUj + line.energyUj,
      carbonUg: addKnown(sum.carbonUg, line.carbonUg),
      costs: withCost(sum.costs, line),
      cpuUs: sum.cpuUs + line.cpuUs,
      unpricedCarbonUj: sum.unpricedCarbonUj + line.unpricedCarbonUj,
      unpricedCostUj: sum.unpricedCostUj + line.unpricedCostUj,
    }),
    { energyUj: 0n, carbonUg: null, costs: new Map(), cpuUs: 0n, unpricedCarbonUj: 0n, unpricedCostUj: 0n },
  )
}

function withCost(
  costs: ReadonlyMap<string, bigint>,
  { currency, costNano }: WorkloadLine,
): ReadonlyMap<string, bigint> {
  return costNano === null ? costs : new Map([...costs, [currency, (costs.get(currency) ?? 0n) + costNano]])
}

/** Lines that contain every search word in name, kind, namespace or account. */
export function searchLines(lines: readonly WorkloadLine[], search: string): readonly WorkloadLine[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return lines
  return lines.filter(line => {
    const text = `${line.name} ${line.kind} ${line.namespace} ${line.account} ${line.currency}`.toLowerCase()
    return words.every(word => text.includes(word))
  })
}

/**
 * Lines in the chosen order; unknown amounts are last in both directions, ties are broken by key so that the order is
 * stable.
 */
export function sortLines(lines: readonly WorkloadLine[], sort: Sort): readonly WorkloadLine[] {
  const direction = sort.descending ? -1 : 1
  return lines.toSorted((a, b) => {
    // Costs in different currencies have no order: those of one currency stay together.
    if (sort.column === 'cost' && a.currency !== b.currency) return a.currency < b.currency ? -1 : 1
    const [x, y] = [sortValue(a, sort.column), sortValue(b, sort.column)]
    if (x === null || y === null) {
      if (x !== y) return x === null ? 1 : -1
    } else if (x !== y) return x < y ? -direction : direction
    return a.key < b.key ? -1 : 1
  })
}

function sortValue(line: WorkloadLine, column: SortColumn): bigint | string | null {
  switch (column) {
    case 'name':
      return line.name.toLowerCase()
    case 'account':
      return line.account.toLowerCase()
    case 'energy':
      return line.energyUj
    case 'carbon':
      return line.carbonUg
    case 'cost':
      return line.costNano
    case 'cpu':
      return line.cpuUs
  }
}

/** The largest absolute amount of a column, for its scale. */
export function largest(amounts: readonly (bigint | null)[]): bigint {
  return amounts.reduce<bigint>((most, amount) => {
    if (amount === null) return most
    const magnitude = amount < 0n ? -amount : amount
    return magnitude > most ? magnitude : most
  }, 0n)
}
