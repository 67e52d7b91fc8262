/**
 * Samples dated ahead of the arrival of their record: of a host whose clock is ahead, or strays. Nothing can have been measured
 * after it came, so they wait beside their series until time has caught up with them: a host that is ahead for good is metered
 * by its own clock, and loses nothing. When the series goes on with an earlier time, its clock was set right, and what is left
 * of them tells of times that are yet to come: they are dropped and counted. A counter bridges what they held.
 */
import type { RecordView } from '../../../core/columns/record-reader.ts'
import { larger } from '../../../core/model/integers.ts'
import type { readings } from '../../../core/model/streams/index.ts'
import {
  HIGH,
  isBelow,
  LOW,
  MINUTE_NS,
  minuteOfParts,
  NS,
  nanoOf,
  STRIDE,
  timeNanoAt,
} from '../samples/samples.ts'
import { heard, insertSample, type Series } from '../samples/series.ts'
import type { HostState } from '../state/host-state.ts'
import { settle } from '../state/settle.ts'
import { type LateRow, lateRow } from './late.ts'

/** Clocks that are kept by NTP, and what a record takes to be stamped. */
const TOLERANCE_MS = 5_000
/** An hour of samples every 5 s. */
const MOST_AHEAD = 720

/** No clock of a host is this far ahead: the clock that stamped the record must be wrong. */
const NONSENSE_MINUTES = 2 * 1440

/** When a record came, given when its clock says so: 0, unknown, where the oldest of its readings lies days ahead of that. */
export function arrivalOf({ rows, columns }: RecordView<typeof readings>, stampedMs: number): number {
  const { values } = columns.Timestamp
  const parts = new Int32Array(values.buffer, values.byteOffset, 2 * values.length)
  let oldest = Number.POSITIVE_INFINITY
  for (let row = 0; row < rows; row++) oldest = Math.min(oldest, parts[2 * row + 1]!)
  return minuteOfParts(oldest, 0) > stampedMs / 60_000 + NONSENSE_MINUTES ? 0 : stampedMs
}

/** The latest instant at which a reading that came then may be taken as it is. */
export function latestAt(arrivedMs: number): { readonly minute: number; readonly ns: number } {
  if (arrivedMs <= 0) return { minute: Number.POSITIVE_INFINITY, ns: 0 }
  const latestMs = arrivedMs + TOLERANCE_MS
  const minute = Math.floor(latestMs / 60_000)
  return { minute, ns: Math.floor((latestMs - minute * 60_000) * 1e6) % MINUTE_NS }
}

/** Keeps a sample that is ahead. False: there are too many. */
export function holdAhead(series: Series, minute: number, ns: number, high: number, low: number): boolean {
  const { ahead } = series
  if (ahead.length >= MOST_AHEAD * STRIDE) return false
  ahead.push(minute, ns, high, low)
  return true
}

/**
 * The clock that stamps records was set back: samples of times that are yet to come were dated by it, or by one like it, and wait
 * among those that are ahead. The next sample of their series says what they are.
 */
export function sendBack(state: HostState, arrivedMs: number): void {
  settle(state)
  const latest = latestAt(arrivedMs)
  const isLater = (minute: number, ns: number): boolean => isBelow(latest.minute, latest.ns, minute, ns)
  let newest = -1n
  for (const series of state.series.values()) {
    const { samples, ahead } = series
    let end = samples.length
    while (end > 0 && isLater(samples[end - STRIDE]!, samples[end - STRIDE + NS]!)) end -= STRIDE
    if (end < samples.length) ahead.push(...samples.splice(end))
    if (ahead.length > 0) state.hasAhead = true
    if (end <= STRIDE) series.pending = false
    if (end === 0) series.integrated = false
    else newest = larger(newest, timeNanoAt(samples, end - STRIDE))
  }
  const latestNano = nanoOf(latest.minute, latest.ns)
  if (state.recordNano > latestNano) state.recordNano = newest
  if (state.hostNameNano > latestNano) state.hostNameNano = latestNano
  for (const labels of state.workloads.values()) {
    if (isLater(labels.minute, labels.ns)) Object.assign(labels, latest)
  }
}

interface ArrivedSample {
  readonly minute: number
  readonly ns: number
  readonly high: number
  readonly low: number
}

/**
 * Drops what a sample that came later shows to be wrongly dated: the counter had not got so far when it was read, though it
 * is dated after it. (Those that are merely told out of order rise by their dates.) Of a gauge, all that is dated after it.
 * What the counter rose by since may be more than its dates leave time for.
 */
export function dropDisproved(state: HostState, series: Series, came: ArrivedSample, late: LateRow[]): void {
  const { ahead, isGauge } = series
  const { minute, ns, high, low } = came
  let to = 0
  let byNs = 0
  for (let at = 0; at < ahead.length; at += STRIDE) {
    const isLater = isBelow(minute, ns, ahead[at]!, ahead[at + NS]!)
    if (isLater && (isGauge || isBelow(ahead[at + HIGH]!, ahead[at + LOW]!, high, low))) {
      late.push(aheadRow(state, series, at))
      byNs = Math.max(byNs, (ahead[at]! - minute) * MINUTE_NS + ahead[at + NS]! - ns)
    } else {
      ahead.copyWithin(to, at, at + STRIDE)
      to += STRIDE
    }
  }
  ahead.length = to
  if (byNs > 0) series.setBack = { minute, ns, byNs: byNs + 2e9 * series.everySeconds }
}

const aheadRow = (state: HostState, series: Series, at: number): LateRow =>
  lateRow(state, series, {
    window: series.ahead[at]!,
    value: 0n,
    timeNano: timeNanoAt(series.ahead, at),
    reason: 'ahead',
  })

/** Takes in what time has caught up with; `most`: samples that a series may hold. */
export function ingestDue(
  state: HostState,
  until: { readonly minute: number; readonly ns: number },
  most: number,
  late: LateRow[],
): void {
  if (!state.hasAhead) return
  settle(state)
  state.hasAhead = false
  for (const series of state.series.values()) {
    const { ahead } = series
    if (ahead.length === 0) continue
    let to = 0
    for (let at = 0; at < ahead.length; at += STRIDE) {
      const [minute, ns] = [ahead[at]!, ahead[at + NS]!]
      if (isBelow(until.minute, until.ns, minute, ns)) {
        ahead.copyWithin(to, at, at + STRIDE)
        to += STRIDE
        continue
      }
      const insertion = insertSample(series, minute, ns, ahead[at + HIGH]!, ahead[at + LOW]!, most)
      if (insertion === 'kept') {
        heard(series, state.clockMs, 0)
        const nano = nanoOf(minute, ns)
        if (nano > state.recordNano) state.recordNano = nano
      } else if (insertion !== 'between' && insertion !== 'duplicate') {
        late.push({ ...aheadRow(state, series, at), Reason: insertion })
      }
    }
    ahead.length = to
    if (to > 0) state.hasAhead = true
  }
}

/** When a host is forgotten, what still waits is reported. */
export function dropAhead(state: HostState, late: LateRow[]): void {
  for (const series of state.series.values()) {
    for (let at = 0; at < series.ahead.length; at += STRIDE) late.push(aheadRow(state, series, at))
  }
}

/** Time of the newest waiting sample in ns since the epoch; below 0: none waits. */
export function newestAhead(state: HostState, untilNano: bigint): bigint {
  let newest = -1n
  if (!state.hasAhead) return newest
  for (const { ahead } of state.series.values()) {
    for (let at = 0; at < ahead.length; at += STRIDE) {
      const nano = timeNanoAt(ahead, at)
      if (nano > newest && nano <= untilNano) newest = nano
    }
  }
  return newest
}
