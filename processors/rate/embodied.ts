/**
 * Embodied emissions of a host, SCI `M = TE x TS x RS`: the part of its total for this window, divided by CPU time. Unused
 * CPU time is idle and gets its share too, so that the rows of a window sum to the emissions of the host.
 */

import type { EmbodiedFactor } from '../../core/factors/hosts/embodied.ts'
import { apportion } from '../../core/model/apportion.ts'
import { COMPONENTS } from '../../core/model/components.ts'
import { divideHalfEven, type Rational, rational } from '../../core/model/decimal.ts'
import { larger, sumOf } from '../../core/model/integers.ts'
import { type Micrograms, micrograms } from '../../core/model/quantity.ts'
import { sharedPart } from '../../core/model/shared-part.ts'
import { WINDOW_SECONDS } from '../../core/model/window.ts'
import type { EnergyRecord } from './energy-record.ts'

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

interface SharedRow {
  readonly Component: string
  readonly Share: string
  readonly CpuUs: bigint
  readonly GpuUs: bigint
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
export function shareEmbodied(perWindowUg: Micrograms, rows: readonly SharedRow[]): Micrograms[] {
  const first = COMPONENTS.find(component => rows.some(row => row.Component === component))
  return shareByUse(perWindowUg, rows, {
    takes: row => row.Component === first,
    usedUs: row => row.CpuUs,
    capacityUs: rows.reduce((most, row) => larger(most, row.CapacityUs), 0n),
  })
}

/** The same for what `count` GPUs emit, by GPU time. Where no GPU is metered, by CPU time. */
export function shareOfGpus(
  perWindowUg: Micrograms,
  rows: readonly SharedRow[],
  count: number,
): Micrograms[] {
  if (!rows.some(row => row.Component === 'gpu')) return shareEmbodied(perWindowUg, rows)
  return shareByUse(perWindowUg, rows, {
    takes: row => row.Component === 'gpu',
    usedUs: row => row.GpuUs,
    capacityUs: BigInt(count) * BigInt(WINDOW_SECONDS) * 1_000_000n,
  })
}

interface ComponentUse {
  readonly takes: (row: SharedRow) => boolean
  readonly usedUs: (row: SharedRow) => bigint
  /** 0: not known. */
  readonly capacityUs: bigint
}

function shareByUse(
  total: Micrograms,
  rows: readonly SharedRow[],
  { takes: isOf, usedUs, capacityUs }: ComponentUse,
): Micrograms[] {
  const takes = rows.map(row => isOf(row) && row.Share !== 'skew')
  const used = sumOf(rows.filter((_, index) => takes[index]).map(usedUs))
  const idleAt = rows.findIndex((row, index) => takes[index] && row.Share === 'idle')
  const weights = rows.map((row, index) => {
    if (!takes[index]) return 0n
    if (row.Share !== 'idle') return usedUs(row)
    return index === idleAt ? larger(capacityUs - used, 0n) : 0n
  })
  const atRest = rows.findIndex((row, index) => takes[index] && row.Share !== 'active')
  const shares = divided(total, weights, capacityUs > 0n ? -1 : atRest, atRest)
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

/** The same by CPU time for rows of a record, and any amount. */
export const shareByCpu = (amount: bigint, record: EnergyRecord, rows: readonly number[]): bigint[] =>
  shareEmbodied(micrograms(amount), sharingOf(record, rows))

const sharingOf = ({ columns }: EnergyRecord, rows: readonly number[]): readonly SharedRow[] =>
  rows.map(row => ({
    Component: columns.Component.get(row),
    Share: columns.Share.get(row),
    CpuUs: columns.CpuUs.get(row),
    GpuUs: columns.GpuUs.get(row),
    CapacityUs: columns.CapacityUs.get(row),
    EnergyUj: columns.EnergyUj.get(row),
    IdleSharedUj: columns.IdleSharedUj.get(row),
    IdleBeforeUj: columns.IdleBeforeUj.get(row),
  }))

/** Emissions by row of a record. */
interface EmbodiedRows {
  /** Undefined: the emissions of the host are not known. */
  ug(row: number): Micrograms | undefined
  /** '' where they are not known. */
  version(row: number): string
}

/** Emissions of one window: of a host without GPUs, and of its GPUs. */
interface PerWindow {
  readonly host: Micrograms
  readonly gpus: Micrograms
}

const perWindow = new WeakMap<EmbodiedFactor, PerWindow>()

function perWindowOf(factor: EmbodiedFactor): PerWindow {
  const known = perWindow.get(factor)
  if (known !== undefined) return known
  const years = rational(factor.years)
  const { gpus } = factor
  const ofGpus = (kilograms: Rational, count: number): Rational => ({
    ...kilograms,
    numerator: kilograms.numerator * BigInt(count),
  })
  const made = {
    host: embodiedPerWindow(rational(factor.kilograms), years),
    gpus:
      gpus === null ? micrograms(0n) : embodiedPerWindow(ofGpus(rational(gpus.kilograms), gpus.count), years),
  }
  perWindow.set(factor, made)
  return made
}

/** Null where no host's emissions are known. All rows of a host and window are in the record. */
export function embodiedByRow(
  record: EnergyRecord,
  factorOf: (
    row: number,
    host: { readonly host: string; readonly hostName: string },
  ) => EmbodiedFactor | null,
): EmbodiedRows | null {
  const {
    columns: { Tenant, Host, HostName, WindowStart },
    rows,
  } = record
  const groups = new Map<string, { readonly factor: EmbodiedFactor; readonly indexes: number[] }>()
  let last = { host: -1, name: -1, window: -1, factor: null as EmbodiedFactor | null }
  for (let row = 0; row < rows; row += 1) {
    const [host, name, window] = [Host.ids[row]!, HostName.ids[row]!, WindowStart.get(row)]
    if (last.host !== host || last.name !== name || last.window !== window) {
      const factor = factorOf(row, { host: Host.get(row), hostName: HostName.get(row) })
      last = { host, name, window, factor }
    }
    if (last.factor === null) continue
    const key = `${window}/${Tenant.ids[row]}/${host}`
    const there = groups.get(key)
    if (there === undefined) groups.set(key, { factor: last.factor, indexes: [row] })
    else there.indexes.push(row)
  }
  if (groups.size === 0) return null
  const shares: (Micrograms | undefined)[] = new Array(rows)
  const versions: (string | undefined)[] = new Array(rows)
  for (const { factor, indexes } of groups.values()) {
    for (const [position, share] of sharesOf(factor, sharingOf(record, indexes)).entries()) {
      shares[indexes[position]!] = share
      versions[indexes[position]!] = factor.version
    }
  }
  return { ug: row => shares[row], version: row => versions[row] ?? '' }
}

/** What each row of a host and window takes of its emissions. */
function sharesOf(factor: EmbodiedFactor, rows: readonly SharedRow[]): readonly Micrograms[] {
  const { host, gpus } = perWindowOf(factor)
  const ofHost = shareEmbodied(host, rows)
  if (factor.gpus === null) return ofHost
  const ofGpus = shareOfGpus(gpus, rows, factor.gpus.count)
  return ofHost.map((ug, index) => micrograms(ug + ofGpus[index]!))
}
