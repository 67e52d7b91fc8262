/**
 * The age of rows when they could first be queried: reported by the processor that stores them, shown by `/metrics`.
 */
import type { HistogramSamples } from './histogram.ts'

interface StreamAges {
  /** Seconds from the event time of a row to the moment it could be queried. */
  readonly ages: HistogramSamples
  /** The latest event time of the rows, unix seconds. */
  readonly newestSeconds: number
}

/** By stream. */
export type RowAgeSamples = ReadonlyMap<string, StreamAges>
