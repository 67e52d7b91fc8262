/** From samples to what windows get: slices of energy, CPU time and byte-seconds, taken out of a series when windows close. */
import type { WindowPart } from '../../../core/model/window.ts'
import { HIGH, MINUTE_NS, NS, nearValueAt, STRIDE, spanNs, timeNanoAt } from '../samples/samples.ts'
import type { Series } from '../samples/series.ts'
import { amountOfRun, areaFrom, isInDoubt, riseFrom, runFrom } from './intervals.ts'

/** A stretch of a window, in ns from its start, and what was metered in it. */
export interface Stretch {
  readonly fromNs: number
  readonly toNs: number
  readonly amount: bigint
}

/** What one series gives one window: µJ, µs or byte-seconds, and the time of the window that it saw. */
export interface WindowSlice {
  readonly series: Series
  readonly window: number
  amount: bigint
  coveredNs: number
  interpolated: boolean
  /** Where it lies in the window, in order; kept only where another epoch of the meter may lie there too. */
  readonly stretches: Stretch[] | null
}

/** What is not booked: it fell into a window closed before, or cannot be. */
export interface LateSlice {
  readonly series: Series
  readonly window: number
  readonly amount: bigint
  /** The sample that brought it. */
  readonly timeNano: bigint
  readonly reason: 'closed' | 'implausible'
}

/** Which windows are closed: from `from` up to below `until`; samples further apart than `forgetNs` are two epochs. */
interface ClosedRange {
  readonly from: number
  readonly until: number
  readonly forgetNs: number
  /** Nothing comes after: what is in doubt stays so. */
  readonly isLast: boolean
}

/** Pieces and late parts of many series, one series after the other. */
export interface Integrated {
  readonly slices: WindowSlice[]
  readonly late: LateSlice[]
}

/**
 * Takes out of a series what falls before window `until`: parts in windows from `from` on become slices (one per window),
 * parts before `from` are late. An interval that reaches beyond `until` stays, with its first sample, and is cut the same
 * way each time: what windows get does not depend on when they are closed. Over all calls, slices and late parts of an
 * unbroken counter sum to last - first.
 */
export function integrate(series: Series, closing: ClosedRange, integrated: Integrated): void {
  const { samples } = series
  const { until } = closing
  if (samples.length === 0 || samples[0]! >= until) return
  if (series.isGauge) leaveOutPeaks(series, integrated)
  let at = 0
  while (at + STRIDE < samples.length && samples[at]! < until) {
    const isPending = at === 0 && series.pending
    const run = isPending ? at : runFrom(series, at, closing)
    if (run > at) bookRun(series, at, run, integrated)
    const next = run > at ? run : integrateInterval(series, at, closing, isPending, integrated)
    if (next === at) break
    at = next
  }
  if (at > 0) samples.splice(0, at)
  if (series.setBack !== null && series.setBack.minute < samples[0]!) series.setBack = null
  series.integrated = samples.length > 0
}

/** What lies between the samples from `at` to `run`, all of one window. */
function bookRun(series: Series, at: number, run: number, integrated: Integrated): void {
  const { samples } = series
  addSlice(integrated, series, {
    window: samples[at]!,
    amount: amountOfRun(series, at, run),
    fromNs: samples[at + NS]!,
    spanNs: spanNs(samples, at, run),
    interpolated: false,
  })
}

/**
 * Books an interval, or its part below `until`. Returns where to go on: at the same sample when the interval reaches beyond.
 */
function integrateInterval(
  series: Series,
  at: number,
  closing: ClosedRange,
  isPending: boolean,
  integrated: Integrated,
): number {
  const { samples } = series
  const interval = series.isGauge ? areaFrom(series, at) : riseFrom(series, at, closing.forgetNs)
  series.pending = false
  if (interval.isOdd) {
    integrated.late.push(implausible(series, at + STRIDE, 0n))
    samples.splice(at + STRIDE, STRIDE)
  }
  const end = at + STRIDE
  const reaches = samples[end]! > closing.until || (samples[end] === closing.until && samples[end + NS]! > 0)
  if (interval.parts === null) {
    // Nothing was booked of it, so that what comes inside it still may be.
    if (reaches || (!closing.isLast && isNewest(series, end) && isInDoubt(series))) return at
    if (interval.impossible > 0n) integrated.late.push(implausible(series, end, interval.impossible))
    return end
  }
  bookParts(series, at, interval.parts, { ...closing, isPending }, integrated)
  series.pending = reaches
  return reaches ? at : end
}

/** Until the next sample arrives, it is open whether the newest one is odd or the counter restarted. */
const isNewest = ({ samples }: Series, at: number): boolean => at === samples.length - STRIDE

function bookParts(
  series: Series,
  at: number,
  parts: readonly WindowPart[],
  { from, until, isPending }: ClosedRange & { readonly isPending: boolean },
  integrated: Integrated,
): void {
  const { samples } = series
  const interpolated = spanNs(samples, at, at + STRIDE) > series.gapNs
  for (const [index, { window, amount, spanNs }] of parts.entries()) {
    if (window >= until) break
    if (window >= from) {
      const fromNs = index === 0 ? samples[at + NS]! : 0
      addSlice(integrated, series, { window, amount, fromNs, spanNs: Number(spanNs), interpolated })
    } else if (amount !== 0n && !isPending) {
      const timeNano = timeNanoAt(samples, at + STRIDE)
      integrated.late.push({ series, window, amount, timeNano, reason: 'closed' })
    }
  }
}

/** A gauge's sample below 0, or above what is possible, is left out, and the line goes from its neighbour to the next one. */
function leaveOutPeaks(series: Series, integrated: Integrated): void {
  const { samples, most } = series
  for (let at = 0; at < samples.length; ) {
    if (samples[at + HIGH]! >= 0 && nearValueAt(samples, at) <= most.near) at += STRIDE
    else {
      integrated.late.push(implausible(series, at, 0n))
      samples.splice(at, STRIDE)
      if (at === 0) series.pending = false
    }
  }
}

const implausible = (series: Series, at: number, amount: bigint): LateSlice => ({
  series,
  window: series.samples[at]!,
  amount,
  timeNano: timeNanoAt(series.samples, at),
  reason: 'implausible',
})

interface NewStretch {
  readonly window: number
  readonly amount: bigint
  readonly fromNs: number
  readonly spanNs: number
  readonly interpolated: boolean
}

/** Intervals come series by series in order of time, so slices of one window stand together. */
function addSlice({ slices }: Integrated, series: Series, part: NewStretch): void {
  const { window, amount, fromNs, spanNs, interpolated } = part
  let slice = slices.at(-1)
  if (slice?.series !== series || slice.window !== window) {
    const stretches = series.hasRival ? [] : null
    slice = { series, window, amount: 0n, coveredNs: 0, interpolated: false, stretches }
    slices.push(slice)
  }
  slice.amount += amount
  slice.coveredNs += spanNs
  slice.interpolated ||= interpolated
  slice.stretches?.push({ fromNs, toNs: fromNs + spanNs, amount })
}

/** A distance in windows as nanoseconds. */
export const windowsNs = (windows: number): number => windows * MINUTE_NS
