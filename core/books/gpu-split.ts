/**
 * Divides the energy and the time of one GPU board in one interval among those who use it (docs/gpus.md). Pure, and the same for
 * the ledger, for recomputing and for the live view.
 */
import { apportion } from '../model/apportion.ts'
import { divideHalfEven } from '../model/decimal.ts'
import { larger, smaller, sumOf } from '../model/integers.ts'

/** One workload on a board or instance, µs. */
export interface GpuHolder {
  /** Number of the workload among those of the host. */
  readonly workload: number
  /** Time that it kept the board or instance busy; null: not known. */
  readonly usedUs: bigint | null
  /** Time that it held it open. */
  readonly heldUs: bigint
}

/** A board or an instance of it (MIG): who holds it and how busy it was, in its own time. */
export interface GpuPlaceUse {
  readonly slices: bigint
  readonly ofSlices: bigint
  /** Time that it was active, µs; null: not known. */
  readonly activeUs: bigint | null
  /** Time that anybody held it, µs; null: only known by its holders. */
  readonly heldUs: bigint | null
  /** Whether `activeUs` comes from the source that tells the use of single holders: what exceeds theirs belongs to no known one. */
  readonly isOneSource: boolean
  readonly holders: readonly GpuHolder[]
}

/** A board in an interval. */
export interface GpuBoardUse {
  /** The part of the interval that was seen, µs. */
  readonly timeUs: bigint
  readonly whole: GpuPlaceUse
  readonly instances: readonly GpuPlaceUse[]
}

/** Energy of a board, µJ. */
export interface GpuEnergy {
  readonly energyUj: bigint
  /** What the board draws without processes, over the same time; null: not known. */
  readonly idleUj: bigint | null
}

/** How idle energy was separated from active energy. */
export type GpuMethod = 'baseline' | 'idle_unknown' | 'none'

/** By workload: energy, and board time used and reserved without use. Energy sums to that of the board. */
export interface GpuSplit {
  readonly method: GpuMethod
  readonly activeUj: readonly bigint[]
  readonly idleUj: bigint
  readonly unattributedUj: bigint
  readonly usedUs: readonly bigint[]
  readonly unknownUs: bigint
  readonly reservedIdleUs: readonly bigint[]
  /** Held by no known workload. */
  readonly unknownReservedUs: bigint
  /** The part of the board's time that somebody had reserved, by workload. */
  readonly reservedUs: readonly bigint[]
}

/** What one place gives to each of its holders; the last share belongs to no holder. */
interface PlaceSplit {
  readonly place: GpuPlaceUse
  /** Of active energy, by holder. */
  readonly weights: readonly bigint[]
  readonly usedUs: readonly bigint[]
  readonly reservedIdleUs: readonly bigint[]
  readonly reservedUs: readonly bigint[]
}

/**
 * - Nothing is known of its use: idle energy where its idle power is known, the rest is unattributed.
 * - No workload held it and it did nothing: all energy is idle.
 * - Otherwise `E - idle` is active (`baseline`). Where its idle power is not known, only the energy of time in which nobody held
 *   the board is idle, by time (`idle_unknown`).
 * - Active energy goes to instances by activity x slices, or by held time x slices where the activity of one of them is not
 *   known; inside by the time that workloads used, or equally over held time where that is not known.
 */
export function splitBoard({ energyUj, idleUj }: GpuEnergy, use: GpuBoardUse, workloads: number): GpuSplit {
  const places = placesOf(use)
  const splits = places.map(place => splitPlace(place, use.timeUs))
  const times = timesOf(splits, workloads)
  const none = Array<bigint>(workloads).fill(0n)
  if (!isAnythingKnown(use)) {
    const idle = idleUj === null ? 0n : smaller(idleUj, energyUj)
    const method = idleUj === null ? 'none' : 'baseline'
    return { ...times, method, activeUj: none, idleUj: idle, unattributedUj: energyUj - idle }
  }
  if (isUnused(use)) {
    return { ...times, method: 'baseline', activeUj: none, idleUj: energyUj, unattributedUj: 0n }
  }
  const method = idleUj === null ? 'idle_unknown' : 'baseline'
  const idle = idleUj === null ? unheldEnergy(energyUj, use, places) : smaller(idleUj, energyUj)
  const { byWorkload, unattributedUj } = shareActive(energyUj - idle, splits, workloads)
  return { ...times, method, activeUj: byWorkload, idleUj: idle, unattributedUj }
}

const isSeen = ({ activeUs, holders }: GpuPlaceUse): boolean =>
  activeUs !== null || holders.some(({ usedUs, heldUs }) => usedUs !== null || heldUs > 0n)

/** Instances, where anything is known of them: they cover the board. */
function placesOf({ whole, instances }: GpuBoardUse): readonly GpuPlaceUse[] {
  const seen = instances.filter(isSeen)
  return seen.length > 0 ? seen : [whole]
}

/** Whether a source says who holds the board or what it did. */
export const isAnythingKnown = ({ whole, instances }: GpuBoardUse): boolean =>
  whole.heldUs !== null || [whole, ...instances].some(isSeen)

/** Whether a source reports that no process held the board, and nothing contradicts it. */
export function isUnused({ whole, instances }: GpuBoardUse): boolean {
  const places = [whole, ...instances]
  const isHeld = places.some(
    ({ heldUs, holders }) =>
      (heldUs ?? 0n) > 0n || holders.some(one => one.heldUs > 0n || (one.usedUs ?? 0n) > 0n),
  )
  const isActive = places.some(({ activeUs }) => (activeUs ?? 0n) > 0n)
  return !isHeld && !isActive && places.some(({ heldUs, activeUs }) => heldUs !== null || activeUs !== null)
}

/** Time that somebody held a place. Where only holders are known, they are taken to follow each other, up to the whole time. */
function heldTime({ heldUs, holders }: GpuPlaceUse, timeUs: bigint): bigint {
  const known = heldUs ?? sumOf(holders.map(one => one.heldUs))
  return smaller(known, timeUs)
}

function unheldEnergy(
  energyUj: bigint,
  { whole, timeUs }: GpuBoardUse,
  places: readonly GpuPlaceUse[],
): bigint {
  const isKnown = whole.heldUs !== null || places.some(({ holders }) => holders.length > 0)
  if (!isKnown || timeUs === 0n) return 0n
  const held =
    whole.heldUs ?? places.map(place => heldTime(place, timeUs)).reduce((most, one) => larger(most, one), 0n)
  return apportion(energyUj, [timeUs - smaller(held, timeUs), smaller(held, timeUs)])[0]!
}

/** Busy time by holder, and of nobody known (last); null: not known. */
function usedTimes(place: GpuPlaceUse): bigint[] | null {
  const { holders, activeUs, isOneSource } = place
  const known = holders.some(({ usedUs }) => usedUs !== null)
  const used = holders.map(({ usedUs }) => usedUs ?? 0n)
  if (known) {
    const rest = isOneSource && activeUs !== null ? larger(activeUs - sumOf(used), 0n) : 0n
    return [...used, rest]
  }
  if (activeUs === null) return null
  const held = holders.map(({ heldUs }) => heldUs)
  return sumOf(held) === 0n ? [...used, activeUs] : [...apportion(activeUs, held), 0n]
}

function splitPlace(place: GpuPlaceUse, timeUs: bigint): PlaceSplit {
  const { slices, ofSlices, holders } = place
  const held = holders.map(({ heldUs }) => heldUs)
  const used = usedTimes(place)
  const reserved = heldTime(place, timeUs)
  const fair = sumOf(held) === 0n ? [...held, reserved] : [...apportion(reserved, held), 0n]
  const inBoardTime = (us: readonly bigint[]): bigint[] => {
    const sum = sumOf(us)
    return sum === 0n ? us.map(() => 0n) : apportion(divideHalfEven(sum * slices, ofSlices), us)
  }
  return {
    place,
    weights: weightsOf(place, used),
    usedUs: used === null ? fair.map(() => 0n) : inBoardTime(used),
    reservedIdleUs: used === null ? fair.map(() => 0n) : inBoardTime(unusedTimes(fair, used)),
    reservedUs: inBoardTime(fair),
  }
}

/** By use where the use of single holders is known; else by the time that they held it. */
function weightsOf({ holders }: GpuPlaceUse, used: readonly bigint[] | null): readonly bigint[] {
  const isTold = holders.some(({ usedUs }) => usedUs !== null)
  if (isTold && used !== null && sumOf(used) > 0n) return used
  const held = holders.map(({ heldUs }) => heldUs)
  return [...held, sumOf(held) > 0n ? 0n : 1n]
}

/** Reserved time that was not used: of those who used less than their part. It sums to all reserved time less all used time. */
function unusedTimes(reserved: readonly bigint[], used: readonly bigint[]): bigint[] {
  const unused = larger(sumOf(reserved) - sumOf(used), 0n)
  const left = reserved.map((us, index) => larger(us - used[index]!, 0n))
  return unused === 0n ? left.map(() => 0n) : apportion(unused, left)
}

function timesOf(splits: readonly PlaceSplit[], workloads: number) {
  const usedUs = Array<bigint>(workloads).fill(0n)
  const reservedIdleUs = Array<bigint>(workloads).fill(0n)
  const reservedUs = Array<bigint>(workloads).fill(0n)
  let [unknownUs, unknownReservedUs] = [0n, 0n]
  for (const { place, ...times } of splits) {
    for (const [index, { workload }] of place.holders.entries()) {
      usedUs[workload]! += times.usedUs[index]!
      reservedIdleUs[workload]! += times.reservedIdleUs[index]!
      reservedUs[workload]! += times.reservedUs[index]!
    }
    unknownUs += times.usedUs.at(-1)!
    unknownReservedUs += times.reservedIdleUs.at(-1)!
  }
  return { usedUs, unknownUs, reservedIdleUs, unknownReservedUs, reservedUs }
}

/** First to the places, then in each place to its holders. */
function shareActive(activeUj: bigint, splits: readonly PlaceSplit[], workloads: number) {
  const byWorkload = Array<bigint>(workloads).fill(0n)
  let unattributedUj = 0n
  const parts = activeUj === 0n ? splits.map(() => 0n) : apportion(activeUj, placeWeights(splits))
  for (const [at, { place, weights }] of splits.entries()) {
    const shares = apportion(parts[at]!, weights)
    for (const [index, { workload }] of place.holders.entries()) byWorkload[workload]! += shares[index]!
    unattributedUj += shares.at(-1)!
  }
  return { byWorkload, unattributedUj }
}

/** Size x activity; x held time where the activity of a place is not known or none has any; the size alone where nothing is. */
function placeWeights(splits: readonly PlaceSplit[]): bigint[] {
  const sizes = splits.map(({ place }) => sizeOf(place, splits))
  const active = splits.map(({ place }) => activeTime(place))
  const held = splits.map(({ place }) => place.heldUs ?? sumOf(place.holders.map(one => one.heldUs)))
  const times = [active, held].find(some => some.every(us => us !== null) && some.some(us => us > 0n))
  return times === undefined ? sizes : sizes.map((size, index) => size * times[index]!)
}

function activeTime({ activeUs, holders }: GpuPlaceUse): bigint | null {
  if (activeUs !== null) return activeUs
  return holders.some(({ usedUs }) => usedUs !== null) ? sumOf(holders.map(one => one.usedUs ?? 0n)) : null
}

/** Slices over the board's, with one denominator for all. */
function sizeOf({ slices, ofSlices }: GpuPlaceUse, splits: readonly PlaceSplit[]): bigint {
  const others = new Set(splits.map(({ place }) => place.ofSlices).filter(one => one !== ofSlices))
  return slices * [...others].reduce((product, one) => product * one, 1n)
}
