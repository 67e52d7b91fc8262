/**
 * Shares idle energy and shared allocations among the others, to the last unit: pure. Every amount is divided by largest remainder, so
 * that what an answer sums to is what the books sum to.
 */
import { apportion } from '../../core/model/apportion.ts'
import {
  type AllocationAmounts,
  type AllocationResource,
  AMOUNT_NAMES,
  amountsBy,
  type Cell,
} from './cells.ts'
import type { AllocationRequest, Sharing } from './request.ts'

/** One that takes a share. */
interface Recipient {
  readonly cell: Cell
  /** Energy by resource, none below 0. */
  readonly energy: Map<AllocationResource, bigint>
}

/** A part of a monthly cost, which is in no book. */
export interface CostShare {
  readonly step: number
  readonly name: string
  readonly nano: bigint
}

/** Cells with what was to share in the hands of others, and shares of `shareCost`. */
export function shareOut(
  request: AllocationRequest,
  cells: readonly Cell[],
): { readonly cells: readonly Cell[]; readonly costs: readonly CostShare[] } {
  const withIdle =
    request.shareIdle === 'none' ? cells : shareKind(cells, 'idle', request.shareIdle, request.idleByNode)
  const done = shareKind(withIdle, 'shared', request.shareSplit, false)
  return { cells: done, costs: shareCost(request, done) }
}

function shareKind(
  cells: readonly Cell[],
  kind: 'idle' | 'shared',
  split: Exclude<Sharing, 'none'>,
  byNode: boolean,
): readonly Cell[] {
  const place = (cell: Cell): string => (byNode ? JSON.stringify([cell.step, cell.node]) : String(cell.step))
  const takers = cells.filter(cell => (kind === 'idle' ? cell.kind !== 'idle' : cell.kind === 'plain'))
  const places = new Map<string, readonly Recipient[]>()
  for (const [key, some] of Map.groupBy(takers, place)) places.set(key, recipientsOf(some))
  return cells.flatMap(cell => {
    if (cell.kind !== kind) return [cell]
    const recipients = places.get(place(cell)) ?? []
    const weights = weightsOf(recipients, cell.resource, kind === 'shared' ? 'all' : 'resource', split)
    // No workload can take it, so it stays unshared.
    if (weights === null) return [cell]
    return divide(cell, recipients, weights, kind)
  })
}

function recipientsOf(cells: readonly Cell[]): readonly Recipient[] {
  const found = new Map<string, Recipient>()
  for (const cell of cells) {
    const key = JSON.stringify([cell.name, cell.kind, cell.kept, cell.node])
    const known = found.get(key) ?? { cell, energy: new Map<AllocationResource, bigint>() }
    const energy = cell.origin === 'own' ? (cell.amounts.energyUj ?? 0n) : 0n
    known.energy.set(cell.resource, (known.energy.get(cell.resource) ?? 0n) + energy)
    found.set(key, known)
  }
  // The order breaks ties: it does not depend on what the engine did first.
  return [...found.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, recipient]) => recipient)
}

const positive = (value: bigint): bigint => (value > 0n ? value : 0n)
const isSome = (weights: readonly bigint[]): boolean => weights.some(weight => weight > 0n)

/** By the energy of the resource, else by all energy; null if no workload used any. */
function weightsOf(
  recipients: readonly Recipient[],
  resource: AllocationResource,
  by: 'resource' | 'all',
  split: Exclude<Sharing, 'none'>,
): readonly bigint[] | null {
  if (recipients.length === 0) return null
  if (split === 'even') return recipients.map(() => 1n)
  const own = recipients.map(({ energy }) => positive(energy.get(resource) ?? 0n))
  if (by === 'resource' && isSome(own)) return own
  const all = recipients.map(({ energy }) =>
    positive([...energy.values()].reduce((sum, part) => sum + part, 0n)),
  )
  return isSome(all) ? all : null
}

function divide(
  cell: Cell,
  recipients: readonly Recipient[],
  weights: readonly bigint[],
  origin: 'idle' | 'shared',
): readonly Cell[] {
  const parts = Object.fromEntries(
    AMOUNT_NAMES.map(name => {
      const amount = cell.amounts[name]
      return [name, amount === null ? null : apportion(amount, weights)]
    }),
  ) as Record<keyof AllocationAmounts, readonly bigint[] | null>
  return recipients.flatMap(({ cell: to }, index) => {
    const amounts = amountsBy(name => parts[name]?.[index] ?? null)
    if (AMOUNT_NAMES.every(name => amounts[name] === null || amounts[name] === 0n)) return []
    const { step, name, node, kind, kept } = to
    return [
      {
        step,
        name,
        node,
        kind,
        kept,
        resource: cell.resource,
        currency: cell.currency,
        origin,
        amounts,
        facts: null,
      },
    ]
  })
}

/** Hours of a month as price lists count them. */
const MONTH_SECONDS = 730n * 3_600n

/** The monthly cost for each step's width, among what is neither idle nor shared; only shares of what meets the filter are kept. */
function shareCost(request: AllocationRequest, cells: readonly Cell[]): readonly CostShare[] {
  if (request.shareCostNano === 0n) return []
  const steps = Map.groupBy(
    cells.filter(({ kind }) => kind === 'plain'),
    ({ step }) => step,
  )
  return [...steps].flatMap(([step, some]) => {
    const { from, to } = request.steps[step]!
    const recipients = recipientsOf(some)
    const weights = weightsOf(recipients, 'other', 'all', request.shareSplit)
    if (weights === null) return []
    const nano = (request.shareCostNano * BigInt(to - from)) / MONTH_SECONDS
    return apportion(nano, weights).flatMap((part, index) => {
      const { cell } = recipients[index]!
      return cell.kept ? [{ step, name: cell.name, nano: part }] : []
    })
  })
}
