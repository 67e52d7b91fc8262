/** Chooses one of several sources of a meter, as in the books. */
import {
  maxPowerMwOf,
  mostCpuTimePerSecond,
  mostEnergyPerSecond,
  mostGpuTimePerSecond,
} from '../../core/books/plausible.ts'
import { likelyRangeOf } from '../../core/books/rapl-ranges.ts'
import { compareSources } from '../../core/books/source-choice.ts'
import { areasOf, type Counted, countedBetween, counterSteps, type SampleStep } from './counter.ts'
import type { CounterRow } from './statements.ts'

/** A counter or power gauge with the steps between its samples. */
export interface Counter {
  readonly row: CounterRow
  readonly steps: readonly SampleStep[]
}

/** The requested time. Steps longer than `gapMs` are gaps. */
export interface LiveSpan {
  readonly fromMs: number
  readonly toMs: number
  readonly gapMs: number
}

/** Applies the plausibility limits of the books; what exceeds them has no amount. */
export function toCounter(row: CounterRow): Counter {
  const samples = row.samples.map(([time, value]) => [Number(time), BigInt(value)] as const)
  // mW x ms is µJ; thousandths of a board x ms is µs, and so is a thousandth of millionths x ms.
  if (row.Quantity === 'power' || row.Quantity === 'gpu_held') return { row, steps: areasOf(samples, 1n) }
  if (row.Quantity === 'gpu_utilization') return { row, steps: areasOf(samples, 1000n) }
  const most = mostPerSecond(row)
  const likely = row.Quantity === 'energy' ? likelyRangeOf(row.Source, row.Domain) : null
  return { row, steps: counterSteps(samples, { rangeMax: BigInt(row.RangeMax), most, likely }) }
}

function mostPerSecond({ Quantity, Domain, Attributes }: CounterRow): bigint {
  if (Quantity === 'cpu_time') return mostCpuTimePerSecond()
  if (Quantity === 'gpu_time') return mostGpuTimePerSecond()
  return mostEnergyPerSecond(Domain, maxPowerMwOf(Attributes))
}

/** Counters of one source for one meter or workload. */
export interface ReadingSource {
  readonly source: string
  readonly quality: string
  /** Parts that are summed (devices, modes): the epochs of each, of which the one with the best coverage counts. */
  readonly parts: readonly (readonly Counter[])[]
}

/** `whole`: the meter of the whole (without device) replaces its parts. */
export function sourcesOf(counters: readonly Counter[], whole: boolean): readonly ReadingSource[] {
  const bySource = Map.groupBy(counters, ({ row }) => `${row.Quality}\u0000${row.Source}`)
  return [...bySource.values()].map(some => {
    const { Source: source, Quality: quality } = some[0]!.row
    const own = whole ? some.filter(({ row }) => row.Device === '') : []
    const kept = own.length > 0 ? own : some
    const parts = [...Map.groupBy(kept, ({ row }) => `${row.Domain}\u0000${row.Device}`).values()]
    return { source, quality, parts }
  })
}

interface SourceCount extends Counted {
  readonly by: ReadingSource
}

/**
 * The best source's amount for a span; undefined if none covers it. `all`: a source that lacks a part does not count.
 */
export function countBySources(
  sources: readonly ReadingSource[],
  span: LiveSpan,
  all: boolean,
): SourceCount | undefined {
  if (sources.length === 1) return countBySource(sources[0]!, span, all)
  const counted = sources.flatMap(one => countBySource(one, span, all) ?? [])
  const seen = counted.map(one => ({ ...one.by, seenNs: one.seenMs, one }))
  return seen.toSorted(compareSources)[0]?.one
}

function countBySource(by: ReadingSource, span: LiveSpan, all: boolean): SourceCount | undefined {
  let amount = 0n
  let seenMs = 0
  for (const epochs of by.parts) {
    const best = bestEpoch(epochs, span)
    if (best === undefined && all) return undefined
    amount += best?.amount ?? 0n
    seenMs = Math.max(seenMs, best?.seenMs ?? 0)
  }
  return seenMs === 0 ? undefined : { amount, seenMs, by }
}

/** Among overlapping epochs of one meter, the one with the best coverage: together they would count the meter twice. */
function bestEpoch(epochs: readonly Counter[], { fromMs, toMs, gapMs }: LiveSpan): Counted | undefined {
  let best: Counted | undefined
  for (const { steps } of epochs) {
    const counted = countedBetween(steps, fromMs, toMs, gapMs)
    if (counted !== undefined && counted.seenMs > (best?.seenMs ?? 0)) best = counted
  }
  return best
}
