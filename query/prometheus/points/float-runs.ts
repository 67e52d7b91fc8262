/** Rows of series as chunks: ascending in time, one row a time. */
import type { SampleChunk } from '../../promql/index.ts'

/** Not a sample: the row is there for its exemplars. 0x7FF0000000000003; a stale marker ends in 2. */
const EXEMPLAR_LOW = 3
const NAN_HIGH = 0x7ff0_0000

/** Runs of rows: of series by number, -1 for one that is not wanted. */
interface Runs {
  readonly ids: Int32Array
  /** First row of each run, and the number of rows. */
  readonly starts: Int32Array
  readonly times: Float64Array
  readonly values: Float64Array
}

interface Rows {
  readonly start: number
  readonly end: number
  readonly to: number
  readonly first: number
}

/** Hands on floats. */
export class FloatRuns {
  readonly #push: (chunk: SampleChunk) => void
  readonly #lastMs: Float64Array
  /** Running sums of deltas; null where values are since a start. */
  readonly #sums: Float64Array | null

  constructor(series: number, sums: Float64Array | null, push: (chunk: SampleChunk) => void) {
    this.#push = push
    this.#sums = sums
    this.#lastMs = new Float64Array(series).fill(Number.NEGATIVE_INFINITY)
  }

  /** Changes the arrays that it is given. */
  add({ ids, starts, times, values }: Runs): void {
    const words = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length)
    const series = new Int32Array(ids.length)
    const firsts = new Int32Array(ids.length + 1)
    let runs = 0
    let rows = 0
    let plain = 0
    for (let run = 0; run < ids.length; run += 1) {
      const id = ids[run]!
      if (id < 0) continue
      const before = rows
      const [start, end] = [starts[run]!, starts[run + 1]!]
      // Usually nothing has to be moved.
      const from = before === start ? this.#skipPlain(id, start, end, times, values) : start
      plain += from - start
      rows += from - start
      if (from < end) rows = this.#compact(id, { start: from, end, to: rows, first: before }, times, words)
      if (rows === before) continue
      series[runs] = id
      firsts[runs] = before
      runs += 1
    }
    firsts[runs] = rows
    if (runs === 0) return
    const chunk = {
      series: series.subarray(0, runs),
      starts: firsts.subarray(0, runs + 1),
      times: times.subarray(0, rows),
      values: values.subarray(0, rows),
      ...(plain === rows && this.#sums === null ? { hasNaN: false } : {}),
    }
    if (this.#sums !== null) accumulate(chunk, this.#sums)
    this.#push(chunk)
  }

  /** Passes the rows at the beginning of a run that ascend in time and are numbers. Gives the next row. */
  #skipPlain(id: number, start: number, end: number, times: Float64Array, values: Float64Array): number {
    let last = this.#lastMs[id]!
    let row = start
    for (; row < end; row += 1) {
      const time = times[row]!
      if (time <= last || Number.isNaN(values[row]!)) break
      last = time
    }
    this.#lastMs[id] = last
    return row
  }

  /**
   * Moves rows of a run forward to `to`, without those that are no samples. Gives the next free row. `first`: where the run
   * begins among the rows that are kept.
   */
  #compact(id: number, { start, end, to, first }: Rows, times: Float64Array, words: Uint32Array): number {
    let last = this.#lastMs[id]!
    let next = to
    for (let row = start; row < end; row += 1) {
      const time = times[row]!
      const [low, high] = [words[2 * row]!, words[2 * row + 1]!]
      if (high === NAN_HIGH && low === EXEMPLAR_LOW) continue
      if (time < last || (time === last && next === first)) continue
      // Of rows at one time the last counts.
      const place = time === last ? next - 1 : next
      times[place] = time
      words[2 * place] = low
      words[2 * place + 1] = high
      next = place + 1
      last = time
    }
    this.#lastMs[id] = last
    return next
  }
}

/** Sums of intervals become sums since the first of them. */
function accumulate({ series, starts, values }: SampleChunk, sums: Float64Array): void {
  for (let run = 0; run < series.length; run += 1) {
    const id = series[run]!
    let sum = sums[id]!
    for (let row = starts[run]!; row < starts[run + 1]!; row += 1) {
      const value = values[row]!
      // Stale markers stay.
      if (Number.isNaN(value)) continue
      sum += value
      values[row] = sum
    }
    sums[id] = sum
  }
}
