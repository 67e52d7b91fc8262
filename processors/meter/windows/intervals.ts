/** What lies between two samples of a series, cut at minute edges: rises of counters, areas under gauges. */
import { type CounterStep, counterStep, isSurelyPossible } from '../../../core/books/counter-step.ts'
import { apportion } from '../../../core/model/apportion.ts'
import { divideHalfEven } from '../../../core/model/decimal.ts'
import { sumOf } from '../../../core/model/integers.ts'
import { scaledHalfEven } from '../../../core/model/scaled.ts'
import { spreadEvenly, type WindowPart, windowEdges, windowOf } from '../../../core/model/window.ts'
import {
  MINUTE_NS,
  NS,
  nearValueAt,
  riseOf,
  type Samples,
  STRIDE,
  spanNs,
  timeNanoAt,
  valueAt,
} from '../samples/samples.ts'
import type { Series } from '../samples/series.ts'

interface SeriesInterval {
  /** Null: nothing is known of it, or nothing of it can be booked. */
  readonly parts: readonly WindowPart[] | null
  /** What the counter says that cannot be; 0n: nothing. */
  readonly impossible: bigint
  /** The sample after the first is not to be believed: the interval is that to the one after it. */
  readonly isOdd: boolean
}

const UNKNOWN: SeriesInterval = { parts: null, impossible: 0n, isOdd: false }

/**
 * The last of the samples from `at` on whose intervals lie in one open window, are close enough together and can be booked
 * as they are: nearly always all of the window. `at` itself where the next one is not one of those.
 */
export function runFrom(series: Series, at: number, closing: { readonly from: number }): number {
  const { samples, isGauge, gapNs, most } = series
  const window = samples[at]!
  if (series.hasRival || window < closing.from) return at
  let end = at
  for (let next = at + STRIDE; next < samples.length; next += STRIDE) {
    const minute = samples[next]!
    if (minute !== window && (minute !== window + 1 || samples[next + NS] !== 0)) break
    const span = spanNs(samples, end, next)
    if (span > gapNs) break
    if (!isGauge) {
      const rise = riseOf(samples, end, next)
      // Also where the rise is not a number.
      if (!(rise >= 0) || !isSurelyPossible(rise, span, most.near)) break
    }
    end = next
  }
  return end
}

/** What the intervals of such a run amount to. */
export function amountOfRun(series: Series, from: number, to: number): bigint {
  const { samples, isGauge } = series
  if (!isGauge) {
    const rise = riseOf(samples, from, to)
    return Number.isNaN(rise) ? valueAt(samples, to) - valueAt(samples, from) : BigInt(rise)
  }
  let near = 0
  let exact = 0n
  for (let at = from; at < to; at += STRIDE) {
    const area = nearArea(series, at)
    if (area <= MOST_NEAR) near += area
    else exact += sumOf(areaParts(series, at).map(({ amount }) => amount))
  }
  return near <= Number.MAX_SAFE_INTEGER ? exact + BigInt(near) : sumOfAreas(series, from, to)
}

const sumOfAreas = (series: Series, from: number, to: number): bigint => {
  let sum = 0n
  for (let at = from; at < to; at += STRIDE) {
    sum += sumOf(areaParts(series, at).map(({ amount }) => amount))
  }
  return sum
}

/** Many of them add up within 53 bits. */
const MOST_NEAR = 2 ** 45

/** The rise from the sample at `at` to the next; samples further apart than `forgetNs` are two epochs. */
export function riseFrom(series: Series, at: number, forgetNs: number): SeriesInterval {
  const { samples } = series
  const next = at + STRIDE
  if (spanNs(samples, at, next) > forgetNs) return UNKNOWN
  const simple = simpleRise(series, at)
  if (simple !== null) return { parts: simple, impossible: 0n, isOdd: false }
  const step = stepBetween(series, at, next)
  if (isBooked(step)) return { parts: rise(samples, at, next, step), impossible: 0n, isOdd: false }
  const around = aroundOdd(series, at, forgetNs)
  if (around !== null) {
    return { parts: rise(samples, at, next + STRIDE, around), impossible: 0n, isOdd: true }
  }
  return { parts: null, impossible: step.kind === 'implausible' ? step.amount : 0n, isOdd: false }
}

/** The same parts with fewer bigints, for a plausible rise across one edge, as nearly all are. Null for other rises. */
function simpleRise({ samples, most }: Series, at: number): WindowPart[] | null {
  const next = at + STRIDE
  const firstNs = nsToOnlyEdge(samples, at)
  const rise = riseOf(samples, at, next)
  const span = spanNs(samples, at, next)
  if (firstNs === null || !(rise >= 0) || !isSurelyPossible(rise, span, most.near)) return null
  const amount = BigInt(rise)
  const [first, second] = [BigInt(firstNs), BigInt(span - firstNs)]
  const [before, after] = apportion(amount, [first, second]) as [bigint, bigint]
  const window = samples[at]!
  return [
    { window, amount: before, spanNs: first },
    { window: window + 1, amount: after, spanNs: second },
  ]
}

/** How far the edge of a minute is from a sample, where it is the only one before the next sample. */
function nsToOnlyEdge(samples: Samples, at: number): number | null {
  const next = at + STRIDE
  const isOnly = samples[next] === samples[at]! + 1 && samples[next + NS]! > 0
  return isOnly ? MINUTE_NS - samples[at + NS]! : null
}

const isBooked = ({ kind }: CounterStep): boolean => kind === 'rise' || kind === 'wrap'

const rise = (samples: Samples, at: number, to: number, { amount }: CounterStep): WindowPart[] =>
  spreadEvenly(amount, timeNanoAt(samples, at), timeNanoAt(samples, to))

function stepBetween(series: Series, from: number, to: number): CounterStep {
  const { samples, rangeMax, most, likely } = series
  const spanNs = timeNanoAt(samples, to) - timeNanoAt(samples, from) + setBackNs(series, to)
  const limits = { rangeMax, most: most.exact, likely }
  return counterStep(valueAt(samples, from), valueAt(samples, to), spanNs, limits)
}

/** What passed in truth beyond what the clock says, where it was set back just before that sample. */
function setBackNs({ samples, setBack }: Series, at: number): bigint {
  if (setBack === null || setBack.minute !== samples[at] || setBack.ns !== samples[at + NS]) return 0n
  return BigInt(setBack.byNs)
}

/**
 * A single reading of 0, or of far too much, among good ones: neither the step to it nor the step from it can be booked, one
 * of them since it is impossible, and the one around it can.
 */
function aroundOdd(series: Series, at: number, forgetNs: number): CounterStep | null {
  const { samples } = series
  const [odd, after] = [at + STRIDE, at + 2 * STRIDE]
  if (after >= samples.length || spanNs(samples, at, after) > forgetNs) return null
  const [to, from] = [stepBetween(series, at, odd), stepBetween(series, odd, after)]
  if (isBooked(from) || (to.kind !== 'implausible' && from.kind !== 'implausible')) return null
  const around = stepBetween(series, at, after)
  return around.kind === 'rise' ? around : null
}

/**
 * Whether the newest step of a series cannot be booked yet: the next sample shows whether the newest one is an outlier or
 * the counter was reset.
 */
export function isInDoubt(series: Series): boolean {
  const { samples, isGauge, most } = series
  const [before, last] = [samples.length - 2 * STRIDE, samples.length - STRIDE]
  if (isGauge || before < 0) return false
  const span = spanNs(samples, before, last)
  const rise = riseOf(samples, before, last)
  if (rise >= 0 && isSurelyPossible(rise, span, most.near)) return false
  return !isBooked(stepBetween(series, before, last))
}

/**
 * Rounded to 1 µJ from mW x ns, to 1 µs from thousandths of a core or board x ns or from millionths of a board x ns, to 1 byte-second
 * from bytes x ns.
 */
const unitOf = ({ identity: { quantity } }: Series): number =>
  FINE.has(quantity) ? 1_000_000_000 : 1_000_000

const FINE: ReadonlySet<string> = new Set(['memory', 'memory_request', 'gpu_utilization'])

/**
 * Area under the line from one gauge sample to the next, cut at minute edges: the area up to each edge is rounded half to
 * even, parts are differences of those, so that they sum to the rounded whole. Nothing over a gap: a gauge knows nothing of
 * what it did not see.
 */
export function areaFrom(series: Series, at: number): SeriesInterval {
  if (spanNs(series.samples, at, at + STRIDE) > series.gapNs) return UNKNOWN
  return { parts: areaParts(series, at), impossible: 0n, isOdd: false }
}

/** The area of an interval within a minute, exact in doubles; NaN if doubles are not precise enough. */
function nearArea(series: Series, at: number): number {
  const { samples } = series
  const twice = nearValueAt(samples, at) + nearValueAt(samples, at + STRIDE)
  if (!(twice <= Number.MAX_SAFE_INTEGER)) return Number.NaN
  return scaledHalfEven(twice, spanNs(samples, at, at + STRIDE), 2 * unitOf(series))
}

function areaParts(series: Series, at: number): WindowPart[] {
  const { samples } = series
  const firstNs = nsToOnlyEdge(samples, at)
  if (firstNs !== null) return areaAroundEdge(series, at, firstNs)
  const [start, end] = [timeNanoAt(samples, at), timeNanoAt(samples, at + STRIDE)]
  const [low, high] = [valueAt(samples, at), valueAt(samples, at + STRIDE)]
  const unit = BigInt(unitOf(series))
  const instants = [start, ...windowEdges(start, end), end]
  const areas = instants.map(instant => {
    const elapsed = instant - start
    const twice = 2n * low * elapsed * (end - start) + (high - low) * elapsed * elapsed
    return divideHalfEven(twice, 2n * (end - start) * unit)
  })
  return instants.slice(1).map((instant, index) => ({
    window: windowOf(instants[index]!),
    amount: areas[index + 1]! - areas[index]!,
    spanNs: instant - instants[index]!,
  }))
}

function areaAroundEdge(series: Series, at: number, firstNs: number): WindowPart[] {
  const { samples } = series
  const span = spanNs(samples, at, at + STRIDE)
  const [low, high] = [valueAt(samples, at), valueAt(samples, at + STRIDE)]
  const unit = BigInt(unitOf(series))
  const [first, whole] = [BigInt(firstNs), BigInt(span)]
  const near = nearArea(series, at)
  const total = Number.isNaN(near) ? divideHalfEven((low + high) * whole, 2n * unit) : BigInt(near)
  const before = divideHalfEven((2n * low * whole + (high - low) * first) * first, 2n * whole * unit)
  const window = samples[at]!
  return [
    { window, amount: before, spanNs: first },
    { window: window + 1, amount: total - before, spanNs: whole - first },
  ]
}
