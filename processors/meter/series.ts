/**
 * One meter's samples in the windows that are still open. What a series holds decides what its windows get, whatever the
 * order in which the samples came: they are kept sorted, the same sample twice is one, and a counter's sample between two
 * others of its minute is dropped again as soon as it says nothing that its neighbours do not say.
 */
import { divideHalfEven } from '../../core/model/decimal.ts'
import { spreadEvenly, WINDOW_NS, windowEdges, windowOf, windowStartNano } from '../../core/model/window.ts'

export const COUNTER_QUANTITIES = ['energy', 'cpu_time'] as const
export const GAUGE_QUANTITIES = ['power', 'memory'] as const
export type MeteredQuantity = (typeof COUNTER_QUANTITIES)[number] | (typeof GAUGE_QUANTITIES)[number]

/** A meter of a host: a new boot id or source is another one, and nothing is invented between two. */
export interface MeterIdentity {
  readonly quantity: MeteredQuantity
  readonly domain: string
  readonly device: string
  readonly bootId: string
  readonly source: string
  /** measured | estimated */
  readonly quality: string
}

/** What makes a series: the meter, and who it measures ('' for the host itself). */
export interface SeriesIdentity extends MeterIdentity {
  readonly workloadKind: string
  readonly workloadId: string
}

/** The rest of an interval that began in windows already closed: it waits for the windows that it reaches into. */
export interface Carry {
  readonly fromNano: bigint
  readonly amount: bigint
  readonly interpolated: boolean
}

export interface Series {
  readonly identity: SeriesIdentity
  /** Longest trusted distance of two samples, ns, as configured when the last one came. */
  gapNs: bigint
  /** 0n: no known range. */
  rangeMax: bigint
  /** Rising, without repeats; values alongside. */
  readonly times: bigint[]
  readonly values: bigint[]
  /** Samples before this instant change nothing any more; -1n: none settled yet. */
  settledNano: bigint
  carry: Carry | null
}

/** A counter of any sampling rate keeps a handful; this bounds gauges and counters that jump about. */
export const MAX_SAMPLES = 4096

export type Insertion = 'kept' | 'duplicate' | 'closed' | 'out_of_order' | 'overflow'

/** Adds a sample. `closed` and `out_of_order`: it came too late to change anything; nothing was changed. */
export function insertSample(series: Series, timeNano: bigint, value: bigint): Insertion {
  const { times, values } = series
  const count = times.length
  if (count === 0 || timeNano > times[count - 1]!) {
    if (count >= MAX_SAMPLES) return 'overflow'
    times.push(timeNano)
    values.push(value)
    dropIfRedundant(series, count - 1)
    return 'kept'
  }
  const at = lowerBound(times, timeNano)
  if (times[at] === timeNano) return mergeEqualTime(series, at, value)
  if (timeNano < series.settledNano) return series.carry === null ? 'closed' : lateness(series, timeNano)
  if (count >= MAX_SAMPLES) return 'overflow'
  times.splice(at, 0, timeNano)
  values.splice(at, 0, value)
  dropIfRedundant(series, at + 1)
  dropIfRedundant(series, at)
  dropIfRedundant(series, at - 1)
  return 'kept'
}

const lateness = (series: Series, timeNano: bigint): Insertion =>
  timeNano < series.carry!.fromNano ? 'closed' : 'out_of_order'

/** Two values for one instant: the larger one, in whatever order they came; a settled one stays. */
function mergeEqualTime(series: Series, at: number, value: bigint): Insertion {
  if (series.times[at]! > series.settledNano && value > series.values[at]!) {
    series.values[at] = value
    return 'kept'
  }
  return 'duplicate'
}

function lowerBound(times: readonly bigint[], timeNano: bigint): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle]! < timeNano) low = middle + 1
    else high = middle
  }
  return low
}

/** A counter's middle sample adds nothing when all three are of one minute, rise, and stand close enough together. */
function dropIfRedundant({ identity, times, values, gapNs }: Series, at: number): void {
  if (at < 1 || at >= times.length - 1 || isGauge(identity.quantity)) return
  const before = times[at - 1]!
  const after = times[at + 1]!
  if (after - before > gapNs) return
  if (values[at - 1]! > values[at]! || values[at]! > values[at + 1]!) return
  if (before / WINDOW_NS !== after / WINDOW_NS) return
  times.splice(at, 1)
  values.splice(at, 1)
}

export const isGauge = (quantity: MeteredQuantity): boolean => quantity === 'power' || quantity === 'memory'

/** What one series gives one window: µJ, µs or byte-seconds, and the time of the window that it saw. */
export interface Piece {
  readonly series: Series
  readonly window: number
  amount: bigint
  coveredNs: bigint
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

export interface Settled {
  readonly pieces: Piece[]
  readonly late: LatePiece[]
}

/**
 * Takes out of a series what falls before window `until`: parts in windows from `from` on become pieces (one per
 * window), parts before `from` are late. What reaches beyond `until` is carried. `forgetNs`: samples further apart than
 * that are two epochs. Over all calls, pieces and late parts of an unbroken counter sum to last - first.
 */
export function settle(series: Series, from: number, until: number, forgetNs: bigint): Settled {
  const settled: Settled = { pieces: [], late: [] }
  const untilNano = windowStartNano(until)
  const first = series.times[0]
  if (first === undefined) return settled
  const { carry } = series
  if (carry !== null) {
    series.carry = settleCarry(series, carry, first, until, settled)
    if (first >= untilNano) return settled
  } else if (first >= untilNano) return settled
  let at = 0
  while (at + 1 < series.times.length && series.times[at]! < untilNano) {
    const rest = settleInterval(series, at, from, until, forgetNs, settled)
    at++
    if (series.times[at]! > untilNano) series.carry = rest
  }
  series.times.splice(0, at)
  series.values.splice(0, at)
  series.settledNano = series.times[0]!
  return settled
}

function settleCarry(
  series: Series,
  carry: Carry,
  toNano: bigint,
  until: number,
  settled: Settled,
): Carry | null {
  let rest = 0n
  for (const part of spreadEvenly(carry.amount, carry.fromNano, toNano)) {
    if (part.window >= until) rest += part.amount
    else addPiece(settled, series, part.window, part.amount, part.spanNs, carry.interpolated)
  }
  const untilNano = windowStartNano(until)
  if (toNano <= untilNano) return null
  return { fromNano: untilNano, amount: rest, interpolated: carry.interpolated }
}

/** Settles the interval between samples `at` and `at + 1`; returns what reaches beyond `until`. */
function settleInterval(
  series: Series,
  at: number,
  from: number,
  until: number,
  forgetNs: bigint,
  settled: Settled,
): Carry | null {
  const start = series.times[at]!
  const end = series.times[at + 1]!
  if (end - start > forgetNs) return null
  const parts = isGauge(series.identity.quantity) ? gaugeParts(series, at) : counterParts(series, at)
  if (parts === null) return null
  const interpolated = end - start > series.gapNs
  let rest = 0n
  for (const part of parts) {
    if (part.window >= until) rest += part.amount
    else if (part.window >= from) {
      addPiece(settled, series, part.window, part.amount, part.spanNs, interpolated)
    } else if (part.amount !== 0n) {
      settled.late.push({ series, window: part.window, amount: part.amount, timeNano: end })
    }
  }
  return end > windowStartNano(until)
    ? { fromNano: windowStartNano(until), amount: rest, interpolated }
    : null
}

/** Null at a new epoch: the counter fell and has no range to have wrapped at. */
function counterParts(series: Series, at: number) {
  let difference = series.values[at + 1]! - series.values[at]!
  if (difference < 0n) {
    if (series.rangeMax <= 0n) return null
    difference += series.rangeMax
    if (difference < 0n) return null
  }
  return spreadEvenly(difference, series.times[at]!, series.times[at + 1]!)
}

/**
 * Area under the line from one gauge sample to the next, cut at minute edges: the area up to each edge is rounded half to
 * even (to 1 µJ from mW x ns, to 1 byte-second from bytes x ns), parts are differences of those, so that they sum to the
 * rounded whole. Null over a gap: a gauge knows nothing of what it did not see.
 */
function gaugeParts(series: Series, at: number) {
  const [start, end] = [series.times[at]!, series.times[at + 1]!]
  if (end - start > series.gapNs) return null
  const [low, high] = [series.values[at]!, series.values[at + 1]!]
  const unit = series.identity.quantity === 'power' ? 1_000_000n : 1_000_000_000n
  const areaTo = (instant: bigint): bigint => {
    const elapsed = instant - start
    const twice = 2n * low * elapsed * (end - start) + (high - low) * elapsed * elapsed
    return divideHalfEven(twice, 2n * (end - start) * unit)
  }
  const instants = [start, ...windowEdges(start, end), end]
  return instants.slice(1).map((instant, index) => ({
    window: windowOf(instants[index]!),
    amount: areaTo(instant) - areaTo(instants[index]!),
    spanNs: instant - instants[index]!,
  }))
}

/** Intervals come in order of time, so pieces of one window stand together. */
function addPiece(
  { pieces }: Settled,
  series: Series,
  window: number,
  amount: bigint,
  coveredNs: bigint,
  interpolated: boolean,
): void {
  const last = pieces.at(-1)
  if (last?.window !== window) {
    pieces.push({ series, window, amount, coveredNs, interpolated })
    return
  }
  last.amount += amount
  last.coveredNs += coveredNs
  last.interpolated ||= interpolated
}
