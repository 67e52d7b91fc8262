/** The samples of a selector for the slice that is evaluated: floats and histograms apart, series one after another. */
import { EMPTY_HISTOGRAM, type FloatHistogram, RESET_HINT } from '../histogram/float-histogram.ts'
import { isReset } from '../histogram/reset.ts'
import type { Labels } from '../model/labels.ts'
import { bitsOf, isStale } from '../numeric/numbers.ts'
import type { SampleChunk } from './source.ts'

export interface Store {
  readonly labels: readonly Labels[]
  readonly times: Float64Array
  readonly values: Float64Array
  /** First float of each series, and after the last one the number of floats. */
  readonly starts: Int32Array
  /** By float, where there are stale markers and they are wanted. */
  readonly stale: Uint8Array | undefined
  readonly histogramTimes: Float64Array
  readonly histograms: readonly FloatHistogram[]
  /** As `starts`, for histograms; undefined where there are none. */
  readonly histogramStarts: Int32Array | undefined
  readonly dropsName: readonly boolean[] | undefined
}

export const emptyStore = (labels: readonly Labels[]): Store => ({
  labels,
  times: new Float64Array(0),
  values: new Float64Array(0),
  starts: new Int32Array(labels.length + 1),
  stale: undefined,
  histogramTimes: new Float64Array(0),
  histograms: [],
  histogramStarts: undefined,
  dropsName: undefined,
})

/** What of samples is kept. */
export interface Ingestion {
  /** Stale markers, which end series. */
  readonly keepsStale: boolean
  /** Given where only count and sum of histograms are kept: the last whole histogram of each row, to tell resets. */
  readonly lastOf: Map<number, FloatHistogram> | undefined
}

/** A part of a chunk: rows of one series. */
interface Run {
  readonly chunk: SampleChunk
  readonly from: number
  readonly to: number
}

/** Puts chunks together with the tail of the slice before. */
export class StoreBuilder {
  readonly #previous: Store
  readonly #rowOf: Int32Array
  readonly #how: Ingestion
  readonly #runs: (Run[] | undefined)[] = []
  #samples = 0
  #hasHistograms = false
  #hasNaN = false

  /** `rowOf` tells the row of each series of the source; rows are sorted by labels. */
  constructor(previous: Store, rowOf: Int32Array, how: Ingestion) {
    this.#previous = previous
    this.#rowOf = rowOf
    this.#how = how
  }

  /** Samples that came in. */
  get samples(): number {
    return this.#samples
  }

  push(chunk: SampleChunk): void {
    this.#hasHistograms ||= chunk.histograms !== undefined
    const { series, starts } = chunk
    for (let run = 0; run < series.length; run += 1) {
      const [from, to] = [starts[run] ?? 0, starts[run + 1] ?? 0]
      if (to <= from) continue
      const row = this.#rowOf[series[run] ?? -1]
      if (row === undefined) throw new Error('The source pushed samples of a series that it did not list')
      const runs = this.#runs[row]
      if (runs === undefined) this.#runs[row] = [{ chunk, from, to }]
      else runs.push({ chunk, from, to })
      this.#samples += to - from
    }
    this.#hasNaN ||= chunk.hasNaN ?? hasNaN(chunk.values)
  }

  /** The store of the next slice: samples after `afterMs` of the slice before, then the new ones; in `spare`, where they fit. */
  build(afterMs: number, spare?: StoreArrays): Store {
    return this.#hasHistograms || this.#hasNaN || this.#previous.histogramStarts !== undefined
      ? this.#buildMixed(afterMs)
      : this.#buildFloats(afterMs, spare)
  }

  /** Whole runs are copied: there is nothing to look at in them. */
  #buildFloats(afterMs: number, spare: StoreArrays | undefined): Store {
    const previous = this.#previous
    const { labels } = previous
    const starts = new Int32Array(labels.length + 1)
    const tails = new Int32Array(labels.length)
    let total = 0
    for (let row = 0; row < labels.length; row += 1) {
      starts[row] = total
      const tail = firstAfter(
        previous.times,
        previous.starts[row] ?? 0,
        previous.starts[row + 1] ?? 0,
        afterMs,
      )
      tails[row] = tail
      total += (previous.starts[row + 1] ?? 0) - tail
      for (const { from, to } of this.#runs[row] ?? []) total += to - from
    }
    starts[labels.length] = total
    const times = arrayOf(total, spare?.times)
    const values = arrayOf(total, spare?.values)
    const stale = previous.stale === undefined ? undefined : new Uint8Array(total)
    for (let row = 0; row < labels.length; row += 1) {
      let at = starts[row] ?? 0
      const [tail, end] = [tails[row] ?? 0, previous.starts[row + 1] ?? 0]
      if (end > tail) {
        copyFloats(previous.times, tail, end, times, at)
        copyFloats(previous.values, tail, end, values, at)
        if (previous.stale !== undefined) stale?.set(previous.stale.subarray(tail, end), at)
        at += end - tail
      }
      for (const { chunk, from, to } of this.#runs[row] ?? []) {
        copyFloats(chunk.times, from, to, times, at)
        copyFloats(chunk.values, from, to, values, at)
        at += to - from
      }
    }
    return { ...previous, times, values, starts, stale }
  }

  #buildMixed(afterMs: number): Store {
    const { labels } = this.#previous
    const columns = new Columns(labels.length, this.#samples + this.#previous.times.length)
    for (let row = 0; row < labels.length; row += 1) {
      columns.begin(row)
      columns.addTail(this.#previous, row, afterMs)
      for (const run of this.#runs[row] ?? []) columns.addRun(run, row, this.#how)
    }
    return columns.finish(this.#previous)
  }
}

/** Arrays of a store that is no longer needed. */
export type StoreArrays = Pick<Store, 'times' | 'values'>

/** Memory that was used before costs less than new memory; a little more is taken, since slices differ. */
function arrayOf(length: number, spare: Float64Array | undefined): Float64Array {
  const isEnough = spare !== undefined && spare.buffer.byteLength >= 8 * length && spare.byteOffset === 0
  return isEnough
    ? new Float64Array(spare.buffer, 0, length)
    : new Float64Array(Math.ceil(length * 1.1)).subarray(0, length)
}

/** Runs are short: a loop costs less than a view of each. There is no NaN among them whose bits would have to stay. */
function copyFloats(from: Float64Array, start: number, end: number, to: Float64Array, at: number): void {
  for (let index = start, target = at; index < end; index += 1, target += 1) to[target] = from[index]!
}

function hasNaN(values: Float64Array): boolean {
  for (let at = 0; at < values.length; at += 1) if (Number.isNaN(values[at])) return true
  return false
}

/** The first position whose time is after the given one. */
export function firstAfter(times: Float64Array, from: number, to: number, afterMs: number): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((times[middle] ?? 0) > afterMs) high = middle
    else low = middle + 1
  }
  return low
}

/** Count and sum of a histogram, and whether the counter was reset before it. */
function statsOf(histogram: FloatHistogram, previous: FloatHistogram | undefined): FloatHistogram {
  const { count, sum, schema, counterResetHint } = histogram
  const { unknown, reset, notReset } = RESET_HINT
  const isKnown = counterResetHint !== unknown || previous === undefined
  const hint = isKnown ? counterResetHint : isReset(histogram, previous) ? reset : notReset
  return { ...EMPTY_HISTOGRAM, schema, count, sum, counterResetHint: hint }
}

/** Columns that are filled sample by sample. */
class Columns {
  readonly #times: Float64Array
  readonly #values: Float64Array
  readonly #stale: Uint8Array
  readonly #starts: Int32Array
  readonly #histogramTimes: number[] = []
  readonly #histograms: FloatHistogram[] = []
  readonly #histogramStarts: Int32Array
  #length = 0
  #hasStale = false

  constructor(rows: number, capacity: number) {
    this.#times = new Float64Array(capacity)
    this.#values = new Float64Array(capacity)
    this.#stale = new Uint8Array(capacity)
    this.#starts = new Int32Array(rows + 1)
    this.#histogramStarts = new Int32Array(rows + 1)
  }

  begin(row: number): void {
    this.#starts[row] = this.#length
    this.#histogramStarts[row] = this.#histograms.length
  }

  #addFloat(time: number, value: number, isStaleMarker: boolean): void {
    this.#times[this.#length] = time
    this.#values[this.#length] = value
    if (isStaleMarker) {
      this.#stale[this.#length] = 1
      this.#hasStale = true
    }
    this.#length += 1
  }

  addTail(previous: Store, row: number, afterMs: number): void {
    const end = previous.starts[row + 1] ?? 0
    for (let at = firstAfter(previous.times, previous.starts[row] ?? 0, end, afterMs); at < end; at += 1) {
      this.#addFloat(previous.times[at] ?? 0, previous.values[at] ?? 0, previous.stale?.[at] === 1)
    }
    const { histogramStarts, histogramTimes, histograms } = previous
    if (histogramStarts === undefined) return
    const last = histogramStarts[row + 1] ?? 0
    for (let at = firstAfter(histogramTimes, histogramStarts[row] ?? 0, last, afterMs); at < last; at += 1) {
      const histogram = histograms[at]
      if (histogram !== undefined) this.#addHistogram(histogramTimes[at] ?? 0, histogram)
    }
  }

  #addHistogram(time: number, histogram: FloatHistogram): void {
    this.#histogramTimes.push(time)
    this.#histograms.push(histogram)
  }

  addRun({ chunk, from, to }: Run, row: number, { keepsStale, lastOf }: Ingestion): void {
    const { times, values, histograms } = chunk
    const bits = bitsOf(values)
    for (let at = from; at < to; at += 1) {
      const histogram = histograms?.[at]
      const time = times[at] ?? 0
      if (histogram !== undefined) {
        this.#addHistogram(time, lastOf === undefined ? histogram : statsOf(histogram, lastOf.get(row)))
        lastOf?.set(row, histogram)
        continue
      }
      const isMarker = isStale(bits, at)
      if (!isMarker || keepsStale) this.#addFloat(time, values[at] ?? 0, isMarker)
    }
  }

  finish({ labels, dropsName }: Store): Store {
    this.begin(labels.length)
    const hasHistograms = this.#histograms.length > 0
    return {
      labels,
      dropsName,
      times: this.#times.subarray(0, this.#length),
      values: this.#values.subarray(0, this.#length),
      starts: this.#starts,
      stale: this.#hasStale ? this.#stale.subarray(0, this.#length) : undefined,
      histogramTimes: Float64Array.from(this.#histogramTimes),
      histograms: this.#histograms,
      histogramStarts: hasHistograms ? this.#histogramStarts : undefined,
    }
  }
}
