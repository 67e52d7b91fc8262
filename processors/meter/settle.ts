/** From samples to what windows get: pieces of energy, CPU time and byte-seconds, taken out of a series when windows close. */
import { counterStep } from '../../core/books/counter-step.ts'
import { mostCpuTimePerSecond, mostEnergyPerSecond } from '../../core/books/plausible.ts'
import { divideHalfEven } from '../../core/model/decimal.ts'
import { scaledHalfEven } from '../../core/model/scaled.ts'
import { spreadEvenly, windowEdges, windowOf, windowStartNano } from '../../core/model/window.ts'
import { MINUTE_NS, NS, nearValueAt, STRIDE, spanNs, timeNanoAt, valueAt } from './samples.ts'
import type { Carry, Series } from './series.ts'

/** What one series gives one window: µJ, µs or byte-seconds, and the time of the window that it saw. */
export interface Piece {
  readonly series: Series
  readonly window: number
  amount: bigint
  coveredNs: number
  interpolated: boolean
}

/** A part of an interval that fell into a window closed before. */
export interface LatePiece {
  readonly series: Series
  readonly window: number
  readonly amount: bigint
  /** The sample that brought it. */
  readonly timeNano: bigint
}

/** Which windows are closed: from `from` up to below `until`; samples further apart than `forgetNs` are two epochs. */
export interface Closing {
  readonly from: number
  readonly until: number
  readonly forgetNs: number
}

/** Pieces and late parts of many series, one series after the other. */
export interface Settled {
  readonly pieces: Piece[]
  readonly late: LatePiece[]
}

/**
 * Takes out of a series what falls before window `until`: parts in windows from `from` on become pieces (one per
 * window), parts before `from` are late. What reaches beyond `until` is carried. Over all calls, pieces and late parts of
 * an unbroken counter sum to last - first.
 */
export function settle(series: Series, closing: Closing, settled: Settled): void {
  const { samples, carry } = series
  const { until } = closing
  const end = samples.length
  if (end === 0) return
  if (carry !== null) series.carry = settleCarry(series, carry, until, settled)
  if (samples[0]! >= until) return
  let at = 0
  for (let next = STRIDE; next < end && samples[at]! < until; next += STRIDE) {
    const rest = settleInterval(series, at, closing, settled)
    at = next
    if (samples[at]! > until || (samples[at] === until && samples[at + NS]! > 0)) series.carry = rest
  }
  samples.splice(0, at)
  series.settled = true
}

function settleCarry(series: Series, carry: Carry, until: number, settled: Settled): Carry | null {
  const to = timeNanoAt(series.samples, 0)
  let rest = 0n
  for (const part of spreadEvenly(carry.amount, windowStartNano(carry.fromWindow), to)) {
    if (part.window >= until) rest += part.amount
    else addPiece(settled, series, part.window, part.amount, Number(part.spanNs), carry.interpolated)
  }
  if (to <= windowStartNano(until)) return null
  return { fromWindow: until, amount: rest, interpolated: carry.interpolated }
}

/** Settles the interval from the sample at `at` to the next; returns what reaches beyond the windows that are closed. */
function settleInterval(series: Series, at: number, closing: Closing, settled: Settled): Carry | null {
  const { samples } = series
  const next = at + STRIDE
  const span = spanNs(samples, at, next)
  if (span > closing.forgetNs) return null
  const window = samples[at]!
  const isOneWindow = samples[next] === window || (samples[next] === window + 1 && samples[next + NS] === 0)
  const interpolated = span > series.gapNs
  if (isOneWindow && window >= closing.from) {
    const amount = amountOf(series, at, span)
    if (amount !== null) addPiece(settled, series, window, amount, span, interpolated)
    return null
  }
  return settleParts(series, at, closing, interpolated, settled)
}

function settleParts(
  series: Series,
  at: number,
  { from, until }: Closing,
  interpolated: boolean,
  settled: Settled,
): Carry | null {
  const parts = series.isGauge ? gaugeParts(series, at) : counterParts(series, at)
  if (parts === null) return null
  const end = timeNanoAt(series.samples, at + STRIDE)
  let rest = 0n
  for (const part of parts) {
    if (part.window >= until) rest += part.amount
    else if (part.window >= from) {
      addPiece(settled, series, part.window, part.amount, Number(part.spanNs), interpolated)
    } else if (part.amount !== 0n) {
      settled.late.push({ series, window: part.window, amount: part.amount, timeNano: end })
    }
  }
  return end > windowStartNano(until) ? { fromWindow: until, amount: rest, interpolated } : null
}

/** What an interval within one window amounts to; null where nothing is known of it. */
function amountOf(series: Series, at: number, span: number): bigint | null {
  if (!series.isGauge) {
    return riseWithWrap(series, at)
  }
  if (span > series.gapNs) return null
  const twice = nearValueAt(series.samples, at) + nearValueAt(series.samples, at + STRIDE)
  const area = twice <= Number.MAX_SAFE_INTEGER ? scaledHalfEven(twice, span, 2 * unitOf(series)) : Number.NaN
  if (Number.isNaN(area)) return gaugeParts(series, at)![0]!.amount
  return BigInt(area)
}

const mostOf = ({ quantity, domain }: Series['identity']): bigint =>
  quantity.startsWith('energy') ? mostEnergyPerSecond(domain, 0n) : mostCpuTimePerSecond()

/** Null where nothing is booked: at a new epoch, and where the counter says what is impossible. */
function riseWithWrap({ identity, samples, rangeMax }: Series, at: number): bigint | null {
  const [before, after] = [valueAt(samples, at), valueAt(samples, at + STRIDE)]
  const spanNs = timeNanoAt(samples, at + STRIDE) - timeNanoAt(samples, at)
  const step = counterStep(before, after, spanNs, { rangeMax, most: mostOf(identity) })
  return step.kind === 'rise' || step.kind === 'wrap' ? step.amount : null
}

function counterParts(series: Series, at: number) {
  const rise = riseWithWrap(series, at)
  if (rise === null) return null
  return spreadEvenly(rise, timeNanoAt(series.samples, at), timeNanoAt(series.samples, at + STRIDE))
}

/** Rounded to 1 µJ from mW x ns, to 1 byte-second from bytes x ns. */
const unitOf = ({ identity }: Series): number => (identity.quantity === 'power' ? 1_000_000 : 1_000_000_000)

/**
 * Area under the line from one gauge sample to the next, cut at minute edges: the area up to each edge is rounded half to
 * even, parts are differences of those, so that they sum to the rounded whole. Null over a gap: a gauge knows nothing of
 * what it did not see.
 */
function gaugeParts(series: Series, at: number) {
  const { samples } = series
  if (spanNs(samples, at, at + STRIDE) > series.gapNs) return null
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

/** Intervals come series by series in order of time, so pieces of one window stand together. */
function addPiece(
  { pieces }: Settled,
  series: Series,
  window: number,
  amount: bigint,
  coveredNs: number,
  interpolated: boolean,
): void {
  const last = pieces.at(-1)
  if (last?.series !== series || last.window !== window) {
    pieces.push({ series, window, amount, coveredNs, interpolated })
    return
  }
  last.amount += amount
  last.coveredNs += coveredNs
  last.interpolated ||= interpolated
}

/** A distance in windows as nanoseconds. */
export const windowsNs = (windows: number): number => windows * MINUTE_NS
