/**
 * Turns a host's counters into the contents of each interval between two rounds of its meters, by the rules of the
 * books. Pure.
 */

import { isIdleMode, isNestedMode } from '../../core/books/cpu-modes.ts'
import type { IdlePowers } from '../../core/books/gpu-idle.ts'
import { compareSources } from '../../core/books/source-choice.ts'
import { apportion } from '../../core/model/apportion.ts'
import { larger, smaller, sumOf } from '../../core/model/integers.ts'
import { type Split, split } from '../../core/model/split.ts'
import { gpuMeters, gpuShares, isGpuUse, type LiveGpus } from './gpus.ts'
import { energyOf, type Meters, metersOf } from './meters.ts'
import {
  type Counter,
  countBySources,
  type LiveSpan,
  type ReadingSource,
  sourcesOf,
  toCounter,
} from './sources.ts'
import type { CounterRow } from './statements.ts'
import { countedWorkloads, type LiveWorkload, workloadNumbers } from './workloads.ts'

/** One interval of the chart, `[fromMs, toMs)` in unix milliseconds. */
export interface LiveInterval {
  readonly fromMs: number
  readonly toMs: number
  /** Null: no meter covers it. Workloads in the order of `LiveIntervals.workloads`. */
  readonly energy: (Omit<Split, 'method'> & { readonly totalUj: bigint }) | null
  readonly workloadsUs: readonly bigint[]
  /** Busy time of no known workload. */
  readonly unknownUs: bigint
  readonly capacityUs: bigint
}

/** The chart's intervals, and facts that apply to all of them. */
export interface LiveIntervals {
  readonly boundary: 'host' | 'components'
  /** The meters that count. */
  readonly roots: readonly CounterRow[]
  readonly workloads: readonly LiveWorkload[]
  readonly intervals: readonly LiveInterval[]
}

/** Configuration that the chart uses. */
export interface LiveOptions {
  /** Steps longer than this, and than three times the usual one, are gaps. */
  readonly gapMs: number
  /** Calibrated idle power of a host, µW; null: idle by the ratio of CPU time. */
  readonly idleMicrowatts?: bigint | null
  /** Idle power of GPU boards as the ledger has it. */
  readonly gpuIdlePowers?: IdlePowers
}

/** Cuts time at the samples of the meter with the most samples; `rows`: all counters of one host. */
export function toIntervals(rows: readonly CounterRow[], options: LiveOptions): LiveIntervals {
  const counters = rows.map(toCounter)
  const ofHost = counters.filter(({ row }) => row.WorkloadId === '')
  const of = (quantity: CounterRow['Quantity']): readonly Counter[] =>
    ofHost.filter(({ row }) => row.Quantity === quantity)
  const meters = metersOf(ofHost.filter(counter => !isGpuUse(counter)))
  const workloads = countedWorkloads(counters.filter(({ row }) => row.WorkloadId !== ''))
  const times = roundsOf(meters)
  const gapMs = Math.max(options.gapMs, 3 * medianDistance(times))
  const host: HostSources = {
    meters,
    cpu: sourcesOf(
      of('cpu_time').filter(({ row }) => !isNestedMode(row.Domain)),
      true,
    ),
    active: sourcesOf(of('energy_active'), true),
    idle: sourcesOf(of('energy_idle'), true),
    idleMicrowatts: options.idleMicrowatts ?? null,
    gpus: {
      uses: gpuMeters(counters),
      numberOf: workloadNumbers(workloads),
      idlePowers: options.gpuIdlePowers ?? new Map(),
    },
  }
  const intervals = times.slice(1).map((toMs, index): LiveInterval => {
    const span = { fromMs: times[index]!, toMs, gapMs }
    const workloadsUs = workloads.map(({ sources }) => countBySources(sources, span, false)?.amount ?? 0n)
    return intervalOf(host, span, workloadsUs)
  })
  return {
    boundary: meters.boundary,
    roots: rootsOf(meters).map(({ row }) => row),
    workloads: workloads.map(({ kind, id, name, namespace }) => ({ kind, id, name, namespace })),
    intervals,
  }
}

interface HostSources {
  readonly meters: Meters
  readonly cpu: readonly ReadingSource[]
  /** How an exporter itself splits the host's energy. */
  readonly active: readonly ReadingSource[]
  readonly idle: readonly ReadingSource[]
  readonly idleMicrowatts: bigint | null
  readonly gpus: LiveGpus
}

function intervalOf(host: HostSources, span: LiveSpan, workloadsUs: readonly bigint[]): LiveInterval {
  const { fromMs, toMs } = span
  const cpu = countBySources(host.cpu, span, false)
  const busyUs = cpu === undefined ? 0n : busyOf(cpu.by, span)
  const capacityUs = cpu?.amount ?? 0n
  const known = sumOf(workloadsUs)
  const energy = energyOf(host.meters, span)
  const activity = {
    activeUj: countBySources(host.active, span, false)?.amount ?? 0n,
    idleUj: countBySources(host.idle, span, false)?.amount ?? 0n,
  }
  const use = { busyUs, capacityUs, workloadsUs, activity }
  return {
    fromMs,
    toMs,
    energy: energy === null ? null : splitAll(host, energy, use, span),
    workloadsUs,
    unknownUs: busyUs > known ? busyUs - known : 0n,
    capacityUs,
  }
}

function busyOf(by: ReadingSource, span: LiveSpan): bigint {
  const parts = by.parts.filter(([counter]) => !isIdleMode(counter!.row.Domain))
  return countBySources([{ ...by, parts }], span, false)?.amount ?? 0n
}

const baselineOf = ({ idleMicrowatts }: HostSources, { fromMs, toMs }: LiveSpan): bigint | null =>
  idleMicrowatts === null ? null : (idleMicrowatts * BigInt(toMs - fromMs)) / 1000n

type MeasuredUse = Pick<Parameters<typeof split>[0], 'busyUs' | 'capacityUs' | 'workloadsUs' | 'activity'>
type SplitParts = Omit<Split, 'method'>

function splitAll(
  host: HostSources,
  { components, boards }: NonNullable<ReturnType<typeof energyOf>>,
  use: MeasuredUse,
  span: LiveSpan,
) {
  const { workloadsUs } = use
  // Where the parts exceed the host, only its meter is shown.
  const gpu = !components.has('gpu') ? null : gpuShares(host.gpus, boards, span, workloadsUs.length)
  const ofCpus = [...components].filter(([component]) => component !== 'gpu' || gpu === null)
  const energies = ofCpus.map(([, energyUj]) => energyUj)
  const baseline = baselineOf(host, span)
  const idleUj = baseline === null ? null : larger(baseline - (gpu?.idleUj ?? 0n), 0n)
  const total = sumOf(energies)
  const baselines = idleUj === null || total === 0n ? undefined : apportion(smaller(idleUj, total), energies)
  const parts: SplitParts[] = energies.map((energyUj, index) => {
    const baselineUj = baselines?.[index]
    return split({ energyUj, ...use, ...(baselineUj === undefined ? {} : { baselineUj }) })
  })
  if (gpu !== null) parts.push(gpu)
  return {
    totalUj: sumOf([...components.values()]),
    activeUj: workloadsUs.map((_, index) => sumOf(parts.map(({ activeUj }) => activeUj[index]!))),
    idleUj: sumOf(parts.map(part => part.idleUj)),
    unattributedUj: sumOf(parts.map(part => part.unattributedUj)),
  }
}

/** For each meter, the source that covers most of the requested time. */
const rootsOf = ({ meters }: Meters): readonly Counter[] =>
  meters.flatMap(({ sources }) => {
    const seen = sources.map(one => ({ ...one, seenNs: Math.max(...one.parts.flat().map(seenMs)) }))
    return seen.toSorted(compareSources)[0]!.parts.flat()
  })

const seenMs = ({ steps }: Counter): number =>
  steps.reduce((sum, { fromMs, toMs, amount }) => sum + (amount === null ? 0 : toMs - fromMs), 0)

/** Rounds are those of the meter with the most samples; several boots of one meter follow each other. */
function roundsOf({ meters }: Meters): readonly number[] {
  const times = meters.flatMap(({ sources }) =>
    sources.map(({ parts }) => [
      ...new Set(parts[0]!.flatMap(({ row }) => row.samples.map(([time]) => Number(time)))),
    ]),
  )
  const longest = times.toSorted((a, b) => b.length - a.length)[0] ?? []
  return longest.toSorted((a, b) => a - b)
}

function medianDistance(times: readonly number[]): number {
  const distances = times.slice(1).map((time, index) => time - times[index]!)
  return distances.toSorted((a, b) => a - b)[distances.length >> 1] ?? 0
}
