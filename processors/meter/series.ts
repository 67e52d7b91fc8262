/**
 * One meter's samples in the windows that are still open. What a series holds decides what its windows get, whatever the
 * order in which the samples came: they are kept sorted, the same sample twice is one, and a counter's sample between two
 * others of its minute is dropped again as soon as it says nothing that its neighbours do not say.
 */
import { HIGH, isBelow, LOW, lowerBound, NS, type Samples, STRIDE, spanNs } from './samples.ts'

export const COUNTER_QUANTITIES = ['energy', 'cpu_time'] as const
export const GAUGE_QUANTITIES = ['power', 'memory'] as const
/** Counters: how an exporter itself splits a domain's energy. */
export const ACTIVITY_QUANTITIES = ['energy_active', 'energy_idle'] as const
export type MeteredQuantity =
  | (typeof COUNTER_QUANTITIES)[number]
  | (typeof GAUGE_QUANTITIES)[number]
  | (typeof ACTIVITY_QUANTITIES)[number]

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
  /** It goes on from the start of this window. */
  readonly fromWindow: number
  readonly amount: bigint
  readonly interpolated: boolean
}

export interface Series {
  readonly identity: SeriesIdentity
  /** Of the identity: not a counter. */
  readonly isGauge: boolean
  /** Of the identity: what can be counted once only, whichever series tells it. */
  readonly place: string
  /** Longest trusted distance of two samples, ns, as configured when the last one came. */
  gapNs: number
  /** 0n: no known range. */
  rangeMax: bigint
  /** Rising, without repeats. */
  readonly samples: Samples
  /** Whether windows were closed with the first sample: what is earlier changes nothing any more. */
  settled: boolean
  carry: Carry | null
}

/** A counter of any sampling rate keeps a handful; this bounds gauges and counters that jump about. */
export const MAX_SAMPLES = 4096
/** The same where memory is short: what a series takes without them. */
export const FEW_SAMPLES = 64

export const newSeries = (identity: SeriesIdentity, gapNs: number): Series => ({
  identity,
  isGauge: isGauge(identity.quantity),
  place: placeOf(identity),
  gapNs,
  rangeMax: 0n,
  samples: [],
  settled: false,
  carry: null,
})

/** Sorts `energy` before `power`, which fills in where there is no counter. */
export function placeOf({ quantity, domain, workloadKind, workloadId }: SeriesIdentity): string {
  if (workloadKind === '' && quantity !== 'cpu_time' && quantity !== 'memory')
    return `${quantity}\u0000${domain}`
  return `${quantity}\u0000${workloadKind}\u0000${workloadId}`
}

const isGauge = (quantity: MeteredQuantity): boolean => quantity === 'power' || quantity === 'memory'

export type Insertion = 'kept' | 'duplicate' | 'closed' | 'out_of_order' | 'overflow'

/**
 * Adds a sample: the minute of its instant, the nanoseconds into it, the words of its value (high signed, low unsigned).
 * `closed` and `out_of_order`: it came too late to change anything; nothing was changed. `most`: samples that may wait.
 */
export function insertSample(
  series: Series,
  minute: number,
  ns: number,
  high: number,
  low: number,
  most: number,
): Insertion {
  const { samples } = series
  const end = samples.length
  const last = end - STRIDE
  if (end > 0 && !isBelow(samples[last]!, samples[last + NS]!, minute, ns)) {
    return insertEarlier(series, minute, ns, high, low, most)
  }
  if (end >= most * STRIDE) return 'overflow'
  if (isRedundant(series, last - STRIDE, last, minute, ns, high, low)) {
    samples[last] = minute
    samples[last + NS] = ns
    samples[last + HIGH] = high
    samples[last + LOW] = low
  } else samples.push(minute, ns, high, low)
  return 'kept'
}

/** Whether a counter's sample at `middle` adds nothing: all three of one minute, rising, and close enough together. */
function isRedundant(
  { isGauge, samples, gapNs }: Series,
  before: number,
  middle: number,
  minute: number,
  ns: number,
  high: number,
  low: number,
): boolean {
  if (before < 0 || isGauge || samples[before] !== minute) return false
  if (ns - samples[before + NS]! > gapNs) return false
  const [middleHigh, middleLow] = [samples[middle + HIGH]!, samples[middle + LOW]!]
  if (isBelow(middleHigh, middleLow, samples[before + HIGH]!, samples[before + LOW]!)) return false
  return !isBelow(high, low, middleHigh, middleLow)
}

function insertEarlier(
  series: Series,
  minute: number,
  ns: number,
  high: number,
  low: number,
  most: number,
): Insertion {
  const { samples } = series
  const at = lowerBound(samples, minute, ns)
  if (samples[at] === minute && samples[at + NS] === ns) return mergeEqualTime(series, at, high, low)
  if (at === 0 && series.settled) return series.carry === null ? 'closed' : lateness(series.carry, minute)
  if (samples.length >= most * STRIDE) return 'overflow'
  samples.splice(at, 0, minute, ns, high, low)
  dropIfRedundant(series, at + STRIDE)
  dropIfRedundant(series, at)
  dropIfRedundant(series, at - STRIDE)
  return 'kept'
}

const lateness = (carry: Carry, minute: number): Insertion =>
  minute < carry.fromWindow ? 'closed' : 'out_of_order'

/** Two values for one instant: the larger one, in whatever order they came; a settled one stays. */
function mergeEqualTime(series: Series, at: number, high: number, low: number): Insertion {
  const { samples } = series
  if (at === 0 && series.settled) return 'duplicate'
  if (!isBelow(samples[at + HIGH]!, samples[at + LOW]!, high, low)) return 'duplicate'
  samples[at + HIGH] = high
  samples[at + LOW] = low
  return 'kept'
}

function dropIfRedundant(series: Series, at: number): void {
  const { samples } = series
  const after = at + STRIDE
  if (at < STRIDE || after >= samples.length || samples[after] === undefined) return
  if (spanNs(samples, at - STRIDE, after) > series.gapNs) return
  const [minute, ns, high, low] = [
    samples[after],
    samples[after + NS]!,
    samples[after + HIGH]!,
    samples[after + LOW]!,
  ]
  if (isRedundant(series, at - STRIDE, at, minute, ns, high, low)) samples.splice(at, STRIDE)
}
