/** Answers. */

import type { FloatHistogram } from '../histogram/float-histogram.ts'
import type { Annotations } from '../model/annotations.ts'
import { PromqlError } from '../model/errors.ts'
import { compareLabels, keyOf, type Labels } from '../model/labels.ts'
import { type Block, FLOAT, HISTOGRAM, NO_SAMPLE } from '../series/block.ts'
import { type Grid, timeAt } from '../series/grid.ts'
import type { Stats } from './samples.ts'

export interface VectorSample {
  readonly labels: Labels
  readonly timeMs: number
  /** NaN where the sample is a histogram. */
  readonly value: number
  readonly histogram?: FloatHistogram
}

export interface HistogramPoint {
  readonly timeMs: number
  readonly histogram: FloatHistogram
}

export interface MatrixSeries {
  readonly labels: Labels
  /** Of the floats. */
  readonly times: Float64Array
  readonly values: Float64Array
  readonly histograms: readonly HistogramPoint[]
}

export type Answer =
  /** In the order that the query gave it. */
  | { readonly resultType: 'vector'; readonly vector: readonly VectorSample[] }
  /** Sorted by labels. */
  | { readonly resultType: 'matrix'; readonly matrix: readonly MatrixSeries[] }
  | { readonly resultType: 'scalar'; readonly timeMs: number; readonly value: number }
  | { readonly resultType: 'string'; readonly timeMs: number; readonly text: string }

export type QueryResult = Answer & { readonly annotations: Annotations; readonly stats: Stats }

/** The samples of a block for one time. */
export function toVector(
  { labels, kinds, values, histograms }: Block,
  timeMs: number,
): readonly VectorSample[] {
  const samples: VectorSample[] = []
  for (const [row, each] of labels.entries()) {
    const histogram = kinds[row] === HISTOGRAM ? histograms?.[row] : undefined
    if (histogram !== undefined) samples.push({ labels: each, timeMs, value: Number.NaN, histogram })
    else if (kinds[row] === FLOAT) samples.push({ labels: each, timeMs, value: values[row] ?? 0 })
  }
  return samples
}

/** One series that grows slice by slice. */
class GrowingSeries {
  readonly labels: Labels
  readonly #limit: number
  #times: Float64Array
  #values: Float64Array
  #length = 0
  readonly histograms: HistogramPoint[] = []

  constructor(labels: Labels, first: number, limit: number) {
    this.labels = labels
    this.#limit = limit
    this.#times = new Float64Array(Math.min(first, limit))
    this.#values = new Float64Array(Math.min(first, limit))
  }

  push(time: number, value: number): void {
    if (this.#length === this.#times.length) {
      const capacity = Math.min(Math.max(4, 2 * this.#length), this.#limit)
      const [times, values] = [new Float64Array(capacity), new Float64Array(capacity)]
      times.set(this.#times)
      values.set(this.#values)
      this.#times = times
      this.#values = values
    }
    this.#times[this.#length] = time
    this.#values[this.#length] = value
    this.#length += 1
  }

  finish(): MatrixSeries {
    const { labels, histograms } = this
    return {
      labels,
      times: this.#times.subarray(0, this.#length),
      values: this.#values.subarray(0, this.#length),
      histograms,
    }
  }
}

/** Puts the blocks of slices together. */
export class MatrixBuilder {
  readonly #series = new Map<string, GrowingSeries>()
  readonly #rows = new WeakMap<readonly Labels[], (GrowingSeries | undefined)[]>()
  readonly #maxPoints: number
  readonly #steps: number
  #points = 0

  constructor(steps: number, maxPoints: number) {
    this.#steps = steps
    this.#maxPoints = maxPoints
  }

  add(block: Block, grid: Grid): void {
    const { labels, steps, kinds, values, histograms } = block
    const rows = this.#rows.get(labels) ?? []
    this.#rows.set(labels, rows)
    for (let row = 0; row < labels.length; row += 1) {
      for (let step = 0; step < steps; step += 1) {
        const cell = row * steps + step
        const kind = kinds[cell]
        if (kind === NO_SAMPLE) continue
        rows[row] ??= this.#seriesOf(labels[row] ?? [], steps)
        this.#points += 1
        const time = timeAt(grid, step)
        const histogram = kind === HISTOGRAM ? histograms?.[cell] : undefined
        if (histogram === undefined) rows[row]?.push(time, values[cell] ?? 0)
        else rows[row]?.histograms.push({ timeMs: time, histogram })
      }
      if (this.#points > this.#maxPoints) throw tooManyPoints(this.#maxPoints)
    }
  }

  #seriesOf(labels: Labels, steps: number): GrowingSeries {
    const key = keyOf(labels)
    let series = this.#series.get(key)
    if (series === undefined) {
      series = new GrowingSeries(labels, steps, this.#steps)
      this.#series.set(key, series)
    }
    return series
  }

  finish(): readonly MatrixSeries[] {
    return [...this.#series.values()]
      .map(series => series.finish())
      .sort((a, b) => compareLabels(a.labels, b.labels))
  }
}

export function tooManyPoints(limit: number): PromqlError {
  return new PromqlError(
    'limit',
    `the answer has more than ${limit} samples: aggregate, select fewer series, or use a longer step`,
  )
}
