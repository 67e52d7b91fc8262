/**
 * Embodied emissions of a host, SCI `M = TE x TS x RS`: the part of its total for this window, divided by CPU time. Unused
 * CPU time is idle and gets its share too, so that the rows of a window sum to the emissions of the host.
 */
import { apportion } from '../../core/model/apportion.ts'
import { COMPONENTS } from '../../core/model/components.ts'
import { divideHalfEven, type Rational } from '../../core/model/decimal.ts'
import { larger, sumOf } from '../../core/model/integers.ts'
import { type Micrograms, micrograms } from '../../core/model/quantity.ts'
import { sharedPart } from '../../core/model/shared-part.ts'
import { WINDOW_SECONDS } from '../../core/model/window.ts'
import type { EnergyRecord } from './energy-record.ts'
import type { Site } from './sites.ts'

const SECONDS_PER_YEAR = 365n * 24n * 3600n
const UG_PER_KG = 1_000_000_000n

/** µg in one window, rounded half to even. A year has 365 days, as in the example of the SCI specification. */
export const embodiedPerWindow = (kilograms: Rational, years: Rational): Micrograms =>
  micrograms(
    divideHalfEven(
      kilograms.numerator * years.denominator * UG_PER_KG * BigInt(WINDOW_SECONDS),
      kilograms.denominator * years.numerator * SECONDS_PER_YEAR,
    ),
  )

interface Sharing {
  readonly Component: string
  readonly Share: string
  readonly CpuUs: bigint
  readonly CapacityUs: bigint
  readonly EnergyUj: bigint
  readonly IdleSharedUj: bigint
  readonly IdleBeforeUj: bigint
}

/**
 * Shares of the rows of one host and window, by largest remainder. Only the first component's rows take part: CPU time
 * stands there. Without known CPU time, the idle or unattributed row gets everything. What is idle is divided by the shares of
 * idle energy, where it is shared.
 */
export function shareEmbodied(perWindowUg: Micrograms, rows: readonly Sharing[]): Micrograms[] {
  const first = COMPONENTS.find(component => rows.some(row => row.Component === component))
  const takes = rows.map(row => row.Component === first && row.Share !== 'skew')
  const used = sumOf(rows.filter((_, index) => takes[index]).map(row => row.CpuUs))
  const idleAt = rows.findIndex((row, index) => takes[index] && row.Share === 'idle')
  const weights = rows.map((row, index) => {
    if (!takes[index]) return 0n
    if (row.Share !== 'idle') return row.CpuUs
    return index === idleAt ? larger(row.CapacityUs - used, 0n) : 0n
  })
  const atRest = rows.findIndex((row, index) => takes[index] && row.Share !== 'active')
  const capacityKnown = rows.some(row => row.CapacityUs > 0n)
  const shares = divided(perWindowUg, weights, capacityKnown ? -1 : atRest, atRest)
  const idleUg = shares[idleAt]
  return shares.map((ug, index) => {
    const { Share, IdleSharedUj: whole, IdleBeforeUj: before, EnergyUj: own } = rows[index]!
    const isShare = takes[index] && Share === 'idle' && whole !== 0n && idleUg !== undefined
    return micrograms(isShare ? sharedPart(idleUg, { whole, before, own }) : ug)
  })
}

/** @param only index of the row that takes everything; below 0: it is divided @param otherwise the same where no row has a weight */
function divided(
  total: Micrograms,
  weights: readonly bigint[],
  only: number,
  otherwise: number,
): readonly bigint[] {
  const isWeightless = sumOf(weights) === 0n
  const taker = only >= 0 ? only : isWeightless ? otherwise : -1
  if (taker >= 0) return weights.map((_, index) => (index === taker ? total : 0n))
  return apportion(total, isWeightless ? weights.map(() => 1n) : weights)
}

/** The same for rows of a record, and any amount. */
export function shareByCpu(amount: bigint, { columns }: EnergyRecord, rows: readonly number[]): bigint[] {
  const sharing = rows.map(row => ({
    Component: columns.Component.get(row),
    Share: columns.Share.get(row),
    CpuUs: columns.CpuUs.get(row),
    CapacityUs: columns.CapacityUs.get(row),
    EnergyUj: columns.EnergyUj.get(row),
    IdleSharedUj: columns.IdleSharedUj.get(row),
    IdleBeforeUj: columns.IdleBeforeUj.get(row),
  }))
  return shareEmbodied(micrograms(amount), sharing)
}

/** By row of a record; null where no host's emissions are configured. All rows of a host and window are there. */
export function embodiedByRow(
  record: EnergyRecord,
  placed: (row: number) => Site,
): readonly (Micrograms | undefined)[] | null {
  const { columns, rows } = record
  const groups = new Map<string, { readonly perWindowUg: Micrograms; readonly indexes: number[] }>()
  for (let row = 0; row < rows; row += 1) {
    const { embodiedUg } = placed(row)
    if (embodiedUg === null) continue
    const key = `${columns.WindowStart.get(row)}/${columns.Tenant.ids[row]}/${columns.Host.ids[row]}`
    const there = groups.get(key)
    if (there === undefined) groups.set(key, { perWindowUg: embodiedUg, indexes: [row] })
    else there.indexes.push(row)
  }
  if (groups.size === 0) return null
  const shares: (Micrograms | undefined)[] = new Array(rows)
  for (const { perWindowUg, indexes } of groups.values()) {
    for (const [position, share] of shareByCpu(perWindowUg, record, indexes).entries())
      shares[indexes[position]!] = micrograms(share)
  }
  return shares
}
