/**
 * From the slices that series gave one window to what the window is split by: energy per domain, the host's CPU time, the
 * use of each workload. A thing that two sources report is counted once: by the one that saw more of the window.
 */

import { isIdleMode, isNestedMode } from '../../../core/books/cpu-modes.ts'
import { PPM, publishedBandPpm, UNKNOWN_BAND } from '../../../core/books/error-bands.ts'
import { isMoreCpuThanThereIs } from '../../../core/books/plausible.ts'
import { compareSources, isPowerBetter } from '../../../core/books/source-choice.ts'
import { divideUp, sumOf } from '../../../core/model/integers.ts'
import { type Quality, worstQuality } from '../../../core/model/quality.ts'
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
import type { WindowSlice } from '../windows/integrate.ts'

/** Energy of one domain of the host, or of one component, in one window. */
export interface Metered {
  readonly energyUj: MicroJoules
  /** How much of the window is covered, by the meter that covers the least. */
  readonly coveredNs: number
  readonly quality: Quality
  readonly sources: readonly string[]
  /** Half width of the energy's error band, as far as its meters are known; null: some of it is unknown. */
  readonly errorUj: bigint | null
}

/** What one workload used in one window. 0 µs may also mean that its CPU time is not metered. */
export interface WorkloadUse {
  readonly kind: string
  readonly id: string
  /** Whether it is named by readings of GPUs. */
  readonly usesGpu?: true
  cpuUs: Microseconds
  byteSeconds: ByteSeconds
  /** Whether memory was metered; 0 byte-seconds may also mean that it was not. */
  hasMemory: boolean
  quality: Quality
}

/** Everything that one window is split by. */
export interface WindowUse {
  readonly domains: ReadonlyMap<string, Metered>
  readonly capacityUs: Microseconds
  readonly busyUs: Microseconds
  readonly cpuQuality: Quality
  /** How much of the window the CPU times cover. */
  readonly cpuSeenNs: number
  /** How an exporter itself splits the host's energy, µJ; only asked where the capacity is unknown. */
  readonly activity: Activity
  /** In order of key: that order decides ties of apportioning. */
  readonly workloads: readonly WorkloadUse[]
  /** CPU time of workloads that the host cannot have had. */
  readonly impossible: readonly WindowSlice[]
}

interface Activity {
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

/** Chooses one source for each meter and adds up its slices. `slices`: all of one window of one host. */
export function aggregateWindow(slices: readonly WindowSlice[]): WindowUse {
  const places = Map.groupBy(slices, ({ series }) => series.place)
  const chosen = [...places.keys()].sort().map(place => bestSource(places.get(place)!))
  const workloads = new Map<string, WorkloadUse>()
  const impossible: WindowSlice[] = []
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
    cpuSeenNs: cpu.seenNs,
    workloads: [...workloads].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, use]) => use),
    impossible,
  }
}

/** For each domain the energy counter, or the power gauge if that is better or there is no counter. */
function domainsOf(chosen: readonly (readonly WindowSlice[])[]): ReadonlyMap<string, Metered> {
  const found = {
    energy: new Map<string, readonly WindowSlice[]>(),
    power: new Map<string, readonly WindowSlice[]>(),
  }
  for (const some of chosen) {
    const { quantity, domain } = some[0]!.series.identity
    if ((quantity === 'energy' || quantity === 'power') && !found[quantity].has(domain)) {
      found[quantity].set(domain, some)
    }
  }
  for (const [domain, energy] of found.energy) {
    const power = found.power.get(domain)
    if (power !== undefined && !isPowerBetter(coverageOf(power), coverageOf(energy)))
      found.power.delete(domain)
  }
  const counted = new Map([...found.energy, ...found.power])
  return new Map([...counted].map(([domain, some]) => [domain, meteredBy(some)]))
}

function coverageOf(slices: readonly WindowSlice[]) {
  const { source, quality } = slices[0]!.series.identity
  return { source, quality, seenNs: longestCover(slices) }
}

/** By counters of their own, or, from Kepler before 0.10, of each zone by what is dynamic and what is idle. */
function activityOf(chosen: readonly (readonly WindowSlice[])[]): Activity {
  const reported = (quantity: string, device: string): bigint =>
    amountOf(
      chosen.flat().filter(({ series: { identity } }) => {
        return (
          identity.quantity === quantity || (identity.quantity === 'energy' && identity.device === device)
        )
      }),
    )
  return { activeUj: reported('energy_active', 'dynamic'), idleUj: reported('energy_idle', 'idle') }
}

/** All slices of the source that counts. */
export function bestSource(slices: readonly WindowSlice[]): readonly WindowSlice[] {
  if (slices.length === 1) return slices
  const bySource = Map.groupBy(
    slices,
    ({ series: { identity } }) => `${identity.quality}\u0000${identity.source}`,
  )
  const seen = [...bySource.values()].map(oneEpochAtATime).map(some => {
    return { ...coverageOf(some), some }
  })
  return seen.toSorted(compareSources)[0]!.some
}

const longestCover = (slices: readonly WindowSlice[]): number =>
  slices.reduce((longest, { coveredNs }) => Math.max(longest, coveredNs), 0)

/** The whole's own meter where there is one (no device), else all of its parts. */
function wholeOrParts(slices: readonly WindowSlice[]): readonly WindowSlice[] {
  if (slices.length === 1) return slices
  const whole = slices.filter(slice => slice.series.identity.device === '')
  return whole.length > 0 ? whole : slices
}

function meteredBy(slices: readonly WindowSlice[]): Metered {
  const counted = wholeOrParts(slices)
  const coverOf = new Map<string, number>()
  for (const { series, coveredNs } of counted) {
    const { device } = series.identity
    coverOf.set(device, (coverOf.get(device) ?? 0) + coveredNs)
  }
  return {
    energyUj: microJoules(amountOf(counted)),
    coveredNs: Math.min(...coverOf.values()),
    quality: worstQuality(counted.map(qualityOf)),
    sources: [...new Set(counted.map(slice => slice.series.identity.source))].sort(),
    errorUj: sumOfErrors(counted.map(errorOf)),
  }
}

/** Errors add up: their meters may be wrong in one direction. */
export const sumOfErrors = (errors: readonly (bigint | null)[]): bigint | null =>
  errors.reduce((sum, error) => (sum === null || error === null ? null : sum + error), 0n)

/**
 * What a meter states of itself, else what is published of its source. Over a gap a counter tells how much and not when: of a
 * minute in it we claim only that it used between nothing and twice its even share.
 */
function errorOf({ series, amount, interpolated }: WindowSlice): bigint | null {
  if (interpolated) return amount
  const { source, domain } = series.identity
  const ppm = series.errorPpm === UNKNOWN_BAND ? publishedBandPpm(source, domain) : series.errorPpm
  return ppm === UNKNOWN_BAND ? null : divideUp(amount * BigInt(ppm), BigInt(PPM))
}

function hostCpu(chosen: readonly (readonly WindowSlice[])[]): HostCpu {
  const slices = chosen.find(([slice]) => {
    const { quantity, workloadKind } = slice!.series.identity
    return quantity === 'cpu_time' && workloadKind === ''
  })
  if (slices === undefined) return NO_CPU
  const counted = wholeOrParts(slices).filter(slice => !isNestedMode(slice.series.identity.domain))
  const busy = counted.filter(slice => !isIdleMode(slice.series.identity.domain))
  return {
    capacityUs: microseconds(amountOf(counted)),
    busyUs: microseconds(amountOf(busy)),
    quality: worstQuality(counted.map(qualityOf)),
    seenNs: longestCover(counted),
  }
}

function addUse(workloads: Map<string, WorkloadUse>, quantity: string, slices: readonly WindowSlice[]): void {
  const { workloadKind: kind, workloadId: id } = slices[0]!.series.identity
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
    use.byteSeconds = byteSeconds(amountOf(bestMeasure(slices, MEMORY_MEASURES)))
    use.hasMemory = true
    return
  }
  use.cpuUs = microseconds(amountOf(slices))
  use.quality = worstQuality([use.quality, ...slices.map(qualityOf)])
}

/** Those of the first measure that there is. */
export function bestMeasure(
  slices: readonly WindowSlice[],
  measures: readonly string[],
): readonly WindowSlice[] {
  for (const measure of measures) {
    const found = slices.filter(slice => slice.series.identity.domain === measure)
    if (found.length > 0) return found
  }
  return slices.slice(0, 1)
}

function qualityOf({ series, interpolated }: WindowSlice): Quality {
  const { quality } = series.identity
  if (quality === 'estimated' || quality === 'simulated') return quality
  return interpolated ? 'interpolated' : 'measured'
}

const amountOf = (slices: readonly WindowSlice[]): bigint => sumOf(slices.map(({ amount }) => amount))
