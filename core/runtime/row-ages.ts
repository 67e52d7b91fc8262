/** How old rows were when they could first be asked for: told by who stores them, shown by `/metrics`. */
import type { HistogramSamples } from './histogram.ts'

interface StreamAges {
  /** Seconds from what a row tells of to the moment it could be asked for. */
  readonly ages: HistogramSamples
  /** The latest time of what rows tell of, unix seconds. */
  readonly newestSeconds: number
}

/** By stream. */
export type RowAgeSamples = ReadonlyMap<string, StreamAges>
