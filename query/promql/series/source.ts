/** Where samples come from. */
import type { FloatHistogram } from '../histogram/float-histogram.ts'
import type { Labels } from '../model/labels.ts'
import type { Matcher } from '../model/matchers.ts'

/** What a query needs of storage for one selector. */
export interface SelectorNeed {
  /** Position in the selectors of the query. */
  readonly id: number
  readonly matchers: readonly Matcher[]
  /** Where a matcher asks for exactly one name. */
  readonly metricName: string | undefined
  /** Samples with `fromMs < t <= toMs` are needed, for the whole query. */
  readonly fromMs: number
  readonly toMs: number
  /** Hints: the function or aggregation around the selector, its range (0 for instant selectors), step and grouping. */
  readonly func: string
  readonly rangeMs: number
  readonly stepMs: number
  readonly grouping: readonly string[]
  readonly by: boolean
}

/** Samples of many series as columns. Each series has at most one run, whose rows ascend in time without duplicates. */
export interface SampleChunk {
  /** Position of each run's series in what {@link SampleSource.series} gave. */
  readonly series: Int32Array
  /** First row of each run, and after the last run the number of rows. */
  readonly starts: Int32Array
  /** Milliseconds since the epoch. */
  readonly times: Float64Array
  /** A stale marker is the NaN 0x7FF0000000000002 in these bits; `set` and `subarray` keep them, arithmetic does not. */
  readonly values: Float64Array
  /** Whether a value is a NaN, a stale marker among them; undefined: not known. */
  readonly hasNaN?: boolean
  /** By row, where the sample is a native histogram; undefined where all are floats. */
  readonly histograms?: readonly (FloatHistogram | undefined)[]
}

/** Reads series. The evaluator asks when it is about to evaluate. */
export interface SampleSource {
  /** The distinct label sets that match within the need's times, in any order. Series without samples do no harm. */
  series(need: SelectorNeed): Promise<readonly Labels[]> | readonly Labels[]
  /**
   * Hands over every sample with `fromMs < t <= toMs`, in one chunk or more; those of one series ascend in time from chunk to chunk.
   * It may hand over later samples as well, and then not again. Calls for one need have adjoining, ascending intervals, so that no
   * sample is asked for twice. A chunk must stay as it is until the call is done.
   */
  samples(
    need: SelectorNeed,
    fromMs: number,
    toMs: number,
    push: (chunk: SampleChunk) => void,
  ): Promise<void> | void
}
