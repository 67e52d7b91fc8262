/** Turns intervals into the lines of the chart: milliwatts that sum to what the meters counted. Pure. */
import type { LiveSeries } from '../../core/api/answers.ts'
import { apportion } from '../../core/model/apportion.ts'
import type { LiveInterval, LiveIntervals } from './intervals.ts'

/** Workloads with their own line; more colours could not be distinguished. */
const TOP_WORKLOADS = 12

interface ChartLine {
  readonly milliwatts: readonly (number | null)[]
  readonly cpusUsed: readonly (number | null)[]
}

/** Largest workloads first, then the rest as one, unattributed, idle. */
export function toSeries(live: LiveIntervals): readonly LiveSeries[] {
  const { workloads, intervals } = live
  const energyUj = workloads.map((_, index) =>
    intervals.reduce((sum, interval) => sum + (interval.energy?.activeUj[index] ?? 0n), 0n),
  )
  const order = workloads
    .map((_, index) => index)
    .toSorted((a, b) => Number(energyUj[b]! - energyUj[a]!) || a - b)
  const top = order.slice(0, TOP_WORKLOADS)
  const rest = order.slice(TOP_WORKLOADS)
  const shares = intervals.map(interval => milliwattsOf(interval, workloads.length))
  const line = (members: readonly number[]): ChartLine => ({
    milliwatts: shares.map(share => share && members.reduce((sum, index) => sum + share[index]!, 0)),
    cpusUsed: intervals.map(interval => {
      if (interval.energy === null) return null
      return cpus(
        members.reduce((sum, index) => sum + interval.workloadsUs[index]!, 0n),
        interval,
      )
    }),
  })
  const other = (offset: number, cpusUsed: (interval: LiveInterval) => number | null): ChartLine => ({
    milliwatts: shares.map(share => share && share[workloads.length + offset]!),
    cpusUsed: intervals.map(interval => (interval.energy === null ? null : cpusUsed(interval))),
  })
  return [
    ...top.map(index => series('active', workloads[index]!, line([index]))),
    ...(rest.length === 0
      ? []
      : [series('active', { kind: 'rest', id: '', name: 'other workloads', namespace: '' }, line(rest))]),
    series(
      'unattributed',
      NO_WORKLOAD,
      other(0, interval => cpus(interval.unknownUs, interval)),
    ),
    series(
      'idle',
      NO_WORKLOAD,
      other(1, () => null),
    ),
  ]
}

const NO_WORKLOAD = { kind: '', id: '', name: '', namespace: '' }

const series = (
  share: LiveSeries['share'],
  who: { kind: string; id: string; name: string; namespace: string },
  line: ChartLine,
): LiveSeries => ({
  share,
  workload_kind: who.kind,
  workload_id: who.id,
  workload_name: who.name,
  namespace: who.namespace,
  milliwatts: line.milliwatts,
  cpus_used: line.cpusUsed,
})

const cpus = (usedUs: bigint, { fromMs, toMs }: LiveInterval): number =>
  Math.round((Number(usedUs) / 1000 / (toMs - fromMs)) * 1000) / 1000

/** Milliwatts of workloads, then unattributed, then idle: µJ over ms, summing to the rounded total. */
function milliwattsOf({ energy, fromMs, toMs }: LiveInterval, workloads: number): readonly number[] | null {
  if (energy === null) return null
  const parts = [...energy.activeUj, energy.unattributedUj, energy.idleUj]
  if (energy.totalUj === 0n) return Array<number>(workloads + 2).fill(0)
  const widthMs = BigInt(toMs - fromMs)
  const whole = (energy.totalUj + widthMs / 2n) / widthMs
  return apportion(whole, parts).map(Number)
}
