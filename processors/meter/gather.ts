/**
 * From the pieces that series gave one window to what the window is split by: energy per domain, the host's CPU time, the
 * use of each workload. A thing that two sources report is counted once: by the one that saw more of the window.
 */

import { isIdleMode, isNestedMode } from '../../core/books/cpu-modes.ts'
import { compareSources } from '../../core/books/source-choice.ts'
import { sumOf } from '../../core/model/integers.ts'
import {
  type ByteSeconds,
  byteSeconds,
  type MicroJoules,
  type Microseconds,
  microJoules,
  microseconds,
} from '../../core/model/quantity.ts'
import { workloadKey } from './keys.ts'
import type { Piece } from './settle.ts'

/** Best first. */
export const QUALITIES = ['measured', 'interpolated', 'estimated', 'simulated'] as const
export type Quality = (typeof QUALITIES)[number]

export interface Metered {
  readonly energyUj: MicroJoules
  /** Of the window, by the meter that saw the least of it. */
  readonly coveredNs: number
  readonly quality: Quality
  readonly sources: readonly string[]
}

export interface WorkloadUse {
  readonly kind: string
  readonly id: string
  cpuUs: Microseconds
  byteSeconds: ByteSeconds
  /** Whether memory was metered; 0 byte-seconds may also mean that it was not. */
  hasMemory: boolean
  quality: Quality
}

export interface WindowUse {
  readonly domains: ReadonlyMap<string, Metered>
  readonly capacityUs: Microseconds
  readonly busyUs: Microseconds
  readonly cpuQuality: Quality
  /** How an exporter itself splits the host's energy, µJ; only asked where the capacity is unknown. */
  readonly activity: Activity
  /** In order of key: that order decides ties of apportioning. */
  readonly workloads: readonly WorkloadUse[]
}

export interface Activity {
  readonly activeUj: bigint
  readonly idleUj: bigint
}

/** Measures of a workload's memory, best first. */
const MEMORY_MEASURES = ['working_set', 'usage', 'rss', '']

export function gatherWindow(pieces: readonly Piece[]): WindowUse {
  const places = new Map<string, Piece[]>()
  for (const piece of pieces) {
    const { place } = piece.series
    const there = places.get(place)
    if (there === undefined) places.set(place, [piece])
    else there.push(piece)
  }
  const domains = new Map<string, Metered>()
  const workloads = new Map<string, WorkloadUse>()
  let cpu: { capacityUs: Microseconds; busyUs: Microseconds; quality: Quality } | null = null
  const activity = { activeUj: 0n, idleUj: 0n }
  for (const place of [...places.keys()].sort()) {
    const chosen = bestSource(places.get(place)!)
    const { quantity, domain, workloadKind } = chosen[0]!.series.identity
    if (quantity === 'energy') {
      domains.set(domain, meteredBy(chosen))
      addModes(activity, chosen)
    } else if (quantity === 'power') {
      if (!domains.has(domain)) domains.set(domain, meteredBy(chosen))
    } else if (quantity === 'energy_active') activity.activeUj += amountOf(chosen)
    else if (quantity === 'energy_idle') activity.idleUj += amountOf(chosen)
    else if (workloadKind !== '') addUse(workloads, quantity, chosen)
    else if (quantity === 'cpu_time') cpu = hostCpu(chosen)
  }
  return {
    domains,
    capacityUs: cpu?.capacityUs ?? microseconds(0n),
    busyUs: cpu?.busyUs ?? microseconds(0n),
    cpuQuality: cpu?.quality ?? 'measured',
    activity,
    workloads: [...workloads].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, use]) => use),
  }
}

/** Kepler before 0.10 tells of each zone by what is dynamic and what is idle. */
function addModes(activity: { activeUj: bigint; idleUj: bigint }, pieces: readonly Piece[]): void {
  for (const { series, amount } of pieces) {
    if (series.identity.device === 'dynamic') activity.activeUj += amount
    else if (series.identity.device === 'idle') activity.idleUj += amount
  }
}

/** All pieces of the source that counts. */
function bestSource(pieces: readonly Piece[]): readonly Piece[] {
  if (pieces.length === 1) return pieces
  const bySource = Map.groupBy(
    pieces,
    ({ series: { identity } }) => `${identity.quality}\u0000${identity.source}`,
  )
  if (bySource.size === 1) return pieces
  const seen = [...bySource.values()].map(some => {
    const { source, quality } = some[0]!.series.identity
    return { source, quality, seenNs: longestCover(some), some }
  })
  return seen.toSorted(compareSources)[0]!.some
}

const longestCover = (pieces: readonly Piece[]): number =>
  pieces.reduce((longest, { coveredNs }) => Math.max(longest, coveredNs), 0)

/** The whole's own meter where there is one (no device), else all of its parts. */
function wholeOrParts(pieces: readonly Piece[]): readonly Piece[] {
  if (pieces.length === 1) return pieces
  const whole = pieces.filter(piece => piece.series.identity.device === '')
  return whole.length > 0 ? whole : pieces
}

function meteredBy(pieces: readonly Piece[]): Metered {
  const counted = wholeOrParts(pieces)
  const coverOf = new Map<string, number>()
  for (const { series, coveredNs } of counted) {
    const { device } = series.identity
    coverOf.set(device, (coverOf.get(device) ?? 0) + coveredNs)
  }
  return {
    energyUj: microJoules(amountOf(counted)),
    coveredNs: Math.min(...coverOf.values()),
    quality: worstOf(counted.map(qualityOf)),
    sources: [...new Set(counted.map(piece => piece.series.identity.source))].sort(),
  }
}

function hostCpu(pieces: readonly Piece[]) {
  const counted = wholeOrParts(pieces).filter(piece => !isNestedMode(piece.series.identity.domain))
  const busy = counted.filter(piece => !isIdleMode(piece.series.identity.domain))
  return {
    capacityUs: microseconds(amountOf(counted)),
    busyUs: microseconds(amountOf(busy)),
    quality: worstOf(counted.map(qualityOf)),
  }
}

function addUse(workloads: Map<string, WorkloadUse>, quantity: string, pieces: readonly Piece[]): void {
  const { workloadKind: kind, workloadId: id } = pieces[0]!.series.identity
  const key = workloadKey(kind, id)
  const use = workloads.get(key) ?? {
    kind,
    id,
    cpuUs: microseconds(0n),
    byteSeconds: byteSeconds(0n),
    hasMemory: false,
    quality: 'measured',
  }
  workloads.set(key, use)
  if (quantity === 'memory') {
    use.byteSeconds = byteSeconds(amountOf(bestMeasure(pieces)))
    use.hasMemory = true
    return
  }
  use.cpuUs = microseconds(amountOf(pieces))
  use.quality = worstOf([use.quality, ...pieces.map(qualityOf)])
}

function bestMeasure(pieces: readonly Piece[]): readonly Piece[] {
  for (const measure of MEMORY_MEASURES) {
    const found = pieces.filter(piece => piece.series.identity.domain === measure)
    if (found.length > 0) return found
  }
  return pieces.slice(0, 1)
}

function qualityOf({ series, interpolated }: Piece): Quality {
  const { quality } = series.identity
  if (quality === 'estimated' || quality === 'simulated') return quality
  return interpolated ? 'interpolated' : 'measured'
}

export const worstOf = (qualities: readonly Quality[]): Quality =>
  qualities.reduce(
    (worst, quality) => (QUALITIES.indexOf(quality) > QUALITIES.indexOf(worst) ? quality : worst),
    'measured',
  )

const amountOf = (pieces: readonly Piece[]): bigint => sumOf(pieces.map(({ amount }) => amount))
