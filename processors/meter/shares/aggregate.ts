/**
 * From the pieces that series gave one window to what the window is split by: energy per domain, the host's CPU time, the
 * use of each workload. A thing that two sources report is counted once: by the one that saw more of the window.
 */

import { isIdleMode, isNestedMode } from '../../../core/books/cpu-modes.ts'
import { isMoreCpuThanThereIs } from '../../../core/books/plausible.ts'
import { compareSources } from '../../../core/books/source-choice.ts'
import { sumOf } from '../../../core/model/integers.ts'
import {
  type ByteSeconds,
  byteSeconds,
  type MicroJoules,
  type Microseconds,
  microJoules,
  microseconds,
} from '../../../core/model/quantity.ts'
import { workloadKey } from '../samples/keys.ts'
import { oneEpochAtATime } from '../windows/epochs.ts'
import type { Piece } from '../windows/integrate.ts'

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
  /** CPU time of workloads that the host cannot have had. */
  readonly impossible: readonly Piece[]
}

export interface Activity {
  readonly activeUj: bigint
  readonly idleUj: bigint
}

/** Measures of a workload's memory, best first. */
const MEMORY_MEASURES = ['working_set', 'usage', 'rss', '']

interface HostCpu {
  readonly capacityUs: Microseconds
  readonly busyUs: Microseconds
  readonly quality: Quality
  readonly seenNs: number
}

const NO_CPU: HostCpu = {
  capacityUs: microseconds(0n),
  busyUs: microseconds(0n),
  quality: 'measured',
  seenNs: 0,
}

export function gatherWindow(pieces: readonly Piece[]): WindowUse {
  const places = Map.groupBy(pieces, ({ series }) => series.place)
  const chosen = [...places.keys()].sort().map(place => bestSource(places.get(place)!))
  const workloads = new Map<string, WorkloadUse>()
  const impossible: Piece[] = []
  const cpu = hostCpu(chosen)
  for (const some of chosen) {
    const { quantity, workloadKind } = some[0]!.series.identity
    if (workloadKind === '' || (quantity !== 'cpu_time' && quantity !== 'memory')) continue
    const used = { us: amountOf(some), seenNs: longestCover(some) }
    const capacity = { us: cpu.capacityUs, seenNs: cpu.seenNs }
    if (quantity === 'cpu_time' && isMoreCpuThanThereIs(used, capacity)) impossible.push(...some)
    else addUse(workloads, quantity, some)
  }
  return {
    domains: domainsOf(chosen),
    activity: activityOf(chosen),
    capacityUs: cpu.capacityUs,
    busyUs: cpu.busyUs,
    cpuQuality: cpu.quality,
    workloads: [...workloads].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, use]) => use),
    impossible,
  }
}

/** Counters before power, which fills in where there is none. */
function domainsOf(chosen: readonly (readonly Piece[])[]): ReadonlyMap<string, Metered> {
  const domains = new Map<string, Metered>()
  for (const wanted of ['energy', 'power']) {
    for (const some of chosen) {
      const { quantity, domain } = some[0]!.series.identity
      if (quantity === wanted && !domains.has(domain)) domains.set(domain, meteredBy(some))
    }
  }
  return domains
}

/** By counters of their own, or, from Kepler before 0.10, of each zone by what is dynamic and what is idle. */
function activityOf(chosen: readonly (readonly Piece[])[]): Activity {
  const told = (quantity: string, device: string): bigint =>
    amountOf(
      chosen.flat().filter(({ series: { identity } }) => {
        return (
          identity.quantity === quantity || (identity.quantity === 'energy' && identity.device === device)
        )
      }),
    )
  return { activeUj: told('energy_active', 'dynamic'), idleUj: told('energy_idle', 'idle') }
}

/** All pieces of the source that counts. */
function bestSource(pieces: readonly Piece[]): readonly Piece[] {
  if (pieces.length === 1) return pieces
  const bySource = Map.groupBy(
    pieces,
    ({ series: { identity } }) => `${identity.quality}\u0000${identity.source}`,
  )
  const seen = [...bySource.values()].map(oneEpochAtATime).map(some => {
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

function hostCpu(chosen: readonly (readonly Piece[])[]): HostCpu {
  const pieces = chosen.find(([piece]) => {
    const { quantity, workloadKind } = piece!.series.identity
    return quantity === 'cpu_time' && workloadKind === ''
  })
  if (pieces === undefined) return NO_CPU
  const counted = wholeOrParts(pieces).filter(piece => !isNestedMode(piece.series.identity.domain))
  const busy = counted.filter(piece => !isIdleMode(piece.series.identity.domain))
  return {
    capacityUs: microseconds(amountOf(counted)),
    busyUs: microseconds(amountOf(busy)),
    quality: worstOf(counted.map(qualityOf)),
    seenNs: longestCover(counted),
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
