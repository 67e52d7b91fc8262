/** Reads the whole span of a few series at once, in place of a statement for each slice of it. */
import type { SampleChunk } from '../../promql/index.ts'

/** Samples of series, in order of time, as they are handed on slice by slice. */
export class ReadAhead {
  readonly #times: Float64Array[]
  readonly #values: Float64Array[]
  readonly #rows: Int32Array
  /** First row of each series that was not handed on. */
  readonly #next: Int32Array

  constructor(series: number) {
    this.#times = Array.from({ length: series }, () => new Float64Array(64))
    this.#values = Array.from({ length: series }, () => new Float64Array(64))
    this.#rows = new Int32Array(series)
    this.#next = new Int32Array(series)
  }

  add({ series, starts, times, values }: SampleChunk): void {
    for (let run = 0; run < series.length; run += 1) {
      const id = series[run]!
      const [start, end] = [starts[run]!, starts[run + 1]!]
      const rows = this.#rows[id]!
      const needed = rows + end - start
      if (needed > this.#times[id]!.length) {
        this.#times[id] = grown(this.#times[id]!, needed)
        this.#values[id] = grown(this.#values[id]!, needed)
      }
      this.#times[id]!.set(times.subarray(start, end), rows)
      this.#values[id]!.set(values.subarray(start, end), rows)
      this.#rows[id] = needed
    }
  }

  /** Rows up to a time that were not handed on before. */
  upTo(toMs: number, push: (chunk: SampleChunk) => void): void {
    for (let id = 0; id < this.#rows.length; id += 1) {
      const times = this.#times[id]!
      const start = this.#next[id]!
      let end = start
      while (end < this.#rows[id]! && times[end]! <= toMs) end += 1
      if (end === start) continue
      this.#next[id] = end
      push({
        series: Int32Array.of(id),
        starts: Int32Array.of(0, end - start),
        times: times.subarray(start, end),
        values: this.#values[id]!.subarray(start, end),
      })
    }
  }
}

function grown(values: Float64Array, needed: number): Float64Array {
  const larger = new Float64Array(Math.max(needed, 2 * values.length))
  larger.set(values)
  return larger
}
