/** Counts of observations by upper bound, as in Prometheus. */
export interface HistogramSamples {
  /** Upper bounds, ascending; larger observations are only in `count`. */
  readonly bounds: readonly number[]
  /** Cumulative counts of observations up to and including each bound. */
  readonly cumulative: readonly number[]
  readonly count: number
  readonly sum: number
}

/** A Prometheus histogram of this process. Bounds ascend; +Inf is implied. */
export class Histogram {
  readonly #bounds: readonly number[]
  readonly #counts: number[]
  #sum = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = new Array<number>(bounds.length + 1).fill(0)
  }

  observe(value: number): void {
    let index = 0
    while (index < this.#bounds.length && value > (this.#bounds[index] as number)) index += 1
    this.#counts[index] = (this.#counts[index] as number) + 1
    this.#sum += value
  }

  samples(): HistogramSamples {
    let count = 0
    const running = this.#counts.map(one => {
      count += one
      return count
    })
    return { bounds: this.#bounds, cumulative: running.slice(0, -1), count, sum: this.#sum }
  }
}
