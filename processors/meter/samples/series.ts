/**
 * One meter's samples in the windows that are still open. What a series holds decides what its windows get, whatever the
 * order in which the samples came: they are kept sorted, all of them, and the same sample twice is one.
 */
import { UNKNOWN_BAND } from '../../../core/books/error-bands.ts'
import { isCounter } from '../../../core/books/quantities.ts'
import { type LikelyRange, likelyRangeOf } from '../../../core/books/rapl-ranges.ts'
import {
  HIGH,
  isBelow,
  LOW,
  lowerBound,
  NS,
  type Samples,
  STRIDE,
  secondsBetween,
  spanNs,
} from './samples.ts'
import { wasSetBack } from './set-back.ts'
import { type UpperBound, upperBoundOf } from './upper-bound.ts'

/** Values that only rise: µJ and µs. Their position in this list is stored, see codec.ts. */
export const COUNTER_QUANTITIES = ['energy', 'cpu_time'] as const
/** Values at a moment: mW and bytes. They are integrated over time. */
export const GAUGE_QUANTITIES = ['power', 'memory'] as const
/** Counters: how an exporter itself splits a domain's energy. */
export const ACTIVITY_QUANTITIES = ['energy_active', 'energy_idle'] as const
/** What workloads have reserved: thousandths of a core or board, and bytes, integrated like gauges. */
export const REQUEST_QUANTITIES = ['cpu_request', 'memory_request', 'gpu_request'] as const
/** Use of GPUs: a counter of µs, millionths and thousandths that are integrated. */
export const GPU_QUANTITIES = ['gpu_time', 'gpu_utilization', 'gpu_held'] as const
/** A quantity of `REQUEST_QUANTITIES`. */
export type RequestQuantity = (typeof REQUEST_QUANTITIES)[number]
/** Quantities that the meter keeps series of; readings of others are passed over. */
export type MeteredQuantity =
  | RequestQuantity
  | (typeof COUNTER_QUANTITIES)[number]
  | (typeof GAUGE_QUANTITIES)[number]
  | (typeof ACTIVITY_QUANTITIES)[number]
  | (typeof GPU_QUANTITIES)[number]

const GAUGES: ReadonlySet<MeteredQuantity> = new Set(
  [...GAUGE_QUANTITIES, ...REQUEST_QUANTITIES, ...GPU_QUANTITIES].filter(name => !isCounter(name)),
)
const OF_GPUS: ReadonlySet<MeteredQuantity> = new Set(GPU_QUANTITIES)

/** Whether it tells who uses a board, or how much. */
export const isGpuQuantity = (quantity: MeteredQuantity): boolean => OF_GPUS.has(quantity)

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
interface SeriesIdentity extends MeterIdentity {
  readonly workloadKind: string
  readonly workloadId: string
}

interface SetBack {
  readonly minute: number
  readonly ns: number
  readonly byNs: number
}

/** What the meter keeps of one meter of one workload, or of the host. */
export interface Series {
  readonly identity: SeriesIdentity
  /** From the identity: a gauge, not a counter. */
  readonly isGauge: boolean
  /** From the identity: what counts once only, whichever series reports it. */
  readonly place: string
  /** Longest trusted distance of two samples, ns, as configured when the last one came. */
  gapNs: number
  /** 0n: no known range. */
  rangeMax: bigint
  /** Power that the meter itself names as its most, mW; 0n: none. */
  maxPowerMw: bigint
  /** Half width of the error band that its readings state, millionths; `UNKNOWN_BAND`: they state none. */
  errorPpm: number
  most: UpperBound
  /** From the identity: where it may wrap when no range is given. */
  readonly likely: LikelyRange | null
  /** Rising, without repeats. */
  readonly samples: Samples
  /** Whether windows were closed with the first sample: what is earlier changes nothing any more. */
  integrated: boolean
  /** Whether the first interval was booked up to the closed windows, and reaches beyond them: nothing can come inside it. */
  pending: boolean
  /** Usual distance of samples, s: rises at once, falls slowly; 0: not known yet. */
  everySeconds: number
  /** The host's clock when its newest sample came, see host-clock.ts. */
  heardMs: number
  /** How far behind the host's newest sample its own come, s: rises at once, falls slowly. */
  lagSeconds: number
  /** Whether its samples come as time passes, and not many at once out of some store. */
  isLive: boolean
  /** Samples dated ahead of their arrival, see ahead.ts; empty nearly always. */
  ahead: Samples
  /** The first sample after the clock that dates them was set back, and by how much; null: it was not, lately. */
  setBack: SetBack | null
  /** Whether another epoch of the same meter is held beside it. Follows from which series there are. */
  hasRival: boolean
  /** Its place among the series of the host, in order of key. Follows from which series there are. */
  index: number
}

/** Bounds what one series may hold. */
export const MAX_SAMPLES = 4096
/** The same where memory is short. */
export const FEW_SAMPLES = 64
/** A sample of a counter never arrives this long after later ones, unless the counter was reset. */
const LONGEST_DELAY_MINUTES = 30
/** Longer distances say nothing of a beat. */
const LONGEST_BEAT_SECONDS = 600
/** What a first distance is believed to be at most. */
const FIRST_BEAT_SECONDS = 60

/** An empty series. `gapNs`: longest trusted distance of two samples; `maxPowerMw`: 0n where the meter names none. */
export const newSeries = (identity: SeriesIdentity, gapNs: number, maxPowerMw = 0n): Series => ({
  identity,
  isGauge: GAUGES.has(identity.quantity),
  place: meterPlace(identity),
  gapNs,
  rangeMax: 0n,
  maxPowerMw,
  errorPpm: UNKNOWN_BAND,
  most: upperBoundOf(identity, maxPowerMw),
  likely: identity.quantity === 'energy' ? likelyRangeOf(identity.source, identity.domain) : null,
  samples: [],
  integrated: false,
  pending: false,
  everySeconds: 0,
  heardMs: 0,
  lagSeconds: 0,
  isLive: false,
  ahead: [],
  setBack: null,
  hasRival: false,
  index: 0,
})

/** Sorts `energy` before `power`, which fills in where there is no counter. */
export function meterPlace({ quantity, domain, device, workloadKind, workloadId }: SeriesIdentity): string {
  // A workload on two boards is in two places.
  if (isGpuQuantity(quantity)) {
    return [quantity, domain, device, workloadKind, workloadId].join('\u0000')
  }
  if (workloadKind === '' && quantity !== 'cpu_time' && quantity !== 'memory') {
    return `${quantity}\u0000${domain}`
  }
  return `${quantity}\u0000${workloadKind}\u0000${workloadId}`
}

/** kept: at the end. between: among others. The others changed nothing: the sample came too late, or the series is full. */
export type Insertion = 'kept' | 'between' | 'duplicate' | 'closed' | 'out_of_order' | 'set_back' | 'overflow'

/**
 * Adds a sample: its minute, the nanoseconds into it, and its value as high (signed) and low (unsigned) 32 bits.
 * `most`: samples that may wait.
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
  if (end > 0) {
    const last = end - STRIDE
    if (!isBelow(samples[last]!, samples[last + NS]!, minute, ns)) {
      return insertEarlier(series, minute, ns, high, low, most)
    }
    const seconds = secondsBetween(samples[last]!, samples[last + NS]!, minute, ns)
    if (seconds !== series.everySeconds) learnBeat(series, seconds)
    if (end >= most * STRIDE && !dropInnerSamples(series, most)) return 'overflow'
  }
  samples.push(minute, ns, high, low)
  return 'kept'
}

/** One long distance may be a stray sample: the beat grows by no more than it is. */
function learnBeat(series: Series, seconds: number): void {
  if (seconds > LONGEST_BEAT_SECONDS) return
  const { everySeconds } = series
  const most = everySeconds === 0 ? FIRST_BEAT_SECONDS : 2 * everySeconds + 1
  series.everySeconds =
    seconds > everySeconds ? Math.min(seconds, most) : everySeconds - ((everySeconds - seconds) >> 3)
}

/**
 * Notes that a record brought a new sample of the series. `lagSeconds`: how far that is behind the host's newest one before.
 * To be called once a record; the record's place in time is the host's clock.
 */
export function heard(series: Series, clockMs: number, lagSeconds: number): void {
  const { samples } = series
  const [before, last] = [samples.length - 2 * STRIDE, samples.length - STRIDE]
  if (before >= 0) {
    const span = spanNs(samples, before, last)
    const seconds = Math.ceil(span / 1e9)
    series.isLive = (clockMs - series.heardMs) * 2e6 >= span
    // A distance that passed while this process watched does not come from a stray sample.
    if (series.isLive && seconds <= LONGEST_BEAT_SECONDS && seconds > series.everySeconds) {
      series.everySeconds = seconds
    }
  }
  series.heardMs = clockMs
  const known = series.lagSeconds
  const lag = lagSeconds > 0 ? Math.ceil(lagSeconds) : 0
  series.lagSeconds = lag > known ? lag : known - Math.ceil((known - lag) / 8)
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
  if (at === 0 && series.integrated)
    return wasSetBack(series, { minute, ns, high, low }) ? 'set_back' : 'closed'
  if (at === STRIDE && series.pending) return 'out_of_order'
  // A clock that was set back far: what it dates was counted after the first sample, and is told by those that come after.
  const isSetBack = at === 0 && !series.isGauge && samples[0]! - minute > LONGEST_DELAY_MINUTES
  if (isSetBack && isBelow(samples[HIGH]!, samples[LOW]!, high, low)) return 'set_back'
  if (samples.length >= most * STRIDE && !dropInnerSamples(series, most)) return 'overflow'
  samples.splice(lowerBound(samples, minute, ns), 0, minute, ns, high, low)
  return 'between'
}

/** Two values for one instant: the larger one, in whatever order they came; one that was booked stays. */
function mergeEqualTime(series: Series, at: number, high: number, low: number): Insertion {
  const { samples } = series
  if (at === 0 && series.integrated) return 'duplicate'
  if (!isBelow(samples[at + HIGH]!, samples[at + LOW]!, high, low)) return 'duplicate'
  if (at === STRIDE && series.pending) return 'out_of_order'
  samples[at + HIGH] = high
  samples[at + LOW] = low
  return 'between'
}

/**
 * Where too many wait, a counter's samples that say nothing their neighbours do not say are dropped: of each minute's rise
 * the inner ones. Order matters from then on for what falls among them. Returns whether another sample fits now.
 */
function dropInnerSamples({ isGauge, samples, gapNs, pending }: Series, most: number): boolean {
  if (isGauge) return false
  let to = pending ? 2 * STRIDE : STRIDE
  for (let at = to; at + STRIDE < samples.length; at += STRIDE) {
    if (isInner(samples, to - STRIDE, at, gapNs)) continue
    samples.copyWithin(to, at, at + STRIDE)
    to += STRIDE
  }
  const last = samples.length - STRIDE
  if (to <= last) {
    samples.copyWithin(to, last, last + STRIDE)
    samples.length = to + STRIDE
  }
  return samples.length < most * STRIDE
}

/** Whether the sample at `at` lies on a rise within one minute, from the one kept before it to the next one. */
function isInner(samples: Samples, before: number, at: number, gapNs: number): boolean {
  const after = at + STRIDE
  if (samples[before] !== samples[after] || samples[after + NS]! - samples[before + NS]! > gapNs) return false
  return (
    !isBelow(samples[at + HIGH]!, samples[at + LOW]!, samples[before + HIGH]!, samples[before + LOW]!) &&
    !isBelow(samples[after + HIGH]!, samples[after + LOW]!, samples[at + HIGH]!, samples[at + LOW]!)
  )
}
