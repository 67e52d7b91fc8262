/** From a host's counters to what each interval between two rounds of its meters holds. Pure. */
import { type Split, split } from '../../core/model/split.ts'
import { countedBetween, type Step, stepsOf } from './counter.ts'
import type { CounterRow } from './statements.ts'

export interface LiveWorkload {
  readonly kind: string
  readonly id: string
  readonly name: string
  readonly namespace: string
}

export interface Interval {
  readonly fromMs: number
  readonly toMs: number
  /** Null: no meter saw it. Workloads in the order of `LiveIntervals.workloads`. */
  readonly energy: (Split & { readonly totalUj: bigint }) | null
  readonly workloadsUs: readonly bigint[]
  /** Busy time of no known workload. */
  readonly unknownUs: bigint
  readonly capacityUs: bigint
}

export interface LiveIntervals {
  readonly boundary: 'host' | 'components'
  readonly roots: readonly CounterRow[]
  readonly workloads: readonly LiveWorkload[]
  readonly intervals: readonly Interval[]
}

interface Counter {
  readonly row: CounterRow
  readonly steps: readonly Step[]
}

/** A child is never added to its parent: the host's meter alone, else packages, memory and devices. */
const PART_ROOT = /^(package|dram|gpu)-/
/** Host CPU modes that are not work; see the streams' declaration of readings. */
const IDLE_MODES: ReadonlySet<string> = new Set(['idle', 'iowait'])

/** `gapMs`: steps longer than this, and three times the usual one, are gaps and not lines. */
export function toIntervals(rows: readonly CounterRow[], gapMs: number): LiveIntervals {
  const counters = rows.map(toCounter)
  const energy = counters.filter(({ row }) => row.Quantity === 'energy' && row.WorkloadId === '')
  const hostMeters = energy.filter(({ row }) => row.Domain === 'host')
  const roots = hostMeters.length > 0 ? hostMeters : energy.filter(({ row }) => PART_ROOT.test(row.Domain))
  const cpu = counters.filter(({ row }) => row.Quantity === 'cpu_time')
  const host = cpu.filter(({ row }) => row.WorkloadId === '')
  const byWorkload = Map.groupBy(
    cpu.filter(({ row }) => row.WorkloadId !== ''),
    ({ row }) => JSON.stringify([row.WorkloadKind, row.WorkloadId]),
  )
  const groups = [...byWorkload].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group)
  const times = roundsOf(roots)
  const gap = Math.max(gapMs, 3 * medianDistance(times))
  const intervals = times.slice(1).map((toMs, index): Interval => {
    const fromMs = times[index]!
    const workloadsUs = groups.map(group => sumBetween(group, fromMs, toMs, gap))
    const busyUs = sumBetween(
      host.filter(({ row }) => !IDLE_MODES.has(row.Domain)),
      fromMs,
      toMs,
      gap,
    )
    const capacityUs = sumBetween(host, fromMs, toMs, gap)
    const known = workloadsUs.reduce((sum, value) => sum + value, 0n)
    const totalUj = energyBetween(roots, fromMs, toMs, gap)
    return {
      fromMs,
      toMs,
      energy:
        totalUj === null
          ? null
          : { ...split({ energyUj: totalUj, busyUs, capacityUs, workloadsUs }), totalUj },
      workloadsUs,
      unknownUs: busyUs > known ? busyUs - known : 0n,
      capacityUs,
    }
  })
  return {
    boundary: hostMeters.length > 0 ? 'host' : 'components',
    roots: roots.map(({ row }) => row),
    workloads: groups.map(group => workloadOf(group.at(-1)!.row)),
    intervals,
  }
}

const toCounter = (row: CounterRow): Counter => ({
  row,
  steps: stepsOf(
    row.samples.map(([time, value]) => [Number(time), BigInt(value)] as const),
    BigInt(row.RangeMax),
  ),
})

/** Rounds are those of the domain with the most samples; several boots of one domain follow each other. */
function roundsOf(roots: readonly Counter[]): readonly number[] {
  const domains = Map.groupBy(roots, ({ row }) => row.Domain)
  const times = [...domains.values()].map(counters => [
    ...new Set(counters.flatMap(({ row }) => row.samples.map(([time]) => Number(time)))),
  ])
  const longest = times.toSorted((a, b) => b.length - a.length)[0] ?? []
  return longest.toSorted((a, b) => a - b)
}

function medianDistance(times: readonly number[]): number {
  const distances = times.slice(1).map((time, index) => time - times[index]!)
  return distances.toSorted((a, b) => a - b)[distances.length >> 1] ?? 0
}

/** Null when a root domain has nothing for the interval: half a machine is not shown as all of it. */
function energyBetween(
  roots: readonly Counter[],
  fromMs: number,
  toMs: number,
  gapMs: number,
): bigint | null {
  let total = 0n
  for (const counters of Map.groupBy(roots, ({ row }) => `${row.Domain}/${row.Device}`).values()) {
    const parts = counters.map(({ steps }) => countedBetween(steps, fromMs, toMs, gapMs))
    const seen = parts.filter(part => part !== undefined)
    if (seen.length === 0) return null
    total += seen.reduce((sum, part) => sum + part, 0n)
  }
  return total
}

const sumBetween = (counters: readonly Counter[], fromMs: number, toMs: number, gapMs: number): bigint =>
  counters.reduce((sum, { steps }) => sum + (countedBetween(steps, fromMs, toMs, gapMs) ?? 0n), 0n)

/** Names as sources give them, most telling first. */
const NAMES = [
  'workload.name',
  'k8s.container.name',
  'container.name',
  'k8s.pod.name',
  'process.executable.name',
] as const

function workloadOf({ WorkloadKind, WorkloadId, Attributes }: CounterRow): LiveWorkload {
  const name = NAMES.map(key => Attributes[key]).find(text => text !== undefined && text !== '')
  return {
    kind: WorkloadKind,
    id: WorkloadId,
    name: name ?? WorkloadId,
    namespace: Attributes['k8s.namespace.name'] ?? Attributes['service.namespace'] ?? '',
  }
}
