/** Counts the samples that a query looks at. */

export interface Stats {
  /** Samples looked at, those of a range once for each window. */
  readonly totalSamples: number
  /** Samples held at once. */
  readonly peakSamples: number
  /** Time and samples of each step. */
  readonly perStep?: readonly (readonly [timeMs: number, samples: number])[]
}

export class SampleCounter {
  total = 0
  readonly perStep: Float64Array | undefined
  /** Position of the slice's first step in the query. */
  firstStep = 0
  /** Depth of subqueries: their samples count for the slice's first step. */
  depth = 0

  constructor(steps: number, isPerStep: boolean) {
    this.perStep = isPerStep ? new Float64Array(steps) : undefined
  }

  readonly count = (step: number, samples: number): void => {
    this.total += samples
    if (this.perStep === undefined) return
    const target = this.firstStep + (this.depth > 0 ? 0 : Math.max(0, step))
    this.perStep[target] = (this.perStep[target] ?? 0) + samples
  }
}
