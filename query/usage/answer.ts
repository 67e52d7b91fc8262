/** From summed rows to the answer: pure. */
import type { UsageAnswer } from '../../core/api/answers.ts'
import { isoTime } from '../../core/model/iso-time.ts'
import { WINDOW_SECONDS } from '../../core/model/window.ts'
import { type Amounts, addAmounts, NO_AMOUNTS, readAmounts, toUsageRow } from './amounts.ts'
import type { UsageDimension, UsageRequest } from './request.ts'
import { isSharingPolicy } from './shared-idle.ts'
import type { SummedRow } from './statement.ts'

/** One group of the answer. */
export interface Summed {
  readonly group: Readonly<Record<string, string>>
  readonly start: number | null
  readonly amounts: Amounts
  /** Why entries of it could not be priced. */
  readonly reasons: readonly string[]
  /** Currencies of its costs. */
  readonly currencies: readonly string[]
}

const groupOf = (row: SummedRow, groupBy: readonly UsageDimension[]): Record<string, string> =>
  Object.fromEntries(groupBy.map(name => [name, String(row[`g_${name}`] ?? '')]))

/** A row of the engine as a group of the answer. */
export const readSummed = (row: SummedRow, groupBy: readonly UsageDimension[]): Summed => ({
  group: groupOf(row, groupBy),
  start: row['start'] === undefined || row['start'] === null ? null : Number(row['start']),
  amounts: readAmounts(row),
  reasons: row.reasons ?? [],
  currencies: row.currencies ?? [],
})

/** Adds up rows of several statements, most energy first (first step first). */
export function mergeUsageRows(parts: readonly (readonly Summed[])[]): readonly Summed[] {
  const merged = new Map<string, Summed>()
  for (const row of parts.flat()) {
    const key = rowKey(row)
    const known = merged.get(key)
    const reasons = union([known?.reasons ?? [], row.reasons])
    const currencies = union([known?.currencies ?? [], row.currencies])
    const amounts = known === undefined ? row.amounts : addAmounts(known.amounts, row.amounts)
    merged.set(key, { ...row, amounts, reasons, currencies })
  }
  return [...merged.values()].toSorted((a, b) => {
    if (a.start !== b.start) return (a.start ?? 0) - (b.start ?? 0)
    const difference = (b.amounts.energy_uj ?? 0n) - (a.amounts.energy_uj ?? 0n)
    if (difference !== 0n) return difference > 0n ? 1 : -1
    return rowKey(a) < rowKey(b) ? -1 : 1
  })
}

const union = (lists: readonly (readonly string[])[]): readonly string[] =>
  [...new Set(lists.flat())].toSorted()

/** Tells a row from all others of its answer. */
export const rowKey = ({ start, group }: Pick<Summed, 'start' | 'group'>): string =>
  JSON.stringify([start, ...Object.values(group)])

/** What the last line of the answer holds. */
export type Total = Pick<Summed, 'amounts' | 'reasons' | 'currencies'>

/** Of rows that are all there are. */
export const totalOf = (rows: readonly Summed[]): Total => ({
  amounts: rows.map(row => row.amounts).reduce(addAmounts, NO_AMOUNTS),
  reasons: union(rows.map(row => row.reasons)),
  currencies: union(rows.map(row => row.currencies)),
})

/** The answer of the route. Rows beyond `request.limit` set `truncated`. */
export function buildUsageAnswer(
  request: UsageRequest,
  found: {
    /** Where nothing has a cost. */
    readonly currency: string
    /** The total by currency; absent if there is one currency. */
    readonly byCurrency: readonly Summed[]
    /** One more than `request.limit` where there are more. */
    readonly rows: readonly Summed[]
    readonly total: Total
    readonly excludedUj: bigint
  },
): UsageAnswer {
  const { currencies } = found.total
  return {
    window: { from: isoTime(request.from), to: isoTime(request.to) },
    step_seconds: request.step === 'month' ? null : request.step,
    calendar_step: request.step === 'month' ? 'month' : null,
    group_by: request.groupBy,
    currency: currencies.length > 1 ? null : (currencies[0] ?? found.currency),
    costs: costsOf(found.total, found.byCurrency),
    rows: found.rows.slice(0, request.limit).map(row =>
      toUsageRow(withoutMixedCost(row), {
        group: row.group,
        start: row.start === null ? null : isoTime(row.start),
        reasons: row.reasons,
      }),
    ),
    truncated: found.rows.length > request.limit,
    total: toUsageRow(withoutMixedCost(found.total), {
      group: {},
      start: null,
      reasons: found.total.reasons,
    }),
    excluded_uj: found.excludedUj.toString(),
    idle_sharing: request.idleSharing,
    idle_shared_by_seconds: isSharingPolicy(request.idleSharing) ? WINDOW_SECONDS : null,
  }
}

/** Amounts of one currency are added up, those of several never. */
const withoutMixedCost = ({ amounts, currencies }: Total): Amounts =>
  currencies.length > 1 ? { ...amounts, cost_energy_nano: null, cost_resource_nano: null } : amounts

function costsOf(total: Total, byCurrency: readonly Summed[]): UsageAnswer['costs'] {
  const [only, ...others] = total.currencies
  if (only === undefined) return []
  const rows = others.length === 0 ? [{ ...total, group: { currency: only } }] : byCurrency
  return rows
    .filter(({ currencies }) => currencies.length > 0)
    .map(({ group, amounts }) => ({
      currency: group['currency'] ?? '',
      cost_energy_nano: amounts.cost_energy_nano?.toString() ?? null,
      cost_resource_nano: amounts.cost_resource_nano?.toString() ?? null,
    }))
    .toSorted((a, b) => (a.currency < b.currency ? -1 : 1))
}
