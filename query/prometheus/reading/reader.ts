/** What readers of a table need and give. */
import type { Labels, SampleChunk, SelectorNeed } from '../../promql/index.ts'
import type { Arena } from '../native/arena.ts'
import type { NativeBlock } from '../native/columns.ts'
import type { Read } from '../wire/messages.ts'

/**
 * Runs a statement behind the caller's fence, and decodes its answer while it arrives: into an arena, if there is one.
 */
export type Ask = (read: Read, arena?: Arena) => AsyncIterable<NativeBlock>

/** Series of one selector, of one table. */
export interface SeriesReader {
  /** Distinct label sets. */
  readonly series: readonly Labels[]
  /** Hands on their samples with `fromMs < t <= toMs`. For one series, chunks ascend in time. */
  samples(fromMs: number, toMs: number, push: (chunk: SampleChunk) => void): Promise<void>
}

/** What a selector reads: its matchers, and the times. */
export type Selected = Pick<SelectorNeed, 'matchers' | 'fromMs' | 'toMs'>

/** The largest number of rows that a statement may answer when the reader has no smaller one. */
export const ROWS_UNLIMITED = 1_000_000_000

/** The NaN by which Prometheus says that a series has ended: 0x7FF0000000000002. */
export const STALE_BITS = 0x7ff0_0000_0000_0002n

/** A chunk made of rows that are pushed one after another: a run for each series. */
export class ChunkBuilder {
  readonly #series: number[] = []
  readonly #starts: number[] = [0]
  #times = new Float64Array(1_024)
  #values = new Float64Array(1_024)
  #bits = new BigUint64Array(this.#values.buffer)
  #rows = 0

  get rows(): number {
    return this.#rows
  }

  /** Rows of this series follow, none of which may be in this chunk already. */
  begin(series: number): void {
    this.#series.push(series)
    this.#starts.push(this.#rows)
  }

  /** A row of the series that was begun last. */
  add(timeMs: number, value: number): void {
    this.#grow(1)
    this.#times[this.#rows] = timeMs
    this.#values[this.#rows] = value
    this.#rows += 1
    this.#starts[this.#starts.length - 1] = this.#rows
  }

  /** The series that was begun last has ended. */
  addStale(timeMs: number): void {
    this.add(timeMs, 0)
    // Not through a number, which need not keep the bits of a NaN.
    this.#bits[this.#rows - 1] = STALE_BITS
  }

  chunk(): SampleChunk {
    return {
      series: Int32Array.from(this.#series),
      starts: Int32Array.from(this.#starts),
      times: this.#times.subarray(0, this.#rows),
      values: this.#values.subarray(0, this.#rows),
    }
  }

  #grow(rows: number): void {
    if (this.#rows + rows <= this.#times.length) return
    const times = new Float64Array(2 * this.#times.length)
    const values = new Float64Array(2 * this.#values.length)
    times.set(this.#times)
    values.set(this.#values)
    this.#times = times
    this.#values = values
    this.#bits = new BigUint64Array(values.buffer)
  }
}
