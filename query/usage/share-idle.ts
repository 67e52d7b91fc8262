/**
 * Hands idle energy to those who used the machine, or had it reserved: policy of the asker, the ledger stays as it is.
 * Every quantity of an idle cell is apportioned by largest remainder, so that all sums stay the same to the last unit.
 */

import { apportion } from '../../core/model/apportion.ts'
import { addKnown } from '../../core/model/integers.ts'
import { type Amounts, addAmounts, EXACT_MEASURES, type ExactMeasure, NO_AMOUNTS } from './amounts.ts'
import type { UsageDimension } from './request.ts'

/** The finest grouping: sharing needs to know host, component and workload whatever the answer is grouped by. */
export const CELL_DIMENSIONS = [
  'account',
  'namespace',
  'workload',
  'workload_id',
  'kind',
  'host',
  'zone',
  'component',
  'share',
] as const satisfies readonly UsageDimension[]

/** Sums of one combination of all dimensions, in one step. */
export interface Cell {
  readonly dimensions: Readonly<Record<UsageDimension, string>>
  /** Unix seconds of the step; null without steps. */
  readonly start: number | null
  readonly amounts: Amounts
}

/** Weight of a cell that used the machine in its host, component and step. Never negative. */
export type Weigh = (cell: Cell) => bigint

/** By usage: active energy, which is what the meter gave each. */
export const byUsage: Weigh = cell => {
  const energy = cell.amounts.energy_uj ?? 0n
  return energy > 0n ? energy : 0n
}

/** What only tells how well something is known is not handed on, and the count of entries stays whole. */
const SHARED: readonly ExactMeasure[] = EXACT_MEASURES.filter(
  name => name !== 'cpu_us' && name !== 'active_uj',
)

/** Idle cells without anybody to take them stay as they are. */
export function shareIdle(cells: readonly Cell[], weigh: Weigh): readonly Cell[] {
  const places = Map.groupBy(cells, cell =>
    JSON.stringify([cell.start, cell.dimensions.host, cell.dimensions.component]),
  )
  return [...places.values()].flatMap(place => sharePlace(place, weigh))
}

function sharePlace(cells: readonly Cell[], weigh: Weigh): readonly Cell[] {
  const idle = cells.filter(cell => cell.dimensions.share === 'idle')
  // The order decides ties: by workload, whatever order the engine answered in.
  const takers = cells
    .filter(cell => cell.dimensions.share === 'active')
    .toSorted((a, b) => (cellKey(a) < cellKey(b) ? -1 : 1))
  const weights = takers.map(weigh)
  if (idle.length === 0 || weights.every(weight => weight === 0n)) return cells
  const others = cells.filter(cell => !['idle', 'active'].includes(cell.dimensions.share))
  const given = idle.map(cell => cell.amounts).reduce(addAmounts, NO_AMOUNTS)
  const parts = new Map(
    SHARED.map(name => {
      const total = given[name]
      return [name, total === null ? null : apportion(total, weights)] as const
    }),
  )
  const shared = takers.map((cell, index) => {
    const gain = (name: ExactMeasure): bigint | null => parts.get(name)?.[index] ?? null
    const exact = Object.fromEntries(
      EXACT_MEASURES.map(name => [name, addKnown(cell.amounts[name], gain(name))]),
    ) as Omit<Amounts, 'coverage_sum'>
    const first = index === 0 ? given.coverage_sum : 0
    return { ...cell, amounts: { ...exact, coverage_sum: cell.amounts.coverage_sum + first } as Amounts }
  })
  return [...others, ...shared]
}

const cellKey = (cell: Cell): string => JSON.stringify(CELL_DIMENSIONS.map(name => cell.dimensions[name]))
